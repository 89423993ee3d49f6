import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureFairness } from '../../src/fairness/fairness.ts'
import { SCHEDULER_NAMES } from '../../src/fairness/options.ts'
import { RandomSource } from '../../src/fairness/random-source.ts'
import { ConnectionSimulator } from '../../src/fairness/simulator.ts'
import { seed } from '../support/seed.ts'

const weights = fc.array(fc.nat(6), { minLength: 1, maxLength: 6 }).filter((all) => all.some((weight) => weight > 0))

/** Settings of every kind, small enough to run to their end in a moment. */
const setting = fc.record({
  weights,
  scheduler: fc.constantFrom(...SCHEDULER_NAMES),
  discipline: fc.constantFrom('fcfs' as const, 'shared' as const),
  workers: fc.constantFrom(1, 2, 7, Infinity),
  finSeconds: fc.constantFrom(0, 1, 120),
  persistenceSeconds: fc.constantFrom(undefined, 1, 300),
  clients: fc.integer({ min: 1, max: 50 }),
  ratePerSecond: fc.integer({ min: 1, max: 300 }),
  seed: fc.nat(1000).map(String),
})

describe(`the simulation of connections (seed ${seed})`, () => {
  it('loses no connection and forgets none, ends each once, and takes no time back', () => {
    fc.assert(fc.property(setting, ({ weights: all, workers, ratePerSecond, clients, persistenceSeconds, ...rest }) => {
      const ended = new Set<number>()
      const wrong: string[] = []
      let [picked, refused, lastNs] = [0, 0, 0]
      const simulator: ConnectionSimulator = new ConnectionSimulator({
        ...rest, servers: all.map((weight) => ({ weight, workers })),
        ...persistenceSeconds === undefined ? {} : { persistenceSeconds },
      }, {
        onPick: ({ server, arrivalNs }) => {
          picked++
          if (simulator.destinations[server]?.weight === 0) wrong.push('weight 0 was picked')
          if (arrivalNs < lastNs) wrong.push('an arrival lies before the one before')
          lastNs = arrivalNs
        },
        onRefusal: () => { refused++ },
        onEnd: ({ index, arrivalNs, workNs, waitNs, endNs }) => {
          if (ended.has(index)) wrong.push('a connection ends twice')
          ended.add(index)
          // Processor sharing is rounded up to whole nanoseconds.
          if (waitNs < 0 || Math.abs(endNs - arrivalNs - workNs - waitNs) > 1) wrong.push('time was lost')
          if (endNs < lastNs) wrong.push('an end lies before an arrival that was seen')
        },
      })
      const gaps = { law: 'exponential', meanNs: 1e9 / ratePerSecond } as const
      const work = { law: 'exponential', meanNs: 2e7 } as const
      simulator.run(new RandomSource({ seed: rest.seed, count: 300, gaps, work, clients }))
      expect(wrong).toEqual([])
      expect([picked + refused, ended.size]).toEqual([300, picked])
      expect(simulator.destinations.every(({ activeConns }) => activeConns === 0)).toBe(true)
      const inTable = simulator.destinations.reduce((sum, { inactiveConns }) => sum + inactiveConns, 0)
      expect(inTable).toBeLessThanOrEqual(rest.finSeconds === 0 ? 0 : picked)
    }), { seed, numRuns: 200 })
  })

  it('does the same work under every scheduler when all servers are alike and none waits for another', () => {
    // One server: whoever schedules, the queue is the same.
    fc.assert(fc.property(setting, ({ workers, ratePerSecond, clients, discipline, seed: own }) => {
      const result = measureFairness({
        schedulers: ['rr', 'wlc', 'sh', 'twos'], weights: [3], workers, ratePerSecond, clients, discipline, count: 300, seed: own,
      })
      const responses = result.ok ? result.value.schedulers.map(({ response, wait }) => [response, wait]) : []
      expect(responses).toHaveLength(4)
      for (const response of responses) expect(response).toEqual(responses[0])
    }), { seed, numRuns: 30 })
  })

  it('gives a server of weight 0 nothing, and shares that are 1 together', () => {
    fc.assert(fc.property(setting, ({ scheduler, weights: all, persistenceSeconds, ...rest }) => {
      const result = measureFairness({
        schedulers: [scheduler], weights: all, count: 300, ...rest,
        ...persistenceSeconds === undefined ? {} : { persistenceSeconds },
      })
      const [one] = result.ok ? result.value.schedulers : []
      expect(one?.servers.filter(({ weight, picks }) => weight === 0 && picks > 0)).toEqual([])
      const shares = one?.servers.reduce((sum, { share }) => sum + share.value, 0)
      expect(shares).toBeCloseTo(one?.picked === 0 ? 0 : 1, 9)
      expect(one?.jain).toBeLessThanOrEqual(1 + 1e-12)
    }), { seed, numRuns: 100 })
  })
})
