/**
 * The logarithm that is the same on every engine.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { exactLn } from '../../src/base/exact-math.ts'

/** The distance of two positive doubles in units in the last place. */
function ulpsBetween(a: number, b: number): number {
  const view = new DataView(new ArrayBuffer(16))
  view.setFloat64(0, Math.abs(a))
  view.setFloat64(8, Math.abs(b))
  const distance = view.getBigInt64(0) - view.getBigInt64(8)
  return Math.abs(Number(distance))
}

describe('exactLn', () => {
  it.each([
    [1, 0],
    [2, 0.6931471805599453],
    [0.5, -0.6931471805599453],
    [10, 2.302585092994046],
    [Math.E, 1],
    [0.1, -2.3025850929940455],
    [1.5, 0.4054651081081644],
    // 1000 ln 2, and the smallest number that 1 - u can be for u of 32 bits: -32 ln 2.
    [2 ** 1000, 693.1471805599453],
    [2 ** -32, -22.18070977791825],
    // ln(1 + x) = x - x^2/2 + ...: 2^-40 - 2^-81.
    [1 + 2 ** -40, 9.094947017725146e-13],
  ])('of %d is %d, to 2 units in the last place', (value, expected) => {
    expect(ulpsBetween(exactLn(value), expected)).toBeLessThanOrEqual(2)
  })

  it('grows with its argument', () => {
    let value = 2 ** -40
    let before = exactLn(value)
    for (let i = 0; i < 100_000; i++) {
      value *= 1.0006
      const now = exactLn(value)
      expect(now > before).toBe(true)
      before = now
    }
  })

  it('turns products into sums, from the smallest normal number to the largest', () => {
    for (let exponent = -1020; exponent <= 1020; exponent += 17) {
      // ln(2^e * 1.25) = e ln 2 + ln 1.25
      const expected = exponent * 0.6931471805599453 + 0.22314355131420976
      expect(Math.abs(exactLn(2 ** exponent * 1.25) - expected)).toBeLessThanOrEqual(1.2e-13)
    }
  })
})
