/**
 * The addresses that sockets are bound to: one of the host's, or all. `::` stands for IPv4, too (bindv6only=0); 0.0.0.0 does not
 * stand for IPv6.
 * @module
 */
import { IPV4_ANY, IPV6_ANY, isIpv6, type IpAddr } from '../wire/address.ts'

/** True when a socket bound to `bound` hears what is sent to `addr`. */
export function hearsAddress(bound: IpAddr, addr: IpAddr): boolean {
  return bound === addr || bound === IPV6_ANY || (bound === IPV4_ANY && !isIpv6(addr))
}

/** True when two sockets cannot have one port, bound to these. */
export function bothHear(a: IpAddr, b: IpAddr): boolean {
  return hearsAddress(a, b) || hearsAddress(b, a)
}
