/**
 * Weighted least connection. Follows ip_vs_wlc_schedule() in ip_vs_wlc.c.
 * @module
 */
import type { Destination } from '../destination.ts'
import { leastLoaded, overhead } from './load.ts'

/** Picks the destination with the lowest overhead for its weight, the first listed on a tie. */
export function weightedLeastConnection(destinations: readonly Destination[]): Destination | undefined {
  return leastLoaded(destinations, overhead)
}
