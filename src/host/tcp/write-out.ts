/**
 * How what an application writes gets into the send buffer (tcp_sendmsg_locked()): in buffers of as many full
 * segments as half of the peer's window holds, with a first burst as soon as one is full. It shows in where PSH
 * is set, and so in captures.
 * @module
 */
import type { TcpEndpoint } from './endpoint.ts'
import { BURST_BYTES_MAX, sendPending } from './output.ts'
import type { Sender } from './sender.ts'

/** Makes all that is written ready to be sent, and sends what may be sent. Waits for the end of the handshake. */
export function writeOut(ep: TcpEndpoint, sender: Sender): void {
  const { buffer } = sender
  if (ep.state === 'SYN_SENT' || ep.state === 'SYN_RECV') return
  const half = ep.sndWndMax > SMALL_WINDOW_BYTES ? Math.floor(ep.sndWndMax / 2) : ep.sndWndMax
  const mss = ep.currentMss()
  const goal = Math.max(Math.floor(Math.min(half, BURST_BYTES_MAX) / mss), 1) * mss
  while (buffer.end < buffer.written) {
    const tailStart = Math.max(buffer.lastSeam, ep.sndNxt)
    const free = goal - (buffer.end - tailStart)
    if (free <= 0) {
      buffer.seal()
      continue
    }
    buffer.expose(Math.min(free, buffer.written - buffer.end))
    if (buffer.end === buffer.written) break
    // A buffer is full, and more is to come: forced_push(), or the first burst of what nobody has begun to send.
    if (buffer.end > sender.pushedTo + half) {
      sender.pushedTo = buffer.end
      sendPending(ep, sender, Infinity)
    } else if (buffer.lastSeam <= ep.sndNxt) {
      sendPending(ep, sender, 1)
    }
  }
  sender.pushedTo = buffer.end
  sendPending(ep, sender, Infinity)
}

/** Of a window no larger than this (TCP_MSS_DEFAULT) all is used (tcp_bound_to_half_wnd()). */
const SMALL_WINDOW_BYTES = 536
