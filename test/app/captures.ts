/**
 * Captures for the tests of replays, made of segments and datagrams between a client and a server.
 * @module
 */
import type { Capture } from '../../src/wire/capture.ts'
import { LINKTYPE_ETHERNET } from '../../src/wire/capture.ts'
import { encodeFrame } from '../../src/wire/encode.ts'
import { ethernetFrame } from '../../src/wire/frame.ts'
import { NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_SYN, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { ip, mac, packetOf } from '../wire/packets.ts'

/** A frame of a capture in words: `1.5 10.0.0.10:40001 > 10.0.0.100:80 S 1000 0 32`, milliseconds, flags, seq, ack, bytes. */
export type Line = string

const FLAGS: Readonly<Record<string, number>> = { S: TCP_SYN, A: TCP_ACK, F: TCP_FIN }

/** A capture of these lines, in their order; `U` for flags is a datagram. */
export function captureOfLines(lines: readonly Line[]): Capture {
  return {
    startSeconds: 1_700_000_000, interfaces: [{ name: 'eth0', linkType: LINKTYPE_ETHERNET }],
    frames: lines.map((line) => {
      const [ms = '', from = '', , to = '', flags = '', seq = '0', ack = '0', bytes = '0'] = line.split(' ')
      const [src = '', sport = ''] = from.split(':')
      const [dst = '', dport = ''] = to.split(':')
      const ports = { sport: Number(sport), dport: Number(dport) }
      const data = new Uint8Array(Number(bytes))
      const bits = [...flags].reduce((sum, flag) => sum | (FLAGS[flag] ?? 0), 0)
      const payload = flags === 'U' ? udpDatagram(ports, data)
        : tcpSegment(ports, { seq: Number(seq), ack: Number(ack), window: 1000 }, bits, NO_TCP_OPTIONS, data)
      const packet = packetOf(payload, { src: ip(src), dst: ip(dst) })
      const frame = encodeFrame(ethernetFrame(mac('02:00:00:00:00:01'), mac('02:00:00:00:00:02'), packet))
      return {
        timeNs: Math.round(Number(ms) * 1e6), interfaceIndex: 0, bytes: frame, wireBytes: frame.length, direction: undefined,
        comment: '',
      }
    }),
  }
}
