/**
 * What a scheduler is: it picks a destination for a new connection, and is told when the destinations of its service change.
 * @module
 */
import type { RandomStream } from '../../sim/random.ts'
import type { IpAddr } from '../../wire/address.ts'
import { accepts, type Destination } from '../destination.ts'

/** What a scheduler may look at of the packet that asks for a connection. */
export interface Flow {
  readonly src: IpAddr
  readonly dst: IpAddr
  /** 0 where the packet has no ports. */
  readonly sport: number
}

/** What a scheduler may look at of its service. */
export interface Pool {
  /** The newest first. Live. */
  readonly destinations: readonly Destination[]
  /** Bits 1, 2 and 4 of `ipvsadm -b`. Live. */
  readonly schedulerFlags: number
  /** Now, and how long the caches of lblc and lblcr hold. */
  readonly clock: SchedulerClock
  /** Chance of its own: whoever draws moves nobody else's draws. */
  readonly random: RandomStream
}

/** Time, for the schedulers that remember. */
export interface SchedulerClock {
  readonly nowNs: number
  readonly lblcExpirationNs: number
  readonly lblcrExpirationNs: number
}

/** One scheduler at work for one service. */
export interface Scheduler {
  /** The destination for a new connection; undefined when none can be had. */
  pick(flow: Flow): Destination | undefined
  /** A destination was put at the head of the list. */
  added?(): void
  /** The destination that stood at `index` is gone from the list. */
  removed?(index: number): void
  /** A destination was changed, in its place. */
  updated?(): void
  /** The service lets the scheduler go. */
  dismissed?(): void
}

/** Begins to work for a service. */
export type SchedulerFactory = (pool: Pool) => Scheduler

/** The destinations that may be picked at all, for those who explain a pick. */
export function candidates(pool: Pool): Destination[] {
  return pool.destinations.filter(accepts)
}
