/**
 * The side of an endpoint that its application sees: received bytes that wait to be read, and calls to the
 * application's handlers. A reader that segments have news for is called at the end of the instant, after all
 * packets that arrive in it, as Linux wakes it.
 * @module
 */
import type { Actor } from '../../sim/event-queue.ts'
import type { Errno } from '../errno.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { acknowledgeRead } from './input-data.ts'

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

/** The application's side of one endpoint. Fields are live. */
export class AppSide implements Actor {
  readonly #endpoint: TcpEndpoint
  handlers: TcpHandlers | undefined = undefined
  /** The application has closed: it reads nothing any more. */
  isClosed = false
  isPaused = false
  /** Bytes that wait to be read. */
  unreadBytes = 0
  #unread: Uint8Array[] = []
  #connected = false
  #peerClosed = false
  #ended = false
  #errno: Errno | undefined = undefined
  #busy = false
  #isWaking = false

  constructor(endpoint: TcpEndpoint) {
    this.#endpoint = endpoint
  }

  /** The handshake of a connection begun here is over. */
  connected(): void {
    this.#connected = true
  }

  /** Bytes are in order and acknowledged, or will be. */
  received(bytes: Uint8Array): void {
    this.#unread.push(bytes)
    this.unreadBytes += bytes.length
  }

  /** The peer's FIN has been reached. */
  peerClosed(): void {
    this.#peerClosed = true
  }

  /** The connection is over. */
  ended(errno: Errno | undefined): void {
    this.#ended = true
    this.#errno = errno
  }

  /** Has the handlers called once everything else of this instant is done: a reader wakes up after all packets that are there. */
  wake(): void {
    if (this.#isWaking || this.handlers === undefined) return
    const hasData = !this.isClosed && ((this.#unread.length > 0 && !this.isPaused) || this.#peerClosed)
    if (!hasData && !this.#connected && !this.#ended) return
    this.#isWaking = true
    const { sim } = this.#endpoint.stack.ip
    sim.schedule(sim.nowNs, this, 0, undefined)
  }

  /** The reader is awake. */
  onEvent(): void {
    this.#isWaking = false
    this.notify()
  }

  /** Calls the handlers for all that happened. What a handler brings about is told before this returns. */
  notify(): void {
    if (this.#busy || this.handlers === undefined) return
    this.#busy = true
    while (this.#step());
    this.#busy = false
  }

  /** One call to the application; false when there is nothing to tell. */
  #step(): boolean {
    const { handlers } = this
    const endpoint = this.#endpoint
    if (handlers === undefined) return false
    if (this.#connected) {
      this.#connected = false
      handlers.onConnected?.(endpoint)
      return true
    }
    if (!this.isClosed) {
      if (this.#unread.length > 0) return !this.isPaused && this.#read(handlers)
      if (this.#peerClosed) {
        this.#peerClosed = false
        handlers.onPeerClosed?.(endpoint)
        return true
      }
    }
    if (!this.#ended) return false
    this.handlers = undefined
    if (this.#errno === undefined) handlers.onClosed?.(endpoint)
    else handlers.onError?.(endpoint, this.#errno)
    return false
  }

  /** A read takes all that waits, and is acknowledged, before the application does anything about it. */
  #read(handlers: TcpHandlers): true {
    const endpoint = this.#endpoint
    const chunks = this.#unread
    this.#unread = []
    endpoint.window.read(this.unreadBytes, endpoint.stack.ip.sim.nowNs, endpoint.rtt.srttNs)
    this.unreadBytes = 0
    acknowledgeRead(endpoint)
    let index = 0
    while (index < chunks.length && !this.isPaused && !this.isClosed) {
      const bytes = chunks[index++] as Uint8Array
      handlers.onData?.(endpoint, bytes)
    }
    if (index < chunks.length) {
      const rest = chunks.slice(index)
      this.#unread = [...rest, ...this.#unread]
      for (const bytes of rest) this.unreadBytes += bytes.length
    }
    return true
  }
}
