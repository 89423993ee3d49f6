/**
 * The schedulers of Linux by the names ipvsadm knows them by.
 * @module
 */
import type { Destination } from '../destination.ts'
import { DestinationHashing } from './dh.ts'
import { failover } from './fo.ts'
import { LocalityLeastConnection } from './lblc.ts'
import { LocalityReplication } from './lblcr.ts'
import { leastConnection } from './lc.ts'
import { MaglevHashing } from './mh.ts'
import { neverQueue } from './nq.ts'
import { overflow } from './ovf.ts'
import { RoundRobin } from './rr.ts'
import type { SchedulerFactory } from './scheduler.ts'
import { shortestExpectedDelay } from './sed.ts'
import { SourceHashing } from './sh.ts'
import { powerOfTwos } from './twos.ts'
import { weightedLeastConnection } from './wlc.ts'
import { WeightedRoundRobin } from './wrr.ts'

/** A scheduler that only looks at the counters, and remembers nothing. */
function plain(pick: (destinations: readonly Destination[]) => Destination | undefined): SchedulerFactory {
  return (pool) => ({ pick: () => pick(pool.destinations) })
}

/** How each scheduler begins to work. `none` is the kernel's word for a service without one. */
export const SCHEDULERS: ReadonlyMap<string, SchedulerFactory> = new Map<string, SchedulerFactory>([
  ['rr', (pool) => new RoundRobin(pool)],
  ['wrr', (pool) => new WeightedRoundRobin(pool)],
  ['lc', plain(leastConnection)],
  ['wlc', plain(weightedLeastConnection)],
  ['lblc', (pool) => new LocalityLeastConnection(pool)],
  ['lblcr', (pool) => new LocalityReplication(pool)],
  ['dh', (pool) => new DestinationHashing(pool)],
  ['sh', (pool) => new SourceHashing(pool)],
  ['sed', plain(shortestExpectedDelay)],
  ['nq', plain(neverQueue)],
  ['fo', plain(failover)],
  ['ovf', plain(overflow)],
  ['mh', (pool) => new MaglevHashing(pool)],
  ['twos', (pool) => ({ pick: () => powerOfTwos(pool.destinations, pool.random) })],
  ['none', plain(() => undefined)],
])
