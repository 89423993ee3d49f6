/**
 * Integer hashing: published values, and one to one.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { hashText, mix32, spread32 } from '../../src/base/hash.ts'

describe('mix32', () => {
  it('is the finalizer of MurmurHash3', () => {
    expect([0, 1, 2, 0xffffffff].map(mix32)).toEqual([0, 0x514e28b7, 0x30f4c306, 0x81f16f39])
  })

  it('never gives two integers the same value', () => {
    expect(new Set(Array.from({ length: 50_000 }, (_, i) => mix32(i))).size).toBe(50_000)
  })
})

describe('spread32', () => {
  it('is one multiplication by the golden ratio, and its upper half once more', () => {
    expect([0, 1, 2].map(spread32)).toEqual([0, 0x9e3779b1 ^ 0x9e3779b1 >>> 15, 0x3c6ef362 ^ 0x3c6ef362 >>> 15])
  })

  it('puts neighbours, and addresses of neighbouring networks, into places of their own', () => {
    for (const step of [1, 0x100, 0x10000]) {
      const places = Array.from({ length: 256 }, (_, i) => spread32(0x0a000001 + i * step) & 1023)
      expect(new Set(places).size).toBeGreaterThan(190)
    }
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
