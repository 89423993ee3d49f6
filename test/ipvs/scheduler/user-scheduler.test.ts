import { describe, expect, it } from 'vitest'
import { SCHEDULERS } from '../../../src/ipvs/scheduler/registry.ts'
import {
  adopted, type UserPool, type UserScheduler, type UserSchedulerFactory,
} from '../../../src/ipvs/scheduler/user-scheduler.ts'
import { parseIp, type IpAddr } from '../../../src/wire/address.ts'
import { SchedulerBench } from './bench.ts'

/** A service with servers A, B, ... of these weights under the scheduler `mine`, and what is said of its faults. */
function benchOf(
  factory: UserSchedulerFactory, weights: readonly number[], flags = 0,
): { bench: SchedulerBench, faults: string[] } {
  const faults: string[] = []
  const schedulers = new Map([...SCHEDULERS, ['mine', adopted(factory, (what) => faults.push(what))] as const])
  return { bench: new SchedulerBench('mine', weights, flags, schedulers), faults }
}

/** What a factory is called with, when the service has these servers. */
function poolOf(weights: readonly number[], flags = 0): { bench: SchedulerBench, pool: UserPool } {
  const pools: UserPool[] = []
  const { bench } = benchOf((pool) => {
    pools.push(pool)
    return { pick: () => undefined }
  }, weights, flags)
  return { bench, pool: pools[0] as UserPool }
}

describe("a user's scheduler", () => {
  it('picks from its list, the newest first', () => {
    const { bench, faults } = benchOf((pool) => ({ pick: () => pool.destinations.at(-1) }), [1, 1, 1])
    expect([bench.picks(3), faults]).toEqual(['AAA', []])
  })

  it('picks nobody by undefined and by null', () => {
    for (const nobody of [undefined, null]) {
      const { bench, faults } = benchOf(() => ({ pick: () => nobody }), [1])
      expect([bench.picks(1), faults]).toEqual(['-', []])
    }
  })

  it('sees who asks whom as text, of either family', () => {
    const flows: unknown[] = []
    const { bench } = benchOf(() => ({ pick: (flow) => void flows.push(flow) }), [1])
    bench.picks(1)
    bench.pick({ src: parseIp('fd00::10') as IpAddr, dst: parseIp('fd00::100') as IpAddr, sport: 0 })
    expect(flows).toEqual([
      { src: '10.0.0.2', dst: '10.0.0.100', sport: 40_000 }, { src: 'fd00::10', dst: 'fd00::100', sport: 0 },
    ])
  })

  it('sees its destinations as they are now', () => {
    const { bench, pool } = poolOf([1, 2])
    const [b, a] = pool.destinations
    expect(b).toEqual({
      addr: '192.168.1.12', port: 80, weight: 2, activeConns: 0, inactiveConns: 0, overloaded: false, available: true,
    })
    bench.edit('B', 7)
    Object.assign(bench.server('B'), { activeConns: 3, inactiveConns: 4, overloaded: true })
    expect(b).toMatchObject({ weight: 7, activeConns: 3, inactiveConns: 4, overloaded: true })
    bench.remove('A')
    expect(a?.available).toBe(false)
    bench.add(9)
    // The same object as long as it is there, so that it can be the key of a Map.
    expect(pool.destinations.map(({ weight }) => weight)).toEqual([9, 7])
    expect(pool.destinations[1]).toBe(b)
  })

  it('sees the flags, the time, and numbers of the stream of its service', () => {
    const { bench, pool } = poolOf([1], 5)
    bench.clock.nowNs = 1_500_000_000
    bench.random = { ...bench.random, unit: () => 0.25 }
    expect([pool.schedulerFlags, pool.nowNs, pool.random()]).toEqual([5, 1_500_000_000, 0.25])
  })

  it('hears of what becomes of its destinations, after the list has changed', () => {
    const heard: string[] = []
    const { bench } = benchOf((pool): UserScheduler => {
      const hear = (what: string): void => void heard.push(`${what}: ${pool.destinations.map(({ weight }) => weight).join(' ')}`)
      return {
        pick: () => undefined, added: () => hear('added'), removed: (index) => hear(`removed ${index}`),
        updated: () => hear('updated'), dismissed: () => hear('dismissed'),
      }
    }, [1, 2])
    bench.edit('A', 5)
    bench.remove('A')
    bench.service.edit({ ...bench.service.options, scheduler: 'rr' })
    expect(heard).toEqual(['added: 1', 'added: 2 1', 'updated: 2 5', 'removed 1: 2', 'dismissed: 2'])
    expect(bench.picks(1)).toBe('B')
  })

  it('begins with the list that is there when it takes over', () => {
    const { bench } = benchOf((pool) => ({ pick: () => pool.destinations[1] }), [1, 1])
    bench.service.edit({ ...bench.service.options, scheduler: 'wlc' })
    bench.service.edit({ ...bench.service.options, scheduler: 'mine' })
    expect(bench.picks(2)).toBe('AA')
  })
})

describe("a user's scheduler that fails", () => {
  const thrown = new Error('nobody home')
  it.each<readonly [string, UserSchedulerFactory, string]>([
    ['throws', () => ({ pick: () => { throw thrown } }), 'threw Error: nobody home'],
    ['throws what is no error', () => ({ pick: () => { throw 'x' } }), "threw the text 'x'"],
    ['picks a copy', ({ destinations }) => ({ pick: () => ({ ...destinations[0] }) as never }),
      'picked an object, which is none of its destinations'],
    ['picks an address', () => ({ pick: () => '192.168.1.11' as never }),
      "picked the text '192.168.1.11', which is none of its destinations"],
    ['picks an index', () => ({ pick: () => 0 as never }), 'picked the number 0, which is none of its destinations'],
    ['picks the list', (pool) => ({ pick: () => pool.destinations as never }),
      'picked a list, which is none of its destinations'],
    ['picks by a promise', (pool) => ({ pick: (async () => pool.destinations[0]) as never }),
      'answered with a promise, and no packet can wait for that'],
    ['sorts the list itself', (pool) => ({ pick: () => (pool.destinations as unknown[]).reverse()[0] as never }),
      "threw TypeError: Cannot assign to read only property '0' of object '[object Array]'"],
  ])('is let go when it %s', (_, factory, fault) => {
    const { bench, faults } = benchOf(factory, [1, 1])
    expect(bench.picks(2)).toBe('--')
    expect(faults).toEqual([fault])
  })

  it.each<readonly [string, UserSchedulerFactory, string]>([
    ['throws at once', () => { throw thrown }, 'threw Error: nobody home'],
    ['is no scheduler', () => 7 as never, 'begins as the number 7, not as an object with a function `pick`'],
    ['is nothing', () => undefined as never, 'begins as undefined, not as an object with a function `pick`'],
    ['is null', () => null as never, 'begins as null, not as an object with a function `pick`'],
    ['is a function', () => (() => undefined) as never, 'begins as a function, not as an object with a function `pick`'],
    ['is true', () => true as never, 'begins as the boolean true, not as an object with a function `pick`'],
    ['has no pick', () => ({}) as never, 'begins as an object, not as an object with a function `pick`'],
    ['begins later', (async () => ({ pick: () => undefined })) as never,
      'answered with a promise, and no packet can wait for that'],
    ['throws in a hook', () => ({ pick: () => undefined, added: () => { throw thrown } }), 'threw Error: nobody home'],
    ['has a hook that rejects', () => ({ pick: () => undefined, added: async () => { throw thrown } }),
      'answered with a promise, and no packet can wait for that'],
  ])('is let go when it %s', (_, factory, fault) => {
    const { bench, faults } = benchOf(factory, [1])
    expect(bench.picks(1)).toBe('-')
    expect(faults).toEqual([fault])
  })

  it('is let go when it picks a server that was removed', () => {
    const { bench, faults } = benchOf((pool) => {
      let kept: UserPool['destinations'][number] | undefined
      return { pick: () => (kept ??= pool.destinations.at(-1)) }
    }, [1, 1])
    expect(bench.picks(1)).toBe('A')
    bench.remove('A')
    expect([bench.picks(1), faults]).toEqual(['-', ['picked an object, which is none of its destinations']])
  })
})
