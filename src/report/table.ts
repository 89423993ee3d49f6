/**
 * Tables of text in aligned columns. Widths are columns of a terminal, so that names in any script line up.
 * @module
 */
import { columnsOf, printable } from '../scenario/problems.ts'
import { padded } from './style.ts'

/** How a column is laid out. */
export type Align = 'left' | 'right'

/** Blanks between two columns. */
const GAP = '  '

/**
 * The lines of a table, without blanks at their ends. Cells are made harmless first; a row may be shorter than others.
 * `aligns` says how columns are laid out; the last of them stands for all further columns.
 */
export function tableLines(rows: readonly (readonly string[])[], aligns: readonly Align[]): string[] {
  const safe = rows.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of safe) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, columnsOf(cell))
  }
  return safe.map((row) => row
    .map((cell, column) => padded(cell, widths[column] ?? 0, aligns[column] ?? aligns.at(-1) ?? 'left'))
    .join(GAP).trimEnd())
}
