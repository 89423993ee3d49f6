/**
 * What a segment does to an endpoint (tcp_rcv_state_process(), tcp_validate_incoming()): handshake, checks,
 * resets. Acknowledgements are dealt with in `input-ack.ts`, data and FIN in `input-data.ts`.
 * @module
 */
import { NS_PER_MILLISECOND } from '../../base/units.ts'
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TcpSegment } from '../../wire/tcp-segment.ts'
import type { DropReason } from '../ip-service.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { adoptSynOptions, sendSynAck } from './handshake.ts'
import { processAck } from './input-ack.ts'
import { acknowledgeReceived, receiveData } from './input-data.ts'
import { armRetransmit, sendAck } from './output.ts'
import { endHandshake, sampleRoundTrip } from './rtt-estimator.ts'
import { fromWire } from './sequence.ts'
import { mayReceive } from './state.ts'
import { writeOut } from './write-out.ts'

/** Segments out of the window are answered at most this often (tcp_invalid_ratelimit). */
const CHALLENGE_INTERVAL_NS = 500 * NS_PER_MILLISECOND

/** What became of a segment: used, dropped for a reason, or dropped and to be answered with an RST. */
export type SegmentFate = 'used' | DropReason | 'reset'

/** Takes a segment of this connection. The caller then tells the application. */
export function segmentArrives(ep: TcpEndpoint, segment: TcpSegment): SegmentFate {
  if (ep.state === 'SYN_SENT') return arrivesInSynSent(ep, segment)
  const { flags } = segment
  const start = fromWire(ep.recvIsn, segment.seq, ep.rcvNxt) + ((flags & TCP_SYN) !== 0 ? 1 : 0)
  const dataEnd = start + segment.data.length
  const end = dataEnd + ((flags & TCP_FIN) !== 0 ? 1 : 0)
  if (ep.state === 'SYN_RECV' && (flags & (TCP_SYN | TCP_ACK | TCP_RST)) === TCP_SYN && start === 1) {
    sendSynAck(ep)
    return 'used'
  }
  const invalid = validate(ep, segment, start, end)
  if (invalid !== undefined) return invalid
  if ((flags & TCP_RST) !== 0) return resetArrives(ep)
  if ((flags & TCP_ACK) === 0) return 'tcp-out-of-window'
  const ackPosition = fromWire(ep.sendIsn, segment.ack, ep.sndNxt)
  if (ep.state === 'SYN_RECV') {
    if (ackPosition !== 1) return 'reset'
    // The accept queue is full: the ACK is forgotten, and the SYN-ACK will be repeated (tcp_check_req()).
    if (ep.listener?.isFull === true) return 'tcp-backlog-full'
    established(ep, segment)
  }
  if (ackPosition > ep.sndNxt) {
    challenge(ep)
    return 'tcp-out-of-window'
  }
  noteTimestamp(ep, segment, start)
  processAck(ep, segment, start, ackPosition)
  if (isOver(ep)) return 'used'
  if (end > start) {
    if (ep.appClosed && mayReceive(ep.state) && dataEnd > ep.rcvNxt && segment.data.length > 0) {
      // Nobody will read it (tcp_rcv_state_process()).
      ep.end('ECONNRESET')
      return 'reset'
    }
    receiveData(ep, segment.data, start, (flags & TCP_FIN) !== 0)
    if (isOver(ep)) return 'used'
  }
  acknowledgeReceived(ep)
  return 'used'
}

function isOver(ep: TcpEndpoint): boolean {
  return ep.state === 'CLOSE' || ep.state === 'TIME_WAIT'
}

function arrivesInSynSent(ep: TcpEndpoint, segment: TcpSegment): SegmentFate {
  const { flags } = segment
  const acks = (flags & TCP_ACK) !== 0
  if (acks && fromWire(ep.sendIsn, segment.ack, ep.sndNxt) !== ep.sndNxt) return 'reset'
  if ((flags & TCP_RST) !== 0) {
    if (!acks) return 'tcp-out-of-window'
    ep.end('ECONNREFUSED')
    return 'used'
  }
  if ((flags & TCP_SYN) === 0) return 'tcp-out-of-window'
  ep.recvIsn = segment.seq | 0
  ep.rcvNxt = 1
  ep.rcvAcked = 1
  adoptSynOptions(ep, segment.options)
  if (!acks) {
    // Both sides have begun at the same time.
    ep.state = 'SYN_RECV'
    ep.repeats = 0
    sendSynAck(ep)
    armRetransmit(ep)
    return 'used'
  }
  established(ep, segment)
  sendAck(ep)
  if (ep.sender !== undefined) writeOut(ep, ep.sender)
  return 'used'
}

/** The handshake is over: the first window, the first sample of the round trip. */
function established(ep: TcpEndpoint, segment: TcpSegment): void {
  const { ip } = ep.stack
  if (ep.repeats === 0) sampleRoundTrip(ep, ip.sim.nowNs - ep.begunNs)
  endHandshake(ep)
  ep.repeats = 0
  ep.retransmitTimer?.cancel()
  ep.sndUna = 1
  ep.sndWl1 = fromWire(ep.recvIsn, segment.seq, ep.rcvNxt)
  // The window of a SYN is not scaled.
  ep.sndWnd = (segment.flags & TCP_SYN) !== 0 ? segment.window : segment.window << ep.sndScale
  ep.sndWndMax = ep.sndWnd
  if (ep.sender !== undefined) ep.sender.lastSentNs = ip.sim.nowNs
  ep.state = 'ESTABLISHED'
  ip.confirmNeighbor(ep.remote, ep.local)
  if (ep.listener !== undefined) ep.listener.completed(ep)
  else {
    ep.newsConnected = true
    // An application may have shut down while both sides were beginning.
    if (ep.finQueued) ep.state = 'FIN_WAIT1'
  }
}

/** Timestamps, window and SYN: undefined when the segment is to be looked at (tcp_validate_incoming()). */
function validate(ep: TcpEndpoint, segment: TcpSegment, start: number, end: number): SegmentFate | undefined {
  const isReset = (segment.flags & TCP_RST) !== 0
  const { timestamps } = segment.options
  if (ep.timestampsOk && timestamps !== undefined && !isReset && ((timestamps.value - ep.timestampRecent) | 0) < 0) {
    challenge(ep)
    return 'tcp-out-of-window'
  }
  const windowEnd = Math.max(ep.rcvAcked + ep.rcvWnd, ep.rcvNxt)
  const isSyn = (segment.flags & TCP_SYN) !== 0
  if (end < ep.rcvAcked || start > windowEnd || isSyn) {
    if (isReset) return 'tcp-out-of-window'
    // Old data is a sign that an acknowledgement was lost, and always answered.
    if (!isSyn && segment.data.length > 0) sendAck(ep)
    else challenge(ep)
    return 'tcp-out-of-window'
  }
  if (isReset && start !== ep.rcvNxt) {
    // An RST that is only somewhere in the window may be forged (RFC 5961 3.2).
    challenge(ep)
    return 'tcp-out-of-window'
  }
  return undefined
}

function resetArrives(ep: TcpEndpoint): SegmentFate {
  if (ep.state === 'SYN_RECV') ep.end('ECONNREFUSED')
  else ep.end(ep.state === 'CLOSE_WAIT' ? 'EPIPE' : 'ECONNRESET')
  return 'used'
}

/** Answers a segment that does not fit with what is true here, but not too often. */
function challenge(ep: TcpEndpoint): void {
  const { nowNs } = ep.stack.ip.sim
  const { receiving } = ep
  if (receiving.challengedNs !== undefined && nowNs - receiving.challengedNs < CHALLENGE_INTERVAL_NS) return
  receiving.challengedNs = nowNs
  sendAck(ep)
}

/** Remembers the timestamp of a segment that advances the left edge (RFC 7323 4.3). */
function noteTimestamp(ep: TcpEndpoint, segment: TcpSegment, start: number): void {
  const { timestamps } = segment.options
  if (ep.timestampsOk && timestamps !== undefined && start <= ep.rcvAcked) ep.timestampRecent = timestamps.value | 0
}
