import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { greatestCommonDivisor } from '../../../src/base/gcd.ts'
import { isHeavier } from '../../../src/ipvs/scheduler/load.ts'
import { SCHEDULERS } from '../../../src/ipvs/scheduler/registry.ts'
import type { IpAddr } from '../../../src/wire/address.ts'
import { seed } from '../../support/seed.ts'
import { SchedulerBench } from './bench.ts'

const weights = fc.array(fc.nat(20), { minLength: 2, maxLength: 8 })

describe(`schedulers (seed ${seed})`, () => {
  it('never pick a server that is drained or overloaded', () => {
    const change = fc.record({ server: fc.nat(4), weight: fc.nat(3), overloaded: fc.boolean(), active: fc.nat(4) })
    fc.assert(fc.property(fc.constantFrom(...SCHEDULERS.keys()), fc.array(change, { maxLength: 20 }), (name, changes) => {
      const bench = new SchedulerBench(name, [1, 2, 3, 1, 2])
      for (const [i, { server, weight, overloaded, active }] of changes.entries()) {
        const letter = 'ABCDE'.charAt(server)
        bench.edit(letter, weight)
        Object.assign(bench.server(letter), { overloaded, activeConns: active })
        const picked = bench.pick({ src: (i * 7919) as IpAddr, dst: i as IpAddr, sport: i })
        if (picked !== undefined) expect(picked.weight > 0 && !picked.overloaded).toBe(true)
      }
    }), { seed })
  })

  it('wrr gives each server exactly its share in every cycle', () => {
    fc.assert(fc.property(weights, (all) => {
      const divisor = greatestCommonDivisor(all)
      fc.pre(divisor > 0)
      const cycle = all.reduce((a, b) => a + b, 0) / divisor
      const picks = new SchedulerBench('wrr', all).picks(3 * cycle)
      for (let start = 0; start <= 2 * cycle; start += Math.max(1, Math.floor(cycle / 3))) {
        const window = picks.slice(start, start + cycle)
        expect(
          all.map((_, i) => [...window].filter((letter) => letter === 'ABCDEFGH'[i]).length)
        ).toEqual(all.map((w) => w / divisor))
      }
    }), { seed, numRuns: 300 })
  })

  it('wlc keeps held connections in proportion, to within one connection of the lighter server', () => {
    fc.assert(fc.property(fc.array(
      fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 },
    ), fc.integer({ min: 1, max: 200 }), (all, n) => {
      const bench = new SchedulerBench('wlc', all)
      bench.picks(n, 'held')
      for (const a of bench.service.destinations) {
        for (const b of bench.service.destinations) {
          const difference = Math.abs(a.activeConns / a.weight - b.activeConns / b.weight)
          expect(difference).toBeLessThanOrEqual(Math.max(1 / a.weight, 1 / b.weight) + 1e-9)
        }
      }
    }), { seed })
  })

  it('compare loads exactly, however large', () => {
    const big = fc.record({ load: fc.nat(2_147_483_647), weight: fc.nat(2_147_483_647) })
    fc.assert(fc.property(big, big, fc.constantFrom(1, 4_194_304), (a, b, scale) => {
      const left = { load: a.load * scale, weight: a.weight }
      const right = { load: b.load * scale, weight: b.weight }
      expect(isHeavier(left, right)).toBe(BigInt(left.load) * BigInt(right.weight) > BigInt(right.load) * BigInt(left.weight))
    }), { seed })
  })

  it.each(['sh', 'mh', 'dh'])('%s sends one flow to one server as long as nothing changes', (name) => {
    fc.assert(fc.property(weights, fc.nat(), fc.nat(), (all, src, dst) => {
      const bench = new SchedulerBench(name, all)
      const flow = { src: src as IpAddr, dst: dst as IpAddr, sport: 1 }
      expect(bench.pick(flow)).toBe(bench.pick(flow))
    }), { seed })
  })
})
