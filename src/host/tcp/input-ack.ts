/**
 * What an acknowledgement does (tcp_ack()): the window of the peer, what has arrived, the round trip,
 * congestion, and what is lost.
 * @module
 */
import type { TcpSegment } from '../../wire/tcp-segment.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { armRetransmit } from './output.ts'
import { DUPLICATE_THRESHOLD } from './sent-queue.ts'
import { fromWire } from './sequence.ts'
import { armFinTimeout, restartRetransmit } from './timers.ts'

/** Takes the acknowledgement of a valid segment that begins at `start`. `ackPosition` is not beyond what was sent. */
export function processAck(ep: TcpEndpoint, segment: TcpSegment, start: number, ackPosition: number): void {
  const { sent, stack } = ep
  const advanced = ackPosition > ep.sndUna
  ep.probesOut = 0
  const isOld = ackPosition < ep.sndUna
  const windowChanged = !isOld && takeWindow(ep, segment, start, ackPosition)
  const hadOut = sent.count > 0
  sent.acknowledge(ackPosition)
  const effect = sent.effect
  if (ep.sackOk && segment.options.sack.length > 0) {
    sent.acknowledgeSelectively(segment.options.sack.map(({ left, right }) => ({
      left: fromWire(ep.sendIsn, left, ep.sndUna), right: fromWire(ep.sendIsn, right, ep.sndUna),
    })))
  }
  if (effect.sampleSentNs >= 0) ep.rtt.sample(stack.ip.sim.nowNs - effect.sampleSentNs)
  if (isOld) return
  if (advanced) {
    ep.sndUna = ackPosition
    ep.sendBuffer.release(ackPosition)
    stack.ip.confirmNeighbor(ep.remote, ep.local)
    restartRetransmit(ep)
  }
  if (hadOut) {
    if (!ep.sackOk) countDuplicate(ep, advanced, segment, windowChanged)
    repair(ep, advanced)
  } else if (ep.probing) {
    probeAnswered(ep)
  }
  if (advanced) finAcknowledged(ep)
  ep.sendSoon()
}

/**
 * Takes the window unless the segment is older than the one it was taken from last (tcp_may_update_window()).
 * True when it is another.
 */
function takeWindow(ep: TcpEndpoint, segment: TcpSegment, start: number, ackPosition: number): boolean {
  const window = segment.window << ep.sndScale
  const isNewer = ackPosition > ep.sndUna || start > ep.sndWl1 || (start === ep.sndWl1 && window > ep.sndWnd)
  if (!isNewer) return false
  const changed = window !== ep.sndWnd
  ep.sndWl1 = start
  ep.sndWnd = window
  ep.sndWndMax = Math.max(ep.sndWndMax, window)
  return changed
}

/** The peer has no SACK: duplicate acknowledgements tell how many segments have arrived (RFC 6582). */
function countDuplicate(ep: TcpEndpoint, advanced: boolean, segment: TcpSegment, windowChanged: boolean): void {
  const { sent, congestion } = ep
  if (advanced) {
    ep.duplicateAcks = 0
    sent.sackedCount = 0
    // What is acknowledged during a recovery ends at the next segment that is missing.
    if (congestion.state === 'recovery' && ep.sndUna < congestion.recoverTo) sent.markFirstLost()
  } else if (segment.data.length === 0 && !windowChanged && sent.count > 0) {
    ep.duplicateAcks++
    sent.sackedCount = Math.min(ep.duplicateAcks, sent.count - sent.lostCount)
    sent.effect.delivered++
    if (ep.duplicateAcks === DUPLICATE_THRESHOLD && congestion.state === 'open') sent.markFirstLost()
  }
}

/** Moves between the states of loss repair and sets the congestion window (tcp_fastretrans_alert(), tcp_cong_control()). */
function repair(ep: TcpEndpoint, advanced: boolean): void {
  const { sent, congestion } = ep
  const effect = sent.effect
  if (congestion.state !== 'open' && ep.sndUna >= congestion.recoverTo) {
    congestion.recovered()
    ep.duplicateAcks = 0
  }
  if (ep.sackOk) sent.markLost(ep.rtt.minimumNs)
  if (congestion.state === 'open' && sent.lostCount > 0) congestion.enterRecovery(ep.sndNxt)
  if (congestion.state === 'recovery') congestion.reduce(effect.delivered, sent.inFlight)
  else if (advanced && effect.acked > 0) congestion.acknowledged(effect.acked, growsNow(ep))
}

/** True when the window was fully used, or half of it in slow start (tcp_is_cwnd_limited()). */
function growsNow(ep: TcpEndpoint): boolean {
  const { congestion } = ep
  if (ep.windowWasLimit) return true
  return congestion.window < congestion.threshold && congestion.window < 2 * ep.segmentsOutMax
}

/** An answer to a probe of a closed window: it is open again, or the probing goes on (tcp_ack_probe()). */
function probeAnswered(ep: TcpEndpoint): void {
  if (ep.sndUna + ep.sndWnd > ep.sndNxt) {
    ep.probing = false
    ep.retransmitTimer.cancel()
    ep.repeats = 0
  } else if (!ep.retransmitTimer.isArmed) {
    armRetransmit(ep)
  }
}

/** The peer has this side's FIN too, if it was sent. */
function finAcknowledged(ep: TcpEndpoint): void {
  if (!ep.finQueued || ep.sndUna !== ep.sendBuffer.end + 1) return
  if (ep.state === 'FIN_WAIT1') {
    ep.state = 'FIN_WAIT2'
    if (ep.app.isClosed) armFinTimeout(ep)
  } else if (ep.state === 'CLOSING') {
    ep.stack.enterTimeWait(ep)
  } else if (ep.state === 'LAST_ACK') {
    ep.end(undefined)
  }
}
