/**
 * What stops a runaway run. Each limit ends the run with a message that names it.
 * @module
 */

/** Limits of one run; every bound is included. */
export interface RunLimits {
  /** Events in all. */
  readonly eventsMax: number
  /** Simulated time. */
  readonly timeNsMax: number
  /** Packets alive at once: on links, in queues, waiting for a neighbor. */
  readonly livePacketsMax: number
  /** Events without the clock moving: what a loop of zero delay makes. */
  readonly eventsAtOneInstantMax: number
}

/** Wide enough for any honest scenario of a laptop. */
export const DEFAULT_LIMITS: RunLimits = {
  eventsMax: 2_000_000_000,
  timeNsMax: 100 * 86_400 * 1e9,
  livePacketsMax: 5_000_000,
  eventsAtOneInstantMax: 1_000_000,
}

/** Which limit a run met, and where. */
export interface LimitReached {
  readonly limit: 'events' | 'time' | 'live packets' | 'events at one instant'
  readonly bound: number
  readonly timeNs: number
}

/** One sentence for the user. */
export function describeLimit(reached: LimitReached): string {
  const bound = reached.limit === 'time' ? `${reached.bound / 1e9} s of simulated time` : `${reached.bound} ${reached.limit}`
  return `stopped at ${reached.timeNs / 1e9} s: the limit of ${bound} was reached`
}
