import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { IpAddr, MacAddr } from '../../src/wire/address.ts'
import { arpPacket } from '../../src/wire/arp-packet.ts'
import { onesComplementSum, pseudoHeaderSum } from '../../src/wire/checksum.ts'
import { decodeFrame, readGue } from '../../src/wire/decode.ts'
import { encodeFrame, encodePacket, type Framing, framingOf } from '../../src/wire/encode.ts'
import { ethernetFrame, type Frame, pppFrame } from '../../src/wire/frame.ts'
import { grePacket } from '../../src/wire/gre-packet.ts'
import { icmpEcho, icmpError } from '../../src/wire/icmp-message.ts'
import { fragmentOf, type IpPacket } from '../../src/wire/ip-packet.ts'
import { readCapture } from '../../src/wire/pcap.ts'
import { NO_TCP_OPTIONS, type TcpOptions, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { formatFrameBytes } from '../../src/wire/text.ts'
import { gueDatagram, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { seed } from '../support/seed.ts'
import { packetOf } from './packets.ts'

const bits = (count: number) => fc.integer({ min: 0, max: count === 32 ? 0xffffffff : (1 << count) - 1 })
const addr = bits(32) as fc.Arbitrary<IpAddr>
const macAddr = fc.integer({ min: 0, max: 0xffffffffffff }) as fc.Arbitrary<MacAddr>
const ports = fc.record({ sport: bits(16), dport: bits(16) })
const data = fc.uint8Array({ maxLength: 120 })

// Blocks beside timestamps: 12 + 4 + 8 * 3 fill the 40 bytes; MSS, window scale and blocks never come together.
const tcpOptions: fc.Arbitrary<TcpOptions> = fc.oneof(
  fc.constant(NO_TCP_OPTIONS),
  fc.record({
    mss: fc.option(bits(16), { nil: undefined }), sackPermitted: fc.boolean(),
    windowScale: fc.option(fc.integer({ min: 0, max: 14 }), { nil: undefined }),
    timestamps: fc.option(fc.record({ value: bits(32), echo: bits(32) }), { nil: undefined }),
    sack: fc.constant([]), raw: fc.constant(undefined),
  }).map((options) => {
    const isEmpty = options.mss === undefined && options.windowScale === undefined && options.timestamps === undefined
    return isEmpty && !options.sackPermitted ? NO_TCP_OPTIONS : options
  }),
  fc.record({
    mss: fc.constant(undefined), sackPermitted: fc.constant(false), windowScale: fc.constant(undefined),
    timestamps: fc.option(fc.record({ value: bits(32), echo: bits(32) }), { nil: undefined }),
    sack: fc.array(fc.record({ left: bits(32), right: bits(32) }), { minLength: 1, maxLength: 3 }), raw: fc.constant(undefined),
  }),
)

const segment = fc.tuple(ports, fc.record({ seq: bits(32), ack: bits(32), window: bits(16) }), bits(8), tcpOptions, data)
  .map(([between, numbers, flags, options, bytes]) => tcpSegment(between, numbers, flags, options, bytes))
const datagram = fc.tuple(ports, data).map(([between, bytes]) => udpDatagram(between, bytes))
const echo = fc.tuple(fc.constantFrom(0, 8), bits(16), bits(16), data)
  .map(([type, ident, sequence, bytes]) => icmpEcho(type, ident, sequence, bytes))
const fields = fc.record({
  src: addr, dst: addr, ttl: bits(8), tos: bits(8), ident: bits(16), dontFragment: fc.boolean(),
})
const simple = fc.tuple(fc.oneof(segment, datagram, echo), fields).map(([payload, header]) => packetOf(payload, header))
const tunnelled = fc.tuple(simple, fields, fc.constantFrom('ipip', 'gre', 'gre with a checksum')).map(([inner, header, kind]) => (
  packetOf(kind === 'ipip' ? inner : grePacket(inner, kind !== 'gre'), header)))
const gue = fc.tuple(ports, simple, fc.boolean(), fields).map(([between, inner, hasChecksum, header]) => (
  packetOf(gueDatagram(between, { inner, hasChecksum }), header)))
const error = fc.tuple(fc.oneof(simple, tunnelled), bits(8), bits(32), fields).map(([quoted, code, rest, header]) => (
  packetOf(icmpError({ type: 3, code, rest }, quoted, encodePacket(quoted).length), header)))
const packet: fc.Arbitrary<IpPacket> = fc.oneof(simple, tunnelled, error)
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.tuple(macAddr, macAddr, packet).map(([dst, src, payload]) => ethernetFrame(dst, src, payload)),
  packet.map(pppFrame),
  fc.tuple(macAddr, macAddr, fc.constantFrom(1, 2), addr, addr).map(([dst, src, op, spa, tpa]) => (
    ethernetFrame(dst, src, arpPacket(op, { sha: src, spa }, { tha: dst, tpa })))),
)
const framing = fc.constantFrom<Framing>('ethernet', 'ppp')

/** A frame with up to four of its bytes changed and its end perhaps cut off. */
const damaged = fc.tuple(frame, fc.array(fc.tuple(fc.nat(200), bits(8)), { maxLength: 4 }), fc.nat(200)).map(
  ([whole, changes, length]) => {
    const bytes = encodeFrame(whole)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    return { bytes: length < bytes.length ? bytes.subarray(0, length) : bytes, framing: framingOf(whole) }
  })

describe(`codec (seed ${seed})`, () => {
  it('always decodes a frame to the value that was encoded', () => {
    fc.assert(fc.property(frame, (value) => {
      expect(decodeFrame(encodeFrame(value), framingOf(value), 0)).toEqual({ ok: true, value })
    }), { seed })
  })

  it('always encodes what it decoded to the same bytes, damaged or not', () => {
    fc.assert(fc.property(damaged, ({ bytes, framing: kind }) => {
      const result = decodeFrame(bytes, kind, 0)
      if (result.ok) expect(encodeFrame(result.value)).toEqual(bytes.slice(0, result.value.bytes))
    }), { seed, numRuns: 300 })
  })

  it('always finds the packet in a GUE datagram again', () => {
    fc.assert(fc.property(gue, (value) => {
      // 20 bytes of IP and 8 of UDP come before the GUE header.
      const inner = readGue(encodePacket(value).subarray(28), 0)
      expect(value.payload).toMatchObject({ gue: { inner } })
    }), { seed })
  })

  it('always sends fragments that together are the payload of the whole', () => {
    fc.assert(fc.property(simple, fc.integer({ min: 1, max: 20 }), (whole, units) => {
      const pieces: number[] = []
      const step = units * 8
      for (let at = 0; at < whole.payloadBytes; at += step) {
        const payloadBytes = Math.min(step, whole.payloadBytes - at)
        const piece = fragmentOf(whole, { offsetBytes: at, payloadBytes, more: at + payloadBytes < whole.payloadBytes })
        pieces.push(...encodePacket(piece).subarray(20))
      }
      expect(Uint8Array.from(pieces)).toEqual(encodePacket(whole).slice(20))
    }), { seed })
  })

  it('always sums header and payload to all ones', () => {
    fc.assert(fc.property(simple, (value) => {
      const bytes = encodePacket(value)
      const pseudo = value.protocol === 1 ? 0 : pseudoHeaderSum(value, value.protocol, value.payloadBytes)
      expect(onesComplementSum(bytes, 0, 20, 0)).toBe(0xffff)
      expect(onesComplementSum(bytes, 20, bytes.length, pseudo)).toBe(0xffff)
    }), { seed })
  })

  it('never throws on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), framing, (bytes, kind) => {
      const result = decodeFrame(bytes, kind, 0)
      if (result.ok) encodeFrame(result.value)
      expect(formatFrameBytes(bytes, kind, { linkLevel: true })).toBeTypeOf('string')
    }), { seed, numRuns: 300 })
  })

  it('never prints more than one line', () => {
    fc.assert(fc.property(damaged, ({ bytes, framing: kind }) => {
      expect(formatFrameBytes(bytes, kind)).toMatch(/^[\x20-\x7e]+$/)
    }), { seed })
  })

  it('never throws on a file of arbitrary bytes, whatever it begins with', () => {
    const pcapng = [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a]
    const magic = fc.constantFrom([], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], pcapng)
    fc.assert(fc.property(magic, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      expect(readCapture(Uint8Array.of(...start, ...rest))).toHaveProperty('ok')
    }), { seed, numRuns: 300 })
  })
})
