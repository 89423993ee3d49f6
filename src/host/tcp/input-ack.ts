/**
 * What an acknowledgement does (tcp_ack()): the window of the peer, what has arrived, the round trip,
 * congestion, and what is lost.
 * @module
 */
import type { TcpSegment } from '../../wire/tcp-segment.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { armRetransmit } from './output.ts'
import { sampleRoundTrip } from './rtt-estimator.ts'
import type { Sender } from './sender.ts'
import { DUPLICATE_THRESHOLD } from './sent-queue.ts'
import { fromWire } from './sequence.ts'
import { armFinTimeout, restartRetransmit } from './timers.ts'

/** Takes the acknowledgement of a valid segment that begins at `start`. `ackPosition` is not beyond what was sent. */
export function processAck(ep: TcpEndpoint, segment: TcpSegment, start: number, ackPosition: number): void {
  const isOld = ackPosition < ep.sndUna
  const windowChanged = !isOld && takeWindow(ep, segment, start, ackPosition)
  const { sender, stack } = ep
  // Who has sent nothing has nothing acknowledged.
  if (sender === undefined) return
  const { sent } = sender
  const advanced = ackPosition > ep.sndUna
  sender.probesOut = 0
  const hadOut = sent.count > 0
  sent.acknowledge(ackPosition)
  if (ep.sackOk && segment.options.sack.length > 0) {
    sent.acknowledgeSelectively(segment.options.sack.map(({ left, right }) => ({
      left: fromWire(ep.sendIsn, left, ep.sndUna), right: fromWire(ep.sendIsn, right, ep.sndUna),
    })))
  }
  if (sent.sampleSentNs >= 0) sampleRoundTrip(ep, stack.ip.sim.nowNs - sent.sampleSentNs)
  if (isOld) return
  if (advanced) {
    ep.sndUna = ackPosition
    sender.buffer.release(ackPosition)
    stack.ip.confirmNeighbor(ep.remote, ep.local)
    restartRetransmit(ep, sender)
  }
  if (hadOut) {
    if (!ep.sackOk) countDuplicate(ep, sender, advanced, segment, windowChanged)
    repair(ep, sender, advanced)
  } else if (sender.probing) {
    probeAnswered(ep, sender)
  }
  if (advanced) finAcknowledged(ep, sender)
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
function countDuplicate(
  ep: TcpEndpoint, sender: Sender, advanced: boolean, segment: TcpSegment, windowChanged: boolean,
): void {
  const { sent, congestion } = sender
  if (advanced) {
    sender.duplicateAcks = 0
    sent.sackedCount = 0
    // What is acknowledged during a recovery ends at the next segment that is missing.
    if (congestion.state === 'recovery' && ep.sndUna < congestion.recoverTo) sent.markFirstLost()
  } else if (segment.data.length === 0 && !windowChanged && sent.count > 0) {
    sender.duplicateAcks++
    sent.sackedCount = Math.min(sender.duplicateAcks, sent.count - sent.lostCount)
    sent.delivered++
    if (sender.duplicateAcks === DUPLICATE_THRESHOLD && congestion.state === 'open') sent.markFirstLost()
  }
}

/** Moves between the states of loss repair and sets the congestion window (tcp_fastretrans_alert(), tcp_cong_control()). */
function repair(ep: TcpEndpoint, sender: Sender, advanced: boolean): void {
  const { sent, congestion } = sender
  if (congestion.state !== 'open' && ep.sndUna >= congestion.recoverTo) {
    congestion.recovered()
    sender.duplicateAcks = 0
  }
  if (ep.sackOk) sent.markLost(ep.minRttNs ?? Infinity)
  if (congestion.state === 'open' && sent.lostCount > 0) congestion.enterRecovery(ep.sndNxt)
  if (congestion.state === 'recovery') congestion.reduce(sent.delivered, sent.inFlight)
  else if (advanced && sent.acked > 0) congestion.acknowledged(sent.acked, growsNow(sender))
}

/** True when the window was fully used, or half of it in slow start (tcp_is_cwnd_limited()). */
function growsNow(sender: Sender): boolean {
  const { congestion } = sender
  if (sender.windowWasLimit) return true
  return congestion.window < congestion.threshold && congestion.window < 2 * sender.segmentsOutMax
}

/** An answer to a probe of a closed window: it is open again, or the probing goes on (tcp_ack_probe()). */
function probeAnswered(ep: TcpEndpoint, sender: Sender): void {
  if (ep.sndUna + ep.sndWnd > ep.sndNxt) {
    sender.probing = false
    ep.retransmitTimer?.cancel()
    ep.repeats = 0
  } else if (ep.retransmitTimer?.isArmed !== true) {
    armRetransmit(ep)
  }
}

/** The peer has this side's FIN too, if it was sent. */
function finAcknowledged(ep: TcpEndpoint, sender: Sender): void {
  if (!ep.finQueued || ep.sndUna !== sender.buffer.end + 1) return
  if (ep.state === 'FIN_WAIT1') {
    ep.state = 'FIN_WAIT2'
    if (ep.appClosed) armFinTimeout(ep)
  } else if (ep.state === 'CLOSING') {
    ep.stack.enterTimeWait(ep)
  } else if (ep.state === 'LAST_ACK') {
    ep.end(undefined)
  }
}
