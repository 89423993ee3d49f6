/**
 * What an endpoint sends: new data as the windows allow, retransmissions, acknowledgements, FIN and RST (tcp_output.c).
 * Data leaves in bursts as large as Linux would hand to segmentation offload, which shows in where PSH is set.
 * SACK blocks go with pure acknowledgements only.
 * @module
 */
import { NS_PER_MICROSECOND, NS_PER_MILLISECOND, NS_PER_SECOND } from '../../base/units.ts'
import { IPPROTO_TCP } from '../../wire/ip-packet.ts'
import {
  NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_HEADER_BYTES, TCP_PSH, TCP_RST, TCP_SYN, tcpOptionsBytes, type TcpOptions,
  tcpSegment,
} from '../../wire/tcp-segment.ts'
import type { Errno } from '../errno.ts'
import type { TcpEndpoint } from './endpoint.ts'
import type { Receiver } from './receiver.ts'
import { RTO_NS_MAX } from './rtt-estimator.ts'
import type { Sender } from './sender.ts'
import { SentSegment } from './sent-segment.ts'
import { toWire } from './sequence.ts'
import { maySend } from './state.ts'
import { armRetransmitIn } from './timers.ts'

/** A burst holds at least two segments (tcp_min_tso_segs). */
const BURST_SEGMENTS_MIN = 2
/** A burst holds at most so many bytes (GSO_MAX_SIZE). */
export const BURST_BYTES_MAX = 65_536

/** Sends what is written and the windows allow, then the FIN if it is due; at most `bursts` bursts (tcp_write_xmit()). */
export function sendPending(ep: TcpEndpoint, sender: Sender, bursts: number): void {
  if (!maySend(ep.state)) return
  const { buffer, congestion, sent } = sender
  let mss = 0
  for (let burst = 0; burst < bursts && hasUnsent(ep, sender); burst++) {
    const available = buffer.end - ep.sndNxt
    if (mss === 0) mss = ep.currentMss()
    const quota = congestion.window - sent.inFlight
    // A lone FIN may exceed the congestion window (tcp_cwnd_test()).
    if (quota <= 0 && available > 0) {
      noteFlight(ep, sender, true)
      break
    }
    const room = ep.sndUna + ep.sndWnd - ep.sndNxt
    if (room < Math.min(Math.max(available, 1), mss)) break
    const segments = Math.min(quota, halfWindow(sender), burstSegments(ep, sender, mss))
    const bytes = burstBytes(ep, sender, { segments, room, mss })
    if (bytes === 0 && available > 0) break
    sendBurst(ep, sender, bytes, mss, ep.finQueued && bytes === available)
    noteFlight(ep, sender, sent.inFlight >= congestion.window)
    if (!maySend(ep.state)) return
  }
  if (sent.count > 0 || isArmed(ep)) return
  // Data waits, and nothing is on its way that could bring the window back.
  if (hasUnsent(ep, sender)) {
    sender.probing = true
    ep.repeats = 0
    armRetransmit(ep)
  }
}

/** True while data or the FIN was not sent even once. */
export function hasUnsent(ep: TcpEndpoint, { buffer }: Sender): boolean {
  return ep.sndNxt < buffer.end || (ep.finQueued && ep.sndNxt === buffer.written)
}

/** Sends again what is lost, as far as the congestion window allows (tcp_xmit_retransmit_queue()). */
export function resendLost(ep: TcpEndpoint, sender: Sender): void {
  while (sender.sent.inFlight < sender.congestion.window) {
    const segment = sender.sent.firstToResend()
    if (segment === undefined) return
    resend(ep, sender, segment)
  }
}

/** Sends one segment again, as it was; but a path that has become narrower cuts it. */
export function resend(ep: TcpEndpoint, sender: Sender, segment: SentSegment): void {
  const { congestion, sent } = sender
  let again = segment
  const mss = ep.currentMss()
  if (segment.end - segment.start > mss + 1 && sent.cutAnew(mss)) again = sent.firstToResend() ?? segment
  const nowNs = ep.stack.ip.sim.nowNs
  sent.resent(again, nowNs)
  congestion.countSent()
  if (!isArmed(ep)) armRetransmit(ep)
  transmit(ep, sender, again, plainOptions(ep))
}

/** Sends an acknowledgement without data. */
export function sendAck(ep: TcpEndpoint): void {
  const sack = ep.sackOk && ep.receiver?.hasGap === true ? sackBlocks(ep, ep.receiver) : NO_TCP_OPTIONS.sack
  const options = sack.length === 0 ? plainOptions(ep) : { ...plainOptions(ep), sack }
  put(ep, ep.sndNxt, TCP_ACK, options, NO_DATA)
}

/** Resets the connection from this side (tcp_send_active_reset()). */
export function sendReset(ep: TcpEndpoint): void {
  put(ep, ep.sndNxt, TCP_RST | TCP_ACK, NO_TCP_OPTIONS, NO_DATA)
}

/** Asks a closed window for an answer: an acknowledgement with an old number, or what little data fits (tcp_write_wakeup()). */
export function probeWindow(ep: TcpEndpoint, sender: Sender): void {
  const room = ep.sndUna + ep.sndWnd - ep.sndNxt
  const bytes = Math.min(room, sender.buffer.end - ep.sndNxt, ep.currentMss())
  if (bytes > 0) sendBurst(ep, sender, bytes, bytes, false)
  else put(ep, ep.sndUna - 1, TCP_ACK, plainOptions(ep), NO_DATA)
}

/** Arms the retransmission timer with the timeout, doubled once for every repetition. */
export function armRetransmit(ep: TcpEndpoint): void {
  armRetransmitIn(ep, timeoutNs(ep))
}

function isArmed(ep: TcpEndpoint): boolean {
  return ep.retransmitTimer !== undefined && ep.retransmitTimer.isArmed
}

/** The timeout as it is backed off now. */
export function timeoutNs(ep: TcpEndpoint): number {
  let timeout = ep.rtoNs
  for (let i = 0; i < ep.repeats && timeout < RTO_NS_MAX; i++) timeout *= 2
  return Math.min(timeout, RTO_NS_MAX)
}

/** How many bytes go into the next burst; 0 when Nagle's rule holds them back (tcp_mss_split_point()). */
function burstBytes(
  ep: TcpEndpoint, { buffer, sent, smallEnd }: Sender, { segments, room, mss }: { segments: number, room: number, mss: number },
): number {
  const bufferEnd = buffer.bufferEnd(ep.sndNxt)
  const available = bufferEnd - ep.sndNxt
  const bytes = Math.min(available, segments * mss, room)
  const partial = bytes % mss
  if (partial === 0) return bytes
  if (bytes < available) return bytes - partial
  if (bufferEnd < buffer.end || ep.noDelay || ep.finQueued) return bytes
  const smallIsOut = sent.count > 0 && smallEnd > ep.sndUna
  return smallIsOut ? bytes - partial : bytes
}

/** No burst takes more than half of the congestion window (tcp_cwnd_test()). */
function halfWindow({ congestion }: Sender): number {
  return Math.max(Math.floor(congestion.window / 2), 1)
}

/** About a millisecond of data at the rate of the connection, more on short paths (tcp_tso_autosize()). */
function burstSegments(ep: TcpEndpoint, { congestion, sent }: Sender, mss: number): number {
  if (ep.srttNs === 0) return Math.floor(BURST_BYTES_MAX / mss)
  const factor = congestion.window < congestion.threshold / 2 ? 2 : 1.2
  const perMillisecond = factor * Math.max(congestion.window, sent.count) * mss * NS_PER_SECOND / ep.srttNs / 1024
  // 64 kB on a path of less than 512 us, half for each 512 us more.
  const halvings = Math.floor((ep.minRttNs ?? Infinity) / NS_PER_MICROSECOND / 512)
  const bonus = halvings < 17 ? BURST_BYTES_MAX >> halvings : 0
  return Math.max(Math.floor(Math.min(perMillisecond + bonus, BURST_BYTES_MAX) / mss), BURST_SEGMENTS_MIN)
}

/** Sends `bytes` new bytes in full segments and perhaps a smaller last one, and the FIN with them. */
function sendBurst(ep: TcpEndpoint, sender: Sender, bytes: number, mss: number, withFin: boolean): void {
  const burst = ep.sndNxt
  const { buffer, congestion, sent } = sender
  const end = burst + bytes + (withFin ? 1 : 0)
  const { sim } = ep.stack.ip
  const several = bytes > mss
  const options = plainOptions(ep)
  let start = burst
  do {
    // The FIN rides on the last segment, so that one may end a position later.
    const dataEnd = Math.min(start + mss, burst + bytes)
    const segmentEnd = dataEnd === burst + bytes ? end : dataEnd
    const hasData = dataEnd > start
    const pushed = hasData && ((several && segmentEnd === end) || buffer.endsWrite(start, dataEnd))
    if (hasData && dataEnd - start < mss) sender.smallEnd = segmentEnd
    const segment = new SentSegment(start, segmentEnd, burst, pushed, sim.nowNs)
    sent.push(segment)
    ep.sndNxt = segmentEnd
    congestion.countSent()
    if (sender.probing || !isArmed(ep)) {
      sender.probing = false
      armRetransmit(ep)
    }
    if (hasData) ep.receiver?.ack.dataSent(sim.nowNs)
    sender.lastSentNs = sim.nowNs
    transmit(ep, sender, segment, options)
    start = segmentEnd
  } while (start < end && maySend(ep.state))
}

/** Puts a data segment (or FIN) that is in the queue onto the wire. */
function transmit(ep: TcpEndpoint, { buffer }: Sender, { start, end, pushed }: SentSegment, options: TcpOptions): void {
  const dataEnd = Math.min(end, buffer.end)
  const flags = TCP_ACK | (pushed ? TCP_PSH : 0) | (end > buffer.end ? TCP_FIN : 0)
  put(ep, start, flags, options, start < dataEnd ? buffer.slice(start, dataEnd) : NO_DATA)
}

/**
 * Puts a segment onto the wire, with the window and the acknowledgement of the moment. Everything an endpoint
 * sends goes through here.
 */
export function put(ep: TcpEndpoint, position: number, flags: number, options: TcpOptions, data: Uint8Array): Errno | undefined {
  const isReset = (flags & TCP_RST) !== 0
  const window = isReset ? 0 : offeredWindow(ep, (flags & TCP_SYN) !== 0)
  const acks = (flags & TCP_ACK) !== 0
  const segment = tcpSegment(
    { sport: ep.lport, dport: ep.rport },
    { seq: toWire(ep.sendIsn, position), ack: acks ? toWire(ep.recvIsn, ep.rcvNxt) : 0, window },
    flags, options, data,
  )
  if (acks) {
    ep.rcvAcked = ep.rcvNxt
    const { receiver } = ep
    if (receiver !== undefined) {
      receiver.ack.ackSent()
      receiver.delayedAckTimer?.cancel()
    }
  }
  return ep.stack.ip.sendPacket({
    src: ep.local, dst: ep.remote, protocol: IPPROTO_TCP, payload: segment,
    payloadBytes: TCP_HEADER_BYTES + tcpOptionsBytes(options) + data.length, dontFragment: true,
  })
}

/** The window field; an edge that was offered once is never taken back (tcp_select_window()). */
function offeredWindow(ep: TcpEndpoint, isSyn: boolean): number {
  const promised = Math.max(ep.rcvAcked + ep.rcvWnd - ep.rcvNxt, 0)
  const offer = Math.max(ep.windowOffer, promised)
  // The window of a SYN is not scaled.
  const unit = isSyn ? 1 : 1 << ep.rcvScale
  const field = Math.min(Math.ceil(offer / unit), 65_535)
  ep.rcvWnd = field * unit
  return field
}

function sackBlocks(ep: TcpEndpoint, { reassembly }: Receiver): TcpOptions['sack'] {
  const blocks = reassembly?.blocks(ep.rcvNxt, ep.timestampsOk ? 3 : 4) ?? []
  return blocks.map(({ left, right }) => ({ left: toWire(ep.recvIsn, left), right: toWire(ep.recvIsn, right) }))
}

function plainOptions(ep: TcpEndpoint): TcpOptions {
  if (!ep.timestampsOk) return NO_TCP_OPTIONS
  return {
    mss: undefined, sackPermitted: false, windowScale: undefined,
    timestamps: { value: timestampNow(ep), echo: ep.timestampRecent >>> 0 }, sack: NO_TCP_OPTIONS.sack, raw: undefined,
  }
}

/** The clock of timestamps: it runs in milliseconds, from a start of its own for every connection. */
export function timestampNow(ep: TcpEndpoint): number {
  return (Math.floor(ep.stack.ip.sim.nowNs / NS_PER_MILLISECOND) + ep.timestampOffset) >>> 0
}

/** Keeps account of whether the congestion window is what limits sending (tcp_cwnd_validate()). */
function noteFlight(ep: TcpEndpoint, sender: Sender, limited: boolean): void {
  const { count } = sender.sent
  if (ep.sndUna >= sender.flightEnd || limited || (!sender.windowWasLimit && count > sender.segmentsOutMax)) {
    sender.windowWasLimit = limited
    sender.segmentsOutMax = count
    sender.flightEnd = ep.sndNxt
  }
}
