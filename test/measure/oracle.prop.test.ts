import fc from 'fast-check'
import {
  coefficientOfVariation, mean, quantileSorted, sampleCorrelation, sampleStandardDeviation, standardDeviation,
} from 'simple-statistics'
import { describe, expect, it } from 'vitest'
import { meanOf, serialCorrelation } from '../../src/measure/batches.ts'
import { jainIndex, maxOverMean } from '../../src/measure/fairness-index.ts'
import { ERROR_SHARE_MAX, Histogram } from '../../src/measure/histogram.ts'
import { Sample } from '../../src/measure/quantile.ts'
import { studentT } from '../../src/measure/student-t.ts'
import { seed } from '../support/seed.ts'

const whole = fc.array(fc.nat(1_000_000_000), { minLength: 2, maxLength: 300 })
describe(`what is measured agrees with an independent library (seed ${seed})`, () => {
  it('quantiles, exact and of histograms', () => {
    // The library goes from number to number in straight lines; at k / (n - 1) it is at number k, and so is the nearest rank.
    fc.assert(fc.property(whole, fc.nat(), (numbers, any) => {
      const at = any % numbers.length / (numbers.length - 1)
      const theirs = quantileSorted([...numbers].sort((a, b) => a - b), at)
      expect(new Sample(numbers).quantile(at)).toBe(Math.round(theirs))
      const histogram = new Histogram()
      for (const number of numbers) histogram.record(number)
      expect(Math.abs((histogram.quantile(at) ?? NaN) - theirs)).toBeLessThanOrEqual(theirs * ERROR_SHARE_MAX + 1e-6)
      expect(histogram.mean).toBeCloseTo(mean(numbers), 4)
    }), { seed })
  })

  it('the interval of a mean is that of its sample standard deviation', () => {
    fc.assert(fc.property(whole, (numbers) => {
      const { value, halfWidth = NaN } = meanOf(numbers, 0.95)
      const theirs = studentT(numbers.length - 1, 0.95) * sampleStandardDeviation(numbers) / Math.sqrt(numbers.length)
      expect(value).toBeCloseTo(mean(numbers), 4)
      expect(Math.abs(halfWidth - theirs)).toBeLessThanOrEqual(1e-9 * theirs + 1e-9)
    }), { seed })
  })

  it("Jain's index is 1 / (1 + CV^2), and max / mean what it says", () => {
    fc.assert(fc.property(whole, (numbers) => {
      fc.pre(numbers.some((number) => number > 0))
      const variation = standardDeviation(numbers) / mean(numbers)
      expect(jainIndex(numbers)).toBeCloseTo(1 / (1 + variation * variation), 9)
      expect(maxOverMean(numbers)).toBeCloseTo(Math.max(...numbers) / mean(numbers), 9)
      // The library's own coefficient is of a sample: n - 1.
      const ofSample = coefficientOfVariation(numbers)
      expect(ofSample * ofSample * (numbers.length - 1) / numbers.length).toBeCloseTo(variation * variation, 9)
    }), { seed })
  })

  it('serial correlation, which has one mean for both sides, is near that of the pairs in long rows', () => {
    fc.assert(fc.property(fc.array(fc.nat(1000), { minLength: 1000, maxLength: 1000 }), (numbers) => {
      const pairs = sampleCorrelation(numbers.slice(0, -1), numbers.slice(1))
      expect(Math.abs(serialCorrelation(numbers) - pairs)).toBeLessThan(0.02)
    }), { seed, numRuns: 20 })
  })
})
