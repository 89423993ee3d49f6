/**
 * A segment that was sent and is not acknowledged, with what is known of it.
 * @module
 */

/** One segment sent, in a list by position. All fields are live. */
export class SentSegment {
  /** Position of its first byte. */
  start: number
  /** Position after its last byte; a FIN counts as one. */
  end: number
  /** Position at which the burst began that it was sent in: Linux keeps a burst in one buffer. */
  burst: number
  /** PSH was set. */
  pushed: boolean
  /** When it was sent last. */
  sentNs: number
  isSacked = false
  isLost = false
  /** Sent again, and that copy is not known to be lost. */
  isResent = false
  /** Sent more than once: no sample of the round trip (Karn). */
  everResent = false
  previous: SentSegment | undefined = undefined
  next: SentSegment | undefined = undefined

  constructor(start: number, end: number, burst: number, pushed: boolean, sentNs: number) {
    this.start = start
    this.end = end
    this.burst = burst
    this.pushed = pushed
    this.sentNs = sentNs
  }
}
