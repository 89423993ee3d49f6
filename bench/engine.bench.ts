/**
 * Whole runs of the scenarios of `lvsim bench engine`, small: datagrams, TCP and connections that stay, on links of their own and
 * on switches, without a director and through one by each method. A run that came to another hash is another run.
 * @module
 */
import { bench, describe, expect } from 'vitest'
import { EngineBench, type EngineBenchOptions } from '../src/scenario/bench-engine.ts'

const UDP = { traffic: 'udp', servers: 10, requests: 20_000 } as const
const TCP = { traffic: 'tcp', servers: 10, requests: 1000 } as const
const HOLD = { traffic: 'hold', servers: 10, requests: 1000 } as const

const SCENARIOS: readonly (readonly [name: string, hash: string, options: EngineBenchOptions])[] = [
  ['udp ptp route', 'fe7674ee8f4f0f0d', UDP],
  ['udp switched route', 'babe9ab9cfdc3261', { ...UDP, network: 'switched' }],
  ['udp ptp dr', '6d0cacd31e30228b', { ...UDP, forward: 'dr', flows: 4000 }],
  ['udp switched nat', '3d038f2849ed0023', { ...UDP, network: 'switched', forward: 'nat', flows: 4000 }],
  ['udp ptp tun', '7cd727e217b2d6f8', { ...UDP, forward: 'tun', flows: 4000 }],
  ['tcp ptp route', '2d121778a5c0fef5', TCP],
  ['tcp switched nat', '32dfd75d9834fa85', { ...TCP, network: 'switched', forward: 'nat' }],
  ['hold ptp dr', 'f9eb25f9443379cc', { ...HOLD, forward: 'dr' }],
]

describe('20,000 datagrams, 1000 flows of TCP, 1000 connections', () => {
  for (const [name, hash, options] of SCENARIOS) {
    bench(name, () => {
      expect(new EngineBench(options).run().hash).toBe(hash)
    }, { time: 500, warmupTime: 100, throws: true })
  }
})
