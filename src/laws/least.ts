/**
 * Exact comparison of fractions, for laws that say who is the least loaded: whole numbers of any size, no rounding.
 * @module
 */

/** Numerator and denominator, which is above 0. */
export type Fraction = readonly [numerator: bigint, denominator: bigint]

/** True when `a` is more than `b`. */
export function isMore(a: Fraction, b: Fraction): boolean {
  return a[0] * b[1] > b[0] * a[1]
}

/** The first of those with the least measure; undefined when there is none. */
export function firstLeast<T>(all: readonly T[], measure: (one: T) => Fraction): T | undefined {
  let least: { readonly one: T, readonly size: Fraction } | undefined
  for (const one of all) {
    const size = measure(one)
    if (least === undefined || isMore(least.size, size)) least = { one, size }
  }
  return least?.one
}
