import { describe, expect, it } from 'vitest'
import { measureFairness } from '../../src/fairness/fairness.ts'
import type { FairnessOptions } from '../../src/fairness/options.ts'
import type { FairnessResult, SchedulerFairness } from '../../src/fairness/result.ts'

const MS = 1_000_000

function measured(options: FairnessOptions): FairnessResult {
  const result = measureFairness(options)
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

function of(result: FairnessResult, scheduler: string): SchedulerFairness {
  return result.schedulers.find((one) => one.scheduler === scheduler) as SchedulerFairness
}

describe('the fairness of schedulers', () => {
  const result = measured({ schedulers: ['wrr', 'rr', 'wlc', 'sed'], weights: [5, 1, 1], count: 70_000 })

  it('counts every connection but those of the warm-up, once', () => {
    expect([result.setting.count, result.setting.warmUpCount]).toEqual([70_000, 7_000])
    for (const { picked, refused, servers, response } of result.schedulers) {
      expect([picked, refused, response?.count]).toEqual([63_000, 0, 63_000])
      expect(servers.reduce((sum, { picks }) => sum + picks, 0)).toBe(63_000)
    }
  })

  it('is exact for wrr: every window of ten rounds of 7, and 63,000 are 9,000 rounds', () => {
    const { servers, jain, maxOverMean, most, least } = of(result, 'wrr')
    expect(servers.map(({ picks }) => picks)).toEqual([45_000, 9_000, 9_000])
    expect([jain, maxOverMean, most?.ratio, least?.ratio]).toEqual([1, 1, 1, 1])
    expect(result.setting.windowPicks).toBe(70)
  })

  it('sees that rr gives a third to each, and so too much to the slow ones', () => {
    const { servers, jain, maxOverMean, overloaded } = of(result, 'rr')
    // For a unit of weight: 1/5, 1, 1. (11/5)^2 / (3 (1/25 + 2)) = 121/153; 1 over 11/15.
    expect(servers.map(({ picks }) => picks)).toEqual([21_000, 21_000, 21_000])
    expect(jain).toBeCloseTo(121 / 153, 12)
    expect(maxOverMean).toBeCloseTo(15 / 11, 12)
    expect(overloaded).toEqual(['rs2', 'rs3'])
    // A third of 5.6 times what a slow one can do: 187 %.
    expect(Math.abs((servers[1]?.load?.value ?? 0) - 5.6 / 3)).toBeLessThan(servers[1]?.load?.halfWidth ?? 0)
    expect(result.comparisons.map(({ scheduler }) => scheduler)).not.toContain('rr')
  })

  it('has the load that was asked for, and compares by the same connections', () => {
    expect(result.setting.load).toBeCloseTo(0.8, 12)
    // 0.8 of speed 7 at 10 connections a second each.
    expect(result.setting.ratePerSecond).toBeCloseTo(56, 9)
    expect(result.best).toBe('wlc')
    const wrr = result.comparisons.find(({ scheduler }) => scheduler === 'wrr')
    const difference = (of(result, 'wrr').response?.mean.value ?? 0) - (of(result, 'wlc').response?.mean.value ?? 0)
    expect(wrr?.verdict).toBe('slower')
    // Batches have one size here: the mean of differences is the difference of means.
    expect(wrr?.difference.value).toBeCloseTo(difference, 3)
    // The common chance cancels out.
    expect(wrr?.difference.halfWidth).toBeLessThan(of(result, 'wrr').response?.mean.halfWidth ?? 0)
  })

  it('is the same every time, whichever schedulers stand beside', () => {
    const alone = measured({ schedulers: ['sed'], weights: [5, 1, 1], count: 70_000 })
    expect(of(alone, 'sed')).toEqual(of(result, 'sed'))
    const other = measured({ schedulers: ['sed'], weights: [5, 1, 1], count: 70_000, seed: '7' })
    expect(of(other, 'sed')).not.toEqual(of(result, 'sed'))
  })

  it('tells when a run is too short to tell', () => {
    const short = measured({ schedulers: ['wlc', 'lc'], weights: [1, 1, 1], count: 2000 })
    // With equal weights both do the same, pick for pick.
    expect(short.comparisons).toEqual([
      { scheduler: 'lc', than: 'wlc', difference: { value: 0, halfWidth: 0 }, verdict: 'alike', connectionsNeeded: undefined },
    ])
    const near = measured({ schedulers: ['wlc', 'sed'], weights: [2, 1], count: 5000, load: 0.7 })
    const [unclear] = near.comparisons
    expect(unclear?.verdict).toBe('unclear')
    const { value = 0, halfWidth = 0 } = unclear?.difference ?? {}
    expect(unclear?.connectionsNeeded).toBe(Math.ceil(5000 * (halfWidth / Math.abs(value)) ** 2))
    expect(near.schedulers[0]?.response?.p999.halfWidth).toBeUndefined()
  })

  it('sees clients behind NAT under sh and persistence, where many clients are spread', () => {
    const common = { schedulers: ['sh', 'rr'], weights: [1, 1, 1, 1], count: 20_000, load: 0.2 } as const
    const [few, many] = [measured({ ...common, clients: 3 }), measured({ ...common, clients: 20_000 })]
    // Three addresses reach three servers at most: Jain's index is 3/4 at most.
    expect(of(few, 'sh').jain).toBeLessThanOrEqual(0.76)
    expect(of(many, 'sh').jain).toBeGreaterThan(0.98)
    expect(of(measured({ ...common, clients: 3, persistenceSeconds: 300 }), 'rr').jain).toBeLessThanOrEqual(0.76)
  })

  it('refuses those for whom there is no server', () => {
    const { schedulers: [sh] } = measured({ schedulers: ['sh'], weights: [1, 0], count: 10_000, load: 0.2 })
    // Two slots in a row of 256: every second one has weight 0, and sh without its fallback gives none.
    expect(Math.abs((sh?.refused ?? 0) / 9000 - 0.5)).toBeLessThan(0.03)
    expect((sh?.refused ?? 0) + (sh?.picked ?? 0)).toBe(9000)
  })

  it('knows no load and no wait where nobody waits', () => {
    const { schedulers: [lc], setting } = measured({
      schedulers: ['lc'], weights: [1, 1], workers: Infinity, ratePerSecond: 100, count: 1000,
      work: { law: 'constant', meanNs: 50 * MS },
    })
    expect([setting.load, setting.workers, lc?.servers[0]?.load]).toEqual([undefined, undefined, undefined])
    expect([lc?.wait?.max, lc?.response?.max]).toEqual([0, 50 * MS])
  })
})

describe('schedulers of one\'s own', () => {
  const first = { first: (pool: { readonly destinations: readonly object[] }) => ({ pick: () => pool.destinations[0] as never }) }

  it('are measured beside those of Linux', () => {
    const { schedulers } = measured({
      schedulers: ['first', 'rr'], userSchedulers: first, weights: [1, 1], count: 1000, load: 0.1,
    })
    // The one added last is the first.
    expect(schedulers[0]?.servers.map(({ picks }) => picks)).toEqual([0, 900])
  })

  it.each([
    ['throws', { bad: () => ({ pick: () => { throw new Error('no') } }) }, 'the scheduler bad threw Error: no'],
    ['fails at once', { bad: () => { throw new Error('never') } }, 'the scheduler bad threw Error: never'],
    ['picks a stranger', { bad: () => ({ pick: () => ({}) as never }) }, 'the scheduler bad picked an object, which is none of'],
  ])('end the run when one %s', (_, userSchedulers, message) => {
    const result = measureFairness({ schedulers: ['bad'], userSchedulers, weights: [1, 1], count: 1000 })
    expect(result).toMatchObject({ ok: false, error: { kind: 'scheduler', message: expect.stringContaining(message) } })
  })

  it('may not have the name of one of Linux', () => {
    const result = measureFairness({ schedulers: ['rr'], userSchedulers: { rr: first.first }, weights: [1] })
    expect(result).toMatchObject({ ok: false, error: { kind: 'option', message: 'Linux has a scheduler rr of its own' } })
  })
})

describe('a wrong wish', () => {
  it.each<[Partial<FairnessOptions>, string]>([
    [{ schedulers: [] }, 'no scheduler is named'],
    [{ schedulers: ['wlcc'] }, 'there is no scheduler wlcc'],
    [{ schedulers: ['none'] }, 'there is no scheduler none'],
    [{ schedulers: ['rr', 'rr'] }, 'the scheduler rr is named twice'],
    [{ weights: [] }, 'there are 1..10000 servers'],
    [{ weights: [0, 0] }, 'no server has a weight'],
    [{ weights: [1.5] }, 'a weight is a whole number 0..65535'],
    [{ speeds: [1] }, '2 servers have 1 speeds'],
    [{ speeds: [1, 0] }, 'a speed is 0.001..1000000'],
    [{ workers: 0 }, 'a server has 1..100000 workers, or no bound'],
    [{ workers: Infinity }, 'servers at which nobody waits need a rate of arrivals'],
    [{ count: 99 }, 'connections are 100..100000000'],
    [{ clients: 0 }, 'clients are 1..16777216'],
    [{ finSeconds: -1 }, 'connections are inactive for 0..100000 whole seconds'],
    [{ persistenceSeconds: 0 }, 'a client stays with its server for 1..1000000 whole seconds'],
    [{ windowPicks: 0 }, 'a window has 1..10000000 connections'],
    [{ windowPicks: 901, count: 1000 }, 'a window of 901 is longer than the whole run'],
    [{ load: 0 }, 'the load is above 0, and 100 at most'],
    [{ ratePerSecond: 0 }, 'connections come at 0.000001..1000000000 a second'],
    [{ arrivals: { law: 'pareto', shape: 1 } }, 'the shape of Pareto\'s law is above 1, and 100 at most'],
    [{ work: { law: 'pareto', meanNs: 1, shape: 1 } }, 'the shape of Pareto\'s law is above 1, and 100 at most'],
    [{ work: { law: 'lognormal', meanNs: 1, cv: 0 } }, 'a coefficient of variation is above 0, and 100 at most'],
    [{ work: { law: 'uniform', fromNs: 2, toNs: 1 } }, 'work lies between two times'],
    [{ work: { law: 'constant', meanNs: 0 } }, 'the work of a connection takes time'],
    [{ work: { law: 'constant', meanNs: 60e9 } }, 'the run would take longer than 52 days of simulated time'],
  ])('%j is told in one line: %s', (wish, message) => {
    const result = measureFairness({ schedulers: ['rr'], weights: [1, 1], ...wish })
    expect(result.ok ? 'fine' : result.error.message).toContain(message)
  })
})
