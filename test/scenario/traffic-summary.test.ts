import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareNames, summariseRequests } from '../../src/scenario/traffic-summary.ts'
import { requestOf } from '../report/results.ts'
import { seed } from '../support/seed.ts'

describe('requests in numbers', () => {
  it('are zeros and no latency without requests', () => {
    expect(summariseRequests([])).toEqual({
      count: 0, okCount: 0, failedCount: 0, failures: [], answeredBy: [], okBytes: 0, latency: undefined, startNs: 0, endNs: 0,
      okBitsPerSecond: 0, okPerSecond: 0,
    })
  })

  it('count failures by cause in a fixed order, and bytes of answers alone', () => {
    const failed = { answeredBy: undefined, bytes: 500 }
    const summary = summariseRequests([
      requestOf({ outcome: 'short', ...failed }), requestOf({ outcome: 'refused', ...failed }), requestOf(),
      requestOf({ outcome: 'short', ...failed }),
    ])
    expect(summary.failures).toEqual([{ cause: 'refused', count: 1 }, { cause: 'short', count: 2 }])
    expect([summary.count, summary.okCount, summary.failedCount, summary.okBytes]).toEqual([4, 1, 3, 1000])
  })

  it('give latencies by nearest rank, of answered requests alone', () => {
    // 1, 2, ..., 100 ms, and a failure of 1 s: the 50th, the 90th, the 99th, the last; the mean is 50.5.
    const requests = Array.from({ length: 100 }, (_, i) => requestOf({ endNs: (i + 1) * 1_000_000 }))
    expect(summariseRequests([...requests, requestOf({ outcome: 'timeout', endNs: 1e9 })]).latency).toEqual({
      count: 100, meanNs: 50_500_000, p50Ns: 50_000_000, p90Ns: 90_000_000, p99Ns: 99_000_000, maxNs: 100_000_000,
    })
  })

  it('name no rate for requests that took no time', () => {
    expect(summariseRequests([requestOf({ endNs: 0 })])).toMatchObject({ okBitsPerSecond: 0, okPerSecond: 0 })
  })
})

describe(`names (seed ${seed})`, () => {
  it('are in the order of their numbers', () => {
    const names = ['rs10', 'rs2', 'rs', 'a', 'rs02', 'rs2b', 'b1']
    expect(names.sort(compareNames)).toEqual(['a', 'b1', 'rs', 'rs02', 'rs2', 'rs2b', 'rs10'])
  })

  it('always have a total order', () => {
    const name = fc.stringMatching(/^[a1-3]{0,4}$/)
    fc.assert(fc.property(name, name, name, (a, b, c) => {
      expect(Math.sign(compareNames(a, b))).toBe(-Math.sign(compareNames(b, a)) + 0)
      expect(compareNames(a, b) === 0).toBe(a === b)
      if (compareNames(a, b) <= 0 && compareNames(b, c) <= 0) expect(compareNames(a, c)).toBeLessThanOrEqual(0)
    }), { seed })
  })
})
