/**
 * Units of time, size and rate. Time is an integer number of nanoseconds in a double: exact up to 2^53 ns, 104 days.
 * @module
 */

/** Nanoseconds in one microsecond. */
export const NS_PER_MICROSECOND = 1_000
/** Nanoseconds in one millisecond. */
export const NS_PER_MILLISECOND = 1_000_000
/** Nanoseconds in one second. */
export const NS_PER_SECOND = 1_000_000_000

/** `seconds` (a decimal fraction is fine) as whole nanoseconds, rounded to the nearest. */
export function secondsToNs(seconds: number): number {
  return Math.round(seconds * NS_PER_SECOND)
}

/** Nanoseconds as seconds, for printing. */
export function nsToSeconds(ns: number): number {
  return ns / NS_PER_SECOND
}
