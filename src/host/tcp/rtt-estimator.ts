/**
 * Round-trip time and retransmission timeout: RFC 6298 with the bounds of Linux (tcp_rtt_estimator(), tcp_set_rto()).
 * Linux's slower reaction to falling samples is not modelled.
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../base/units.ts'

/** TCP_TIMEOUT_INIT: before the first sample. */
export const RTO_INITIAL_NS = NS_PER_SECOND
/** TCP_TIMEOUT_FALLBACK: once connected, when the handshake gave no sample. */
export const RTO_FALLBACK_NS = 3 * NS_PER_SECOND
/** TCP_RTO_MIN: Linux bounds the part of the variance, so the timeout is never below the round trip plus this. */
export const RTO_VARIANCE_NS_MIN = 200 * NS_PER_MILLISECOND
/** TCP_RTO_MAX: bounds the timeout, backed off or not. */
export const RTO_NS_MAX = 120 * NS_PER_SECOND

/** The estimator of one endpoint; all times in whole nanoseconds. */
export class RttEstimator {
  /** Smoothed round trip; 0 before the first sample. Live. */
  srttNs = 0
  /** Mean deviation. Live. */
  deviationNs = 0
  /** Smallest sample; Infinity before the first. Live. */
  minimumNs = Infinity
  /** The timeout, not backed off. Live. */
  rtoNs = RTO_INITIAL_NS

  /** Takes a sample of a segment that was never retransmitted (Karn's rule is the caller's). */
  sample(rttNs: number): void {
    if (rttNs < this.minimumNs) this.minimumNs = rttNs
    if (this.srttNs === 0) {
      this.srttNs = Math.max(rttNs, 1)
      this.deviationNs = Math.round(rttNs / 2)
    } else {
      const error = rttNs - this.srttNs
      this.deviationNs += Math.round((Math.abs(error) - this.deviationNs) / 4)
      this.srttNs = Math.max(this.srttNs + Math.round(error / 8), 1)
    }
    this.rtoNs = Math.min(this.srttNs + Math.max(4 * this.deviationNs, RTO_VARIANCE_NS_MIN), RTO_NS_MAX)
  }

  /** Says that the handshake is over: without a sample the timeout is longer from now on (tcp_init_metrics()). */
  connected(): void {
    if (this.srttNs === 0) this.rtoNs = RTO_FALLBACK_NS
  }
}
