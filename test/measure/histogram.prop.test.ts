import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ERROR_SHARE_MAX, Histogram } from '../../src/measure/histogram.ts'
import { Sample } from '../../src/measure/quantile.ts'
import { seed } from '../support/seed.ts'

/** Whole numbers of every size. */
const value = fc.oneof(fc.nat(600), fc.nat(2_147_483_647), fc.maxSafeNat())
const values = fc.array(value, { minLength: 1, maxLength: 60 })
const share = fc.double({ min: 0, max: 1, noNaN: true })

function histogramOf(numbers: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const number of numbers) histogram.record(number)
  return histogram
}

describe(`a histogram (seed ${seed})`, () => {
  it('has every quantile of the whole sample to within its error', () => {
    fc.assert(fc.property(values, share, (numbers, at) => {
      const exact = new Sample(numbers).quantile(at) as number
      const error = Math.abs((histogramOf(numbers).quantile(at) as number) - exact)
      expect(error).toBeLessThanOrEqual(exact < 512 ? 0 : exact * ERROR_SHARE_MAX)
    }), { seed, numRuns: 1000 })
  })

  it('never has a quantile outside of its numbers, nor a higher one for a lower share', () => {
    fc.assert(fc.property(values, share, share, (numbers, a, b) => {
      const histogram = histogramOf(numbers)
      const [low, high] = [histogram.quantile(Math.min(a, b)) as number, histogram.quantile(Math.max(a, b)) as number]
      expect(low).toBeLessThanOrEqual(high)
      expect(low).toBeGreaterThanOrEqual(Math.min(...numbers))
      expect(high).toBeLessThanOrEqual(Math.max(...numbers))
    }), { seed })
  })

  it('knows the share of its numbers that are not above one, to within the bucket of that one', () => {
    fc.assert(fc.property(values, value, (numbers, limit) => {
      const shareOf = (bound: number): number => numbers.filter((number) => number <= bound).length / numbers.length
      const found = histogramOf(numbers).shareUpTo(limit)
      expect(found).toBeGreaterThanOrEqual(shareOf(limit))
      expect(found).toBeLessThanOrEqual(shareOf(limit < 512 ? limit : limit * (1 + 2 * ERROR_SHARE_MAX)))
    }), { seed })
  })

  it('merged from parts is the same as of the whole, in whatever order', () => {
    fc.assert(fc.property(values, fc.array(value, { maxLength: 60 }), share, (some, others, at) => {
      const [one, other] = [histogramOf(some), histogramOf(others)]
      one.merge(histogramOf(others))
      other.merge(histogramOf(some))
      const whole = histogramOf([...some, ...others])
      for (const merged of [one, other]) {
        expect([merged.count, merged.min, merged.max]).toEqual([whole.count, whole.min, whole.max])
        expect(merged.quantile(at)).toBe(whole.quantile(at))
      }
    }), { seed })
  })
})

describe('a histogram', () => {
  it('of nothing has no quantile, mean, minimum or maximum', () => {
    const { min, max, mean, count } = new Histogram()
    expect([new Histogram().quantile(0.5), min, max, mean, count]).toEqual([undefined, undefined, undefined, undefined, 0])
  })

  it('has the mean and the extremes exactly', () => {
    const histogram = histogramOf([1_000_003, 7, 2_000_000])
    // 3,000,010 / 3
    expect([histogram.min, histogram.max, histogram.mean]).toEqual([7, 2_000_000, 3_000_010 / 3])
  })

  it('reaches its bound: the middle of a bucket of 2 is half of it away from one end, 1 in 512', () => {
    // 512 and 513 share a bucket, whose middle is 513: 1/512 from 512.
    const histogram = histogramOf([512, 512, 9999])
    expect(histogram.quantile(0.5)).toBe(513)
    expect(ERROR_SHARE_MAX).toBe(1 / 512)
  })

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('refuses %d', (wrong) => {
    expect(() => new Histogram().record(wrong)).toThrow('whole numbers')
  })

  it('counts the largest whole number', () => {
    expect(histogramOf([Number.MAX_SAFE_INTEGER]).quantile(0.5)).toBe(Number.MAX_SAFE_INTEGER)
    const three = histogramOf([Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])
    expect(Math.abs((three.quantile(0.5) as number) / Number.MAX_SAFE_INTEGER - 1)).toBeLessThan(ERROR_SHARE_MAX)
  })
})
