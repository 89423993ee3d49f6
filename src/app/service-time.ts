/**
 * How long a server works on a request.
 * @module
 */
import type { RandomStream } from '../sim/random.ts'

/** A law of service times. */
export type ServiceTime =
  | { readonly law: 'constant' | 'exponential', readonly meanNs: number }
  /** Equally likely from `fromNs` to `toNs`. */
  | { readonly law: 'uniform', readonly fromNs: number, readonly toNs: number }

/** No time at all. */
export const NO_SERVICE_TIME: ServiceTime = { law: 'constant', meanNs: 0 }

/** Draws the next one in whole nanoseconds; a constant draws nothing from the stream. */
export function drawServiceNs(time: ServiceTime, stream: RandomStream): number {
  switch (time.law) {
    case 'constant': return time.meanNs
    case 'exponential': return Math.round(stream.exponential(time.meanNs))
    case 'uniform': return time.fromNs + Math.round(stream.unit() * (time.toNs - time.fromNs))
  }
}
