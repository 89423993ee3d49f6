import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCapture } from '../../src/wire/pcap.ts'
import { decodeFrame } from '../../src/wire/decode.ts'
import { encodeFrame } from '../../src/wire/encode.ts'
import { SequenceView } from '../../src/wire/sequence-view.ts'
import { formatFrameBytes } from '../../src/wire/text.ts'

const folder = new URL('../kernel/pcap/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.pcap')).sort()

/** The frames of a capture that was recorded from a real kernel. */
function framesOf(file: string): readonly Uint8Array[] {
  const result = readCapture(readFileSync(new URL(file, folder)))
  if (!result.ok) throw new Error(`${file}: ${result.error.message}`)
  return result.value.frames.map(({ bytes }) => bytes)
}

describe('captures of a real kernel', () => {
  it('are there', () => {
    expect(files).toHaveLength(8)
  })

  it.each(files)('%s round-trips byte for byte', (file) => {
    const frames = framesOf(file)
    expect(frames.length).toBeGreaterThan(30)
    for (const bytes of frames) {
      const result = decodeFrame(bytes, 'ethernet', 0)
      if (!result.ok) throw new Error(result.error.message)
      expect(encodeFrame(result.value)).toEqual(bytes)
    }
  })

  it('decode to values, but for the IGMP and VRRP that lvsim has no value for', () => {
    const kinds = new Map<string, number>()
    for (const bytes of files.flatMap(framesOf)) {
      const result = decodeFrame(bytes, 'ethernet', 0)
      if (!result.ok) throw new Error(result.error.message)
      const { payload } = result.value
      const kind = payload.kind === 'arp' ? 'arp' : `${payload.payload.kind}, protocol ${payload.protocol}`
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
    expect(Object.fromEntries(kinds)).toEqual({
      'arp': 8 + 8 + 2 + 4 + 2 + 23 + 6 + 6,
      'tcp, protocol 6': 64 + 64 + 33 + 33 + 32 + 2 + 29 + 29,
      'ip, protocol 4': 32,
      'udp, protocol 17': 2 + 2,
      'raw, protocol 2': 8 + 4 + 3,
      'raw, protocol 112': 23,
    })
  })

  it('print as tcpdump prints them, sequence numbers counted from the SYN', () => {
    const sequences = new SequenceView()
    const lines = framesOf('tun-far.lb.eth0.pcap').slice(0, 8).map((bytes) => formatFrameBytes(bytes, 'ethernet', { sequences }))
    const way = 'IP 172.16.0.10.40001 > 10.0.0.100.80: Flags'
    const options = 'options [mss 1460,nop,nop,sackOK,nop,wscale 7]'
    expect(lines).toEqual([
      'ARP, Request who-has 10.0.0.100 tell 10.0.0.1, length 28',
      'ARP, Reply 10.0.0.100 is-at 02:00:00:00:03:00, length 28',
      `${way} [S], seq 0, win 64240, ${options}, length 0`,
      `IP 10.0.0.2 > 10.9.0.12: ${way} [S], seq 0, win 64240, ${options}, length 0`,
      `${way} [.], ack 1, win 502, length 0`,
      `IP 10.0.0.2 > 10.9.0.12: ${way} [.], ack 1, win 502, length 0`,
      `${way} [P.], seq 1:33, ack 1, win 502, length 32`,
      `IP 10.0.0.2 > 10.9.0.12: ${way} [P.], seq 1:33, ack 1, win 502, length 32`,
    ])
  })
})
