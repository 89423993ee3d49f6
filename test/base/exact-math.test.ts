/**
 * The logarithm and the exponential that are the same on every engine.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { exactAtan, exactExp, exactLn } from '../../src/base/exact-math.ts'

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

describe('exactExp', () => {
  it.each([
    [0, 1],
    [1, Math.E],
    [-1, 0.36787944117144233],
    // ln 10 as a double is 2.2e-16 short of ln 10: 10 less 2.2e-15.
    [2.302585092994046, 10],
    [0.5, 1.6487212707001282],
    // 64 ln 2 / 1.5, the longest gap of Pareto's law: 2^(128 / 3).
    [29.574279703890603, 6981463658328.791],
  ])('of %d is %d, to 4 units in the last place', (value, expected) => {
    expect(ulpsBetween(exactExp(value), expected)).toBeLessThanOrEqual(4)
  })

  it('undoes exactLn, up to what a double can say of the logarithm', () => {
    let value = 2 ** -60
    while (value < 2 ** 60) {
      // A logarithm of up to 41.6 is known to 2 units of 7.1e-15, and the error of the power is as large, relatively.
      expect(Math.abs(exactExp(exactLn(value)) / value - 1)).toBeLessThan(3e-14)
      value *= 1.37
    }
  })

  it('refuses what no double holds', () => {
    expect(() => exactExp(701)).toThrow('the power is a number that a double holds')
    expect(() => exactExp(NaN)).toThrow('the power is a number that a double holds')
  })
})

describe('exactAtan', () => {
  it.each([
    [0, 0],
    [1, Math.PI / 4],
    [-1, -Math.PI / 4],
    // tan 15 degrees, 30 degrees, 60 degrees.
    [2 - Math.sqrt(3), Math.PI / 12],
    [1 / Math.sqrt(3), Math.PI / 6],
    [Math.sqrt(3), Math.PI / 3],
    [1e300, Math.PI / 2],
    [1e-9, 1e-9],
    [0.5, 0.4636476090008061],
  ])('of %d is %d', (value, expected) => {
    expect(Math.abs(exactAtan(value) - expected)).toBeLessThanOrEqual(1e-15)
  })

  it('is close to what this engine has, everywhere', () => {
    for (let value = -50; value <= 50; value += 0.0137) {
      expect(Math.abs(exactAtan(value) - Math.atan(value))).toBeLessThanOrEqual(1e-15)
    }
  })
})
