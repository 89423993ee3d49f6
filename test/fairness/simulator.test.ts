import { describe, expect, it } from 'vitest'
import { ConnectionSimulator } from '../../src/fairness/simulator.ts'
import { SchedulerBench } from '../ipvs/scheduler/bench.ts'
import { given, meanTimes, MS, picks, story } from './runs.ts'

const ONE = [{ weight: 1 }]

describe('a server that serves first come, first served', () => {
  it('lets whoever comes while it works wait until it is free', () => {
    const source = given([{ at: 0, work: 10 }, { at: 4, work: 5 }, { at: 20, work: 1 }])
    expect(story({ scheduler: 'rr', servers: ONE }, source)).toEqual([
      'rs1 waits 0 ends 10', 'rs1 waits 6 ends 15', 'rs1 waits 0 ends 21',
    ])
  })

  it('serves as many at once as it has workers', () => {
    const source = given([{ at: 0, work: 10 }, { at: 1, work: 2 }, { at: 2, work: 5 }, { at: 2, work: 5 }])
    expect(story({ scheduler: 'rr', servers: [{ weight: 1, workers: 2 }] }, source)).toEqual([
      'rs1 waits 0 ends 10', 'rs1 waits 0 ends 3', 'rs1 waits 1 ends 8', 'rs1 waits 6 ends 13',
    ])
  })

  it('takes half the time at twice the speed, and lets nobody wait without a bound of workers', () => {
    const source = (): ReturnType<typeof given> => given([{ at: 0, work: 10 }, { at: 1, work: 10 }])
    expect(story({ scheduler: 'rr', servers: [{ weight: 1, speed: 2 }] }, source())).toEqual([
      'rs1 waits 0 ends 5', 'rs1 waits 4 ends 10',
    ])
    expect(story({ scheduler: 'rr', servers: [{ weight: 1, workers: Infinity }] }, source())).toEqual([
      'rs1 waits 0 ends 10', 'rs1 waits 0 ends 11',
    ])
  })
})

describe('a server that is shared', () => {
  it('works on all at once', () => {
    // Alone for 4 ms, 6 left; then two at half speed: the second is done after 2 * 3, the first has 3 left.
    const source = given([{ at: 0, work: 10 }, { at: 4, work: 3 }])
    expect(story({ scheduler: 'rr', servers: ONE, discipline: 'shared' }, source)).toEqual([
      'rs1 waits 3 ends 13', 'rs1 waits 3 ends 10',
    ])
  })

  it('works at full speed on as many as it has workers', () => {
    // Two until 3; three from 3 on at 2/3: 3 left each for the first two, done after 4.5; the last has 3 more, alone.
    const servers = [{ weight: 1, workers: 2 }]
    const source = given([{ at: 0, work: 6 }, { at: 0, work: 6 }, { at: 3, work: 6 }])
    expect(story({ scheduler: 'rr', servers, discipline: 'shared' }, source)).toEqual([
      'rs1 waits 1.5 ends 7.5', 'rs1 waits 1.5 ends 7.5', 'rs1 waits 1.5 ends 10.5',
    ])
  })
})

describe('the director of a simulation without packets', () => {
  const WEIGHTS = [3, 2, 1]
  const servers = WEIGHTS.map((weight) => ({ weight }))

  const letters = (digits: string): string => digits.replaceAll(/./g, (digit) => 'ABC'[Number(digit) - 1] ?? '-')

  it.each(['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'fo', 'ovf'])('picks under %s as a service alone, held open', (scheduler) => {
    // An hour of work each, one a millisecond: all stay active.
    const source = given(Array.from({ length: 60 }, (_, at) => ({ at, work: 3_600_000 })))
    expect(letters(picks({ scheduler, servers }, source))).toBe(new SchedulerBench(scheduler, WEIGHTS).picks(60, 'held'))
  })

  it.each(['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq'])('picks under %s as a service alone, closed at once', (scheduler) => {
    const source = given(Array.from({ length: 60 }, (_, at) => ({ at })))
    expect(letters(picks({ scheduler, servers }, source))).toBe(new SchedulerBench(scheduler, WEIGHTS).picks(60, 'closed'))
  })

  it('counts a connection as active, then as inactive, then no more', () => {
    const seen: string[] = []
    const simulator: ConnectionSimulator = new ConnectionSimulator(
      { seed: '42', scheduler: 'rr', servers: ONE, finSeconds: 120 },
      { onPick: ({ arrivalNs }) => {
        const [server] = simulator.destinations
        seen.push(`${arrivalNs / MS}: ${server?.activeConns} ${server?.inactiveConns}`)
      } },
    )
    // 120 s are 30,000 ticks: beyond 63 * 64 and within 63 * 512, so the timer fires at a multiple of 512 ticks (2.048 s):
    // floor((0 + 30,000) / 512) + 1 = 59 of them, 120.832 s.
    simulator.run(given([{ at: 0, work: 1 }, { at: 1_000, work: 1 }, { at: 120_831 }, { at: 120_832 }]))
    expect(seen).toEqual(['0: 1 0', '1000: 1 1', '120831: 1 2', '120832: 1 2'])
  })

  it('refuses who finds no server, and takes a server again below its threshold', () => {
    const source = given([{ at: 0, work: 5 }, { at: 1, work: 5 }, { at: 2, work: 5 }, { at: 20, work: 5 }])
    expect(picks({ scheduler: 'rr', servers: [{ weight: 1, upperThreshold: 2 }], finSeconds: 0 }, source)).toBe('11-1')
    expect(picks({ scheduler: 'rr', servers: [{ weight: 0 }] }, given([{ at: 0 }]))).toBe('-')
  })

  it('keeps a client at its server for as long as its template lasts', () => {
    const servers2 = [{ weight: 1 }, { weight: 1 }]
    const options = { scheduler: 'rr', servers: servers2, persistenceSeconds: 100, finSeconds: 0 }
    // 100 s are 25,000 ticks, so the timer fires at 49 * 2.048 = 100.352 s; the one of 90 s at 93 * 2.048 = 190.464 s.
    const [rr, once] = [given([{ at: 0 }, { at: 100_351 }]), given([{ at: 0 }, { at: 100_352 }])]
    expect([picks(options, rr), picks(options, once)]).toEqual(['22', '21'])
    const others = given([{ at: 0, from: 1 }, { at: 1, from: 2 }, { at: 90_000, from: 1 }, { at: 190_463, from: 1 }])
    expect(picks(options, others)).toBe('2122')
  })

  it('keeps a template a minute longer each time it finds a connection', () => {
    const options = { scheduler: 'rr', servers: [{ weight: 1 }, { weight: 1 }], persistenceSeconds: 100, finSeconds: 0 }
    // Fires at 100.352 s and finds one. 60 s are 15,000 ticks: next at floor((25,088 + 15,000) / 512) + 1 = 79 times 2.048 s.
    const times = [161_791, 161_792]
    expect(times.map((at) => picks(options, given([{ at: 0, work: 150_000 }, { at }])))).toEqual(['22', '21'])
  })
})

describe('queues of theory', () => {
  /** Whether the true value lies within twice the interval: five standard errors or so. */
  const near = ({ value, halfWidth = NaN }: { value: number, halfWidth: number | undefined }, expected: number): void => {
    expect(halfWidth).toBeLessThan(0.1 * expected)
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(2 * halfWidth)
  }

  it('one worker, Poisson and exponential: the time is 1 / (1 - load), the wait load times that', () => {
    const { time, wait } = meanTimes({ scheduler: 'rr', servers: ONE, rate: 0.7 })
    near(time, 1 / 0.3)
    near(wait, 0.7 / 0.3)
  })

  it('constant work halves the wait, and work that varies twice as much makes it half as long again', () => {
    // Pollaczek and Khinchine: load (1 + cv^2) / 2 / (1 - load).
    near(meanTimes({ scheduler: 'rr', servers: ONE, rate: 0.7, work: { law: 'constant', meanNs: 1e9 } }).wait, 0.35 / 0.3)
    const work = { law: 'lognormal', meanNs: 1e9, cv: Math.SQRT2 } as const
    near(meanTimes({ scheduler: 'rr', servers: ONE, rate: 0.6, work, count: 400_000 }).wait, 0.6 * 3 / 2 / 0.4)
  })

  it('four workers: Erlang C', () => {
    near(meanTimes({ scheduler: 'rr', servers: [{ weight: 1, workers: 4 }], rate: 2.8 }).time, 1.35721)
  })

  it('a shared server does not mind how the work is spread', () => {
    for (const work of [{ law: 'constant', meanNs: 1e9 }, { law: 'lognormal', meanNs: 1e9, cv: 2 }] as const) {
      near(meanTimes({ scheduler: 'rr', servers: ONE, discipline: 'shared', rate: 0.6, work }).time, 1 / 0.4)
    }
  })
})
