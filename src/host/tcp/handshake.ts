/**
 * The SYNs of both sides and the options that they agree on. ECN, Fast Open and MD5 are not modelled.
 * @module
 */
import { NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_SYN, type TcpOptions } from '../../wire/tcp-segment.ts'
import type { Errno } from '../errno.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { put, timestampNow } from './output.ts'

/** Shift count that Linux offers for a receive buffer of up to 6 MiB. */
const WINDOW_SCALE = 7

/** Sends the SYN of a connection begun here. Returns why it cannot be sent at all. */
export function sendSyn(ep: TcpEndpoint): Errno | undefined {
  const { ip } = ep.stack
  const timestamps = ip.sysctlInt('net.ipv4.tcp_timestamps') !== 0
  const options: TcpOptions = {
    mss: ep.offeredMss,
    sackPermitted: ip.sysctlInt('net.ipv4.tcp_sack') !== 0,
    windowScale: ip.sysctlInt('net.ipv4.tcp_window_scaling') !== 0 ? WINDOW_SCALE : undefined,
    timestamps: timestamps ? { value: timestampNow(ep), echo: 0 } : undefined,
    sack: NO_TCP_OPTIONS.sack,
    raw: undefined,
  }
  return put(ep, 0, TCP_SYN, options, NO_DATA)
}

/** Sends the SYN that answers a SYN: with the options that the peer offered too. */
export function sendSynAck(ep: TcpEndpoint): void {
  const options: TcpOptions = {
    mss: ep.offeredMss,
    sackPermitted: ep.sackOk,
    windowScale: ep.rcvScale > 0 ? ep.rcvScale : undefined,
    timestamps: ep.timestampsOk ? { value: timestampNow(ep), echo: ep.timestampRecent >>> 0 } : undefined,
    sack: NO_TCP_OPTIONS.sack,
    raw: undefined,
  }
  put(ep, 0, TCP_SYN | TCP_ACK, options, NO_DATA)
}

/** The options of the peer's SYN decide what both sides use. */
export function adoptSynOptions(ep: TcpEndpoint, options: TcpOptions): void {
  const { ip } = ep.stack
  if (options.mss !== undefined) ep.peerMss = Math.max(options.mss, 64)
  ep.sackOk = options.sackPermitted && ip.sysctlInt('net.ipv4.tcp_sack') !== 0
  if (options.windowScale !== undefined && ip.sysctlInt('net.ipv4.tcp_window_scaling') !== 0) {
    ep.sndScale = Math.min(options.windowScale, 14)
    ep.rcvScale = WINDOW_SCALE
  }
  if (options.timestamps !== undefined && ip.sysctlInt('net.ipv4.tcp_timestamps') !== 0) {
    ep.timestampsOk = true
    ep.timestampRecent = options.timestamps.value | 0
  }
}
