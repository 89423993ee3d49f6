/**
 * Quantities as an admin types them, `5s`, `100mbit`, `64kB`, `1%`, read into the units of the core. A number without its
 * unit is refused, except bytes. Minutes are `min`: a lone `m` could be meant as milli.
 * @module
 */
import { NS_PER_MICROSECOND, NS_PER_MILLISECOND, NS_PER_SECOND } from '../base/units.ts'

/** Longest duration that a scenario may name, included: 100 days, exact as integer nanoseconds in a double. */
export const DURATION_NS_MAX = 100 * 86_400 * NS_PER_SECOND
/** Highest rate that a scenario may name, included: 10 Tbit/s. */
export const RATE_BITS_PER_SECOND_MAX = 10_000_000_000_000
/** Largest size that a scenario may name, included: 1 TiB. */
export const SIZE_BYTES_MAX = 1_099_511_627_776

/** The words that an error or an editor shows where a quantity of this kind belongs. */
export const QUANTITY_TITLES = {
  duration: 'a duration such as 5s, 250ms, 10us or 2min',
  rate: 'a rate such as 100mbit or 1gbit',
  size: 'a size such as 64kB, 1MiB or a number of bytes',
  percent: 'a share such as 1% or 0.5%',
} as const

const NS_PER_UNIT = new Map([
  ['ns', 1],
  ['us', NS_PER_MICROSECOND],
  ['ms', NS_PER_MILLISECOND],
  ['s', NS_PER_SECOND],
  ['min', 60 * NS_PER_SECOND],
  ['h', 3_600 * NS_PER_SECOND],
])

/** Decimal prefixes, as `tc` reads rates. */
const BITS_PER_UNIT = new Map([
  ['bit', 1],
  ['kbit', 1e3],
  ['mbit', 1e6],
  ['gbit', 1e9],
  ['tbit', 1e12],
])

const BYTES_PER_UNIT = new Map([
  ['B', 1],
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['KiB', 1_024],
  ['MiB', 1_048_576],
  ['GiB', 1_073_741_824],
])

/** `5s`, `2.5ms`, `10us` as whole nanoseconds, 0..DURATION_NS_MAX, rounded to the nearest. Undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  return quantity(text, NS_PER_UNIT, DURATION_NS_MAX)
}

/** `100mbit` as bits per second, 1..RATE_BITS_PER_SECOND_MAX; capitals do not count, as in `tc`. Undefined for any other text. */
export function parseRate(text: string): number | undefined {
  const rate = quantity(text.toLowerCase(), BITS_PER_UNIT, RATE_BITS_PER_SECOND_MAX)
  return rate === 0 ? undefined : rate
}

/** `64kB` (1000 bytes each), `1MiB`, `1500B` as bytes, 0..SIZE_BYTES_MAX. Undefined for any other text. */
export function parseSize(text: string): number | undefined {
  return quantity(text, BYTES_PER_UNIT, SIZE_BYTES_MAX)
}

/** `1%` as a probability 0..1. Undefined for any other text, and beyond 100 %. */
export function parsePercent(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,9})?)%$/.exec(text)
  const percent = Number(match?.[1] ?? NaN)
  return percent <= 100 ? percent / 100 : undefined
}

/** A decimal number directly followed by one of `units`, as a whole number of the base unit, 0..max. */
function quantity(text: string, units: ReadonlyMap<string, number>, max: number): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)([a-zA-Z]+)$/.exec(text)
  const factor = units.get(match?.[2] ?? '')
  if (match === null || factor === undefined) return undefined
  const value = Math.round(Number(match[1]) * factor)
  return value <= max ? value : undefined
}
