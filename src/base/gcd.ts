/**
 * The greatest common divisor of whole numbers.
 * @module
 */

/** Of the values that are above 0; 0 when none is. */
export function greatestCommonDivisor(values: readonly number[]): number {
  let divisor = 0
  for (const value of values) {
    if (value <= 0) continue
    let [a, b] = [divisor, value]
    while (b !== 0) [a, b] = [b, a % b]
    divisor = a
  }
  return divisor
}
