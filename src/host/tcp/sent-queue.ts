/**
 * The segments that are sent and not acknowledged, oldest first, and what is known of each: selectively
 * acknowledged, lost, resent (the retransmission queue and its SACK scoreboard, RFC 6675). A segment is lost
 * when three later ones have arrived; a retransmission when something sent after it has, once reordering was
 * seen by a quarter of the round trip (RACK, RFC 8985, without its timers and tail loss probes).
 * @module
 */
import type { ByteRange } from './reassembly.ts'
import { SentSegment } from './sent-segment.ts'

/** Segments that must arrive after one before it counts as lost (TCP_FASTRETRANS_THRESH). */
export const DUPLICATE_THRESHOLD = 3

/** What an acknowledgement did. Live: one object per queue, overwritten by the next call. */
export interface AckEffect {
  /** Segments acknowledged cumulatively. */
  acked: number
  /** Segments that arrived, by either kind of acknowledgement, and were not known to have. */
  delivered: number
  /** When the oldest of those that were sent only once was sent; -1 when there is none. */
  sampleSentNs: number
}

/** The queue of one endpoint. */
export class SentQueue {
  #segments: SentSegment[] = []
  #head = 0
  /** Segments known to have arrived beyond a gap; without SACK, an estimate from duplicate acknowledgements. Live. */
  sackedCount = 0
  /** Segments taken for lost. Live. */
  lostCount = 0
  /** Segments whose retransmission is on its way. Live. */
  resentCount = 0
  readonly effect: AckEffect = { acked: 0, delivered: 0, sampleSentNs: -1 }
  /** Time of sending and end of the segment that was sent last of all that arrived. */
  #deliveredSentNs = -1
  #deliveredEnd = 0
  /** End of the highest segment that arrived. */
  #highestEnd = 0
  #reorderingSeen = false

  /** Segments not acknowledged cumulatively. */
  get count(): number {
    return this.#segments.length - this.#head
  }

  /** Segments believed to be on their way (tcp_packets_in_flight()). */
  get inFlight(): number {
    return this.count - this.sackedCount - this.lostCount + this.resentCount
  }

  /** The oldest one. */
  get first(): SentSegment | undefined {
    return this.#segments[this.#head]
  }

  /** Adds a segment just sent. */
  push(segment: SentSegment): void {
    this.#segments.push(segment)
  }

  /** Everything before `position` is acknowledged. Starts a new `effect`. */
  acknowledge(position: number): void {
    const effect = this.effect
    effect.acked = 0
    effect.delivered = 0
    effect.sampleSentNs = -1
    const segments = this.#segments
    while (this.#head < segments.length) {
      const segment = segments[this.#head] as SentSegment
      if (segment.end > position) {
        if (segment.start < position) segment.start = position
        break
      }
      this.#head++
      effect.acked++
      if (segment.isSacked) this.sackedCount--
      else this.#arrived(segment)
      if (segment.isLost) this.lostCount--
      if (segment.isResent) this.resentCount--
    }
    if (this.#head === segments.length) {
      segments.length = 0
      this.#head = 0
    } else if (this.#head >= 64 && this.#head * 2 >= segments.length) {
      this.#segments = segments.slice(this.#head)
      this.#head = 0
    }
  }

  /** Marks what the blocks cover wholly. Adds to `effect`. */
  acknowledgeSelectively(blocks: readonly ByteRange[]): void {
    for (const block of blocks) {
      for (let i = this.#head; i < this.#segments.length; i++) {
        const segment = this.#segments[i] as SentSegment
        if (segment.start >= block.right) break
        if (segment.isSacked || segment.start < block.left || segment.end > block.right) continue
        this.#arrived(segment)
        this.#unmark(segment)
        segment.isSacked = true
        this.sackedCount++
      }
    }
  }

  /** Marks the segments that the selective acknowledgements show to be lost. `rttNs` is the smallest round trip. */
  markLost(rttNs: number): void {
    if (this.sackedCount === 0) return
    const patienceNs = this.#reorderingSeen ? Math.floor(rttNs / 4) : 0
    let arrivedAfter = 0
    for (let i = this.#segments.length - 1; i >= this.#head; i--) {
      const segment = this.#segments[i] as SentSegment
      if (segment.isSacked) arrivedAfter++
      else if (segment.isResent) {
        const lead = this.#deliveredSentNs - segment.sentNs - patienceNs
        if (lead > 0 || (lead === 0 && this.#deliveredEnd > segment.end)) this.#loseAgain(segment)
      } else if (!segment.isLost && arrivedAfter >= DUPLICATE_THRESHOLD) this.#lose(segment)
    }
  }

  /** Marks the oldest segment lost, as three duplicate acknowledgements or a partial one show without SACK (RFC 6582). */
  markFirstLost(): void {
    const first = this.first
    if (first === undefined) return
    if (first.isResent) this.#loseAgain(first)
    else if (!first.isLost) this.#lose(first)
  }

  /** Marks everything lost that is not known to have arrived: the retransmission timer fired. */
  markAllLost(): void {
    for (let i = this.#head; i < this.#segments.length; i++) {
      const segment = this.#segments[i] as SentSegment
      if (segment.isSacked) continue
      if (segment.isResent) this.#loseAgain(segment)
      else if (!segment.isLost) this.#lose(segment)
    }
  }

  /** The oldest segment that is lost and has not been sent again. */
  firstToResend(): SentSegment | undefined {
    if (this.lostCount === this.resentCount) return undefined
    for (let i = this.#head; i < this.#segments.length; i++) {
      const segment = this.#segments[i] as SentSegment
      if (segment.isLost && !segment.isResent) return segment
    }
    return undefined
  }

  /** Notes that the segment has just been sent again. */
  resent(segment: SentSegment, nowNs: number): void {
    segment.sentNs = nowNs
    segment.everResent = true
    if (!segment.isResent && segment.isLost) {
      segment.isResent = true
      this.resentCount++
    }
  }

  /**
   * Cuts the bursts that hold a segment of more than `mss` bytes anew, and marks the pieces lost. A burst is
   * cut as one, as far as it is not selectively acknowledged, because Linux keeps it in one buffer. True when
   * there was any.
   */
  cutAnew(mss: number): boolean {
    const old = this.#segments.slice(this.#head)
    const cut: SentSegment[] = []
    let changed = false
    for (let i = 0; i < old.length;) {
      const first = old[i] as SentSegment
      let next = i + 1
      let tooBig = !first.isSacked && first.end - first.start > mss
      while (!first.isSacked && next < old.length) {
        const segment = old[next] as SentSegment
        if (segment.burst !== first.burst || segment.isSacked) break
        tooBig ||= segment.end - segment.start > mss
        next++
      }
      if (tooBig) {
        changed = true
        this.#cutRun(old.slice(i, next), mss, cut)
      } else {
        for (let k = i; k < next; k++) cut.push(old[k] as SentSegment)
      }
      i = next
    }
    if (changed) {
      this.#segments = cut
      this.#head = 0
    }
    return changed
  }

  #cutRun(run: readonly SentSegment[], mss: number, into: SentSegment[]): void {
    const first = run[0] as SentSegment
    const last = run[run.length - 1] as SentSegment
    for (const segment of run) this.#unmark(segment)
    for (let start = first.start; start < last.end; start += mss) {
      const end = Math.min(start + mss, last.end)
      // The last segment of a burst of several is pushed, whatever it was before (__tcp_transmit_skb()).
      const pushed = end === last.end && (last.pushed || last.end - first.start > mss)
      const piece = new SentSegment(start, end, first.burst, pushed, first.sentNs)
      piece.everResent = true
      this.#lose(piece)
      into.push(piece)
    }
  }

  #arrived(segment: SentSegment): void {
    this.effect.delivered++
    const { sentNs, end } = segment
    if (sentNs > this.#deliveredSentNs || (sentNs === this.#deliveredSentNs && end > this.#deliveredEnd)) {
      this.#deliveredSentNs = sentNs
      this.#deliveredEnd = end
    }
    if (end > this.#highestEnd) this.#highestEnd = end
    else if (!segment.everResent) this.#reorderingSeen = true
    if (!segment.everResent && this.effect.sampleSentNs < 0) this.effect.sampleSentNs = segment.sentNs
  }

  #lose(segment: SentSegment): void {
    segment.isLost = true
    this.lostCount++
  }

  #loseAgain(segment: SentSegment): void {
    segment.isResent = false
    this.resentCount--
  }

  #unmark(segment: SentSegment): void {
    if (segment.isLost) this.lostCount--
    if (segment.isResent) this.resentCount--
    segment.isLost = false
    segment.isResent = false
  }
}
