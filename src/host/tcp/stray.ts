/**
 * Answers that no endpoint gives: RST for segments of no connection, and acknowledgements for a connection in TIME_WAIT.
 * @module
 */
import { NS_PER_MILLISECOND } from '../../base/units.ts'
import type { IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, type IpPacket } from '../../wire/ip-packet.ts'
import {
  NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_HEADER_BYTES, TCP_RST, TCP_SYN, tcpOptionsBytes, type TcpOptions, tcpSegment,
  type TcpSegment,
} from '../../wire/tcp-segment.ts'
import type { IpService } from '../ip-service.ts'
import type { TimeWait } from './time-wait.ts'

/** Answers a segment that belongs to nothing with an RST (RFC 9293 3.5.2); an RST is never answered. */
export function resetStray(ip: IpService, packet: IpPacket, segment: TcpSegment): void {
  const { flags } = segment
  if ((flags & TCP_RST) !== 0) return
  const acks = (flags & TCP_ACK) !== 0
  const length = segment.data.length + ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0)
  const reset = tcpSegment(
    { sport: segment.dport, dport: segment.sport },
    { seq: acks ? segment.ack : 0, ack: acks ? 0 : (segment.seq + length) >>> 0, window: 0 },
    acks ? TCP_RST : TCP_RST | TCP_ACK, NO_TCP_OPTIONS, NO_DATA,
  )
  send(ip, packet.dst, packet.src, reset)
}

/** Tells the peer of a connection in TIME_WAIT what has been received. */
export function sendTimeWaitAck(ip: IpService, entry: TimeWait): void {
  const options: TcpOptions = entry.timestampRecent === undefined ? NO_TCP_OPTIONS : {
    ...NO_TCP_OPTIONS,
    timestamps: {
      value: (Math.floor(ip.sim.nowNs / NS_PER_MILLISECOND) + entry.timestampOffset) >>> 0, echo: entry.timestampRecent,
    },
  }
  const segment = tcpSegment(
    { sport: entry.lport, dport: entry.rport }, { seq: entry.seq, ack: entry.ack, window: entry.window },
    TCP_ACK, options, NO_DATA,
  )
  send(ip, entry.local, entry.remote, segment)
}

function send(ip: IpService, src: IpAddr, dst: IpAddr, segment: TcpSegment): void {
  const payloadBytes = TCP_HEADER_BYTES + tcpOptionsBytes(segment.options)
  ip.sendPacket({ src, dst, protocol: IPPROTO_TCP, payload: segment, payloadBytes, dontFragment: true })
}
