import { describe, expect, it } from 'vitest'
import { BatchMeans, BatchPlan, differenceOf, meanOf, serialCorrelation } from '../../src/measure/batches.ts'
import { Delays, delaysNeeded } from '../../src/measure/delays.ts'
import { studentT } from '../../src/measure/student-t.ts'
import { randomStream } from '../../src/sim/random.ts'

describe('Student\'s t', () => {
  // The table in any textbook, two-sided.
  it.each([
    [1, 0.95, 12.706], [2, 0.95, 4.303], [3, 0.95, 3.182], [4, 0.95, 2.776], [5, 0.95, 2.571], [9, 0.95, 2.262],
    [10, 0.95, 2.228], [19, 0.95, 2.093], [20, 0.95, 2.086], [30, 0.95, 2.042], [120, 0.95, 1.980], [1000, 0.95, 1.962],
    [1, 0.9, 6.314], [7, 0.9, 1.895], [19, 0.9, 1.729], [1, 0.99, 63.657], [2, 0.99, 9.925], [19, 0.99, 2.861], [60, 0.99, 2.660],
    [1, 0.999, 636.619], [19, 0.999, 3.883], [4, 0.5, 0.741],
  ])('of %d degrees of freedom stays below its quantile with probability %d: %d', (degrees, confidence, expected) => {
    // Tables round to three decimals.
    expect(Math.abs(studentT(degrees, confidence) - expected)).toBeLessThanOrEqual(0.0005)
  })

  it('has the values that closed forms give, to ten digits', () => {
    // One degree: tan(pi/2 * 0.5) = 1. Two: c sqrt(2 / (1 - c^2)), for c = 0.5 the root of 2/3.
    expect(Math.abs(studentT(1, 0.5) - 1)).toBeLessThan(1e-10)
    expect(Math.abs(studentT(2, 0.5) - Math.sqrt(2 / 3))).toBeLessThan(1e-10)
    expect(studentT(7, 0)).toBeLessThan(1e-10)
  })
})

describe('a plan of batches', () => {
  it('leaves out the first tenth and cuts the rest into 20', () => {
    const plan = new BatchPlan({ count: 1000 })
    expect([plan.warmUpCount, plan.measuredCount]).toEqual([100, 900])
    expect([0, 99, 100, 144, 145, 999].map((index) => plan.batchOf(index))).toEqual([-1, -1, 0, 0, 1, 19])
  })

  it('has batches whose sizes differ by one at most, in order, whatever the numbers', () => {
    for (const [count, batchCount] of [[100, 20], [101, 7], [999, 20], [1003, 2]] as const) {
      const plan = new BatchPlan({ count, batchCount })
      const sizes = Array.from({ length: batchCount }, () => 0)
      for (let index = 0, last = -1; index < count; index++) {
        const batch = plan.batchOf(index)
        expect(batch).toBeGreaterThanOrEqual(last)
        last = batch
        if (batch >= 0) sizes[batch] = (sizes[batch] as number) + 1
      }
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      expect(Math.min(...sizes)).toBeGreaterThan(0)
    }
  })

  it('refuses fewer values than batches', () => {
    expect(() => new BatchPlan({ count: 20 })).toThrow('each batch has a value')
  })
})

describe('a mean', () => {
  it('has an interval of t standard errors', () => {
    // 1, 2, 3, 4: variance 5/3, standard error sqrt(5/12), t(3) = 3.182446.
    const { value, halfWidth = 0 } = meanOf([1, 2, 3, 4])
    expect(value).toBe(2.5)
    expect(halfWidth).toBeCloseTo(3.182446 * Math.sqrt(5 / 12), 6)
  })

  it('of one number says nothing of its error', () => expect(meanOf([7])).toEqual({ value: 7, halfWidth: undefined }))

  it('of batches is found where it is, in 95 of 100 cases', () => {
    // 400 runs of 20 means that are normal enough: sums of 12 draws. 95 % of 400 is 380, with a deviation of 4.4.
    const stream = randomStream('coverage', 'means')
    let hits = 0
    for (let run = 0; run < 400; run++) {
      const means = Array.from({ length: 20 }, () => Array.from({ length: 12 }, () => stream.unit()).reduce((a, b) => a + b))
      const { value, halfWidth = 0 } = meanOf(means)
      if (Math.abs(value - 6) <= halfWidth) hits++
    }
    expect(hits).toBeGreaterThan(380 - 3 * 4.4)
    expect(hits).toBeLessThan(380 + 3 * 4.4)
  })

  it('of differences leaves out what both had in common', () => {
    const common = [100, 900, 350, 20]
    const difference = differenceOf(common.map((x, i) => x + 1 + i % 2), common)
    expect(difference?.value).toBe(1.5)
    expect(difference?.halfWidth).toBeLessThan(1)
    expect(differenceOf([1, 2], [1])).toBeUndefined()
  })
})

describe('the means of batches', () => {
  it('are those of the values that count', () => {
    const means = new BatchMeans(new BatchPlan({ count: 10, batchCount: 3, warmUpShare: 0.1 }))
    for (let index = 9; index >= 0; index--) means.add(index, index * index)
    // 1 4 9, 16 25 36, 49 64 81
    expect(means.means).toEqual([14 / 3, 77 / 3, 194 / 3])
  })

  it('are those of batches with a value', () => {
    const means = new BatchMeans(new BatchPlan({ count: 10, batchCount: 3, warmUpShare: 0.1 }))
    means.add(4, -2.5)
    expect(means.means).toEqual([-2.5])
  })

  it('are correlated when each follows the one before, and not when they are all alike', () => {
    // 0..19 about 9.5: the products sum up to 565.25, the squares to 665.
    expect(serialCorrelation(Array.from({ length: 20 }, (_, i) => i))).toBeCloseTo(0.85, 10)
    expect(serialCorrelation([1, -1, 1, -1, 1, -1])).toBeCloseTo(-5 / 6, 10)
    expect(serialCorrelation([3, 3, 3])).toBe(0)
  })
})

/** Of 20 million delays that keep 0.9 of the one before, with exponential ones of 1 ms in between. */
const P99_OF_SUMS = 16_360_000

describe('delays', () => {
  const plan = new BatchPlan({ count: 100_000 })

  it('have quantiles with intervals where there are enough of them', () => {
    const delays = new Delays(plan)
    const stream = randomStream('delays', 'exponential')
    for (let index = 0; index < plan.count; index++) delays.add(index, Math.round(stream.exponential(1e6)))
    const summary = delays.summary()
    expect(summary?.count).toBe(90_000)
    // ln 2 and ln 100 of the mean.
    for (const [estimate, expected] of [[summary?.mean, 1e6], [summary?.p50, 693_147], [summary?.p99, 4_605_170]] as const) {
      expect(Math.abs((estimate?.value ?? 0) - expected)).toBeLessThan(1.5 * (estimate?.halfWidth ?? 0) + expected / 512)
      expect(estimate?.halfWidth).toBeLessThan(0.05 * expected)
    }
    // 90,000 / 20 / 1000 is 4.5 beyond the last quantile in each batch: fewer than ten.
    expect(summary?.p999.halfWidth).toBeUndefined()
  })

  it('have intervals that hold the truth nine times of ten, though each depends on the one before', () => {
    // 100 runs of delays that keep 0.9 of the one before: sums of exponentials with mean 10 ms.
    let hits = 0
    for (let run = 0; run < 100; run++) {
      const stream = randomStream(String(run), 'delays')
      const short = new Delays(new BatchPlan({ count: 24_000 }))
      for (let index = 0, delay = 1e7; index < 24_000; index++) {
        delay = 0.9 * delay + stream.exponential(1e6)
        short.add(index, Math.round(delay))
      }
      const { value = 0, halfWidth = 0 } = short.summary()?.p99 ?? {}
      if (Math.abs(value - P99_OF_SUMS) <= halfWidth) hits++
    }
    expect(hits).toBeGreaterThanOrEqual(90)
    expect(hits).toBeLessThan(100)
  })

  it('need ten beyond the quantile in each of the batches', () => {
    // 20 * 10 / 0.001, / 0.01, / 0.5
    expect([delaysNeeded(0.999, 20), delaysNeeded(0.99, 20), delaysNeeded(0.5, 20)]).toEqual([200_000, 20_000, 400])
  })

  it('that are not there have no summary', () => expect(new Delays(plan).summary()).toBeUndefined())
})
