/**
 * When to acknowledge: at once while a connection is young or a gap is open, every second full segment, else after a delay in the
 * hope that data will carry it (delayed and quick acknowledgements of tcp_input.c and tcp_output.c).
 * The compression of SACKs (tcp_comp_sack_*) is not modelled.
 * @module
 */
import { NS_PER_MILLISECOND } from '../../base/units.ts'

/** TCP_ATO_MIN and TCP_DELACK_MIN. */
const DELAY_NS_MIN = 40 * NS_PER_MILLISECOND
/** TCP_DELACK_MAX. */
const DELAY_NS_MAX = 200 * NS_PER_MILLISECOND
/** TCP_MAX_QUICKACKS. */
const QUICK_ACKS_MAX = 16
/** TCP_MSS_DEFAULT: what a full segment is taken to be before one was seen. */
const SEGMENT_BYTES_INITIAL = 536

/** The bookkeeping of one endpoint. Fields are live. */
export class AckPolicy {
  /** Something has to be acknowledged. */
  isDue = false
  /** It may not wait. */
  isUrgent = false
  /** The two sides talk in turns (pingpong mode): answers carry the acknowledgements. */
  isInteractive = false
  /** Largest segment seen, as far as it is not larger than the MSS offered (rcv_mss). */
  segmentBytes: number
  #quickLeft = 0
  /** Segments that were not full since the last acknowledgement (ICSK_ACK_PUSHED, ICSK_ACK_PUSHED2). */
  #smallCount = 0
  #delayNs = 0
  #lastReceivedNs: number
  readonly #mss: number

  constructor(mss: number, nowNs: number) {
    this.#mss = mss
    this.segmentBytes = Math.min(mss, SEGMENT_BYTES_INITIAL)
    this.#lastReceivedNs = nowNs
  }

  /** True while each segment is to be acknowledged at once. */
  get isQuick(): boolean {
    return this.#quickLeft > 0 && !this.isInteractive
  }

  /** True when a read is to be acknowledged at once: the peer has ended a write, and may wait. */
  get wantsReadAck(): boolean {
    return this.#smallCount > (this.isInteractive ? 1 : 0)
  }

  /** In-order data came in (tcp_event_data_recv()). */
  dataReceived(bytes: number, nowNs: number, windowBytes: number, rtoNs: number): void {
    this.isDue = true
    if (bytes >= this.segmentBytes) this.segmentBytes = Math.min(bytes, this.#mss)
    else this.#smallCount++
    const gapNs = nowNs - this.#lastReceivedNs
    if (this.#delayNs === 0) {
      this.becomeQuick(windowBytes)
      this.#delayNs = DELAY_NS_MIN
    } else if (gapNs <= DELAY_NS_MIN / 2) {
      this.#delayNs = Math.floor(this.#delayNs / 2) + DELAY_NS_MIN / 2
    } else if (gapNs < this.#delayNs) {
      this.#delayNs = Math.min(Math.floor(this.#delayNs / 2) + gapNs, rtoNs)
    } else if (gapNs > rtoNs) {
      // The peer was silent for so long that it may be in slow start again.
      this.becomeQuick(windowBytes)
    }
    this.#lastReceivedNs = nowNs
  }

  /** Acknowledges the next segments at once, as many as half a window holds, 2..16 (tcp_incr_quickack()). */
  becomeQuick(windowBytes: number): void {
    const segments = Math.floor(windowBytes / (2 * this.segmentBytes))
    this.#quickLeft = Math.max(this.#quickLeft, Math.min(segments === 0 ? 2 : segments, QUICK_ACKS_MAX))
  }

  /** Trouble: quick from now on, whatever was before (tcp_enter_quickack_mode()). */
  enterQuick(windowBytes: number): void {
    this.becomeQuick(windowBytes)
    this.isInteractive = false
    this.#delayNs = DELAY_NS_MIN
  }

  /** An acknowledgement went out, by itself or with data (tcp_event_ack_sent()). */
  ackSent(): void {
    this.isDue = false
    this.isUrgent = false
    this.#smallCount = 0
    if (this.#quickLeft > 0 && --this.#quickLeft === 0) this.#delayNs = DELAY_NS_MIN
  }

  /** Data went out: soon after data came in means that the sides talk in turns (tcp_event_data_sent()). */
  dataSent(nowNs: number): void {
    if (nowNs - this.#lastReceivedNs < this.#delayNs) this.isInteractive = true
  }

  /** How long an acknowledgement may wait now (tcp_send_delayed_ack()). */
  delayNs(srttNs: number): number {
    if (this.#delayNs <= DELAY_NS_MIN) return this.#delayNs === 0 ? DELAY_NS_MIN : this.#delayNs
    const longest = this.isInteractive ? DELAY_NS_MAX : 2.5 * DELAY_NS_MAX
    const bound = srttNs > 0 ? Math.min(Math.max(srttNs, DELAY_NS_MIN), longest) : longest
    return Math.min(this.#delayNs, bound, DELAY_NS_MAX)
  }

  /** The wait was in vain (tcp_delack_timer_handler()). */
  delayExpired(rtoNs: number): void {
    if (this.isInteractive) {
      this.isInteractive = false
      this.#delayNs = DELAY_NS_MIN
    } else {
      this.#delayNs = Math.min(this.#delayNs * 2, rtoNs)
    }
  }
}
