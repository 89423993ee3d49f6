/**
 * sort(1) and ls(1) as in the C locale, where the shell's own would follow the language of the machine.
 * @module
 */
import { readOptions } from './options.ts'
import { printed, refused, unsupported, type Tool } from './tool.ts'

interface SortKey {
  readonly field: number
  readonly lastField: number
  readonly isNumeric: boolean
  readonly isReverse: boolean
}

/** sort: -n -r -u -f -b -s -t -k. */
export const sort: Tool = ({ argv, stdin, readFile }) => {
  const keysText: string[] = []
  const rest: string[] = []
  // -k may be given several times.
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '-k') keysText.push(argv[++index] ?? '')
    else if (/^-k./.test(word)) keysText.push(word.slice(2))
    else rest.push(word)
  }
  const read = readOptions(rest, { valued: 'to', flags: 'nrufbs' })
  if (!read.ok) return unsupported(`-${read.error}`, `sort: option -${read.error} is not modelled`)
  const { values, flags, operands } = read.value
  if (values.has('o')) return unsupported('-o', 'sort: option -o is not modelled')
  let text = ''
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const part = path === '-' ? stdin : readFile(path)
    if (part === undefined) return refused(`sort: cannot read: ${path}: No such file or directory\n`, 2)
    text += part === '' || part.endsWith('\n') ? part : `${part}\n`
  }
  const keys = keysText.map((key) => parseKey(key, flags))
  const bad = keys.findIndex((key) => key === undefined)
  if (bad >= 0) return unsupported(keysText[bad] ?? '', `sort: key "${keysText[bad] ?? ''}" is not modelled`)
  const compare = comparator(keys as SortKey[], flags, values.get('t'))
  const lines = text.split('\n').slice(0, -1)
  const sorted = lines.map((line, index) => ({ line, index })).sort((a, b) => {
    const order = compare(a.line, b.line)
    if (order !== 0) return order
    const last = flags.has('s') || flags.has('u') ? 0 : bytewise(a.line, b.line) * (flags.has('r') ? -1 : 1)
    return last === 0 ? a.index - b.index : last
  }).map(({ line }) => line)
  const kept = flags.has('u')
    ? sorted.filter((line, index) => index === 0 || compare(sorted[index - 1] ?? '', line) !== 0)
    : sorted
  return printed(kept.map((line) => `${line}\n`).join(''))
}

/** `2`, `2,3`, `2n`, `2,2nr`. */
function parseKey(text: string, flags: ReadonlySet<string>): SortKey | undefined {
  const match = /^(\d+)([nrb]*)(?:,(\d+)([nrb]*))?$/.exec(text)
  if (match === null) return undefined
  const letters = (match[2] ?? '') + (match[4] ?? '')
  return {
    field: Number(match[1]), lastField: match[3] === undefined ? Infinity : Number(match[3]),
    isNumeric: letters === '' ? flags.has('n') : letters.includes('n'),
    isReverse: letters === '' ? flags.has('r') : letters.includes('r'),
  }
}

/** Orders two lines: negative when the first comes before. */
type Compare = (a: string, b: string) => number

function comparator(keys: readonly SortKey[], flags: ReadonlySet<string>, separator: string | undefined): Compare {
  const used = keys.length > 0 ? keys : [{ field: 1, lastField: Infinity, isNumeric: flags.has('n'), isReverse: flags.has('r') }]
  const fold = (text: string): string => (flags.has('f') ? text.toUpperCase() : text)
  return (a, b) => {
    for (const key of used) {
      const [left, right] = [fold(keyOf(a, key, separator)), fold(keyOf(b, key, separator))]
      const order = key.isNumeric ? leadingNumber(left) - leadingNumber(right) : bytewise(left, right)
      if (order !== 0) return key.isReverse ? -order : order
    }
    return 0
  }
}

function keyOf(line: string, key: SortKey, separator: string | undefined): string {
  if (key.field === 1 && key.lastField === Infinity) return line
  // Without a separator a field begins with the blanks before it.
  const fields = separator === undefined ? line.match(/\s*\S+/g) ?? [] : line.split(separator)
  return fields.slice(key.field - 1, key.lastField).join(separator ?? '')
}

function leadingNumber(text: string): number {
  return Number(/^\s*-?\d*\.?\d*/.exec(text)?.[0].trim() || 0) || 0
}

function bytewise(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
