/**
 * Where each value of a scenario stands in its file, down to a character inside a script, whatever the YAML style of it.
 * @module
 */

/** Keys and indices from the root to a value. */
export type Path = readonly PropertyKey[]

/** How a text was written, in the words of the `yaml` library. */
export type TextStyle = 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE' | 'BLOCK_LITERAL' | 'BLOCK_FOLDED'

/** Offsets in the file, `end` excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A value of the file. */
export interface SourceNode extends Span {
  /** Its key, for a value of a mapping. */
  readonly key?: Span
  /** For a text: how it is written, and what it says. */
  readonly style?: TextStyle
  readonly text?: string
  /** For a mapping by key, for a list by index. */
  readonly children?: ReadonlyMap<string | number, SourceNode>
}

/** The value at `path`, or undefined when the file has none there. */
export function findNode(root: SourceNode, path: Path): SourceNode | undefined {
  let node: SourceNode | undefined = root
  for (const step of path) node = typeof step === 'symbol' ? undefined : node?.children?.get(step)
  return node
}

/** The value at `path`, or the nearest one around it that the file has. */
export function enclosingNode(root: SourceNode, path: Path): SourceNode {
  let node = root
  for (const step of path) {
    const child = typeof step === 'symbol' ? undefined : node.children?.get(step)
    if (child === undefined) return node
    node = child
  }
  return node
}

/**
 * The offset in `source` of the character of a text's value at this line and column (from 1, in UTF-16 units), for any style.
 * A place outside the text is moved to its nearest end.
 */
export function offsetInText(source: string, node: SourceNode, line: number, column: number): number {
  const value = node.text ?? ''
  let target = 0
  for (let i = 1; i < line; i++) {
    const next = value.indexOf('\n', target)
    if (next < 0) break
    target = next + 1
  }
  target = Math.min(target + column - 1, value.length)
  return alignedOffset(source, node, value, target)
}

/**
 * Folding and indentation change only white space, so the n-th other character of the value is the n-th of the source.
 * A place on white space is reached from the character before it, or after it at the beginning of the line.
 */
function alignedOffset(source: string, node: SourceNode, value: string, target: number): number {
  const onText = target < value.length && !isBlank(value[target])
  const before = countText(value, target)
  const offsets = textOffsets(source, node, before + 1)
  if (onText) return offsets[before] ?? node.end
  const previous = offsets[before - 1]
  const next = offsets[before]
  const lineStart = value.lastIndexOf('\n', target - 1) + 1
  const onlyBlank = countText(value, lineStart) === before
  if ((previous === undefined || onlyBlank) && next !== undefined) return next
  if (previous === undefined) return node.start
  let distance = 1
  while (distance < target && isBlank(value[target - distance])) distance++
  return Math.min(previous + distance, node.end)
}

/** Characters of the first `end` units of `text` that are not white space. */
function countText(text: string, end: number): number {
  let count = 0
  for (let i = 0; i < end; i++) if (!isBlank(text[i])) count++
  return count
}

/** Offsets of the first `count` characters of the scalar's content that are not white space in its value. */
function textOffsets(source: string, node: SourceNode, count: number): number[] {
  const offsets: number[] = []
  let at = contentStart(source, node)
  while (at < node.end && offsets.length < count) {
    const { length, units, blank } = sourceUnit(source, at, node.style)
    if (!blank) for (let i = 0; i < units; i++) offsets.push(at)
    at += length
  }
  return offsets
}

/** A block scalar begins after its header line, a quoted one after its quote. */
function contentStart(source: string, node: SourceNode): number {
  if (node.style === 'BLOCK_LITERAL' || node.style === 'BLOCK_FOLDED') {
    const header = source.indexOf('\n', node.start)
    return header < 0 ? node.end : header + 1
  }
  return node.style === 'PLAIN' ? node.start : node.start + 1
}

interface SourceUnit {
  /** Characters of source. */
  readonly length: number
  /** UTF-16 units of value. */
  readonly units: number
  readonly blank: boolean
}

function sourceUnit(source: string, at: number, style: TextStyle | undefined): SourceUnit {
  const char = source[at] ?? ''
  if (style === 'QUOTE_SINGLE' && char === "'") return { length: 2, units: 1, blank: false }
  if (style !== 'QUOTE_DOUBLE' || char !== '\\') return { length: 1, units: 1, blank: isBlank(char) }
  const escaped = source[at + 1] ?? ''
  const digits = { x: 2, u: 4, U: 8 }[escaped] ?? 0
  if (digits === 0) return { length: 2, units: 1, blank: /[\s tnrLP_Nvf]/.test(escaped) }
  const code = parseInt(source.slice(at + 2, at + 2 + digits), 16)
  const text = code <= 0x10ffff ? String.fromCodePoint(code) : ' '
  return { length: 2 + digits, units: text.length, blank: isBlank(text) }
}

function isBlank(char: string | undefined): boolean {
  return char === undefined || /\s/.test(char)
}
