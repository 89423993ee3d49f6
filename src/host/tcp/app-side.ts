/**
 * The side of an endpoint that its application sees: received bytes that wait to be read, and calls to the
 * application's handlers. A reader that segments have news for is called at the end of the instant, after all
 * packets that arrive in it, as Linux wakes it.
 * @module
 */
import type { Errno } from '../errno.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { acknowledgeRead } from './input-data.ts'
import type { Receiver } from './receiver.ts'
import { EVENT_WAKE } from './timers.ts'

/**
 * What an application wants to hear. A connection ends with exactly one call of `onClosed` or `onError`, unless the application
 * aborted it; nothing is called afterwards.
 */
export interface TcpHandlers {
  /** The handshake of a connection begun here is over. */
  onConnected?(endpoint: TcpEndpoint): void
  /** Bytes came in, in order. They stay as they are and may be kept. */
  onData?(endpoint: TcpEndpoint, bytes: Uint8Array): void
  /** The peer has ended its data (a read returned 0). */
  onPeerClosed?(endpoint: TcpEndpoint): void
  /** Both sides have ended and this side has nothing left to send. */
  onClosed?(endpoint: TcpEndpoint): void
  /** The connection failed: ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH ... */
  onError?(endpoint: TcpEndpoint, errno: Errno): void
}

/** Bytes are in order and acknowledged, or will be. */
export function queueForReading(receiver: Receiver, bytes: Uint8Array): void {
  if (receiver.unread === undefined) receiver.unread = [bytes]
  else receiver.unread.push(bytes)
  receiver.unreadBytes += bytes.length
}

/** Has the handlers called once everything else of this instant is done: a reader wakes up after all packets that are there. */
export function wakeApp(ep: TcpEndpoint): void {
  if (ep.isWaking || ep.handlers === undefined) return
  const hasUnread = !ep.readingPaused && ep.receiver?.unread !== undefined
  const hasData = !ep.appClosed && (hasUnread || ep.newsPeerClosed)
  if (!hasData && !ep.newsConnected && !ep.newsEnded) return
  ep.isWaking = true
  const { sim } = ep.stack.ip
  sim.schedule(sim.nowNs, ep, EVENT_WAKE, undefined)
}

/** Calls the handlers for all that happened. What a handler brings about is told before this returns. */
export function tellApp(ep: TcpEndpoint): void {
  if (ep.isTelling || ep.handlers === undefined) return
  ep.isTelling = true
  while (tellNext(ep));
  ep.isTelling = false
}

/** One call to the application; false when there is nothing to tell. */
function tellNext(ep: TcpEndpoint): boolean {
  const { handlers, receiver } = ep
  if (handlers === undefined) return false
  if (ep.newsConnected) {
    ep.newsConnected = false
    handlers.onConnected?.(ep)
    return true
  }
  if (!ep.appClosed) {
    if (receiver?.unread !== undefined) return !ep.readingPaused && read(ep, receiver, receiver.unread, handlers)
    if (ep.newsPeerClosed) {
      ep.newsPeerClosed = false
      handlers.onPeerClosed?.(ep)
      return true
    }
  }
  if (!ep.newsEnded) return false
  ep.handlers = undefined
  if (receiver?.errno === undefined) handlers.onClosed?.(ep)
  else handlers.onError?.(ep, receiver.errno)
  return false
}

/** A read takes all that waits, and is acknowledged, before the application does anything about it. */
function read(ep: TcpEndpoint, receiver: Receiver, chunks: readonly Uint8Array[], handlers: TcpHandlers): true {
  receiver.unread = undefined
  receiver.window.read(receiver.unreadBytes, ep.stack.ip.sim.nowNs, ep.srttNs)
  receiver.unreadBytes = 0
  acknowledgeRead(ep, receiver)
  let index = 0
  while (index < chunks.length && !ep.readingPaused && !ep.appClosed) {
    const bytes = chunks[index++] as Uint8Array
    handlers.onData?.(ep, bytes)
  }
  if (index < chunks.length) {
    const rest = chunks.slice(index)
    receiver.unread = [...rest, ...receiver.unread ?? []]
    for (const bytes of rest) receiver.unreadBytes += bytes.length
  }
  return true
}
