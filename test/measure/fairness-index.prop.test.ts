import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jainIndex, maxOverMean } from '../../src/measure/fairness-index.ts'
import { PickWindows } from '../../src/measure/pick-windows.ts'
import { seed } from '../support/seed.ts'

describe('Jain\'s index', () => {
  // (sum x)^2 / (n sum x^2): 9/10, 16/20, 1/3.
  it.each([[[2, 1], 0.9], [[3, 1], 0.8], [[1, 0, 0], 1 / 3], [[5, 5, 5], 1], [[0, 0], 1], [[7], 1]])(
    'of %j is %d', (numbers, expected) => expect(jainIndex(numbers)).toBeCloseTo(expected, 12))

  it('is k/n when k of n have equal parts of all', () => expect(jainIndex([4, 4, 4, 0, 0])).toBeCloseTo(3 / 5, 12))
})

describe('the largest over the mean', () => {
  it.each([[[2, 1], 4 / 3], [[0, 0, 9], 3], [[1, 1], 1], [[0, 0], 1]])(
    'of %j is %d', (numbers, expected) => expect(maxOverMean(numbers)).toBeCloseTo(expected, 12))
})

const numbers = fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 })

describe(`indexes of fairness (seed ${seed})`, () => {
  it('lie between 1/n and 1, and between 1 and n, and do not mind units or order', () => {
    fc.assert(fc.property(numbers, fc.integer({ min: 1, max: 1000 }), (all, unit) => {
      const n = all.length
      expect(jainIndex(all)).toBeGreaterThanOrEqual(1 / n - 1e-12)
      expect(jainIndex(all)).toBeLessThanOrEqual(1 + 1e-12)
      expect(maxOverMean(all)).toBeGreaterThanOrEqual(1 - 1e-12)
      expect(maxOverMean(all)).toBeLessThanOrEqual(n + 1e-12)
      const changed = [...all].reverse().map((number) => number * unit)
      expect(jainIndex(changed)).toBeCloseTo(jainIndex(all), 9)
      expect(maxOverMean(changed)).toBeCloseTo(maxOverMean(all), 9)
    }), { seed })
  })
})

/** The same by looking at each window for itself. */
function byHand(picks: readonly number[], width: number, shares: readonly number[]): { most: number, least: number } | undefined {
  const ratios: number[] = []
  for (let end = width; end <= picks.length; end++) {
    for (const [member, share] of shares.entries()) {
      if (share === 0) continue
      ratios.push(picks.slice(end - width, end).filter((pick) => pick === member).length / (share * width))
    }
  }
  return ratios.length === 0 ? undefined : { most: Math.max(...ratios), least: Math.min(...ratios) }
}

describe(`windows of picks (seed ${seed})`, () => {
  it('find the most and the least that looking at each window finds', () => {
    const picks = fc.array(fc.nat(3), { maxLength: 80 })
    const weights = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4), fc.integer({ min: 1, max: 4 }))
    fc.assert(fc.property(picks, fc.integer({ min: 1, max: 30 }), weights, (all, width, given) => {
      const shares = given.map((weight) => weight / given.reduce((a, b) => a + b, 0))
      const windows = new PickWindows(width, shares)
      for (const pick of all) windows.add(pick)
      const expected = byHand(all, width, shares)
      expect(windows.most?.ratio).toBe(expected?.most)
      expect(windows.least?.ratio).toBe(expected?.least)
    }), { seed, numRuns: 300 })
  })
})

describe('windows of picks', () => {
  it('say who, how many and when first', () => {
    const windows = new PickWindows(4, [0.5, 0.5])
    for (const pick of [0, 1, 0, 1, 1, 1, 0, 0, 0, 0]) windows.add(pick)
    // The last four are all of 0; no window before has less than one of each.
    expect(windows.most).toEqual({ member: 0, picks: 4, ratio: 2, endIndex: 9 })
    expect(windows.least).toEqual({ member: 1, picks: 0, ratio: 0, endIndex: 9 })
  })
})
