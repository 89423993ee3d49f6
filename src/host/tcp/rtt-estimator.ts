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

/** What is known of the round trip of one endpoint; all times in whole nanoseconds. Fields are live. */
export interface RoundTrip {
  /** Smoothed round trip; 0 before the first sample. */
  srttNs: number
  /** Mean deviation. */
  deviationNs: number
  /** Smallest sample. */
  minRttNs: number | undefined
  /** The timeout, not backed off; `RTO_INITIAL_NS` at first. */
  rtoNs: number
}

/** Takes a sample of a segment that was never retransmitted (Karn's rule is the caller's). */
export function sampleRoundTrip(trip: RoundTrip, rttNs: number): void {
  if (trip.minRttNs === undefined || rttNs < trip.minRttNs) trip.minRttNs = rttNs
  if (trip.srttNs === 0) {
    trip.srttNs = Math.max(rttNs, 1)
    trip.deviationNs = Math.round(rttNs / 2)
  } else {
    const error = rttNs - trip.srttNs
    trip.deviationNs += Math.round((Math.abs(error) - trip.deviationNs) / 4)
    trip.srttNs = Math.max(trip.srttNs + Math.round(error / 8), 1)
  }
  trip.rtoNs = Math.min(trip.srttNs + Math.max(4 * trip.deviationNs, RTO_VARIANCE_NS_MIN), RTO_NS_MAX)
}

/** Says that the handshake is over: without a sample the timeout is longer from now on (tcp_init_metrics()). */
export function endHandshake(trip: RoundTrip): void {
  if (trip.srttNs === 0) trip.rtoNs = RTO_FALLBACK_NS
}
