/**
 * Comparing how loaded destinations are, without dividing. Follows ip_vs_dest_conn_overhead() in ip_vs.h.
 * @module
 */
import type { Destination } from '../destination.ts'

const EXACT_MAX = 9_007_199_254_740_991

/** Load of a destination: an active connection counts as 256 inactive ones. */
export function overhead(destination: Destination): number {
  return destination.activeConns * 256 + destination.inactiveConns
}

/** True when `load` on `weight` is more than `otherLoad` on `otherWeight`, exactly. Weights are at least 0. */
export function isHeavier(
  a: { readonly load: number, readonly weight: number }, b: { readonly load: number, readonly weight: number },
): boolean {
  const left = a.load * b.weight
  const right = b.load * a.weight
  // Where one product is exact, the other one is too, or is rounded to something greater.
  if (left <= EXACT_MAX) return left > right
  return BigInt(a.load) * BigInt(b.weight) > BigInt(b.load) * BigInt(a.weight)
}

/** The acceptable destination with the least `load` for its weight, the first listed on a tie. */
export function leastLoaded(
  destinations: readonly Destination[], load: (destination: Destination) => number,
): Destination | undefined {
  let least: Destination | undefined
  let leastLoad = 0
  for (const destination of destinations) {
    if (destination.weight <= 0 || destination.overloaded) continue
    const own = load(destination)
    if (least === undefined || isHeavier(
      { load: leastLoad, weight: least.weight }, { load: own, weight: destination.weight },
    )) {
      least = destination
      leastLoad = own
    }
  }
  return least
}
