/**
 * What happens when a timer of an endpoint fires: retransmission with backoff, probes of a closed window,
 * delayed acknowledgements, the end of an abandoned FIN_WAIT2, and the cut of segments that a path has become
 * too narrow for (tcp_timer.c).
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../base/units.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { EndpointTimer } from './endpoint-timer.ts'
import { sendSyn, sendSynAck } from './handshake.ts'
import { armRetransmit, probeWindow, resend, resendLost, sendAck, sendPending } from './output.ts'
import type { Receiver } from './receiver.ts'
import { RTO_NS_MAX, RTO_VARIANCE_NS_MIN } from './rtt-estimator.ts'
import type { Sender } from './sender.ts'

/** Kinds of events of an endpoint. */
export const TIMER_RETRANSMIT = 0
/** See `TIMER_RETRANSMIT`. */
export const TIMER_DELAYED_ACK = 1
/** See `TIMER_RETRANSMIT`. */
export const TIMER_PATH = 2
/** See `TIMER_RETRANSMIT`: no timer, but the end of an instant in which something made sending possible. */
export const EVENT_SEND = 3
/** See `TIMER_RETRANSMIT`: no timer, but the end of an instant that has news for the application. */
export const EVENT_WAKE = 4

/**
 * How long a report of a narrower path waits. Linux puts it off while the writer still holds the socket, which
 * over a fast network lasts until the answers to the whole burst are in; so what they acknowledge is not sent
 * again.
 */
const PATH_DELAY_NS = NS_PER_MILLISECOND
/** Times of an abandoned connection's retransmissions when tcp_orphan_retries is 0 (tcp_orphan_retries()). */
const ORPHAN_RETRIES = 8

/** Does what is due. */
export function timerFired(ep: TcpEndpoint, kind: number): void {
  if (kind === EVENT_WAKE) {
    ep.isWaking = false
    return
  }
  const { sender, receiver } = ep
  if (kind === EVENT_SEND && sender !== undefined) sender.isSending = false
  if (ep.state === 'CLOSE' || ep.state === 'TIME_WAIT') return
  if (kind === TIMER_DELAYED_ACK) {
    if (receiver?.ack.isDue !== true) return
    receiver.ack.delayExpired(ep.rtoNs)
    sendAck(ep)
  } else if (kind === TIMER_RETRANSMIT && (ep.state === 'SYN_SENT' || ep.state === 'SYN_RECV')) {
    repeatHandshake(ep)
  } else if (kind === TIMER_RETRANSMIT && ep.state === 'FIN_WAIT2') {
    ep.end(undefined)
  } else if (sender !== undefined) {
    sendingIsDue(ep, sender, kind)
  }
}

function sendingIsDue(ep: TcpEndpoint, sender: Sender, kind: number): void {
  if (kind === EVENT_SEND) {
    if (sender.sent.lostCount > sender.sent.resentCount) resendLost(ep, sender)
    sendPending(ep, sender, Infinity)
  } else if (kind === TIMER_PATH) {
    pathNarrowed(ep, sender)
  } else if (sender.probing) {
    probe(ep, sender)
  } else {
    repeatData(ep, sender)
  }
}

/** The path to the peer takes less than it did: acts on it a little later. */
export function notePathNarrowed(ep: TcpEndpoint): void {
  const sender = ep.sending
  const timer = sender.pathTimer ??= new EndpointTimer(ep, TIMER_PATH)
  if (!timer.isArmed) timer.armAt(ep.stack.ip.sim.nowNs + PATH_DELAY_NS)
}

function pathNarrowed(ep: TcpEndpoint, sender: Sender): void {
  if (!sender.sent.cutAnew(ep.currentMss())) return
  sender.congestion.pathNarrowed(ep.sndNxt)
  resendLost(ep, sender)
}

function repeatHandshake(ep: TcpEndpoint): void {
  const begunHere = ep.state === 'SYN_SENT'
  const limit = ep.stack.ip.sysctlInt(begunHere ? 'net.ipv4.tcp_syn_retries' : 'net.ipv4.tcp_synack_retries')
  if (ep.repeats >= limit) {
    ep.end('ETIMEDOUT')
    return
  }
  ep.repeats++
  armRetransmit(ep)
  if (begunHere) sendSyn(ep)
  else sendSynAck(ep)
}

/** The retransmission timer of a connection that is up: everything counts as lost, and the oldest segment goes out again. */
function repeatData(ep: TcpEndpoint, sender: Sender): void {
  const { congestion, sent } = sender
  if (sent.count === 0) return
  if (ep.repeats > 0 && givesUp(ep, sender)) {
    ep.end('ETIMEDOUT')
    return
  }
  if (ep.repeats === 0) sender.repeatingSinceNs = ep.stack.ip.sim.nowNs
  const { state, recoverTo } = congestion
  const fresh = state === 'open' || ep.sndUna >= recoverTo || (state === 'loss' && ep.repeats === 0)
  congestion.timedOut(ep.sndNxt, fresh)
  sent.markAllLost()
  ep.repeats++
  sender.duplicateAcks = 0
  const segment = sent.firstToResend()
  armRetransmit(ep)
  if (segment !== undefined) resend(ep, sender, segment)
}

function probe(ep: TcpEndpoint, sender: Sender): void {
  const limit = ep.appClosed ? ORPHAN_RETRIES : ep.stack.ip.sysctlInt('net.ipv4.tcp_retries2')
  if (sender.probesOut >= limit) {
    ep.end('ETIMEDOUT')
    return
  }
  sender.probesOut++
  ep.repeats++
  armRetransmit(ep)
  probeWindow(ep, sender)
}

/** True when the peer has been silent for as long as that many timeouts take (retransmits_timed_out(), tcp_model_timeout()). */
function givesUp(ep: TcpEndpoint, sender: Sender): boolean {
  const { ip } = ep.stack
  const orphan = ep.appClosed
  const retries = orphan
    ? (ip.sysctlInt('net.ipv4.tcp_orphan_retries') || ORPHAN_RETRIES)
    : ip.sysctlInt('net.ipv4.tcp_retries2')
  let total = 0
  let timeout = RTO_VARIANCE_NS_MIN
  for (let i = 0; i <= retries; i++) {
    total += timeout
    timeout = Math.min(timeout * 2, RTO_NS_MAX)
  }
  return ip.sim.nowNs - sender.repeatingSinceNs >= total
}

/** Starts the time in FIN_WAIT2 without an application (tcp_fin_timeout seconds). */
export function armFinTimeout(ep: TcpEndpoint): void {
  armRetransmitIn(ep, ep.stack.ip.sysctlInt('net.ipv4.tcp_fin_timeout') * NS_PER_SECOND)
}

/** Arms the timer that sends a delayed acknowledgement, unless it is to fire earlier anyway. */
export function armDelayedAck(ep: TcpEndpoint, receiver: Receiver): void {
  const timer = receiver.delayedAckTimer ??= new EndpointTimer(ep, TIMER_DELAYED_ACK)
  const deadlineNs = ep.stack.ip.sim.nowNs + receiver.ack.delayNs(ep.srttNs)
  if (deadlineNs < timer.deadlineNs) timer.armAt(deadlineNs)
}

/** Arms the retransmission timer, `delayNs` from now. */
export function armRetransmitIn(ep: TcpEndpoint, delayNs: number): void {
  const timer = ep.retransmitTimer ??= new EndpointTimer(ep, TIMER_RETRANSMIT)
  timer.armAt(ep.stack.ip.sim.nowNs + delayNs)
}

/** New data was acknowledged, or the peer's window opened: the timer starts anew, or rests when nothing is on its way. */
export function restartRetransmit(ep: TcpEndpoint, sender: Sender): void {
  ep.repeats = 0
  sender.probing = false
  if (sender.sent.count > 0) armRetransmit(ep)
  else ep.retransmitTimer?.cancel()
}
