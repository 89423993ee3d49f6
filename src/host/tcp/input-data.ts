/**
 * What data and a FIN do (tcp_data_queue(), tcp_fin()), and when they are acknowledged (__tcp_ack_snd_check()).
 * @module
 */
import type { TcpEndpoint } from './endpoint.ts'
import { sendAck } from './output.ts'
import { mayReceive } from './state.ts'

/** Takes the data of a segment that lies in the window, and its FIN. */
export function receiveData(ep: TcpEndpoint, data: Uint8Array, start: number, hasFin: boolean): void {
  if (!mayReceive(ep.state)) {
    // The peer repeats its FIN: it has not seen the acknowledgement.
    ep.ack.isDue = true
    ep.ack.isUrgent = true
    return
  }
  const end = start + data.length
  if (hasFin) ep.rcvFin = end
  if (data.length > 0) takeData(ep, data, start, end)
  else if (start < ep.rcvNxt) ep.ack.isUrgent = ep.ack.isDue = true
  if (hasFin && end > ep.rcvNxt) ep.ack.isUrgent = ep.ack.isDue = true
  if (ep.rcvFin === ep.rcvNxt) finReached(ep)
}

function takeData(ep: TcpEndpoint, data: Uint8Array, start: number, end: number): void {
  const { ack, stack } = ep
  const window = ep.window.offer(ep.heldBytes)
  if (end <= ep.rcvNxt) {
    // A duplicate: the peer may have missed an acknowledgement.
    ack.enterQuick(window)
    ack.isUrgent = ack.isDue = true
    return
  }
  if (start > ep.rcvNxt || ep.rcvAcked + ep.rcvWnd <= ep.rcvNxt) {
    // Behind a gap, or more than the closed window allows, which only an answer can tell the peer.
    if (start > ep.rcvNxt) ep.reassembly.insert(start, data)
    ack.enterQuick(window)
    ack.isUrgent = ack.isDue = true
    return
  }
  const filledGap = !ep.reassembly.isEmpty
  deliver(ep, start === ep.rcvNxt ? data : data.subarray(ep.rcvNxt - start))
  for (;;) {
    const next = filledGap ? ep.reassembly.take(ep.rcvNxt) : undefined
    if (next === undefined) break
    deliver(ep, next)
  }
  if (filledGap) ack.isUrgent = true
  ep.window.received(data.length)
  ack.dataReceived(data.length, stack.ip.sim.nowNs, ep.rcvWnd, ep.rtt.rtoNs)
}

function deliver(ep: TcpEndpoint, bytes: Uint8Array): void {
  ep.rcvNxt += bytes.length
  if (!ep.app.isClosed) ep.app.received(bytes)
}

/** All data before the peer's FIN is here. */
function finReached(ep: TcpEndpoint): void {
  ep.rcvNxt++
  ep.ack.isDue = true
  ep.app.peerClosed()
  if (ep.state === 'ESTABLISHED') {
    ep.state = 'CLOSE_WAIT'
    // The application will most often close at once, and its FIN will carry the acknowledgement.
    ep.ack.isInteractive = true
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
  const { ack } = ep
  if (!ack.isDue) return
  const now = ack.isUrgent || ack.isQuick || !ep.reassembly.isEmpty
    || (ep.rcvNxt - ep.rcvAcked > ack.segmentBytes && ep.window.offer(ep.heldBytes) >= ep.rcvWnd)
  if (now) sendAck(ep)
  else ep.armDelayedAck()
}

/** The application has read all that was there (tcp_cleanup_rbuf()). */
export function acknowledgeRead(ep: TcpEndpoint): void {
  const { ack } = ep
  if (ack.isDue && (ep.rcvNxt - ep.rcvAcked > ack.segmentBytes || ack.wantsReadAck)) {
    sendAck(ep)
    return
  }
  if (!mayReceive(ep.state)) return
  // The peer is told of a window that is at least twice of what it knows of.
  const known = ep.rcvAcked + ep.rcvWnd - ep.rcvNxt
  const offer = ep.window.offer(ep.heldBytes)
  if (offer > 0 && offer >= 2 * known) sendAck(ep)
}
