/**
 * What is checked before a file is parsed at all, in one pass over its tokens: size, depth, aliases, number of tokens,
 * control characters. So the parser, which recurses and is slow on large files, never meets a hostile one.
 * @module
 */
import { Lexer } from 'yaml'
import type { ProblemCode } from './problem-codes.ts'

/** Largest file in bytes of UTF-8, included. */
export const FILE_BYTES_MAX = 1_048_576
/** Deepest nesting of mappings and lists, included. */
export const NESTING_DEPTH_MAX = 64
/** Most aliases (`*name`) of a file, included. */
export const ALIAS_COUNT_MAX = 50
/** Most values of a file, included; a value repeated by an alias counts again. */
export const VALUE_COUNT_MAX = 10_000

/** A value takes a handful of tokens: its key, marks, spaces, line end. */
const TOKEN_COUNT_MAX = 6 * VALUE_COUNT_MAX

/** A limit that the text breaks, and where. */
export interface LimitBroken {
  readonly code: ProblemCode
  readonly offset: number
  readonly message: string
}

/** The first limit that `text` breaks, or undefined. Takes time in proportion to the text. */
export function findBrokenLimit(text: string): LimitBroken | undefined {
  const bytes = utf8Length(text)
  if (bytes > FILE_BYTES_MAX) {
    return { code: 'LVS1001', offset: 0, message: `the file has ${bytes} bytes, more than ${FILE_BYTES_MAX}` }
  }
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text)
  if (control !== null) {
    const hex = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    return { code: 'LVS1005', offset: control.index, message: `control character U+${hex}` }
  }
  return new TokenScan().run(text)
}

/** Bytes of the text in UTF-8; a lone surrogate counts as three. */
function utf8Length(text: string): number {
  let bytes = 0
  for (const point of text) {
    const code = point.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** Counts tokens, aliases and depth. Block depth is bounded from above by the columns at which something begins. */
class TokenScan {
  #flowDepth = 0
  /** Columns of the open block collections, ascending. */
  readonly #columns: number[] = []
  #afterColon = false
  #aliases = 0
  #tokens = 0

  run(text: string): LimitBroken | undefined {
    let offset = 0
    let lineStart = 0
    for (const token of new Lexer().lex(text)) {
      // The lexer marks documents and scalars by tokens that stand for no text.
      if (token === '\u0002' || token === '\u001f' || token === '\u0018') continue
      const broken = this.#count(token, offset, offset - lineStart)
      if (broken !== undefined) return broken
      offset += token.length
      const newline = token.lastIndexOf('\n')
      if (newline >= 0) lineStart = offset - token.length + newline + 1
    }
    return undefined
  }

  #count(token: string, offset: number, column: number): LimitBroken | undefined {
    const first = token[0] ?? ''
    if (++this.#tokens > TOKEN_COUNT_MAX) {
      const message = `more than ${VALUE_COUNT_MAX} values; say \`replicas: 100\` for 100 equal hosts`
      return { code: 'LVS1004', offset, message }
    }
    if (first === '*' && token.length > 1 && ++this.#aliases > ALIAS_COUNT_MAX) {
      return { code: 'LVS1003', offset, message: `more than ${ALIAS_COUNT_MAX} aliases` }
    }
    if (token === '[' || token === '{') this.#flowDepth++
    else if (token === ']' || token === '}') this.#flowDepth = Math.max(0, this.#flowDepth - 1)
    else if (first === '\n' || first === '\r') this.#afterColon = false
    else if (token === ':') this.#afterColon = true
    else if (this.#flowDepth === 0 && opensBlock(token, this.#afterColon)) this.#open(column)
    if (this.#columns.length + this.#flowDepth <= NESTING_DEPTH_MAX) return undefined
    return { code: 'LVS1002', offset, message: `nested more than ${NESTING_DEPTH_MAX} deep` }
  }

  /** What begins at `column` closes what is deeper, and opens a collection unless one is open there. */
  #open(column: number): void {
    while ((this.#columns.at(-1) ?? -1) > column) this.#columns.pop()
    if (this.#columns.at(-1) !== column) this.#columns.push(column)
  }
}

/** True for `-`, `?` and for what may be a key: a value behind a colon opens nothing. */
function opensBlock(token: string, afterColon: boolean): boolean {
  if (token === '-' || token === '?') return true
  return !afterColon && !/^[\s#]/.test(token)
}
