/**
 * The yes-or-no facts of an endpoint and its window scales, as bits of one number: in fields of their own they would take a
 * quarter of the memory of an idle connection.
 * @module
 */

const SACK = 1
const TIMESTAMPS = 2
const NO_DELAY = 4
const FIN_QUEUED = 8
const APP_CLOSED = 16
const READING_PAUSED = 32
const NEWS_CONNECTED = 64
const NEWS_PEER_CLOSED = 128
const NEWS_ENDED = 256
const TELLING = 512
const WAKING = 1024
/** Four bits each. */
const SEND_SCALE_AT = 11
const RECEIVE_SCALE_AT = 15

/** The facts; all false or 0 at first, and live. */
export class EndpointFlags {
  #bits = 0

  /** Both sides use SACK. */
  get sackOk(): boolean { return (this.#bits & SACK) !== 0 }
  set sackOk(on: boolean) { this.#bits = withBit(this.#bits, SACK, on) }

  /** Both sides use timestamps. */
  get timestampsOk(): boolean { return (this.#bits & TIMESTAMPS) !== 0 }
  set timestampsOk(on: boolean) { this.#bits = withBit(this.#bits, TIMESTAMPS, on) }

  /** Nagle's rule is off (TCP_NODELAY). */
  get noDelay(): boolean { return (this.#bits & NO_DELAY) !== 0 }
  set noDelay(on: boolean) { this.#bits = withBit(this.#bits, NO_DELAY, on) }

  /** A FIN follows what is written. */
  get finQueued(): boolean { return (this.#bits & FIN_QUEUED) !== 0 }
  set finQueued(on: boolean) { this.#bits = withBit(this.#bits, FIN_QUEUED, on) }

  /** The application has closed: it reads nothing any more. */
  get appClosed(): boolean { return (this.#bits & APP_CLOSED) !== 0 }
  set appClosed(on: boolean) { this.#bits = withBit(this.#bits, APP_CLOSED, on) }

  /** The application leaves data unread. */
  get readingPaused(): boolean { return (this.#bits & READING_PAUSED) !== 0 }
  set readingPaused(on: boolean) { this.#bits = withBit(this.#bits, READING_PAUSED, on) }

  /** The application does not know yet: the handshake of a connection begun here is over. */
  get newsConnected(): boolean { return (this.#bits & NEWS_CONNECTED) !== 0 }
  set newsConnected(on: boolean) { this.#bits = withBit(this.#bits, NEWS_CONNECTED, on) }

  /** The application does not know yet: the peer's FIN has been reached. */
  get newsPeerClosed(): boolean { return (this.#bits & NEWS_PEER_CLOSED) !== 0 }
  set newsPeerClosed(on: boolean) { this.#bits = withBit(this.#bits, NEWS_PEER_CLOSED, on) }

  /** The connection is over; the application is told last. */
  get newsEnded(): boolean { return (this.#bits & NEWS_ENDED) !== 0 }
  set newsEnded(on: boolean) { this.#bits = withBit(this.#bits, NEWS_ENDED, on) }

  /** The application is being told. */
  get isTelling(): boolean { return (this.#bits & TELLING) !== 0 }
  set isTelling(on: boolean) { this.#bits = withBit(this.#bits, TELLING, on) }

  /** The application wakes up at the end of this instant. */
  get isWaking(): boolean { return (this.#bits & WAKING) !== 0 }
  set isWaking(on: boolean) { this.#bits = withBit(this.#bits, WAKING, on) }

  /** Shift count of the windows that the peer tells, 0..14. */
  get sndScale(): number { return (this.#bits >>> SEND_SCALE_AT) & 15 }
  set sndScale(shift: number) { this.#bits = withScale(this.#bits, SEND_SCALE_AT, shift) }

  /** Shift count of the windows told to the peer, 0..14. */
  get rcvScale(): number { return (this.#bits >>> RECEIVE_SCALE_AT) & 15 }
  set rcvScale(shift: number) { this.#bits = withScale(this.#bits, RECEIVE_SCALE_AT, shift) }
}

function withScale(bits: number, at: number, shift: number): number {
  return (bits & ~(15 << at)) | (shift << at)
}

function withBit(bits: number, bit: number, on: boolean): number {
  return on ? bits | bit : bits & ~bit
}
