import { describe, expect, it } from 'vitest'
import type { IpAddr } from '../../../src/wire/address.ts'
import { SchedulerBench } from './bench.ts'

const DAY_NS = 86_400e9

/** A bench whose clients all ask for one address, or for another one. */
class LocalityBench extends SchedulerBench {
  /** The pick at this time, for this address. */
  at(nowNs: number, dst = 1): string {
    this.clock.nowNs = nowNs
    return this.letterOf(this.pick({ src: 9, dst, sport: 9 } as { src: IpAddr, dst: IpAddr, sport: number }))
  }

  /** Active connections of the servers A, B, ... */
  load(...active: readonly number[]): void {
    for (const [i, activeConns] of active.entries()) this.server('ABCDE'.charAt(i)).activeConns = activeConns
  }

  /** How many addresses point to the servers A, B, ... */
  get references(): string {
    return [...this.service.destinations].reverse().map((server) => server.references).join(' ')
  }
}

describe('lblc', () => {
  it('keeps the server of an address whatever the others carry, until it is crowded', () => {
    const bench = new LocalityBench('lblc', [2, 2])
    expect(bench.at(0)).toBe('B')
    bench.load(0, 2)
    expect(bench.at(1)).toBe('B')
    // 3 is more than its weight of 2, but 1 * 2 is not less than A's weight; 0 * 2 is.
    bench.load(1, 3)
    expect(bench.at(2)).toBe('B')
    bench.load(0, 3)
    expect(bench.at(3)).toBe('A')
    expect(bench.references).toBe('1 0')
    // From now on it is A's, though B is idle.
    bench.load(1, 0)
    expect(bench.at(4)).toBe('A')
  })

  it('keeps one server for each address', () => {
    const bench = new LocalityBench('lblc', [1, 1])
    expect(bench.at(0, 1)).toBe('B')
    bench.load(0, 1)
    expect(bench.at(0, 2)).toBe('A')
    expect([bench.at(0, 1), bench.at(0, 2)]).toEqual(['B', 'A'])
    expect(bench.references).toBe('1 1')
  })

  it('goes on with an overloaded server, but leaves one that is drained or deleted', () => {
    const bench = new LocalityBench('lblc', [1, 1, 1])
    expect(bench.at(0)).toBe('C')
    bench.server('C').overloaded = true
    expect(bench.at(1)).toBe('C')
    bench.edit('C', 0)
    expect(bench.at(2)).toBe('B')
    bench.remove('B')
    expect(bench.at(3)).toBe('A')
    expect(bench.references).toBe('1 0')
  })

  it('keeps the address where nobody else is to be had', () => {
    const bench = new LocalityBench('lblc', [1])
    expect(bench.at(0)).toBe('A')
    bench.edit('A', 0)
    expect(bench.at(1)).toBe('-')
    expect(bench.references).toBe('1')
    bench.edit('A', 1)
    expect(bench.at(2)).toBe('A')
    expect(bench.references).toBe('1')
  })

  it('forgets an address at the first sweep a day after it was last asked for', () => {
    const bench = new LocalityBench('lblc', [1, 1])
    expect(bench.at(1)).toBe('B')
    bench.load(0, 1)
    // A sweep comes every 1800 s. The day ends 1 ns after the sweep at 86,400 s, so that the next one meets it.
    expect(bench.at(DAY_NS + 1)).toBe('B')
    expect(bench.at(2 * DAY_NS + 1800e9 - 1)).toBe('B')
    expect(bench.at(4 * DAY_NS)).toBe('A')
    expect(bench.references).toBe('1 0')
  })

  it('counts the sweeps from when it began', () => {
    const bench = new LocalityBench('lblc', [1, 1])
    bench.clock.nowNs = 1000e9
    bench.service.edit({ ...bench.service.options, scheduler: 'rr' })
    bench.service.edit({ ...bench.service.options, scheduler: 'lblc' })
    expect(bench.at(1000e9)).toBe('B')
    bench.load(0, 1)
    // Begun at 1000 s, sweeps are at 1000 + 1800 n: one when the day is over, at 87,400 s.
    expect(bench.at(87_400e9)).toBe('A')
  })
})

describe('lblcr', () => {
  it('adds a server to the set of an address when the least loaded of it is crowded', () => {
    const bench = new LocalityBench('lblcr', [2, 2, 2])
    expect(bench.at(0)).toBe('C')
    bench.load(0, 0, 3)
    expect(bench.at(1)).toBe('B')
    bench.load(0, 2, 3)
    expect(bench.at(2)).toBe('B')
    bench.load(0, 3, 4)
    expect(bench.at(3)).toBe('A')
    // The least loaded of the three has it.
    bench.load(2, 2, 1)
    expect(bench.at(4)).toBe('C')
    expect(bench.references).toBe('1 1 1')
  })

  it('counts a server once that is in the set already', () => {
    const bench = new LocalityBench('lblcr', [1, 1])
    bench.at(0)
    bench.load(0, 2)
    expect(bench.at(1)).toBe('A')
    // A is crowded, B is least loaded but drained until its weight is back; wlc finds A, which is in the set.
    bench.load(3, 9)
    bench.edit('B', 20)
    expect(bench.at(2)).toBe('B')
    expect(bench.references).toBe('1 1')
  })

  it('passes over servers of the set that were deleted', () => {
    const bench = new LocalityBench('lblcr', [1, 1])
    expect(bench.at(0)).toBe('B')
    bench.remove('B')
    expect(bench.at(1)).toBe('A')
  })

  it('has nobody for an address where nobody is to be had, known or not', () => {
    const bench = new LocalityBench('lblcr', [1])
    bench.edit('A', 0)
    expect(bench.at(0)).toBe('-')
    expect(bench.references).toBe('0')
    bench.edit('A', 1)
    expect(bench.at(0)).toBe('A')
    bench.edit('A', 0)
    expect(bench.at(1)).toBe('-')
    expect(bench.references).toBe('1')
  })

  it('lets go of all its servers when the service gets another scheduler', () => {
    const bench = new LocalityBench('lblcr', [1, 1])
    expect(bench.at(0)).toBe('B')
    bench.load(0, 2)
    expect(bench.at(0)).toBe('A')
    expect(bench.references).toBe('1 1')
    const { scheduler } = bench.service
    bench.service.edit({ ...bench.service.options, scheduler: 'rr' })
    expect(bench.references).toBe('0 0')
    // Let go once more, it has nothing to let go of.
    scheduler.dismissed?.()
    expect(bench.references).toBe('0 0')
  })

  it('forgets an address with all its servers at the first sweep a day after it was last asked for', () => {
    const bench = new LocalityBench('lblcr', [1, 1, 1])
    bench.at(0)
    bench.load(0, 0, 2)
    expect(bench.at(1)).toBe('B')
    bench.load(0, 2, 3)
    expect(bench.at(3 * DAY_NS)).toBe('A')
    expect(bench.references).toBe('1 0 0')
  })
})

describe('a set of lblcr that has not grown for a day', () => {
  /** A set of A, C and B, in this order; asked for last at half a day, so that no sweep has met it at one and a half. */
  function setOfThree(...weights: readonly number[]): LocalityBench {
    const bench = new LocalityBench('lblcr', weights)
    bench.load(9_999, 0, 9_999)
    expect(bench.at(0)).toBe('B')
    bench.load(9_999, 9_999, 0)
    expect(bench.at(0)).toBe('C')
    bench.load(0, 9_999, 9_999)
    expect(bench.at(0)).toBe('A')
    bench.load(0, 0, 0)
    bench.at(DAY_NS / 2)
    expect(bench.references).toBe('1 1 1')
    return bench
  }

  it('loses its most loaded server just after the day, and the next one a day later', () => {
    const bench = setOfThree(1000, 1000, 1000)
    bench.load(1, 3, 2)
    expect(bench.at(DAY_NS)).toBe('A')
    expect(bench.references).toBe('1 1 1')
    expect(bench.at(DAY_NS + 1)).toBe('A')
    expect(bench.references).toBe('1 0 1')
    expect(bench.at(1.5 * DAY_NS)).toBe('A')
    expect(bench.at(2 * DAY_NS + 1)).toBe('A')
    expect(bench.references).toBe('1 0 1')
    expect(bench.at(2 * DAY_NS + 2)).toBe('A')
    expect(bench.references).toBe('1 0 0')
    // The last one stays.
    bench.at(3 * DAY_NS)
    expect(bench.at(3.5 * DAY_NS)).toBe('A')
    expect(bench.references).toBe('1 0 0')
  })

  it.each([
    ['the heaviest for its weight', [1000, 3000, 1000], [3, 6, 2], '0 1 1'],
    ['the heaviest, though it is the newest', [1000, 1000, 1000], [5, 1, 4], '0 1 1'],
    ['the newest of two with the same load', [1000, 1000, 1000], [1, 2, 2], '1 1 0'],
    ['the heaviest, though it is the oldest', [1000, 1000, 1000], [1, 5, 4], '1 0 1'],
  ] as const)('loses %s', (_, weights, active, references) => {
    const bench = setOfThree(...weights)
    bench.load(...active)
    bench.at(DAY_NS + 1)
    expect(bench.references).toBe(references)
  })

  it('keeps a server that is drained, however loaded', () => {
    const bench = setOfThree(1000, 1000, 1000)
    bench.load(1, 2, 9)
    bench.edit('C', 0)
    bench.at(DAY_NS + 1)
    expect(bench.references).toBe('1 0 1')
  })

  it('loses nobody when all are drained', () => {
    const bench = setOfThree(1000, 1000, 1000)
    for (const letter of 'ABC') bench.edit(letter, 0)
    expect(bench.at(DAY_NS + 1)).toBe('-')
    expect(bench.references).toBe('1 1 1')
  })

  it('loses one although the least loaded is asked first', () => {
    const bench = setOfThree(1000, 1000, 1000)
    bench.load(3, 2, 1)
    expect(bench.at(DAY_NS + 1)).toBe('C')
    expect(bench.references).toBe('0 1 1')
    expect(bench.at(DAY_NS + 2)).toBe('C')
    expect(bench.references).toBe('0 1 1')
  })
})
