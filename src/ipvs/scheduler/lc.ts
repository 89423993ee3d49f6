/**
 * Least connection: the lowest overhead, whatever the weight. Follows ip_vs_lc_schedule() in ip_vs_lc.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'
import { overhead } from './load.ts'

/** Picks the destination with the fewest connections, the first listed on a tie. */
export function leastConnection(destinations: readonly Destination[]): Destination | undefined {
  let least: Destination | undefined
  for (const destination of destinations) {
    if (!accepts(destination)) continue
    if (least === undefined || overhead(destination) < overhead(least)) least = destination
  }
  return least
}
