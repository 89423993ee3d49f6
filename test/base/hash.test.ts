/**
 * Integer hashing: published values, and one to one.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { hashText, mix32 } from '../../src/base/hash.ts'

describe('mix32', () => {
  it('is the finalizer of MurmurHash3', () => {
    expect([0, 1, 2, 0xffffffff].map(mix32)).toEqual([0, 0x514e28b7, 0x30f4c306, 0x81f16f39])
  })

  it('never gives two integers the same value', () => {
    expect(new Set(Array.from({ length: 50_000 }, (_, i) => mix32(i))).size).toBe(50_000)
  })
})

describe('hashText', () => {
  it('starts from the offset basis of FNV-1a', () => {
    expect(hashText('')).toBe(0x811c9dc5)
  })

  it('tells names apart that differ in one letter, in order or in length', () => {
    const names = ['lb', 'lc', 'bl', 'lbl', 'lb.eth0', 'lb.eth1', 'rs1', 'rs2', 'a\u0100', 'a\u0001']
    expect(new Set(names.map(hashText)).size).toBe(names.length)
  })
})
