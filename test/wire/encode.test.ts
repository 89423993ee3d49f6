import { describe, expect, it } from 'vitest'
import { ARP_REQUEST, arpPacket } from '../../src/wire/arp-packet.ts'
import { decodePacket } from '../../src/wire/decode.ts'
import { encodeFrame, encodePacket, framingOf } from '../../src/wire/encode.ts'
import { ethernetFrame, pppFrame } from '../../src/wire/frame.ts'
import { ICMP_UNREACHABLE, icmpError, UNREACHABLE_FRAGMENTATION_NEEDED } from '../../src/wire/icmp-message.ts'
import { fragmentOf } from '../../src/wire/ip-packet.ts'
import { encodeTcpOptions } from '../../src/wire/tcp-options.ts'
import {
  NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_SYN, tcpOptionsBytes, tcpSegment, type TcpOptions,
} from '../../src/wire/tcp-segment.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { dump, hex, ip, mac, packetOf } from './packets.ts'

const ports = { sport: 40001, dport: 80 }
const client = mac('02:00:00:00:01:00')
const director = mac('02:00:00:00:02:00')

function options(changes: Partial<TcpOptions>): TcpOptions {
  return { ...NO_TCP_OPTIONS, ...changes }
}

describe('encoding', () => {
  it('lays out a SYN as Linux sends it', () => {
    const syn = tcpSegment(ports, { seq: 1, ack: 0, window: 64240 }, TCP_SYN,
      options({ mss: 1460, sackPermitted: true, windowScale: 7 }), NO_DATA)
    const frame = ethernetFrame(director, client, packetOf(syn, { ident: 0x1234 }))
    expect(dump(encodeFrame(frame))).toBe([
      '02 00 00 00 02 00 02 00 00 00 01 00 08 00',
      // 52 = 0x34 bytes, DF, TTL 64, TCP. 4500+0034+1234+4000+4006+0a00+000a+0a00+0064 = ebdc, of which 1423 is the complement.
      '45 00 00 34 12 34 40 00 40 06 14 23 0a 00 00 0a 0a 00 00 64',
      // Ports 9c41 and 0050; eight words of header. Pseudo header 1494, segment 284b: 3cdf, of which c320 is the complement.
      '9c 41 00 50 00 00 00 01 00 00 00 00 80 02 fa f0 c3 20 00 00',
      '02 04 05 b4 01 01 04 02 01 03 03 07',
    ].join(' '))
  })

  it('lays out an ARP request', () => {
    const target = { tha: mac('00:00:00:00:00:00'), tpa: ip('10.0.0.100') }
    const arp = arpPacket(ARP_REQUEST, { sha: client, spa: ip('10.0.0.10') }, target)
    expect(dump(encodeFrame(ethernetFrame(mac('ff:ff:ff:ff:ff:ff'), client, arp)))).toBe(
      'ff ff ff ff ff ff 02 00 00 00 01 00 08 06 '
      + '00 01 08 00 06 04 00 01 02 00 00 00 01 00 0a 00 00 0a 00 00 00 00 00 00 0a 00 00 64')
  })

  it('puts nothing but the protocol before a packet on a point-to-point link', () => {
    const packet = packetOf(udpDatagram({ sport: 1, dport: 2 }, NO_DATA))
    const frame = pppFrame(packet)
    expect(framingOf(frame)).toBe('ppp')
    expect(encodeFrame(frame)).toEqual(Uint8Array.of(0x00, 0x21, ...encodePacket(packet)))
  })

  it('orders and pads TCP options as Linux does', () => {
    const timestamps = { value: 1, echo: 2 }
    const bytes = (changes: Partial<TcpOptions>) => dump(encodeTcpOptions(options(changes)))
    expect(bytes({ mss: 1460 })).toBe('02 04 05 b4')
    expect(bytes({ sackPermitted: true, timestamps })).toBe('04 02 08 0a 00 00 00 01 00 00 00 02')
    expect(bytes({ timestamps })).toBe('01 01 08 0a 00 00 00 01 00 00 00 02')
    expect(bytes({ sack: [{ left: 5, right: 9 }] })).toBe('01 01 05 0a 00 00 00 05 00 00 00 09')
    expect(bytes({ raw: hex('03 03 07 00') })).toBe('03 03 07 00')
    expect(tcpOptionsBytes(options({ mss: 1, sackPermitted: true, windowScale: 1, timestamps, sack: [] }))).toBe(4 + 12 + 4)
  })

  it('sends a UDP checksum that comes to zero as all ones', () => {
    // Pseudo header 0a00+000a+0a00+0064+0011+0008 = 1487, length 0008, port eb70: ffff in all.
    const bytes = encodePacket(packetOf(udpDatagram({ sport: 0, dport: 0xeb70 }, NO_DATA)))
    expect(dump(bytes.subarray(20))).toBe('00 00 eb 70 00 08 ff ff')
  })

  it('puts a packet inside a packet for IPIP', () => {
    const inner = packetOf(udpDatagram({ sport: 1, dport: 2 }, hex('aa')))
    const outer = encodePacket(packetOf(inner, { src: ip('10.0.0.2'), dst: ip('10.9.0.12') }))
    expect(outer.subarray(20)).toEqual(encodePacket(inner))
    // 20 + 20 + 8 + 1 bytes, protocol 4.
    expect([outer[3], outer[9]]).toEqual([49, 4])
  })

  it('cuts fragments out of the bytes of the whole packet', () => {
    const data = Uint8Array.from({ length: 40 }, (_, i) => i)
    const whole = packetOf(udpDatagram({ sport: 1, dport: 2 }, data), { dontFragment: false })
    const first = encodePacket(fragmentOf(whole, { offsetBytes: 0, payloadBytes: 24, more: true }))
    const last = fragmentOf(whole, { offsetBytes: 24, payloadBytes: 24, more: false })
    const again = encodePacket(fragmentOf(last, { offsetBytes: 8, payloadBytes: 16, more: false }))
    expect(dump(first.subarray(6, 8))).toBe('20 00')
    // Offsets count in units of 8 bytes: 24 + 8 is 4 of them.
    expect(dump(again.subarray(6, 8))).toBe('00 04')
    const payload = encodePacket(whole).subarray(20)
    expect(first.subarray(20)).toEqual(payload.subarray(0, 24))
    expect(encodePacket(last).subarray(20)).toEqual(payload.subarray(24))
    expect(again.subarray(20)).toEqual(payload.subarray(32))
  })

  it('cuts a fragment that was read from bytes further', () => {
    const whole = packetOf(udpDatagram({ sport: 1, dport: 2 }, Uint8Array.from({ length: 40 }, (_, i) => i)))
    const read = decodePacket(encodePacket(fragmentOf(whole, { offsetBytes: 24, payloadBytes: 24, more: false })), 0)
    if (!read.ok) throw new Error(read.error.message)
    const again = encodePacket(fragmentOf(read.value, { offsetBytes: 8, payloadBytes: 16, more: false }))
    expect(dump(again.subarray(6, 8))).toBe('40 04')
    expect(again.subarray(20)).toEqual(encodePacket(whole).subarray(20 + 32))
  })

  it('quotes only as much of a packet as an ICMP error carries', () => {
    const quoted = packetOf(tcpSegment(ports, { seq: 1, ack: 2, window: 3 }, TCP_ACK, NO_TCP_OPTIONS, new Uint8Array(1000)))
    const message = icmpError({ type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: 1480 }, quoted, 28)
    const bytes = encodePacket(packetOf(message))
    expect(bytes).toHaveLength(20 + 8 + 28)
    expect(dump(bytes.subarray(20, 22))).toBe('03 04')
    expect(dump(bytes.subarray(24, 28))).toBe('00 00 05 c8')
    expect(bytes.subarray(28)).toEqual(encodePacket(quoted).subarray(0, 28))
  })
})
