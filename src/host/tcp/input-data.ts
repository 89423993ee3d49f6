/**
 * What data and a FIN do (tcp_data_queue(), tcp_fin()), and when they are acknowledged (__tcp_ack_snd_check()).
 * @module
 */
import { queueForReading } from './app-side.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { sendAck } from './output.ts'
import type { Receiver } from './receiver.ts'
import { mayReceive } from './state.ts'
import { armDelayedAck } from './timers.ts'

/** Takes the data of a segment that lies in the window, and its FIN. */
export function receiveData(ep: TcpEndpoint, data: Uint8Array, start: number, hasFin: boolean): void {
  const receiver = ep.receiving
  const { ack } = receiver
  if (!mayReceive(ep.state)) {
    // The peer repeats its FIN: it has not seen the acknowledgement.
    ack.isDue = true
    ack.isUrgent = true
    return
  }
  const end = start + data.length
  if (hasFin) receiver.fin = end
  if (data.length > 0) takeData(ep, receiver, data, start, end)
  else if (start < ep.rcvNxt) ack.isUrgent = ack.isDue = true
  if (hasFin && end > ep.rcvNxt) ack.isUrgent = ack.isDue = true
  if (receiver.fin === ep.rcvNxt) finReached(ep, receiver)
}

function takeData(ep: TcpEndpoint, receiver: Receiver, data: Uint8Array, start: number, end: number): void {
  const { ack } = receiver
  const window = receiver.offer
  if (end <= ep.rcvNxt) {
    // A duplicate: the peer may have missed an acknowledgement.
    ack.enterQuick(window)
    ack.isUrgent = ack.isDue = true
    return
  }
  if (start > ep.rcvNxt || ep.rcvAcked + ep.rcvWnd <= ep.rcvNxt) {
    // Behind a gap, or more than the closed window allows, which only an answer can tell the peer.
    if (start > ep.rcvNxt) receiver.keep(start, data)
    ack.enterQuick(window)
    ack.isUrgent = ack.isDue = true
    return
  }
  const filledGap = receiver.hasGap
  deliver(ep, receiver, start === ep.rcvNxt ? data : data.subarray(ep.rcvNxt - start))
  for (;;) {
    const next = filledGap ? receiver.reassembly?.take(ep.rcvNxt) : undefined
    if (next === undefined) break
    deliver(ep, receiver, next)
  }
  if (filledGap) ack.isUrgent = true
  receiver.window.received(data.length)
  ack.dataReceived(data.length, ep.stack.ip.sim.nowNs, ep.rcvWnd, ep.rtoNs)
}

function deliver(ep: TcpEndpoint, receiver: Receiver, bytes: Uint8Array): void {
  ep.rcvNxt += bytes.length
  if (!ep.appClosed) queueForReading(receiver, bytes)
}

/** All data before the peer's FIN is here. */
function finReached(ep: TcpEndpoint, receiver: Receiver): void {
  const { ack } = receiver
  ep.rcvNxt++
  ack.isDue = true
  ep.newsPeerClosed = true
  if (ep.state === 'ESTABLISHED') {
    ep.state = 'CLOSE_WAIT'
    // The application will most often close at once, and its FIN will carry the acknowledgement.
    ack.isInteractive = true
  } else if (ep.state === 'FIN_WAIT1') {
    ep.state = 'CLOSING'
    sendAck(ep)
  } else {
    sendAck(ep)
    ep.stack.enterTimeWait(ep)
  }
}

/** Acknowledges what came in, now or soon. Two full segments wait for the reader too, unless the window has opened meanwhile. */
export function acknowledgeReceived(ep: TcpEndpoint): void {
  const { receiver } = ep
  if (receiver === undefined || !receiver.ack.isDue) return
  const { ack } = receiver
  const now = ack.isUrgent || ack.isQuick || receiver.hasGap
    || (ep.rcvNxt - ep.rcvAcked > ack.segmentBytes && receiver.offer >= ep.rcvWnd)
  if (now) sendAck(ep)
  else armDelayedAck(ep, receiver)
}

/** The application has read all that was there (tcp_cleanup_rbuf()). */
export function acknowledgeRead(ep: TcpEndpoint, receiver: Receiver): void {
  const { ack } = receiver
  if (ack.isDue && (ep.rcvNxt - ep.rcvAcked > ack.segmentBytes || ack.wantsReadAck)) {
    sendAck(ep)
    return
  }
  if (!mayReceive(ep.state)) return
  // The peer is told of a window that is at least twice of what it knows of.
  const known = ep.rcvAcked + ep.rcvWnd - ep.rcvNxt
  const { offer } = receiver
  if (offer > 0 && offer >= 2 * known) sendAck(ep)
}
