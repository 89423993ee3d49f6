import { describe, expect, it } from 'vitest'
import { distance, homeOf, makeSlots } from '../../src/connection-table/slots.ts'

describe('slots', () => {
  it('have homes in the order of their hashes, the first to the last', () => {
    const slots = makeSlots(12, 4)
    // 2^32 hashes in 12 parts: 357,913,941.33 for each slot.
    const hashes = [0, 357_913_941, 357_913_942, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]
    expect(hashes.map((hash) => homeOf(slots, hash))).toEqual([0, 0, 1, 5, 6, 11])
    expect(homeOf(slots, -1)).toBe(11)
  })

  it('are passed around the line of the home first, then line by line, around the end', () => {
    const way = (home: number): number[] =>
      Array.from({ length: 12 }, (_, slot) => slot).sort((a, b) => distance(home, a, 12, 3) - distance(home, b, 12, 3))
    expect(way(5)).toEqual([5, 6, 7, 4, 8, 9, 10, 11, 0, 1, 2, 3])
    expect(way(8)).toEqual([8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7])
    // Of lines of one slot: plain linear probing.
    expect([4, 5, 11, 0, 3].map((slot) => distance(4, slot, 12, 0))).toEqual([0, 1, 7, 8, 11])
  })

  it('are empty at first, whether there are few or many', () => {
    // 2^20 slots of 16 bytes are 16 MiB, from where on lines of slots are lines of memory.
    for (const slotCount of [64, 1 << 20]) {
      const { words } = makeSlots(slotCount, 4)
      expect([words.length, words.every((word) => word === 0)]).toEqual([slotCount * 4, true])
    }
    expect(() => makeSlots(2 ** 28 + 1, 4)).toThrow('an index has at most 268435456 slots')
  })
})
