/**
 * Weighted failover: everything goes to the highest weight. Follows ip_vs_fo_schedule() in ip_vs_fo.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'

/** Picks the highest weight, the first listed on a tie. */
export function failover(destinations: readonly Destination[]): Destination | undefined {
  let highest: Destination | undefined
  for (const destination of destinations) {
    if (accepts(destination) && (highest === undefined || destination.weight > highest.weight)) highest = destination
  }
  return highest
}
