import { describe, expect, it } from 'vitest'
import { framingOfLinkType } from '../../src/wire/capture.ts'
import { readCapture } from '../../src/wire/pcap.ts'
import { dump, hex } from './packets.ts'

const LITTLE_HEADER = 'd4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000'
/** 2 s and 5 units of a fraction; 3 bytes captured of 60. */
const LITTLE_RECORD = '02000000 05000000 03000000 3c000000 aabbcc'

const SECTION = '0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000'
/** Link type 9, named `p`, and the default resolution of a microsecond. */
const INTERFACE = '01000000 20000000 0900 0000 00000000 0200 0100 70000000 00000000 20000000'
/** Interface 0, 1_000_007 units, 2 bytes of 2; epb_flags 1 (inbound); comments `a` and `b`. */
const PACKET = '06000000 40000000 00000000 00000000 47420f00 02000000 02000000 00210000'
  + '0200 0400 01000000 0100 0100 61000000 0100 0100 62000000 00000000 40000000'

function errorOf(text: string): unknown {
  const result = readCapture(hex(text))
  return result.ok ? 'ok' : [result.error.code, result.error.offsetBytes]
}

describe('reading a classic pcap', () => {
  it('reads microseconds in little-endian order', () => {
    const result = readCapture(hex(LITTLE_HEADER + LITTLE_RECORD))
    expect(result).toEqual({
      ok: true,
      value: {
        startSeconds: 2, interfaces: [{ name: '', linkType: 1 }],
        frames: [{ timeNs: 5000, interfaceIndex: 0, bytes: hex('aabbcc'), wireBytes: 60, direction: undefined, comment: '' }],
      },
    })
  })

  it('reads nanoseconds in big-endian order', () => {
    const result = readCapture(hex('a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000009'
      + '65000000 3b9ac9ff 00000001 00000001 01' + '65000001 00000000 00000001 00000001 02'))
    // 0x65000000 s since 1970; the second frame comes 1 ns after the first.
    expect(result).toMatchObject({
      ok: true,
      value: {
        startSeconds: 0x65000000, interfaces: [{ linkType: 9 }],
        frames: [{ timeNs: 999_999_999 }, { timeNs: 1_000_000_000 }],
      },
    })
  })

  it('gives a frame before the first one a negative time', () => {
    const earlier = LITTLE_RECORD.replace('02000000', '01000000')
    // 1.000005 s, counted from 2 s.
    expect(readCapture(hex(LITTLE_HEADER + LITTLE_RECORD + earlier))).toMatchObject({
      ok: true, value: { frames: [{ timeNs: 5000 }, { timeNs: -999_995_000 }] },
    })
  })

  it('refuses what is cut or no capture, with the place', () => {
    expect(errorOf('')).toEqual(['not-a-capture', 0])
    expect(errorOf('504b0304 00000000')).toEqual(['not-a-capture', 0])
    expect(errorOf(LITTLE_HEADER.slice(0, -2))).toEqual(['truncated', 0])
    expect(errorOf(LITTLE_HEADER)).toBe('ok')
    // Records begin at 24 and at 24 + 16 + 3.
    expect(errorOf(LITTLE_HEADER + LITTLE_RECORD.slice(0, -2))).toEqual(['truncated', 24])
    expect(errorOf(LITTLE_HEADER + LITTLE_RECORD + '00')).toEqual(['truncated', 43])
  })
})

describe('reading a pcapng', () => {
  it('reads interfaces, times, direction and comments', () => {
    const result = readCapture(hex(SECTION + INTERFACE + PACKET))
    expect(result).toEqual({
      ok: true,
      value: {
        startSeconds: 1, interfaces: [{ name: 'p', linkType: 9 }],
        frames: [{ timeNs: 7000, interfaceIndex: 0, bytes: hex('0021'), wireBytes: 2, direction: 'in', comment: 'a\nb' }],
      },
    })
  })

  it('counts interfaces anew in every section, and reads each in its byte order', () => {
    const bigSection = '0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c'
    const bigInterface = '00000001 00000014 0001 0000 00000000 00000014'
    const bigPacket = '00000006 00000024 00000000 00000000 000f4240 00000001 00000001 ff000000 00000024'
    const result = readCapture(hex(SECTION + INTERFACE + PACKET + bigSection + bigInterface + bigPacket))
    if (!result.ok) throw new Error(result.error.message)
    expect(result.value.interfaces).toEqual([{ name: 'p', linkType: 9 }, { name: '', linkType: 1 }])
    const frames = result.value.frames.map(({ interfaceIndex, bytes }) => [interfaceIndex, dump(bytes)])
    expect(frames).toEqual([[0, '00 21'], [1, 'ff']])
  })

  it('honours resolution and offset of an interface', () => {
    // if_tsresol 0x81 is half a second; if_tsoffset 10: 1_000_007 / 2 + 10 = 500_013.5 s.
    const halves = '01000000 2c000000 0100 0000 00000000 0900 0100 81000000 0e00 0800 0a00000000000000 00000000 2c000000'
    expect(readCapture(hex(SECTION + halves + PACKET))).toMatchObject({
      ok: true, value: { startSeconds: 500_013, frames: [{ timeNs: 500_000_000 }] },
    })
  })

  it('skips blocks it does not need', () => {
    const statistics = '05000000 10000000 00000000 10000000'
    expect(readCapture(hex(SECTION + statistics + INTERFACE + statistics + PACKET))).toMatchObject({
      ok: true, value: { frames: [{ direction: 'in' }] },
    })
  })

  it('refuses broken blocks, with the place', () => {
    // The section has 28 bytes, the interface 32.
    expect(errorOf(SECTION.replace('4d3c2b1a', '4d3c2b1b'))).toEqual(['malformed', 0])
    expect(errorOf(`${SECTION}01000000 00000000 00000000`)).toEqual(['malformed', 28])
    expect(errorOf(`${SECTION}01000000 0d000000 00000000 00000000`)).toEqual(['malformed', 28])
    expect(errorOf(SECTION + INTERFACE.slice(0, -2))).toEqual(['truncated', 28])
    expect(errorOf(`${SECTION}01000000 0c000000 0c000000`)).toEqual(['malformed', 28])
    expect(errorOf(SECTION + PACKET)).toEqual(['malformed', 28])
    expect(errorOf(SECTION + INTERFACE + PACKET.replace('02000000 02000000', 'ff000000 02000000'))).toEqual(['malformed', 60])
    expect(errorOf(`${SECTION}03000000 10000000 00000000 10000000`)).toEqual(['unsupported', 28])
  })
})

describe('link types', () => {
  it('are known for Ethernet and PPP', () => {
    expect([1, 9, 113].map(framingOfLinkType)).toEqual(['ethernet', 'ppp', undefined])
  })
})
