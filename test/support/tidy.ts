/**
 * The rules of the house as code: which file may import which, what the core may not touch, how long things may be.
 * Works on texts alone, so that a test can plant a violation. Formatting and naming are not checked.
 * @module
 */
import { type Complaint, parseFile, type ProjectFile } from './tidy-file.ts'
import { importComplaints, reachComplaints } from './tidy-imports.ts'
import { pureComplaints, shapeComplaints } from './tidy-syntax.ts'
import { pathComplaints, sizeComplaints } from './tidy-text.ts'

/** Everything that is wrong with these files. Files that are not code are checked as text only. */
export function complaintsAbout(files: readonly ProjectFile[]): Complaint[] {
  const code = files.filter((file) => isCode(file.path)).map(parseFile)
  return [
    ...files.flatMap(pathComplaints),
    ...code.flatMap(sizeComplaints),
    ...code.flatMap(shapeComplaints),
    ...code.flatMap(pureComplaints),
    ...code.flatMap(importComplaints),
    ...reachComplaints(code),
  ]
}

/** A complaint as one line of text, with the place an editor can jump to. */
export function formatComplaint(complaint: Complaint): string {
  return `${complaint.path}:${complaint.line} ${complaint.rule}: ${complaint.message}`
}

/** Code of our own; configuration files at the root follow the rules of their tools, and test/kernel came with the recordings. */
function isCode(path: string): boolean {
  return !path.startsWith('test/kernel/') && /^(src|test|bench)\/.*\.(ts|mjs)$/.test(path)
}
