/**
 * Durations for people.
 * @module
 */
import { NS_PER_MICROSECOND, NS_PER_MILLISECOND, NS_PER_SECOND } from '../base/units.ts'

/** Three digits and a unit: `1.25 ms`, `850 us`, `12.0 s`; `0 s` for nothing. */
export function formatDuration(ns: number): string {
  if (ns === 0) return '0 s'
  if (ns >= NS_PER_SECOND) return `${threeDigits(ns / NS_PER_SECOND)} s`
  if (ns >= NS_PER_MILLISECOND) return `${threeDigits(ns / NS_PER_MILLISECOND)} ms`
  if (ns >= NS_PER_MICROSECOND) return `${threeDigits(ns / NS_PER_MICROSECOND)} us`
  return `${Math.round(ns)} ns`
}

/** The number with three significant digits, or whole when it has more. */
export function threeDigits(value: number): string {
  if (value >= 100) return String(Math.round(value))
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
