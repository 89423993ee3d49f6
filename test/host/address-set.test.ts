import { describe, expect, it } from 'vitest'
import { AddressSet } from '../../src/host/address-set.ts'
import type { IpAddr } from '../../src/wire/address.ts'

function addr(number: number): IpAddr {
  return number as IpAddr
}

describe('a set of addresses', () => {
  it('has what was added, once or twice, and nothing else', () => {
    const set = new AddressSet()
    expect(set.has(addr(0xc0a80001))).toBe(false)
    for (const each of [0xc0a80001, 1, 0xc0a80001]) set.add(addr(each))
    expect([0xc0a80001, 1, 0xc0a80002, 2].map((each) => set.has(addr(each)))).toEqual([true, true, false, false])
  })

  it('keeps what it has when it grows', () => {
    const set = new AddressSet()
    const addrs = Array.from({ length: 3_000 }, (_, i) => 0x0a000001 + (i < 1_500 ? i : i * 256))
    for (const each of addrs) set.add(addr(each))
    expect(addrs.every((each) => set.has(addr(each)))).toBe(true)
    // None of these was added: 0x0a000001 + 1500 and on, below the networks of the second half.
    expect(Array.from({ length: 1_000 }, (_, i) => set.has(addr(0x0a000001 + 1_500 + i))).filter(Boolean)).toEqual([])
  })

  it('never has the address that says "any", and nothing once it was cleared', () => {
    const set = new AddressSet()
    set.add(addr(0))
    set.add(addr(7))
    expect([set.has(addr(0)), set.has(addr(7))]).toEqual([false, true])
    set.clear()
    expect(set.has(addr(7))).toBe(false)
  })
})
