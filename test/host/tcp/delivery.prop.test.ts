import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../../src/base/units.ts'
import { type RandomStream, randomStream } from '../../../src/sim/random.ts'
import { ip, type WireHost, WirePair } from '../../support/wire-pair.ts'
import { seed } from '../../support/seed.ts'

/** Bytes that differ from their neighbors, so that a shift or a swap shows. */
function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + (i >>> 8) * 7) & 255)
}

interface Transfer {
  readonly received: { a: number[], b: number[] }
  readonly ended: string[]
  readonly wire: WirePair
}

interface Options {
  readonly toB: Uint8Array[]
  readonly toA: Uint8Array
  readonly lossPercent: number
  readonly reorderPercent: number
  readonly sack: boolean
  readonly timestamps: boolean
  readonly seed: string
}

/** A sends its writes and shuts down, B answers with its own and closes; `fates` decides about each packet. */
function transfer(options: Options): Transfer {
  const wire = new WirePair({ delayNs: 5 * NS_PER_MILLISECOND })
  for (const host of [wire.a, wire.b] as WireHost[]) {
    host.sysctl.set('net.ipv4.tcp_sack', options.sack ? '1' : '0')
    host.sysctl.set('net.ipv4.tcp_timestamps', options.timestamps ? '1' : '0')
  }
  const fates: RandomStream = randomStream(options.seed, 'fates')
  wire.rule = () => {
    const draw = fates.int(100)
    if (draw < options.lossPercent) return 'lose'
    return draw < options.lossPercent + options.reorderPercent ? { extraNs: fates.int(20) * NS_PER_MILLISECOND } : 'pass'
  }
  const received: { a: number[], b: number[] } = { a: [], b: [] }
  const ended: string[] = []
  wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => listener.accept()?.attach({
    onData: (_, bytes) => received.b.push(...bytes),
    onPeerClosed: (endpoint) => {
      endpoint.send(options.toA)
      endpoint.close()
    },
    onClosed: () => ended.push('b closed'),
    onError: (_, errno) => ended.push(`b ${errno}`),
  }))
  wire.a.tcp.connect({ dst: wire.b.addr, dport: 80 }, {
    onConnected: (endpoint) => {
      for (const bytes of options.toB) endpoint.send(bytes)
      endpoint.shutdownWrite()
    },
    onData: (_, bytes) => received.a.push(...bytes),
    onClosed: () => ended.push('a closed'),
    onError: (_, errno) => ended.push(`a ${errno}`),
  })
  // Long enough for pauses of two minutes, one after the other.
  wire.runFor(20_000 * NS_PER_SECOND)
  return { received, ended, wire }
}

describe(`TCP over a bad wire (seed ${seed})`, () => {
  it('always delivers exactly the bytes that were sent, under any pattern of loss below 30 %', () => {
    fc.assert(fc.property(fc.record({
      writes: fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 6 }),
      reply: fc.integer({ min: 1, max: 30_000 }),
      lossPercent: fc.integer({ min: 0, max: 29 }),
      reorderPercent: fc.constantFrom(0, 20, 60),
      sack: fc.boolean(),
      timestamps: fc.boolean(),
      seed: fc.string({ minLength: 1, maxLength: 8 }),
    }), (c) => {
      const all = pattern(c.writes.reduce((sum, bytes) => sum + bytes, 0))
      let at = 0
      const toB = c.writes.map((bytes) => all.subarray(at, at += bytes))
      const toA = pattern(c.reply)
      const { received, ended, wire } = transfer({ ...c, toB, toA })
      // Data may not be wrong, however far it came.
      expect(received.b).toEqual([...all.subarray(0, received.b.length)])
      expect(received.a).toEqual([...toA.subarray(0, received.a.length)])
      // A handshake can fail when all of its seven SYNs or six SYN-ACKs are lost, a close when the last ACK is; who has closed
      // gives up after 102 s in which nothing of his was acknowledged (tcp_orphan_retries), and the other waits in FIN_WAIT2.
      if (ended.some((end) => end.endsWith('ETIMEDOUT'))) return
      expect(received.b).toHaveLength(all.length)
      expect(received.a).toHaveLength(toA.length)
      expect(ended.filter((end) => end.startsWith('a'))).toEqual(['a closed'])
      // Nothing is left but TIME_WAIT at most.
      expect([...wire.a.tcp.connections()].filter(({ state }) => state !== 'TIME_WAIT')).toEqual([])
    }), { seed, numRuns: 120 })
  })

  it('never sends more than the peer has offered to take', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 400_000 }), fc.integer({ min: 0, max: 200 }), (bytes, pauseMs) => {
      const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
      let received = 0
      wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => {
        const endpoint = listener.accept()
        endpoint?.pauseReading()
        endpoint?.attach({ onData: (_, data) => { received += data.length } })
        const resumer = { onEvent: () => endpoint?.resumeReading() }
        wire.sim.schedule(wire.sim.nowNs + pauseMs * NS_PER_MILLISECOND, resumer, 0, undefined)
      })
      wire.a.tcp.connect({ dst: wire.b.addr, dport: 80 }, { onConnected: (endpoint) => { endpoint.send(new Uint8Array(bytes)) } })
      let edge = 0
      wire.rule = (packet) => {
        if (packet.payload.kind !== 'tcp') return 'pass'
        const [endpoint] = [...wire.a.tcp.connections()]
        if (packet.src === wire.a.addr && endpoint?.state === 'ESTABLISHED' && 'sndWnd' in endpoint) {
          edge = Math.max(edge, endpoint.sndUna + endpoint.sndWnd)
          expect(endpoint.sndNxt).toBeLessThanOrEqual(edge)
        }
        return 'pass'
      }
      wire.runFor(20 * NS_PER_SECOND)
      expect(received).toBe(bytes)
    }), { seed, numRuns: 25 })
  })
})
