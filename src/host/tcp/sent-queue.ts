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

/** The queue of one endpoint. */
export class SentQueue {
  /** The oldest one. Live. */
  first: SentSegment | undefined = undefined
  #last: SentSegment | undefined = undefined
  /** Segments not acknowledged cumulatively. Live. */
  count = 0
  /** Segments known to have arrived beyond a gap; without SACK, an estimate from duplicate acknowledgements. Live. */
  sackedCount = 0
  /** Segments taken for lost. Live. */
  lostCount = 0
  /** Segments whose retransmission is on its way. Live. */
  resentCount = 0
  /** What the last acknowledgement did: segments acknowledged cumulatively. Live. */
  acked = 0
  /** What it did too: segments that arrived, by either kind of acknowledgement, and were not known to have. Live. */
  delivered = 0
  /** When the oldest of those was sent that were sent only once; -1 when there is none. Live. */
  sampleSentNs = -1
  /** Time of sending and end of the segment that was sent last of all that arrived. */
  #deliveredSentNs = -1
  #deliveredEnd = 0
  /** End of the highest segment that arrived. */
  #highestEnd = 0
  #reorderingSeen = false

  /** Segments believed to be on their way (tcp_packets_in_flight()). */
  get inFlight(): number {
    return this.count - this.sackedCount - this.lostCount + this.resentCount
  }

  /** Adds a segment just sent. */
  push(segment: SentSegment): void {
    segment.previous = this.#last
    if (this.#last === undefined) this.first = segment
    else this.#last.next = segment
    this.#last = segment
    this.count++
  }

  /** Everything before `position` is acknowledged. What this did is in `acked` and its kin. */
  acknowledge(position: number): void {
    this.acked = 0
    this.delivered = 0
    this.sampleSentNs = -1
    let segment = this.first
    while (segment !== undefined && segment.end <= position) {
      this.count--
      this.acked++
      if (segment.isSacked) this.sackedCount--
      else this.#arrived(segment)
      if (segment.isLost) this.lostCount--
      if (segment.isResent) this.resentCount--
      segment = segment.next
    }
    this.first = segment
    if (segment === undefined) {
      this.#last = undefined
      return
    }
    segment.previous = undefined
    if (segment.start < position) segment.start = position
  }

  /** Marks what the blocks cover wholly. Adds to `delivered`. */
  acknowledgeSelectively(blocks: readonly ByteRange[]): void {
    for (const block of blocks) {
      for (let segment = this.first; segment !== undefined; segment = segment.next) {
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
    for (let segment = this.#last; segment !== undefined; segment = segment.previous) {
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
    for (let segment = this.first; segment !== undefined; segment = segment.next) {
      if (segment.isSacked) continue
      if (segment.isResent) this.#loseAgain(segment)
      else if (!segment.isLost) this.#lose(segment)
    }
  }

  /** The oldest segment that is lost and has not been sent again. */
  firstToResend(): SentSegment | undefined {
    if (this.lostCount === this.resentCount) return undefined
    for (let segment = this.first; segment !== undefined; segment = segment.next) {
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
    const old: SentSegment[] = []
    for (let segment = this.first; segment !== undefined; segment = segment.next) old.push(segment)
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
    if (changed) this.#replaceAll(cut)
    return changed
  }

  #replaceAll(segments: readonly SentSegment[]): void {
    this.first = this.#last = undefined
    this.count = 0
    for (const segment of segments) {
      segment.next = undefined
      this.push(segment)
    }
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
    this.delivered++
    const { sentNs, end } = segment
    if (sentNs > this.#deliveredSentNs || (sentNs === this.#deliveredSentNs && end > this.#deliveredEnd)) {
      this.#deliveredSentNs = sentNs
      this.#deliveredEnd = end
    }
    if (end > this.#highestEnd) this.#highestEnd = end
    else if (!segment.everResent) this.#reorderingSeen = true
    if (!segment.everResent && this.sampleSentNs < 0) this.sampleSentNs = segment.sentNs
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
