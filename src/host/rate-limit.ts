/**
 * Token buckets, one for each destination: how Linux rations ICMP errors of either version (inet_peer_xrlim_allow).
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import type { IpAddr } from '../wire/address.ts'

/** A bucket that was never used has filled for so long. */
const UNUSED_NS = 60 * NS_PER_SECOND

interface Bucket {
  tokensNs: number
  lastNs: number
}

/** The buckets of one host. */
export class RateLimit {
  readonly #buckets = new Map<IpAddr, Bucket>()

  /** Takes `costNs` from the bucket of a destination, which fills with time and holds `burst` times as much. */
  take(dst: IpAddr, by: { readonly nowNs: number, readonly costNs: number, readonly burst: number }): boolean {
    const { nowNs, costNs, burst } = by
    let bucket = this.#buckets.get(dst)
    if (bucket === undefined) this.#buckets.set(dst, bucket = { tokensNs: 0, lastNs: nowNs - UNUSED_NS })
    bucket.tokensNs = Math.min(burst * costNs, bucket.tokensNs + nowNs - bucket.lastNs)
    bucket.lastNs = nowNs
    if (bucket.tokensNs < costNs) return false
    bucket.tokensNs -= costNs
    return true
  }
}
