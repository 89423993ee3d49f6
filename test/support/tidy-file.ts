/**
 * What the tidy rules work on: a file with its syntax tree, and a complaint about one of its lines.
 * @module
 */
import ts from 'typescript'

/** A file of the project: its path from the root, with `/`, and its text. */
export interface ProjectFile {
  readonly path: string
  readonly text: string
}

/** A file of code and its syntax tree. */
export interface ParsedFile extends ProjectFile {
  readonly tree: ts.SourceFile
}

/** Every rule; each has at least one planted violation in the tests. */
export const RULES = ['rows', 'packages', 'reach', 'pure', 'shape', 'size', 'paths'] as const

/** One broken rule at one line, 1 being the first. */
export interface Complaint {
  readonly rule: (typeof RULES)[number]
  readonly path: string
  readonly line: number
  readonly message: string
}

/** Reads the syntax of a file. A syntax error is for the compiler to report. */
export function parseFile(file: ProjectFile): ParsedFile {
  const kind = file.path.endsWith('.ts') ? ts.ScriptKind.TS : ts.ScriptKind.JS
  return { ...file, tree: ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true, kind) }
}

/** True for the core: everything in src but the two rooms that touch the machine. */
export function isCore(path: string): boolean {
  return path.startsWith('src/') && !path.startsWith('src/cli/') && !path.startsWith('src/worker/')
}

/** The line that a node starts on, 1 being the first. */
export function lineOf(file: ParsedFile, node: ts.Node): number {
  return file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line + 1
}

/** Calls `visit` for a node and everything below it, in the order of the text. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}
