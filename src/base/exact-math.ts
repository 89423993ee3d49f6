/**
 * Logarithm from `+ - * /` alone, because `Math.log` differs between engines and lvsim must not.
 * @module
 */

const LN2 = 0.6931471805599453
const SQRT2 = 1.4142135623730951

/**
 * Natural logarithm of a positive finite number; the same bits on every engine, within 4 units in the last place of the
 * true value over 2^-1000..2^1000. Halves or doubles into [sqrt(1/2), sqrt(2)), then sums the series of 2 artanh((m-1)/(m+1)).
 */
export function exactLn(value: number): number {
  let mantissa = value
  let exponent = 0
  while (mantissa >= SQRT2) {
    mantissa /= 2
    exponent++
  }
  while (mantissa < SQRT2 / 2) {
    mantissa *= 2
    exponent--
  }
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  // |s| <= 0.1716, so 12 terms leave less than 2^-60 of the sum.
  let sum = 0
  for (let odd = 23; odd >= 1; odd -= 2) sum = sum * square + 1 / odd
  return exponent * LN2 + 2 * s * sum
}
