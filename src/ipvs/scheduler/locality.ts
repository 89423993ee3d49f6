/**
 * What lblc and lblcr share: when a server counts as crowded, and when a cache entry has been swept away.
 * Follows is_overloaded() and ip_vs_lblc_check_expire() in ip_vs_lblc.c.
 * @module
 */
import { NS_PER_SECOND } from '../../base/units.ts'
import type { Destination } from '../destination.ts'

/** The caches are swept in full every 30 rounds of a minute. */
export const FULL_CHECK_NS = 30 * 60 * NS_PER_SECOND

/** True when a server has more active connections than its weight while another has less than half of its own. */
export function isCrowded(destination: Destination, all: readonly Destination[]): boolean {
  return destination.activeConns > destination.weight && all.some((other) => other.activeConns * 2 < other.weight)
}

/** True when one of the sweeps since `deadlineNs` has met an entry that was due then. */
export function hasGoneStale(
  deadlineNs: number, sweeps: { readonly startNs: number, readonly nowNs: number, readonly periodNs: number },
): boolean {
  const { startNs, nowNs, periodNs } = sweeps
  const latestSweepNs = startNs + Math.floor((nowNs - startNs) / periodNs) * periodNs
  return latestSweepNs > startNs && latestSweepNs >= deadlineNs
}
