import { describe, expect, it } from 'vitest'
import type { Destination } from '../../../src/ipvs/destination.ts'
import { greatestCommonDivisor } from '../../../src/base/gcd.ts'
import { foldAddress, hash32, hsiphash } from '../../../src/ipvs/scheduler/hash.ts'
import { isHeavier, overhead } from '../../../src/ipvs/scheduler/load.ts'
import { hasGoneStale, isCrowded } from '../../../src/ipvs/scheduler/locality.ts'
import { candidates } from '../../../src/ipvs/scheduler/scheduler.ts'
import { parseIp, type IpAddr } from '../../../src/wire/address.ts'
import { sipHash13 } from '../../models/sip-hash.ts'
import { SchedulerBench } from './bench.ts'

describe('the greatest common divisor', () => {
  it.each([
    [[12, 18, 27], 3], [[18, 12], 6], [[7], 7], [[0, 8, 0, 12], 4], [[0, 0], 0], [[], 0], [[-4, 6], 6],
  ] as const)('of %j is %i', (values, divisor) => {
    expect(greatestCommonDivisor(values)).toBe(divisor)
  })
})

describe('hashes', () => {
  it.each([
    // 1 * 61c88647; the top 8 bits are 61, the top 12 are 61c.
    [1, 8, 0x61], [1, 12, 0x61c], [1, 32, 0x61c88647],
    // 3 * 61c88647 = 1_255992d5: what is above 32 bits is lost.
    [3, 8, 0x25], [0, 8, 0],
  ])('hash_32(%i, %i) is %i', (value, bits, hash) => {
    expect(hash32(value, bits)).toBe(hash)
  })

  it('fold an IPv6 address by xor, without a sign', () => {
    // 20010db8 ^ 0 ^ 80000000 ^ 00000001 = a0010db9.
    expect(foldAddress(parseIp('2001:db8::8000:0:0:1') as IpAddr)).toBe(0xa0010db9)
    expect(foldAddress(parseIp('192.168.1.11') as IpAddr)).toBe(0xc0a8010b)
  })

  it.each([[0, 0], [1, 2_654_435_761], [0xc0a8010b, 2_654_446_892], [0xffffffff, 0xffffffff], [0x1_0000_0005, 7]])(
    'SipHash-1-3 of %i with key %i is that of its low 32 bits', (value, key) => {
      const whole = sipHash13(BigInt(value % 0x1_0000_0000), 4, BigInt(key), BigInt(key))
      expect(hsiphash(value, key)).toBe(Number(whole & 0xffffffffn))
    })
})

describe('loads', () => {
  it('weigh an active connection as 256 inactive ones', () => {
    expect(overhead({ activeConns: 2, inactiveConns: 3 } as Destination)).toBe(515)
  })

  it('differ by one connection where the products are beyond 2^53', () => {
    // 3 * 107 * 28059810762433 = 2^53 + 1, which as a double is 2^53 = 2^43 * 2^10.
    const a = { load: 28_059_810_762_433, weight: 1024 }
    const b = { load: 8_796_093_022_208, weight: 321 }
    expect([isHeavier(a, b), isHeavier(b, a)]).toEqual([true, false])
  })

  it('are equal where the products are, small or beyond 2^53', () => {
    expect(isHeavier({ load: 2, weight: 3 }, { load: 4, weight: 6 })).toBe(false)
    expect(isHeavier({ load: 8_796_093_022_208, weight: 1024 }, { load: 8_796_093_022_208, weight: 1024 })).toBe(false)
  })

  it.each(['wlc', 'sed'])('%s: the first listed of two with the same load for their weight is picked', (name) => {
    const bench = new SchedulerBench(name, [2, 2])
    expect(bench.letterOf(bench.pick({ src: 1 as IpAddr, dst: 2 as IpAddr, sport: 3 }))).toBe('B')
  })
})

describe('a crowded server', () => {
  const server = (activeConns: number, weight: number): Destination => ({ activeConns, weight }) as Destination

  it('has more active connections than its weight, and another has less than half of its own', () => {
    const [idle, half] = [server(1, 3), server(1, 2)]
    expect(isCrowded(server(3, 2), [half, idle])).toBe(true)
    expect(isCrowded(server(2, 2), [half, idle])).toBe(false)
    expect(isCrowded(server(3, 2), [half])).toBe(false)
  })
})

describe('a remembered address', () => {
  const sweeps = (nowNs: number): Parameters<typeof hasGoneStale>[1] => ({ startNs: 100, nowNs, periodNs: 30 })

  it.each([
    [129, 100, false], // no sweep yet
    [130, 100, true], // the first one
    [130, 130, true], // due at the sweep
    [159, 131, false], // due just after it
    [160, 131, true], // the next sweep
    [100, 100, false], // the caches have just begun
    [100, 90, false],
  ])('at %i, one that was due at %i is gone: %s', (nowNs, deadlineNs, isGone) => {
    expect(hasGoneStale(deadlineNs, sweeps(nowNs))).toBe(isGone)
  })
})

describe('candidates', () => {
  it('are those neither drained nor overloaded', () => {
    const { service } = new SchedulerBench('rr', [1, 0, 3])
    const [c, , a] = service.destinations
    expect(candidates(service)).toEqual([c, a])
    Object.assign(c ?? {}, { overloaded: true })
    expect(candidates(service)).toEqual([a])
  })
})
