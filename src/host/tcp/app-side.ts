/**
 * The side of an endpoint that its application sees: received bytes that wait to be read, and calls to the application's handlers.
 * Calls are made after a segment is dealt with (when Linux wakes the reader), never in the middle of it.
 * @module
 */
import type { Errno } from '../errno.ts'
import type { TcpEndpoint } from './endpoint.ts'

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
export class AppSide {
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

  #read(handlers: TcpHandlers): true {
    const endpoint = this.#endpoint
    const chunks = this.#unread
    this.#unread = []
    let index = 0
    while (index < chunks.length && !this.isPaused && !this.isClosed) {
      const bytes = chunks[index++] as Uint8Array
      this.unreadBytes -= bytes.length
      endpoint.window.read(bytes.length, endpoint.stack.ip.sim.nowNs, endpoint.rtt.srttNs)
      handlers.onData?.(endpoint, bytes)
    }
    if (index < chunks.length) this.#unread = [...chunks.slice(index), ...this.#unread]
    endpoint.windowOpened()
    return true
  }
}
