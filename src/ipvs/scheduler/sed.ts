/**
 * Shortest expected delay: inactive connections do not count, so that a server whose connections end at once gets them all.
 * Follows ip_vs_sed_schedule() in ip_vs_sed.c.
 * @module
 */
import type { Destination } from '../destination.ts'
import { leastLoaded } from './load.ts'

/** Active connections, with the one that is to come. */
export function expectedDelay(destination: Destination): number {
  return destination.activeConns + 1
}

/** Picks the lowest (active + 1) / weight, the first listed on a tie. */
export function shortestExpectedDelay(destinations: readonly Destination[]): Destination | undefined {
  return leastLoaded(destinations, expectedDelay)
}
