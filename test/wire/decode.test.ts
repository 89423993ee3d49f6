import { describe, expect, it } from 'vitest'
import { ARP_REPLY, arpPacket } from '../../src/wire/arp-packet.ts'
import { put16 } from '../../src/wire/bytes.ts'
import { internetChecksum } from '../../src/wire/checksum.ts'
import { decodeFrame, decodePacket } from '../../src/wire/decode.ts'
import { encodeFrame, encodePacket } from '../../src/wire/encode.ts'
import { ethernetFrame, type Frame, pppFrame } from '../../src/wire/frame.ts'
import { ICMP_ECHO_REQUEST, ICMP_UNREACHABLE, icmpEcho, icmpError } from '../../src/wire/icmp-message.ts'
import { fragmentOf, type IpPacket } from '../../src/wire/ip-packet.ts'
import { NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_SYN, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { hex, ip, mac, packetOf } from './packets.ts'

const datagram = packetOf(udpDatagram({ sport: 1, dport: 5001 }, hex('01 02 03')))
const ack = packetOf(tcpSegment({ sport: 1, dport: 80 }, { seq: 1, ack: 2, window: 3 }, TCP_ACK, NO_TCP_OPTIONS, NO_DATA))
const dst = mac('02:00:00:00:02:00')
const src = mac('02:00:00:00:01:00')

/** The packet of these bytes, which must be one and must encode to them again. */
function decoded(bytes: Uint8Array): IpPacket {
  const result = decodePacket(bytes, 0)
  if (!result.ok) throw new Error(result.error.message)
  expect(encodePacket(result.value)).toEqual(bytes)
  return result.value
}

/** The bytes of a SYN with these option bytes. */
function synWith(raw: Uint8Array): Uint8Array {
  const options = { ...NO_TCP_OPTIONS, raw }
  return encodePacket(packetOf(tcpSegment({ sport: 1, dport: 2 }, { seq: 0, ack: 0, window: 0 }, TCP_SYN, options, NO_DATA)))
}

/** What becomes of a frame's bytes after `change`: `ok`, or the code of the refusal. */
function fateOf(frame: Frame, change: (bytes: Uint8Array) => Uint8Array): string {
  const result = decodeFrame(change(encodeFrame(frame)), 'ethernet', 0)
  return result.ok ? 'ok' : result.error.code
}

/** The packet's bytes with some replaced and the header checksum made right again. */
function patched(packet: IpPacket, at: number, ...values: readonly number[]): Uint8Array {
  const bytes = encodePacket(packet)
  bytes.set(values, at)
  const headerBytes = ((bytes[0] ?? 0) & 15) * 4
  put16(bytes, 10, 0)
  put16(bytes, 10, internetChecksum(bytes, 0, headerBytes))
  return bytes
}

describe('decoding', () => {
  it('gives back what was encoded', () => {
    const syn = packetOf(tcpSegment({ sport: 40001, dport: 80 }, { seq: 0xffffffff, ack: 0, window: 64240 }, TCP_SYN,
      { ...NO_TCP_OPTIONS, mss: 1460, sackPermitted: true, windowScale: 7 }, hex('61')), { ident: 65535, ttl: 1, tos: 0xb8 })
    const tunnelled = packetOf(syn, { src: ip('10.0.0.2'), dst: ip('10.9.0.12') })
    const error = packetOf(icmpError({ type: ICMP_UNREACHABLE, code: 3, rest: 0 }, datagram, 31))
    const echo = packetOf(icmpEcho(ICMP_ECHO_REQUEST, 65535, 1, hex('00 01')))
    for (const packet of [syn, tunnelled, error, echo]) {
      const frame = ethernetFrame(dst, src, packet)
      expect(decodeFrame(encodeFrame(frame), 'ethernet', 0)).toEqual({ ok: true, value: frame })
    }
    const answer = arpPacket(ARP_REPLY, { sha: src, spa: ip('10.0.0.10') }, { tha: dst, tpa: ip('10.0.0.1') })
    const arp = ethernetFrame(dst, src, answer)
    expect(decodeFrame(encodeFrame(arp), 'ethernet', 0)).toEqual({ ok: true, value: arp })
    expect(decodeFrame(encodeFrame(pppFrame(tunnelled)), 'ppp', 0)).toEqual({ ok: true, value: pppFrame(tunnelled) })
  })

  it('gives a packet and the one inside it the number it was told', () => {
    const result = decodePacket(encodePacket(packetOf(datagram)), 7)
    expect(result).toMatchObject({ ok: true, value: { uid: 7, payload: { kind: 'ip', uid: 7 } } })
  })

  it('drops padding and trailers, and leaves them out of the length of the frame', () => {
    const bytes = new Uint8Array(60)
    bytes.set(encodeFrame(ethernetFrame(dst, src, datagram)))
    // 14 + 20 + 8 + 3.
    expect(decodeFrame(bytes, 'ethernet', 0)).toMatchObject({ ok: true, value: { bytes: 45 } })
  })

  it('keeps TCP options of another layout as bytes, beside the values in them', () => {
    const raw = hex('03 03 07 02 04 05 b4 00')
    expect(decoded(synWith(raw)).payload).toMatchObject({ options: { mss: 1460, windowScale: 7, raw } })
  })

  it('leaves options with broken lengths raw', () => {
    for (const text of ['02 00 00 00', '02 ff 05 b4', '01 01 01 02', '05 0b 00 00']) {
      const raw = hex(text)
      expect(decoded(synWith(raw)).payload).toMatchObject({ options: { mss: undefined, sack: [], raw } })
    }
  })

  it('keeps a payload raw that would not encode to the same bytes', () => {
    const urgent = encodePacket(ack)
    urgent[20 + 19] = 1
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['no UDP checksum', patched(datagram, 26, 0, 0)],
      ['a wrong UDP checksum', patched(datagram, 26, 1, 2)],
      ['a UDP length of its own', patched(datagram, 24, 0, 8)],
      ['an urgent pointer', urgent],
      ['a TCP header that is too short', patched(ack, 32, 0x40)],
      ['a TCP header beyond the end', patched(ack, 32, 0x60)],
      ['a wrong checksum inside IPIP', patched(packetOf(datagram), 30, 0, 0)],
      ['a protocol without a model', patched(ack, 9, 47)],
    ]
    for (const [name, bytes] of cases) expect(decoded(bytes).payload.kind, name).toBe('raw')
  })

  it('keeps a fragment raw, with its place', () => {
    const whole = packetOf(udpDatagram({ sport: 1, dport: 2 }, new Uint8Array(40)), { dontFragment: false })
    const bytes = encodePacket(fragmentOf(whole, { offsetBytes: 24, payloadBytes: 24, more: true }))
    expect(decoded(bytes)).toMatchObject({ fragmentOffsetBytes: 24, moreFragments: true, payload: { kind: 'raw' } })
  })

  it('keeps IPv4 options before the raw data', () => {
    // An IGMPv3 report with a router alert, as Linux sends it: header of 6 words, 8 bytes of data.
    const bytes = hex('46 c0 00 20 00 00 40 00 01 02 42 11 0a 00 00 01 e0 00 00 16 94 04 00 00 22 00 dd ff 00 00 00 00')
    put16(bytes, 10, 0)
    put16(bytes, 10, internetChecksum(bytes, 0, 24))
    expect(decoded(bytes)).toMatchObject({ payloadBytes: 12, payload: { kind: 'raw', optionsBytes: 4 } })
  })

  it('keeps what an error quotes as bytes when the packet was cut', () => {
    const cut = packetOf(icmpError({ type: ICMP_UNREACHABLE, code: 3, rest: 0 }, datagram, 28))
    expect(decoded(encodePacket(cut)).payload).toMatchObject({ kind: 'icmp', quoted: undefined, dataBytes: 28 })
  })

  it('looks into eight packets inside each other, and no further', () => {
    let packet = datagram
    for (let i = 0; i < 12; i++) packet = packetOf(packet)
    let inside: IpPacket['payload'] = decoded(encodePacket(packet))
    let depth = 0
    for (; inside.kind === 'ip'; inside = inside.payload) depth++
    // The outermost one, and eight inside it.
    expect([depth, inside.kind]).toEqual([9, 'raw'])
  })

  it('refuses what it cannot hold, and says why', () => {
    const frame = ethernetFrame(dst, src, datagram)
    const replace = (at: number, value: number) => (bytes: Uint8Array) => bytes.fill(value, at, at + 1)
    expect(fateOf(frame, (bytes) => bytes)).toBe('ok')
    expect(fateOf(frame, (bytes) => bytes.subarray(0, 13))).toBe('truncated')
    expect(fateOf(frame, (bytes) => bytes.subarray(0, 33))).toBe('truncated')
    expect(fateOf(frame, (bytes) => bytes.subarray(0, 44))).toBe('truncated')
    expect(fateOf(frame, replace(12, 0x86))).toBe('ethertype')
    expect(fateOf(frame, replace(14, 0x65))).toBe('ipv4-header')
    expect(fateOf(frame, replace(14, 0x44))).toBe('ipv4-header')
    expect(fateOf(frame, replace(17, 19))).toBe('ipv4-header')
    expect(fateOf(frame, replace(22, 63))).toBe('ipv4-checksum')
    const arp = ethernetFrame(dst, src, arpPacket(1, { sha: src, spa: ip('10.0.0.1') }, { tha: dst, tpa: ip('10.0.0.2') }))
    expect(fateOf(arp, replace(15, 6))).toBe('arp')
    expect(fateOf(arp, (bytes) => bytes.subarray(0, 41))).toBe('truncated')
    expect(decodeFrame(hex('00 59'), 'ppp', 0)).toMatchObject({ ok: false, error: { code: 'ethertype' } })
    // The bit before DF is reserved.
    expect(decodePacket(patched(datagram, 6, 0xc0), 0)).toMatchObject({ ok: false, error: { code: 'ipv4-header' } })
  })
})
