/**
 * The order of listings: by comparators that subtract 32-bit numbers and let the difference wrap, sorted by merging halves as
 * glibc's qsort() does. Such an order is not one (10.0 < 100.64 < 192.168 < 10.0), so that the way of sorting shows.
 * Follows ipvs_cmp_services() and ipvs_cmp_dests() in libipvs.c.
 * @module
 */
import { isIpv6, ipWords, type IpAddr } from '../../wire/address.ts'
import type { ServiceId } from '../../ipvs/control/rules.ts'

/** Services by mark, family, protocol, address and port. */
export function compareServices(a: ServiceId, b: ServiceId): number {
  return wrap(a.fwmark - b.fwmark) || Number(a.isIpv6) - Number(b.isIpv6) || a.protocol - b.protocol
    || compareAddresses(a.addr, b.addr) || a.port - b.port
}

/** Destinations by family, address and port. */
export function compareServers(
  a: { readonly addr: IpAddr, readonly port: number }, b: { readonly addr: IpAddr, readonly port: number },
): number {
  return Number(isIpv6(a.addr)) - Number(isIpv6(b.addr)) || compareAddresses(a.addr, b.addr) || a.port - b.port
}

/** A sorted copy. */
export function mergeSort<T>(items: readonly T[], compare: (a: T, b: T) => number): T[] {
  if (items.length <= 1) return [...items]
  const half = Math.floor(items.length / 2)
  const left = mergeSort(items.slice(0, half), compare)
  const right = mergeSort(items.slice(half), compare)
  const merged: T[] = []
  let [i, j] = [0, 0]
  while (i < left.length && j < right.length) {
    if (compare(left[i] as T, right[j] as T) <= 0) merged.push(left[i++] as T)
    else merged.push(right[j++] as T)
  }
  return [...merged, ...left.slice(i), ...right.slice(j)]
}

function compareAddresses(a: IpAddr, b: IpAddr): number {
  if (!isIpv6(a) || !isIpv6(b)) return wrap(a - b)
  const [left, right] = [ipWords(a), ipWords(b)]
  for (let i = 0; i < 4; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function wrap(difference: number): number {
  return difference | 0
}
