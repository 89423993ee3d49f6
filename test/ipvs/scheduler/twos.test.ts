import { describe, expect, it } from 'vitest'
import type { Destination } from '../../../src/ipvs/destination.ts'
import { powerOfTwos } from '../../../src/ipvs/scheduler/twos.ts'
import { randomStream, type RandomStream } from '../../../src/sim/random.ts'
import { IPV4_ANY } from '../../../src/wire/address.ts'
import { SchedulerBench } from './bench.ts'

/** A stream that gives these integers, and notes below what it was asked to stay. */
function scripted(...numbers: number[]): RandomStream & { readonly bounds: number[] } {
  const bounds: number[] = []
  const int = (below: number): number => {
    bounds.push(below)
    const next = numbers.shift()
    if (next === undefined) throw new Error('nothing more to draw')
    return next
  }
  return { bounds, int, unit: () => int(1), exponential: () => int(0), pareto: () => int(0) }
}

/** Who is picked for each of these pairs of draws, if connections count for nothing; list order is C, B, A. */
function picksFor(bench: SchedulerBench, ...tickets: (readonly [number, number])[]): string {
  return tickets.map((pair) => {
    bench.random = scripted(...pair)
    return bench.letterOf(bench.pick({ src: IPV4_ANY, dst: IPV4_ANY, sport: 0 }))
  }).join('')
}

describe('twos draws', () => {
  it('by weight, from 0 to the sum of all weights, both included; 0 is the first listed', () => {
    // C 3 has 0..3, B 2 has 4 and 5, A 1 has 6. Both draws alike: who it falls on is picked.
    const bench = new SchedulerBench('twos', [1, 2, 3])
    expect(picksFor(bench, [0, 0], [1, 1], [3, 3], [4, 4], [5, 5], [6, 6])).toBe('CCCBBA')
  })

  it('below the sum of the weights and one, twice, and not at all when nobody can be picked', () => {
    const bench = new SchedulerBench('twos', [5, 0, 7])
    const random = scripted(0, 12)
    bench.random = random
    bench.picks(1)
    // 5 + 7 + 1.
    expect(random.bounds).toEqual([13, 13])
    const idle = scripted()
    expect(powerOfTwos([], idle)).toBeUndefined()
    expect(idle.bounds).toEqual([])
  })

  it('nobody of weight 0 and nobody who is overloaded', () => {
    const bench = new SchedulerBench('twos', [4, 0, 4, 4])
    bench.server('C').overloaded = true
    // D has 0..4, A has 5..8.
    expect(picksFor(bench, [0, 0], [4, 4], [5, 5], [8, 8])).toBe('DDAA')
  })

  it('the only server always', () => {
    const bench = new SchedulerBench('twos', [3])
    expect(picksFor(bench, [0, 3], [3, 0], [2, 2])).toBe('AAA')
  })
})

describe('twos picks, of the two it drew,', () => {
  // B has 0 and 1, A has 2.
  it('the one with less overhead', () => {
    const bench = new SchedulerBench('twos', [1, 1])
    bench.server('A').activeConns = 1
    // One active connection weighs as 256 inactive ones.
    bench.server('B').inactiveConns = 255
    expect(picksFor(bench, [1, 2], [2, 1])).toBe('BB')
    bench.server('B').inactiveConns = 257
    expect(picksFor(bench, [1, 2], [2, 1])).toBe('AA')
  })

  it('the one drawn first on a tie', () => {
    const bench = new SchedulerBench('twos', [1, 1])
    expect(picksFor(bench, [1, 2], [2, 1])).toBe('BA')
  })

  it('the one with less overhead for its weight', () => {
    // B 1 has 0 and 1, A 3 has 2..4. 5 / 3 is less than 2 / 1, and 6 / 3 is as much.
    const bench = new SchedulerBench('twos', [3, 1])
    Object.assign(bench.server('B'), { activeConns: 2 })
    Object.assign(bench.server('A'), { activeConns: 5 })
    expect(picksFor(bench, [0, 4], [4, 0])).toBe('AA')
    Object.assign(bench.server('A'), { activeConns: 6 })
    expect(picksFor(bench, [0, 4], [4, 0])).toBe('BA')
  })

  it('what the products of 32 bits say, as the kernel does', () => {
    const bench = new SchedulerBench('twos', [65_535, 65_535])
    // 128 * 256 * 65535 = 2^31 - 32768 fits; 129 * 256 * 65535 is above 2^31, and so below 0.
    bench.server('B').activeConns = 128
    expect(picksFor(bench, [0, 131_070])).toBe('A')
    bench.server('B').activeConns = 129
    expect(picksFor(bench, [0, 131_070])).toBe('B')
  })
})

describe('twos over many picks with seed twos/1', () => {
  const random = randomStream('twos', '1')

  /** How many connections each of ten equal servers holds after 10,000, none of which ends. */
  function heldBy(pick: (all: readonly Destination[]) => Destination | undefined): number[] {
    const bench = new SchedulerBench('twos', Array.from({ length: 10 }, () => 1))
    const { destinations } = bench.service
    for (let i = 0; i < 10_000; i++) (pick(destinations) as Destination).activeConns++
    return destinations.map(({ activeConns }) => activeConns)
  }

  it('loads the fullest server far less above the mean than one random choice does', () => {
    const twos = heldBy((all) => powerOfTwos(all, random))
    const single = heldBy((all) => all[random.int(10)])
    // The mean is 1000; a single choice strays by some sqrt(1000 * 0.9) = 30, the better of two by log log.
    expect(Math.max(...twos)).toBeLessThan(1010)
    expect(Math.max(...single)).toBeGreaterThan(1020)
  })

  it('shares by weight, as connections last', () => {
    const bench = new SchedulerBench('twos', [1, 2, 5])
    bench.random = random
    const picks = bench.picks(8000, 'held')
    const share = (letter: string): number => picks.split(letter).length - 1
    for (const [letter, weight] of [['A', 1], ['B', 2], ['C', 5]] as const) {
      expect(Math.abs(share(letter) - weight * 1000), letter).toBeLessThan(30)
    }
  })
})
