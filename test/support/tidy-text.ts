/**
 * Rules about plain text: lengths of files, lines and functions, the opening doc, and paths of somebody's machine.
 * @module
 */
import ts from 'typescript'
import { type Complaint, lineOf, type ParsedFile, type ProjectFile, walk } from './tidy-file.ts'

const FILE_LINES_MAX = 400
const LINE_COLUMNS_MAX = 130
const FUNCTION_LINES_MAX = 70

/** Folders of one machine, which mean nothing on another. A URL or a longer word may contain them. */
const MACHINE_PATH = /(?<![\w.~-])\/(?:work|tmp\/brief|tmp\/bash_jobs|Users|home\/runner)(?:\/|\b(?=[\s'"`).,]|$))/

/** Lines that name a folder of one machine, in any kind of text file. */
export function pathComplaints(file: ProjectFile): Complaint[] {
  if (file.text.includes('\0')) return []
  return file.text.split('\n').flatMap((text, index): Complaint[] => {
    const found = MACHINE_PATH.exec(text)
    if (found === null) return []
    return [{ rule: 'paths', path: file.path, line: index + 1, message: `${found[0]} is a path of one machine` }]
  })
}

/** Files, lines and functions that are too long. A `describe` is a chapter, not a function. */
export function sizeComplaints(file: ParsedFile): Complaint[] {
  const complaints: Complaint[] = []
  const complain = (line: number, message: string): void => {
    complaints.push({ rule: 'size', path: file.path, line, message })
  }
  const lines = file.text.replace(/\n$/, '').split('\n')
  if (lines.length > FILE_LINES_MAX) complain(1, `${lines.length} lines, ${FILE_LINES_MAX} are allowed`)
  lines.forEach((text, index) => {
    if (text.length > LINE_COLUMNS_MAX) complain(index + 1, `${text.length} columns, ${LINE_COLUMNS_MAX} are allowed`)
  })
  walk(file.tree, (node) => {
    if (!isFunction(node) || isDescribe(node.parent)) return
    const first = lineOf(file, node)
    const count = file.tree.getLineAndCharacterOfPosition(node.end).line + 2 - first
    if (count > FUNCTION_LINES_MAX) complain(first, `a function of ${count} lines, ${FUNCTION_LINES_MAX} are allowed`)
  })
  return complaints
}

function isFunction(node: ts.Node): boolean {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

/** `describe(...)`, `describe.each(...)(...)` and their kin. */
function isDescribe(node: ts.Node): boolean {
  return ts.isCallExpression(node) && /^describe\b/.test(node.expression.getText())
}
