/**
 * Words of a script whose value would come from the machine that lvsim runs on: its clock, or chance. A script that uses one is
 * refused, because its run could not be repeated.
 * @module
 */
import type { Unsupported } from '../tool.ts'

const REFUSED: readonly { readonly pattern: RegExp, readonly what: string }[] = [
  {
    pattern: /\$\{?[#!]?(?<word>RANDOM|SECONDS|EPOCHSECONDS|EPOCHREALTIME|SRANDOM)\b/,
    what: 'a shell variable that changes by itself',
  },
  { pattern: /\(\([^)\n]*\b(?<word>RANDOM|SECONDS)\b/, what: 'a shell variable that changes by itself' },
  { pattern: /(?<word>%[-0-9]*\([^)\n]*\)T)/, what: 'a time format of printf' },
  { pattern: /\b(?<word>s?rand)\s*\(/, what: 'chance in awk' },
  { pattern: /(?:^|[;&|]\s*|\bdo\s+|\bthen\s+)(?<word>time)\s+(?![=)])/m, what: 'measuring the time of this machine' },
]

/** The first word of `text` that would bring in the machine's clock or chance; undefined when there is none. */
export function findChance(text: string): Unsupported | undefined {
  for (const { pattern, what } of REFUSED) {
    const word = pattern.exec(text)?.groups?.['word']
    if (word !== undefined) return { word, what: `${word}: ${what} is not modelled` }
  }
  return undefined
}
