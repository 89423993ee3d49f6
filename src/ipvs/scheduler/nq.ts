/**
 * Never queue: an idle server, else shortest expected delay. Follows ip_vs_nq_schedule() in ip_vs_nq.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'
import { shortestExpectedDelay } from './sed.ts'

/** Picks the first destination listed without an active connection; if there is none, as sed does. */
export function neverQueue(destinations: readonly Destination[]): Destination | undefined {
  return destinations.find(
    (destination) => accepts(destination) && destination.activeConns === 0
  ) ?? shortestExpectedDelay(destinations)
}
