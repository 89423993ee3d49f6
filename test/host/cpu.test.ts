/**
 * The CPU of a host as a queue with one server.
 * @module
 */
import { describe, expect, it } from 'vitest'
import type { CpuOptions } from '../../src/host/cpu.ts'
import { datagram, Lan } from '../support/lan.ts'

/** A client that knows its server, and a server whose CPU is like this. */
function pair(cpu: CpuOptions) {
  const lan = new Lan()
  const client = lan.host('client', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.1/24'] } } })
  const server = lan.host('server', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] } }, options: { cpu } })
  datagram(client, '10.0.0.2', 9)
  lan.runFor(1_000_000_000)
  const times: number[] = []
  server.hooks.register('prerouting', 'test', 0, (packet) => {
    times.push(lan.sim.nowNs)
    return packet
  })
  return { lan, client, server, times }
}

describe('a CPU', () => {
  it('works on one frame after the other: 60 us each', () => {
    const { lan, client, server, times } = pair({ packetNs: 60_000, byteNs: 0, queueFramesMax: 100 })
    const start = lan.sim.nowNs
    for (let i = 0; i < 3; i++) datagram(client, '10.0.0.2', 9)
    lan.runFor(1_000_000)
    // Two links of 10 us each, then 60, 120 and 180 us.
    expect(times.map((time) => time - start)).toEqual([80_000, 140_000, 200_000])
    expect([server.cpu?.queuedFramesPeak, lan.imbalances()]).toEqual([3, []])
  })

  it('asks for more time for more bytes: 12 us and 0.03 us a byte', () => {
    const { lan, client, times } = pair({ packetNs: 12_000, byteNs: 30, queueFramesMax: 100 })
    const start = lan.sim.nowNs
    // 72 + 28 = 100 bytes: 12,000 + 3,000 ns.
    datagram(client, '10.0.0.2', 9, { dataBytes: 72 })
    lan.runFor(1_000_000)
    expect(times.map((time) => time - start)).toEqual([35_000])
  })

  it('drops what finds its queue full, and accounts for it', () => {
    const { lan, client, server } = pair({ packetNs: 60_000, byteNs: 0, queueFramesMax: 2 })
    for (let i = 0; i < 5; i++) datagram(client, '10.0.0.2', 9)
    lan.runFor(20_000)
    expect([server.ledger.held, lan.imbalances()]).toEqual([2, []])
    lan.runFor(1_000_000)
    expect([server.drops.get('cpu-queue-full'), server.cpu?.droppedFrames, server.ledger.held, lan.imbalances()])
      .toEqual([3, 3, 0, []])
  })

  it('adds up the time it was busy', () => {
    const { lan, client, server } = pair({ packetNs: 60_000, byteNs: 0, queueFramesMax: 100 })
    const before = server.cpu?.busyNs ?? NaN
    for (let i = 0; i < 4; i++) datagram(client, '10.0.0.2', 9)
    lan.runFor(1_000_000)
    expect((server.cpu?.busyNs ?? NaN) - before).toBe(240_000)
  })
})
