import { describe, expect, it } from 'vitest'
import type { IpAddr } from '../../../src/wire/address.ts'
import { SchedulerBench } from './bench.ts'

const FALLBACK = 1
const USE_PORT = 2

/** A service asked by clients and for addresses that are plain numbers. */
class TableBench extends SchedulerBench {
  /** The pick for a client, at a port, for an address. */
  from(src: number, sport = 0, dst = 0): string {
    return this.letterOf(this.pick({ src: src as IpAddr, dst: dst as IpAddr, sport }))
  }
}

/** A number whose hash (the upper byte of n * 61c88647) is `slot`. */
function inSlot(slot: number): number {
  for (let n = 0; n < 100_000; n++) if ((Math.imul(n, 0x61c88647) >>> 24) === slot) return n
  throw new Error(`nothing falls into slot ${slot}`)
}

describe('the table of dh', () => {
  it('is dealt out one by one from the head of the list, again with each change', () => {
    const bench = new TableBench('dh', [1, 9, 1])
    const map = (): string => [0, 1, 2, 3, 255].map((slot) => bench.from(7, 7, inSlot(slot))).join('')
    // C, B, A, C, ...; 255 = 85 * 3.
    expect(map()).toBe('CBACC')
    bench.add(1)
    // D, C, B, A, ...; 255 = 63 * 4 + 3.
    expect(map()).toBe('DCBAA')
    bench.remove('C')
    expect(map()).toBe('DBADD')
    bench.edit('B', 0)
    expect(map()).toBe('D-ADD')
  })
})

describe('the table of sh', () => {
  it('gives each server as many slots in a row as its weight, and one for weight 0', () => {
    const bench = new TableBench('sh', [2, 0, 3])
    const map = (): string => [0, 1, 2, 3, 4, 5, 6, 7].map((slot) => bench.from(inSlot(slot))).join('')
    // C C C, B is drained, A A, and again.
    expect(map()).toBe('CCC-AACC')
    bench.edit('B', 2)
    expect(map()).toBe('CCCBBAAC')
    bench.add(1)
    expect(map()).toBe('DCCCBBAA')
    bench.remove('C')
    expect(map()).toBe('DBBAADBB')
  })

  it('takes the port into account only when asked to', () => {
    const bench = new TableBench('sh', [1, 1])
    // Two servers take turns: B has the even slots, A the odd ones. 1 is in slot 61 (hex), which is odd.
    expect([bench.from(1), bench.from(1, 1), bench.from(inSlot(0), 1)]).toEqual(['A', 'A', 'B'])
    bench.service.edit({ ...bench.service.options, schedulerFlags: USE_PORT })
    const even = Array.from({ length: 100 }, (_, port) => port).find((port) => (Math.imul(1 + port, 0x61c88647) >>> 24) % 2 === 0)
    expect(bench.from(1, even)).toBe('B')
    expect(bench.from(1, 0)).toBe('A')
  })

  it('falls back to the slot at twice the hash, and on from there', () => {
    const bench = new TableBench('sh', [1, 1, 1, 1], FALLBACK)
    // D C B A D C B A ...
    bench.server('C').overloaded = true
    // Slot 1 is C's; 1 + 1 = 2 is B's. Slot 5 is C's; 5 + 5 = 10 is B's. 255 is A's.
    expect([1, 5, 255].map((slot) => bench.from(inSlot(slot)))).toEqual(['B', 'B', 'A'])
    bench.server('B').overloaded = true
    // Slot 1 goes on to 3, A's. Slot 2: 4 is D's. Slot 253 is C's: 506 - 256 = 250 and B's, 251 is A's.
    expect([1, 2, 253].map((slot) => bench.from(inSlot(slot)))).toEqual(['A', 'D', 'A'])
  })

  it('falls back past the end of the table to its head', () => {
    // E takes slot 0, the next 199 are D's, then 56 are C's.
    const bench = new TableBench('sh', [1, 1, 56, 199, 1], FALLBACK)
    bench.server('D').overloaded = true
    bench.server('C').overloaded = true
    // From 200 on 400 - 256 = 144, D's to 199, C's to 255, then slot 0. B and A have no slot left.
    expect(bench.from(inSlot(200))).toBe('E')
    bench.server('E').overloaded = true
    expect(bench.from(inSlot(200))).toBe('-')
  })
})

describe('the table of mh', () => {
  const clients = Array.from({ length: 500 }, (_, i) => 0x0a000002 + i)
  const shares = (bench: TableBench): Record<string, number> => {
    const count: Record<string, number> = {}
    for (const src of clients) {
      const letter = bench.from(src)
      count[letter] = (count[letter] ?? 0) + 1
    }
    return count
  }

  it('is filled by turns in proportion to the weights, without their common divisor', () => {
    const map = (weights: readonly number[]): string => new TableBench('mh', weights).mapOfClients(300)
    expect(map([30, 20, 10])).toBe(map([3, 2, 1]))
    expect(map([3, 2, 1])).not.toBe(map([1, 1, 1]))
  })

  it('cuts turns down to 6 bits, but leaves everybody one', () => {
    const map = (weights: readonly number[]): string => new TableBench('mh', weights).mapOfClients(300)
    // 127 has 7 bits: 127 >> 1 = 63, 3 >> 1 = 1. 1 >> 1 = 0, which is 1 turn all the same.
    expect(map([127, 3])).toBe(map([63, 1]))
    expect(map([127, 1])).toBe(map([63, 1]))
    // 63 has 6 bits and stays as it is.
    expect(map([63, 31])).not.toBe(map([31, 15]))
    // 2147483647 has 31 bits: 2147483647 >> 25 = 63.
    expect(map([2_147_483_647, 1])).toBe(map([63, 1]))
  })

  it('has no place for a server that never had a weight, and is empty where nobody had', () => {
    const bench = new TableBench('mh', [0, 1], FALLBACK)
    expect(shares(bench)).toEqual({ B: 500 })
    expect(shares(new TableBench('mh', [0, 0], FALLBACK))).toEqual({ '-': 500 })
  })

  it('is made anew when a server comes, goes or gets another weight', () => {
    const bench = new TableBench('mh', [1])
    bench.add(1)
    expect(Object.keys(shares(bench)).sort()).toEqual(['A', 'B'])
    const even = bench.mapOfClients(300)
    bench.edit('A', 3)
    expect(bench.mapOfClients(300)).toBe(new TableBench('mh', [3, 1]).mapOfClients(300))
    expect(bench.mapOfClients(300)).not.toBe(even)
    bench.remove('B')
    expect(shares(bench)).toEqual({ A: 500 })
  })

  it('goes by the sum of address and port only when asked to', () => {
    const bench = new TableBench('mh', [1, 1, 1], USE_PORT)
    const picks = (sport: number, offset: number): string => clients.map((src) => bench.from(src + offset, sport)).join('')
    const plain = picks(0, 0)
    expect(picks(7, 0)).toBe(picks(0, 7))
    expect(picks(7, 0)).not.toBe(plain)
    bench.service.edit({ ...bench.service.options, schedulerFlags: 0 })
    expect(picks(7, 0)).toBe(plain)
  })

  it('leaves the clients of an overloaded server without one, unless they may fall back', () => {
    const bench = new TableBench('mh', [1, 1, 1])
    const before = clients.map((src) => bench.from(src))
    bench.server('B').overloaded = true
    expect(clients.map((src) => bench.from(src))).toEqual(before.map((letter) => (letter === 'B' ? '-' : letter)))
    bench.service.edit({ ...bench.service.options, schedulerFlags: FALLBACK })
    const after = clients.map((src) => bench.from(src))
    // Only the clients of B have moved.
    expect(after.map((letter, i) => (before[i] === 'B' ? 'B' : letter))).toEqual(before)
    expect(new Set(after)).toEqual(new Set(['A', 'C']))
  })

  it('has nobody where those who are free have no slot', () => {
    // The servers added last come first: 65 with 63 turns each fill 65 * 63 = 4095 of 4093 slots before A has its turn.
    const bench = new TableBench('mh', [1, ...Array.from({ length: 65 }, () => 63)], FALLBACK)
    expect(bench.from(1)).not.toBe('-')
    for (const server of bench.service.destinations) server.overloaded = server !== bench.server('A')
    expect(bench.from(1)).toBe('-')
  })
})
