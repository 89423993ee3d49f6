/**
 * What a host has learnt about paths: the MTU an ICMP error named for a destination, forgotten after 600 s (mtu_expires).
 * Follows __ip_rt_update_pmtu() in net/ipv4/route.c.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import { isIpv6, type IpAddr } from '../wire/address.ts'

/** How long a learnt MTU holds. */
const EXPIRES_NS = 600 * NS_PER_SECOND
/** ip_rt_min_pmtu: smaller values are not believed. */
const PATH_MTU_BYTES_MIN = 552

/** Path MTUs of one host. */
export class PathCache {
  readonly #paths = new Map<IpAddr, { mtuBytes: number, expiresNs: number }>()

  /** Takes note of an MTU; a larger one than is known does not count. True when packets must get smaller. */
  learn(dst: IpAddr, mtuBytes: number, known: { readonly deviceMtuBytes: number, readonly nowNs: number }): boolean {
    const current = Math.min(known.deviceMtuBytes, this.find(dst, known.nowNs) ?? Infinity)
    const believed = Math.max(mtuBytes, Math.min(PATH_MTU_BYTES_MIN, known.deviceMtuBytes))
    if (believed >= current) return false
    this.#paths.set(dst, { mtuBytes: believed, expiresNs: known.nowNs + EXPIRES_NS })
    return true
  }

  /** The MTU learnt for a destination, while it holds. */
  find(dst: IpAddr, nowNs: number): number | undefined {
    if (this.#paths.size === 0) return undefined
    const path = this.#paths.get(dst)
    if (path === undefined) return undefined
    if (nowNs < path.expiresNs) return path.mtuBytes
    this.#paths.delete(dst)
    return undefined
  }

  /** When the MTU learnt for a destination is forgotten; undefined when there is none. */
  expiryNs(dst: IpAddr, nowNs: number): number | undefined {
    return this.find(dst, nowNs) === undefined ? undefined : this.#paths.get(dst)?.expiresNs
  }

  /** Forgets all of one version of IP (`ip route flush cache`). */
  flush(version: 4 | 6): void {
    for (const dst of this.#paths.keys()) if (isIpv6(dst) === (version === 6)) this.#paths.delete(dst)
  }
}
