/**
 * Counts, bytes, rates and shares for people. The same on every machine: no locale has a part in it.
 * @module
 */
import { threeDigits } from '../scenario/duration-text.ts'

/** `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Three digits and a decimal unit: `850 B`, `1.25 MB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB'])
}

/** Three digits and a decimal unit: `93.4 Mbit/s`. */
export function formatBitRate(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'])
}

/** `12.3%` of a share 0..1. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)}%`
}

/** `1 request`, `2 requests`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

function scaled(value: number, units: readonly string[]): string {
  let rest = value
  let unit = 0
  // 999.5 would be printed as 1000 of the smaller unit.
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit++
  }
  return `${unit === 0 ? String(Math.round(rest)) : threeDigits(rest)} ${units[unit] ?? ''}`
}
