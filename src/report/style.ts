/**
 * How reports mark text. Who prints decides what a mark looks like: this room knows no terminals.
 * @module
 */
import { columnsOf, printable } from '../scenario/problems.ts'

/** String functions that mark text. They must not change how many columns it takes. */
export interface Style {
  bold(text: string): string
  red(text: string): string
  green(text: string): string
  dim(text: string): string
}

/** How a report is written. */
export interface TextOptions {
  readonly style: Style
  /** Only ASCII in what the report adds by itself; names and outputs of commands stay as they are. */
  readonly isAscii: boolean
}

/** No marks: the text as it is. */
export const PLAIN_STYLE: Style = { bold: same, red: same, green: same, dim: same }

/** Text of several lines, each made harmless for a terminal; tabs stay, a line break at the end goes. */
export function printableLines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n').map((line) => line.split('\t').map(printable).join('\t'))
}

/** The text with blanks before (`right`) or after it (`left`), so that it takes at least so many columns of a terminal. */
export function padded(text: string, columns: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, columns - columnsOf(text)))
  return align === 'left' ? text + blanks : blanks + text
}

/** Nanoseconds as seconds with all nine decimals: `1.000000001`. Exact. */
export function exactSeconds(ns: number): string {
  const seconds = Math.floor(ns / 1_000_000_000)
  return `${seconds}.${String(ns - seconds * 1_000_000_000).padStart(9, '0')}`
}

function same(text: string): string {
  return text
}
