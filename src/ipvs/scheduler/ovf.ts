/**
 * Weighted overflow: the highest weight until it has more active connections than that, then the next.
 * Follows ip_vs_ovf_schedule() in ip_vs_ovf.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'

/** Picks the highest weight among those with no more active connections than their weight, the first listed on a tie. */
export function overflow(destinations: readonly Destination[]): Destination | undefined {
  let highest: Destination | undefined
  for (const destination of destinations) {
    if (!accepts(destination) || destination.activeConns > destination.weight) continue
    if (highest === undefined || destination.weight > highest.weight) highest = destination
  }
  return highest
}
