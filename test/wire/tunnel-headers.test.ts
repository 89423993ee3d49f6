/**
 * The headers of GUE and GRE, byte by byte.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { decodePacket, readGue } from '../../src/wire/decode.ts'
import { encodePacket, encodePayload } from '../../src/wire/encode.ts'
import { greBytes, grePacket } from '../../src/wire/gre-packet.ts'
import { innerPacket } from '../../src/wire/ip-packet.ts'
import { gueDatagram, udpBytes, udpDatagram, withUdpPorts } from '../../src/wire/udp-datagram.ts'
import { dump, hex, packetOf } from './packets.ts'

/** 20 + 8 + 2 bytes. */
const inner = packetOf(udpDatagram({ sport: 1, dport: 2 }, hex('0a 0b')))
const ports = { sport: 0x8000, dport: 6080 }

describe('a GUE datagram', () => {
  it('has four bytes that say IPv4, and no checksum unless asked for', () => {
    const plain = packetOf(gueDatagram(ports, { inner, hasChecksum: false }))
    // 8 + 4 + 30 = 42 = 0x2a bytes.
    expect(dump(encodePayload(plain).subarray(0, 12))).toBe('80 00 17 c0 00 2a 00 00 00 04 00 00')
    expect(encodePayload(plain).subarray(12)).toEqual(encodePacket(inner))
    const summed = packetOf(gueDatagram(ports, { inner, hasChecksum: true }))
    expect(dump(encodePayload(summed).subarray(6, 8))).not.toBe('00 00')
    // The decoder accepts a datagram only with the right checksum.
    expect(decodePacket(encodePacket(summed), 0)).toMatchObject({ ok: true, value: { payload: { kind: 'udp', gue: undefined } } })
    expect(decodePacket(encodePacket(plain), 0)).toMatchObject({ ok: true, value: { payload: { kind: 'raw' } } })
  })

  it('keeps what it carries when its ports change', () => {
    const datagram = withUdpPorts(gueDatagram(ports, { inner, hasChecksum: false }), 5, 6)
    expect([datagram.sport, datagram.dport, udpBytes(datagram)]).toEqual([5, 6, 42])
    expect(innerPacket(packetOf(datagram))).toBe(inner)
  })

  it('is not read from other headers', () => {
    const bytes = encodePayload(packetOf(gueDatagram(ports, { inner, hasChecksum: false }))).slice(8)
    expect(readGue(bytes, 0)).toEqual(inner)
    const changed = (at: number, value: number): Uint8Array => bytes.map((byte, index) => (index === at ? value : byte))
    // Version 1, control message, one word of options, another protocol, a flag; a packet that was cut.
    for (const [at, value] of [[0, 0x40], [0, 0x20], [0, 1], [1, 47], [3, 1]] as const) {
      expect(readGue(changed(at, value), 0)).toBe(undefined)
    }
    expect(readGue(bytes.subarray(0, 33), 0)).toBe(undefined)
    expect(readGue(bytes.subarray(0, 3), 0)).toBe(undefined)
  })
})

describe('a GRE packet', () => {
  it('has four bytes of header, or eight with a checksum', () => {
    expect(dump(encodePayload(packetOf(grePacket(inner, false))).subarray(0, 4))).toBe('00 00 08 00')
    expect([greBytes(grePacket(inner, false)), greBytes(grePacket(inner, true))]).toEqual([34, 38])
    expect(dump(encodePayload(packetOf(grePacket(inner, true))).subarray(0, 4))).toBe('80 00 08 00')
  })

  it('is read as it was sent, and stays bytes with a wrong checksum, a key, or something else inside', () => {
    const packet = packetOf(grePacket(inner, true))
    expect(decodePacket(encodePacket(packet), 0)).toEqual({ ok: true, value: packet })
    const kindWith = (at: number, value: number): string => {
      const bytes = encodePacket(packet)
      bytes[20 + at] = value
      const result = decodePacket(bytes, 0)
      return result.ok ? result.value.payload.kind : result.error.code
    }
    expect([kindWith(5, 0), kindWith(0, 0xa0), kindWith(2, 0x86)]).toEqual(['raw', 'raw', 'raw'])
  })
})
