/**
 * YAML text into plain values, with the place of each. Scalars are resolved by one rule: a plain canonical decimal number,
 * `true`, `false`, `null`, `~` and nothing are what they say, everything else is text exactly as written (`010`, `1e3`,
 * `22:22`, `no`). Merge keys and tags are not supported.
 * @module
 */
import {
  isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type Scalar, type YAMLError, type YAMLMap, type YAMLSeq,
} from 'yaml'
import { VALUE_COUNT_MAX } from './parse-limits.ts'
import type { ProblemCode } from './problem-codes.ts'
import type { SourceNode, Span, TextStyle } from './source-tree.ts'

/** Syntax errors looked at: after many, the rest says nothing. */
const SYNTAX_ERROR_COUNT_MAX = 200

/** Something wrong at `start..end` of the text. */
export interface YamlProblem extends Span {
  readonly code: ProblemCode
  readonly message: string
  readonly expected?: string
}

/** A parsed file. Values are plain objects, arrays, text, numbers, booleans and null. */
export interface YamlFile {
  /** Undefined when the text is no YAML at all, or is empty. */
  readonly value: unknown
  readonly node: SourceNode
  readonly problems: readonly YamlProblem[]
}

/** Parses text that keeps the limits of `findBrokenLimit`. Never throws; after a syntax error no value is given. */
export function parseYaml(text: string): YamlFile {
  const document = parseDocument(text, {
    schema: 'failsafe',
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  })
  const root = { start: 0, end: text.length }
  if (document.errors.length > 0) {
    const errors = document.errors.slice(0, SYNTAX_ERROR_COUNT_MAX)
    const problems = errors.map((error) => syntaxProblem(error, text))
    return { value: undefined, node: root, problems: onePerLine(problems, text) }
  }
  const reader = new Reader(text)
  const read = reader.read(document.contents, root)
  return { value: read.value, node: read.node, problems: reader.problems }
}

interface Read {
  readonly value: unknown
  readonly node: SourceNode
  /** Values in it, itself included; an alias counts what it repeats. */
  readonly count: number
}

/** Turns nodes of the `yaml` library into values and places. */
class Reader {
  readonly problems: YamlProblem[] = []
  readonly #text: string
  readonly #anchors = new Map<string, Read>()
  #full = false

  constructor(text: string) {
    this.#text = text
  }

  /** The value of `node` and its place; `where` is the place of a value that is not written at all. */
  read(node: Node | null, where: Span): Read {
    const span = spanOf(node, where)
    const tag = isAlias(node) ? undefined : node?.tag
    if (tag !== undefined) this.#addTag(span)
    const read = this.#readNode(node, span)
    const anchor = isAlias(node) ? undefined : (node as { anchor?: string } | null)?.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, read)
    if (read.count > VALUE_COUNT_MAX && !this.#full) {
      this.#full = true
      this.#add('LVS1004', span, `more than ${VALUE_COUNT_MAX} values`)
    }
    return read
  }

  #readNode(node: Node | null, span: Span): Read {
    if (this.#full) return { value: null, node: span, count: 1 }
    if (isMap(node)) return this.#readMap(node, span)
    if (isSeq(node)) return this.#readList(node, span)
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source)
      if (target !== undefined) return target
      this.#add('LVS1015', span, `no anchor \`&${node.source}\` stands before this alias`)
    }
    return isScalar(node) ? readScalar(node, span) : { value: null, node: span, count: 1 }
  }

  #readMap(map: YAMLMap, span: Span): Read {
    const value: Record<string, unknown> = {}
    const children = new Map<string, SourceNode>()
    let count = 1
    for (const pair of map.items) {
      const key = this.#readKey(pair.key as Node | null, span)
      if (key === undefined) continue
      const read = this.read(pair.value as Node | null, { start: key.end, end: key.end })
      count += read.count
      const first = children.get(key.name)?.key
      if (first !== undefined) {
        this.#add('LVS1012', key, `\`${key.name}\` is given twice`, 'each key once')
        continue
      }
      value[key.name] = read.value
      children.set(key.name, { ...read.node, key: { start: key.start, end: key.end } })
    }
    return { value, node: { ...span, children }, count }
  }

  #readKey(node: Node | null, parent: Span): (Span & { name: string }) | undefined {
    const span = spanOf(node, { start: parent.start, end: parent.start })
    if (!isScalar(node)) {
      this.#add('LVS1014', span, 'a key is not plain text', 'a key such as `name`')
      return undefined
    }
    const name = typeof node.value === 'string' ? node.value : ''
    if (name !== '__proto__') return { ...span, name }
    this.#add('LVS1013', span, 'the key `__proto__` is refused')
    return undefined
  }

  #readList(list: YAMLSeq, span: Span): Read {
    const value: unknown[] = []
    const children = new Map<number, SourceNode>()
    let count = 1
    for (const item of list.items) {
      const read = this.read(item as Node | null, span)
      children.set(value.length, read.node)
      value.push(read.value)
      count += read.count
    }
    return { value, node: { ...span, children }, count }
  }

  /** A tag stands before its value, perhaps with an anchor between. */
  #addTag(value: Span): void {
    const before = this.#text.slice(Math.max(0, value.start - 200), value.start)
    const tag = /![^\s,[\]{}]*(?=\s*(?:&\S+\s*)?$)/.exec(before)
    const start = tag === null ? value.start : value.start - before.length + tag.index
    const span = { start, end: tag === null ? value.end : start + tag[0].length }
    this.#add('LVS1016', span, 'YAML tags are not used in scenarios', 'the value without its tag')
  }

  #add(code: ProblemCode, span: Span, message: string, expected?: string): void {
    const { start, end } = span
    const problem = { code, start, end: Math.min(end, this.#text.length), message }
    this.problems.push(expected === undefined ? problem : { ...problem, expected })
  }
}

function readScalar(node: Scalar, span: Span): Read {
  const text = typeof node.value === 'string' ? node.value : ''
  const style = (node.type ?? 'PLAIN') as TextStyle
  return { value: style === 'PLAIN' ? plainValue(text) : text, node: { ...span, style, text }, count: 1 }
}

function plainValue(text: string): unknown {
  if (text === '' || text === '~' || text === 'null') return null
  if (text === 'true' || text === 'false') return text === 'true'
  // Text that a number would not print back is kept as text: 010, 1.50 and 99999999999999999999 lose nothing.
  if (/^-?\d{1,16}(\.\d{1,16})?$/.test(text) && String(Number(text)) === text) return Number(text)
  return text
}

function spanOf(node: Node | null, fallback: Span): Span {
  const range = node?.range
  return range === undefined || range === null ? fallback : { start: range[0], end: range[1] }
}

/** Better words than the parser's for the slips that are made most. */
const SYNTAX_MESSAGES: Readonly<Record<string, { readonly message: string; readonly expected: string }>> = {
  BLOCK_AS_IMPLICIT_KEY: { message: 'a second `: ` in one line', expected: 'quotes around a text that has `: ` in it' },
  BAD_INDENT: {
    message: 'this line is not indented like those it belongs to',
    expected: 'the same column for all keys of a mapping',
  },
  MULTILINE_IMPLICIT_KEY: { message: 'a key without a value', expected: '`key: value`, with a blank behind the colon' },
}

function syntaxProblem({ code: errorCode, message, pos }: YAMLError, text: string): YamlProblem {
  // What is missing at the end of the file is shown behind its last character.
  const start = Math.min(pos[0], text.trimEnd().length)
  const end = Math.max(start, pos[1])
  if (errorCode === 'MULTIPLE_DOCS') {
    const message = 'a second YAML document begins here'
    return { code: 'LVS1007', start, end, message, expected: 'one scenario per file' }
  }
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = /^[ ]*\t/.exec(text.slice(lineStart))
  if (errorCode === 'TAB_AS_INDENT' || indent !== null) {
    const tab = indent === null ? start : lineStart + indent[0].length - 1
    return { code: 'LVS1011', start: tab, end: tab + 1, message: 'a tab is used for indentation', expected: 'spaces' }
  }
  const bracket = errorCode === 'BAD_INDENT' ? /end with an? ([\]}])/.exec(message)?.[1] : undefined
  if (bracket !== undefined) {
    const what = bracket === ']' ? 'a list that begins with `[`' : 'a mapping that begins with `{`'
    return { code: 'LVS1010', start, end, message: `${what} is not closed`, expected: `\`${bracket}\` before this` }
  }
  const plain = SYNTAX_MESSAGES[errorCode] ?? { message: message.replace(/\s+/g, ' ').trim() }
  const isQuote = errorCode === 'MISSING_CHAR' && message.includes('quote')
  if (isQuote) return { code: 'LVS1010', start, end, message: 'a quote is not closed' }
  return { code: 'LVS1010', start, end, ...plain }
}

/** One slip makes the parser complain several times about one line: the first complaint says it. */
function onePerLine(problems: readonly YamlProblem[], text: string): YamlProblem[] {
  const lines = new Set<number>()
  return problems.filter((problem) => {
    const lineStart = text.lastIndexOf('\n', problem.start - 1) + 1
    if (lines.has(lineStart)) return false
    lines.add(lineStart)
    return true
  })
}
