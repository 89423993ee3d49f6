import { describe, expect, it } from 'vitest'
import { changesOf, flowOf, reportedUid } from '../../src/scenario/packet-changes.ts'
import { icmpError } from '../../src/wire/icmp-message.ts'
import { fragmentOf, withDestination, withTtlDecremented, type IpPacket } from '../../src/wire/ip-packet.ts'
import { udpDatagram, withUdpPorts } from '../../src/wire/udp-datagram.ts'
import { ip, packetOf } from '../wire/packets.ts'

const datagram = udpDatagram({ sport: 40_001, dport: 53 }, new Uint8Array(92))
const packet = packetOf(datagram, { uid: 7 })
const flow = { protocol: 'udp', src: ip('10.0.0.10'), sport: 40_001, dst: ip('10.0.0.100'), dport: 53 }

function texts(before: IpPacket, after: IpPacket): string[] {
  return changesOf(before, after).map((change) => `${change.field}: ${change.before} -> ${change.after}`)
}

describe('what changed', () => {
  it('is nothing between a packet and itself, and between equal packets', () => {
    expect(texts(packet, packet)).toEqual([])
    expect(texts(packet, packetOf(datagram, { uid: 7 }))).toEqual([])
  })

  it('is each field of the headers, in their order', () => {
    const after = withTtlDecremented(withDestination(packet, ip('10.0.0.11'), withUdpPorts(datagram, 40_001, 5353)))
    expect(texts(packet, after)).toEqual(['dst: 10.0.0.100 -> 10.0.0.11', 'ttl: 64 -> 63', 'dport: 53 -> 5353'])
  })

  it('is the outer header when a packet is wrapped or unwrapped, and what changed inside', () => {
    const outer = packetOf(withTtlDecremented(packet), { uid: 7, src: ip('10.0.0.2'), dst: ip('10.9.1.11'), ttl: 63 })
    expect(texts(packet, outer)).toEqual(['outer header: none -> 10.0.0.2 > 10.9.1.11, ttl 63', 'ttl: 64 -> 63'])
    expect(texts(outer, packet)).toEqual(['outer header: 10.0.0.2 > 10.9.1.11, ttl 63 -> none', 'ttl: 63 -> 64'])
    expect(texts(outer, withTtlDecremented(outer))).toEqual(['ttl: 63 -> 62'])
  })

  it('is which part of it a piece carries', () => {
    // 100 bytes behind the header: the first 48 leave 52.
    expect(texts(packet, fragmentOf(packet, { offsetBytes: 0, payloadBytes: 48, more: true })))
      .toEqual(['length: 120 -> 68', 'fragment: whole -> bytes 0..47'])
    expect(texts(packet, fragmentOf(packet, { offsetBytes: 48, payloadBytes: 52, more: false })))
      .toEqual(['length: 120 -> 72', 'fragment: whole -> bytes 48..99, the last'])
  })
})

describe('the flow of a packet', () => {
  it('is that of what it carries, is a piece of, or reports', () => {
    const outer = packetOf(packet, { uid: 7, src: ip('10.0.0.2'), dst: ip('10.9.1.11') })
    const error = packetOf(icmpError({ type: 3, code: 3, rest: 0 }, outer, 28), { uid: 8 })
    const piece = fragmentOf(packet, { offsetBytes: 48, payloadBytes: 52, more: false })
    for (const one of [packet, outer, error, piece]) expect(flowOf(one)).toEqual(flow)
    expect(reportedUid(error)).toBe(7)
    expect(reportedUid(outer)).toBeUndefined()
  })
})
