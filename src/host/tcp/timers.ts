/**
 * What happens when a timer of an endpoint fires: retransmission with backoff, probes of a closed window,
 * delayed acknowledgements, the end of an abandoned FIN_WAIT2, and the cut of segments that a path has become
 * too narrow for (tcp_timer.c).
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../base/units.ts'
import { Timer } from '../../sim/timer.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { sendSyn, sendSynAck } from './handshake.ts'
import { armRetransmit, probeWindow, resend, resendLost, sendAck, sendPending } from './output.ts'
import { RTO_NS_MAX, RTO_VARIANCE_NS_MIN } from './rtt-estimator.ts'

/** Kinds of events of an endpoint. */
export const TIMER_RETRANSMIT = 0
/** See `TIMER_RETRANSMIT`. */
export const TIMER_DELAYED_ACK = 1
/** See `TIMER_RETRANSMIT`. */
export const TIMER_PATH = 2
/** See `TIMER_RETRANSMIT`: no timer, but the end of an instant in which something made sending possible. */
export const TIMER_SEND = 3

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
  if (kind === TIMER_SEND) ep.isSending = false
  if (ep.state === 'CLOSE' || ep.state === 'TIME_WAIT') return
  if (kind === TIMER_SEND) {
    if (ep.sent.lostCount > ep.sent.resentCount) resendLost(ep)
    sendPending(ep, Infinity)
  } else if (kind === TIMER_DELAYED_ACK) {
    if (!ep.ack.isDue) return
    ep.ack.delayExpired(ep.rtt.rtoNs)
    sendAck(ep)
  } else if (kind === TIMER_PATH) {
    pathNarrowed(ep)
  } else if (ep.state === 'SYN_SENT' || ep.state === 'SYN_RECV') {
    repeatHandshake(ep)
  } else if (ep.state === 'FIN_WAIT2') {
    ep.end(undefined)
  } else if (ep.probing) {
    probe(ep)
  } else {
    repeatData(ep)
  }
}

/** The path to the peer takes less than it did: acts on it a little later. */
export function notePathNarrowed(ep: TcpEndpoint): void {
  ep.pathTimer ??= new Timer(ep.stack.ip.sim, ep, TIMER_PATH, undefined)
  if (!ep.pathTimer.isArmed) ep.pathTimer.armIn(PATH_DELAY_NS)
}

function pathNarrowed(ep: TcpEndpoint): void {
  if (!ep.sent.cutAnew(ep.currentMss())) return
  ep.congestion.pathNarrowed(ep.sndNxt)
  resendLost(ep)
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
function repeatData(ep: TcpEndpoint): void {
  if (ep.sent.count === 0) return
  if (ep.repeats > 0 && givesUp(ep)) {
    ep.end('ETIMEDOUT')
    return
  }
  const { congestion } = ep
  if (ep.repeats === 0) ep.repeatingSinceNs = ep.stack.ip.sim.nowNs
  const { state, recoverTo } = congestion
  const fresh = state === 'open' || ep.sndUna >= recoverTo || (state === 'loss' && ep.repeats === 0)
  congestion.timedOut(ep.sndNxt, fresh)
  ep.sent.markAllLost()
  ep.repeats++
  ep.duplicateAcks = 0
  const segment = ep.sent.firstToResend()
  armRetransmit(ep)
  if (segment !== undefined) resend(ep, segment)
}

function probe(ep: TcpEndpoint): void {
  const limit = ep.app.isClosed ? ORPHAN_RETRIES : ep.stack.ip.sysctlInt('net.ipv4.tcp_retries2')
  if (ep.probesOut >= limit) {
    ep.end('ETIMEDOUT')
    return
  }
  ep.probesOut++
  ep.repeats++
  armRetransmit(ep)
  probeWindow(ep)
}

/** True when the peer has been silent for as long as that many timeouts take (retransmits_timed_out(), tcp_model_timeout()). */
function givesUp(ep: TcpEndpoint): boolean {
  const { ip } = ep.stack
  const orphan = ep.app.isClosed
  const retries = orphan
    ? (ip.sysctlInt('net.ipv4.tcp_orphan_retries') || ORPHAN_RETRIES)
    : ip.sysctlInt('net.ipv4.tcp_retries2')
  let total = 0
  let timeout = RTO_VARIANCE_NS_MIN
  for (let i = 0; i <= retries; i++) {
    total += timeout
    timeout = Math.min(timeout * 2, RTO_NS_MAX)
  }
  return ip.sim.nowNs - ep.repeatingSinceNs >= total
}

/** Starts the time in FIN_WAIT2 without an application (tcp_fin_timeout seconds). */
export function armFinTimeout(ep: TcpEndpoint): void {
  ep.retransmitTimer.armIn(ep.stack.ip.sysctlInt('net.ipv4.tcp_fin_timeout') * NS_PER_SECOND)
}

/** New data was acknowledged, or the peer's window opened: the timer starts anew, or rests when nothing is on its way. */
export function restartRetransmit(ep: TcpEndpoint): void {
  ep.repeats = 0
  ep.probing = false
  if (ep.sent.count > 0) armRetransmit(ep)
  else ep.retransmitTimer.cancel()
}
