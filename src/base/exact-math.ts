/**
 * Logarithm and exponential from `+ - * /` alone, because `Math.log` and `Math.exp` differ between engines and lvsim must not.
 * @module
 */
import { assert } from './assert.ts'

const LN2 = 0.6931471805599453
const SQRT2 = 1.4142135623730951
/** ln 2 in two parts: the first has so few bits that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10

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

/**
 * e to the power of `value`, -700..700; the same bits on every engine, within 4 units in the last place of the true value.
 * Takes multiples of ln 2 out until at most half of one is left, then sums the series of that.
 */
export function exactExp(value: number): number {
  assert(value >= -700 && value <= 700, 'the power is a number that a double holds')
  const exponent = Math.round(value / LN2)
  const rest = value - exponent * LN2_HIGH - exponent * LN2_LOW
  // |rest| <= 0.3466, so 15 terms leave less than 2^-60 of the sum.
  let power = 1
  for (let term = 15; term >= 1; term--) power = 1 + rest * power / term
  const factor = exponent < 0 ? 0.5 : 2
  for (let i = Math.abs(exponent); i > 0; i--) power *= factor
  return power
}

/** The circle's constant. */
export const PI = 3.141592653589793

/**
 * The angle -pi/2..pi/2 whose tangent is `value`; the same bits on every engine, within 1e-15 of the true value. Halves the
 * angle until its tangent is below 0.1, then sums the series of that.
 */
export function exactAtan(value: number): number {
  if (value < 0) return -exactAtan(-value)
  if (value > 1) return PI / 2 - exactAtan(1 / value)
  let tangent = value
  for (let i = 0; i < 3; i++) tangent /= 1 + Math.sqrt(1 + tangent * tangent)
  const square = tangent * tangent
  // |tangent| <= 0.0985, so 9 terms leave less than 2^-60 of the sum.
  let sum = 0
  for (let odd = 17; odd >= 1; odd -= 2) sum = 1 / odd - square * sum
  return 8 * tangent * sum
}
