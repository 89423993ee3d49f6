import { describe, expect, it } from 'vitest'
import { type CaptureEntry, pcapngFrames, pcapngHeader } from '../../src/report/pcapng.ts'
import { encodeFrame } from '../../src/wire/encode.ts'
import { ethernetFrame, type Frame, pppFrame } from '../../src/wire/frame.ts'
import { readCapture } from '../../src/wire/pcap.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { dump, hex, mac, packetOf } from '../wire/packets.ts'

const packet = packetOf(udpDatagram({ sport: 1, dport: 2 }, hex('aabbcc')))
const frame = ethernetFrame(mac('02:00:00:00:02:00'), mac('02:00:00:00:01:00'), packet)

function entry(changes: Partial<CaptureEntry> = {}): CaptureEntry {
  return { timeNs: 0, nicIndex: 0, direction: 'out', frame, comment: '', ...changes }
}

/** The words of a block as hexadecimal, 4 bytes each. */
function words(bytes: Uint8Array): readonly string[] {
  return Array.from({ length: bytes.length / 4 }, (_, i) => dump(bytes.subarray(4 * i, 4 * i + 4)))
}

describe('a pcapng header', () => {
  it('is a section and an interface for each nic', () => {
    expect(words(pcapngHeader([{ name: 'a.eth0', framing: 'ethernet' }]))).toEqual([
      '0a 0d 0d 0a', '1c 00 00 00', '4d 3c 2b 1a', '01 00 00 00', 'ff ff ff ff', 'ff ff ff ff', '1c 00 00 00',
      // Link type 1, no limit of length; option 2 of 6 bytes, option 9 of 1 byte, the end.
      '01 00 00 00', '2c 00 00 00', '01 00 00 00', '00 00 00 00',
      '02 00 06 00', '61 2e 65 74', '68 30 00 00', '09 00 01 00', '09 00 00 00', '00 00 00 00', '2c 00 00 00',
    ])
  })
})

describe('a pcapng frame', () => {
  it('has its nic, time, both lengths, data, direction and comment', () => {
    const timeNs = 5 * 0x100000000 + 7
    const found = words(pcapngFrames([entry({ timeNs, nicIndex: 1, direction: 'in', comment: 'drop: x' })]))
    // 14 + 20 + 8 + 3 = 45 = 0x2d bytes in 12 words; 7 words before, 6 after, 1 for the length again: 26 * 4 = 0x68.
    expect(found).toHaveLength(26)
    expect(found.slice(0, 7)).toEqual([
      '06 00 00 00', '68 00 00 00', '01 00 00 00', '05 00 00 00', '07 00 00 00', '2d 00 00 00', '2d 00 00 00',
    ])
    expect(found.slice(19)).toEqual([
      '02 00 04 00', '01 00 00 00', '01 00 07 00', '64 72 6f 70', '3a 20 78 00', '00 00 00 00', '68 00 00 00',
    ])
  })

  it('has no comment option without a comment', () => {
    expect(words(pcapngFrames([entry()])).slice(19)).toEqual(['02 00 04 00', '02 00 00 00', '00 00 00 00', '5c 00 00 00'])
  })

  it('refuses a time before the run', () => {
    expect(() => pcapngFrames([entry({ timeNs: -1 })])).toThrow('whole nanoseconds')
  })
})

describe('a pcapng file', () => {
  it('reads back as it was written', () => {
    // Arrange
    const ppp: Frame = pppFrame(packet)
    const blocks = [
      pcapngHeader([{ name: 'client.eth0', framing: 'ethernet' }, { name: 'lb.ppp0', framing: 'ppp' }]),
      pcapngFrames([
        entry({ timeNs: 86_400_000_000_001 }),
        entry({ timeNs: 86_400_000_000_002, nicIndex: 1, direction: 'in', frame: ppp, comment: 'drop: ttl-exceeded' }),
      ]),
    ]
    // Act
    const result = readCapture(Uint8Array.from(blocks.flatMap((block) => [...block])))
    // Assert
    expect(result).toEqual({
      ok: true,
      value: {
        startSeconds: 86_400,
        interfaces: [{ name: 'client.eth0', linkType: 1 }, { name: 'lb.ppp0', linkType: 9 }],
        frames: [
          { timeNs: 1, interfaceIndex: 0, bytes: encodeFrame(frame), wireBytes: 45, direction: 'out', comment: '' },
          {
            timeNs: 2, interfaceIndex: 1, bytes: encodeFrame(ppp), wireBytes: 33, direction: 'in',
            comment: 'drop: ttl-exceeded',
          },
        ],
      },
    })
  })
})
