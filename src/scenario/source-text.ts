/**
 * A file as lines: from an offset to line and column. Columns count code points, so that wide text does not shift a caret.
 * @module
 */

/** A place in a file, on one line. Lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
  /** One past the last column, at least `column + 1`. */
  readonly endColumn: number
}

/** The text of a file, and where its lines begin. A leading byte order mark is no part of it. */
export class SourceText {
  readonly fileName: string
  readonly text: string
  readonly #lineStarts: number[] = [0]

  constructor(fileName: string, text: string) {
    this.fileName = fileName
    this.text = text.startsWith('\ufeff') ? text.slice(1) : text
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1)
  }

  /** The place of `start..end`, cut at the end of its first line. Offsets outside the text are moved to its nearest end. */
  position(start: number, end: number): Position {
    const from = Math.max(0, Math.min(start, this.text.length))
    const line = this.#lineIndexOf(from)
    const lineStart = this.#lineStarts[line] ?? 0
    const column = codePoints(this.text.slice(lineStart, from)) + 1
    const lineEnd = lineStart + this.line(line + 1).length
    const length = codePoints(this.text.slice(from, Math.max(from, Math.min(end, lineEnd))))
    return { line: line + 1, column, endColumn: column + Math.max(1, length) }
  }

  /** The line of this number, from 1, without its line break; empty when there is none. */
  line(number: number): string {
    const start = this.#lineStarts[number - 1]
    if (start === undefined) return ''
    const next = this.#lineStarts[number]
    return this.text.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, '')
  }

  #lineIndexOf(offset: number): number {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
