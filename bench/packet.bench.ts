/**
 * How a packet is held: one router hop (TTL) and one rewrite by NAT (destination and ports) for each of 1024 packets in turn.
 * All representations must come to the same addresses and TTLs.
 * @module
 */
import { bench, describe, expect } from 'vitest'
import type { IpAddr } from '../src/wire/address.ts'
import { IPPROTO_UDP, ipPacket, withDestination, withTtlDecremented, type IpPacket } from '../src/wire/ip-packet.ts'
import { udpDatagram, withUdpPorts, type UdpDatagram } from '../src/wire/udp-datagram.ts'

const PACKETS = 1024
const ROUNDS = 50
const REAL_SERVER = 0x0a640002 as IpAddr
const DATA = new Uint8Array(512)

function original(i: number): IpPacket {
  const payload = udpDatagram({ sport: 40_000 + i, dport: 80 }, DATA)
  const [src, dst] = [0x0a000000 + i as IpAddr, 0xc0a80001 as IpAddr]
  return ipPacket({ uid: i, src, dst, protocol: IPPROTO_UDP, payload, payloadBytes: 520 })
}

/** Works on all packets once; `sum` reads what came out. */
interface Representation {
  step(round: number): void
  sum(): number
}

/** Immutable values, each made by `change` from the one before. */
function immutable(change: (packet: IpPacket, dport: number) => IpPacket): Representation {
  const packets = Array.from({ length: PACKETS }, (_, i) => original(i))
  return {
    step: (round) => {
      for (let i = 0; i < PACKETS; i++) packets[i] = change(packets[i] as IpPacket, 8000 + round)
    },
    sum: () => packets.reduce((sum, p) => sum + p.src + p.dst + p.ttl + (p.payload as UdpDatagram).dport, 0),
  }
}

class MutablePacket {
  ttl = 64
  src: number
  dst = 0xc0a80001
  sport: number
  dport = 80
  constructor(i: number) {
    this.src = 0x0a000000 + i
    this.sport = 40_000 + i
  }
}

/** One object per packet, written in place: what a packet shared by two frames, a trace and an ICMP quote could not be. */
function mutable(): Representation {
  const packets = Array.from({ length: PACKETS }, (_, i) => new MutablePacket(i))
  return {
    step: (round) => {
      for (const packet of packets) {
        packet.ttl--
        packet.dst = REAL_SERVER
        packet.dport = 8000 + round
      }
    },
    sum: () => packets.reduce((sum, p) => sum + p.src + p.dst + p.ttl + p.dport, 0),
  }
}

/** A pool of packet numbers with a typed array per field. */
function pool(): Representation {
  const ttl = new Uint8Array(PACKETS).fill(64), src = Uint32Array.from({ length: PACKETS }, (_, i) => 0x0a000000 + i)
  const dst = new Uint32Array(PACKETS).fill(0xc0a80001), dport = new Uint16Array(PACKETS).fill(80)
  return {
    step: (round) => {
      for (let i = 0; i < PACKETS; i++) {
        ttl[i] = (ttl[i] as number) - 1
        dst[i] = REAL_SERVER
        dport[i] = 8000 + round
      }
    },
    sum: () => src.reduce((sum, addr, i) => sum + addr + (dst[i] as number) + (ttl[i] as number) + (dport[i] as number), 0),
  }
}

const REPRESENTATIONS: readonly (readonly [string, () => Representation])[] = [
  ['immutable values, named rewrites (ours)', () => immutable((packet, dport) => {
    const payload = packet.payload as UdpDatagram
    return withDestination(withTtlDecremented(packet), REAL_SERVER, withUdpPorts(payload, payload.sport, dport))
  })],
  ['immutable values, spread', () => immutable((packet, dport) => {
    const next = { ...packet, ttl: packet.ttl - 1 }
    return { ...next, dst: REAL_SERVER, payload: { ...(packet.payload as UdpDatagram), dport } }
  })],
  ['objects written in place', mutable],
  ['pool of typed arrays', pool],
]

function run(representation: Representation): number {
  for (let round = 0; round < ROUNDS; round++) representation.step(round)
  return representation.sum()
}

describe('51,200 packets forwarded and rewritten', () => {
  const sums = REPRESENTATIONS.map(([, make]) => run(make()))
  console.log(`packet: sum ${sums[0]}`)
  expect(new Set(sums).size).toBe(1)
  for (const [name, make] of REPRESENTATIONS) {
    bench(name, () => {
      run(make())
    }, { time: 500, warmupTime: 100 })
  }
})
