/**
 * The terminal: data to stdout, everything else to stderr; colour and progress only where somebody looks.
 * @module
 */
import { styleText } from 'node:util'
import { printableLines } from '../report/style.ts'

/** String functions that mark text; without colour they give the text back. */
export interface Style {
  bold(text: string): string
  red(text: string): string
  green(text: string): string
  dim(text: string): string
}

const PLAIN: Style = { bold: (text) => text, red: (text) => text, green: (text) => text, dim: (text) => text }
const COLOURED: Style = {
  bold: (text) => styleText('bold', text, { validateStream: false }),
  red: (text) => styleText('red', text, { validateStream: false }),
  green: (text) => styleText('green', text, { validateStream: false }),
  dim: (text) => styleText('dim', text, { validateStream: false }),
}

/** The style for a stream: colours on a terminal unless NO_COLOR is set or TERM is dumb; FORCE_COLOR turns them on anywhere. */
export function styleFor(stream: { readonly isTTY?: boolean }): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return PLAIN
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return COLOURED
  return stream.isTTY === true && TERM !== 'dumb' ? COLOURED : PLAIN
}

/** Live: whether data went to stdout, and what was said beside it. */
export const output = { hasData: false, said: [] as string[] }

/** Writes data to stdout, whole: waits while the reader is slow. */
export function print(text: string | Uint8Array): Promise<void> {
  output.hasData = true
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve()
    else process.stdout.once('drain', resolve)
  })
}

/** Writes a text that a scenario gave, such as what a command printed: as it is, but made harmless where it meets a terminal. */
export function printForeign(text: string): Promise<void> {
  const ending = text.endsWith('\n') ? '\n' : ''
  return print(process.stdout.isTTY && text !== '' ? printableLines(text).join('\n') + ending : text)
}

/** Writes a text of one or more lines to stderr, made harmless for a terminal. */
export function say(text: string): void {
  const harmless = printableLines(text).join('\n')
  output.said.push(harmless)
  process.stderr.write(`${harmless}\n`)
}

/** Ends the program quietly when the reader of stdout or stderr has gone (`| head`). */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
}
