/**
 * Problems of a scenario file: where, what, what was expected, and how they are shown. Colour is left to the terminal.
 * @module
 */
import type { ProblemCode } from './problem-codes.ts'

/** Characters of a source line that are shown at most. */
const SHOWN_COLUMNS = 120
/** Words of a list that are named at most. */
const SHOWN_WORDS = 20
/** Hangul, CJK, fullwidth forms, emoji. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{3fffd}]/u
/** Marks that sit on the letter before them, and joiners. */
const COMBINING = /[\p{Mn}\p{Me}\u200b-\u200d\ufeff]/u

/** Longest line that is shown with its problem, included. */
export const SOURCE_LINE_LENGTH_MAX = 2_000
/** Most problems told at once. */
export const PROBLEM_COUNT_MAX = 100

/** One thing that is wrong in a file. Lines and columns count from 1; a column is one Unicode code point. */
export interface Problem {
  readonly code: ProblemCode
  readonly file: string
  readonly line: number
  readonly column: number
  /** One past the last column, on the same line; at least `column + 1`. */
  readonly endColumn: number
  readonly message: string
  /** What would have been right here. */
  readonly expected?: string
  /** The known word that was probably meant. */
  readonly nearest?: string
  /** The whole line, without its line break; empty when it is longer than SOURCE_LINE_LENGTH_MAX. */
  readonly sourceLine: string
}

/**
 * The problem as text of several lines, without a line break at its end: `file:line:column: error CODE: message`, the
 * source line, a caret under the place, and what was expected. Control characters are shown as U+FFFD.
 */
export function renderProblem(problem: Problem): string {
  const place = `${printable(problem.file)}:${problem.line}:${problem.column}`
  const lines = [`${place}: error ${problem.code}: ${printable(problem.message)}`, ...renderSource(problem)]
  if (problem.expected !== undefined) lines.push(`  expected: ${printable(problem.expected)}`)
  if (problem.nearest !== undefined) lines.push(`  did you mean \`${printable(problem.nearest)}\`?`)
  return lines.join('\n')
}

/** Orders problems by their place in the file, then by code and message: a total order. */
export function compareProblems(a: Problem, b: Problem): number {
  if (a.line !== b.line) return a.line - b.line
  if (a.column !== b.column) return a.column - b.column
  if (a.code !== b.code) return a.code < b.code ? -1 : 1
  return a.message < b.message ? -1 : a.message > b.message ? 1 : 0
}

/** `one of a, b, c` for a message; undefined for no words. Of very many, the first are named. */
export function oneOf(words: readonly string[]): string | undefined {
  if (words.length <= 1) return words[0] === undefined ? undefined : `\`${words[0]}\``
  return `one of ${words.slice(0, SHOWN_WORDS).join(', ')}${words.length > SHOWN_WORDS ? ', ...' : ''}`
}

/** The text with control characters and line separators replaced, so that no file can move the cursor of a terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** Columns of a terminal that a text takes: 2 for East Asian wide and fullwidth code points, none for combining marks, else 1. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const point of text) columns += WIDE.test(point) ? 2 : COMBINING.test(point) ? 0 : 1
  return columns
}

function renderSource(problem: Problem): string[] {
  if (problem.sourceLine === '') return []
  const points = Array.from(problem.sourceLine)
  // A long line is shown from a point somewhat before the place.
  const first = problem.column > SHOWN_COLUMNS - 40 ? problem.column - 41 : 0
  const shown = points.slice(first, first + SHOWN_COLUMNS)
  const before = points.slice(first, problem.column - 1)
  const gutter = `${problem.line} | `
  const marked = points.slice(problem.column - 1, Math.min(problem.endColumn - 1, first + SHOWN_COLUMNS))
  const carets = '^'.repeat(Math.max(1, columnsOf(marked.join(''))))
  const blank = before.map((point) => (point === '\t' ? '\t' : ' '.repeat(columnsOf(point)))).join('')
  return [`${gutter}${sourceText(shown)}`, `${' '.repeat(gutter.length - 2)}| ${blank}${carets}`]
}

function sourceText(points: readonly string[]): string {
  return points.map((point) => (point === '\t' ? point : printable(point))).join('')
}
