/**
 * Which ICMP redirects are sent and believed beyond send_redirects and accept_redirects: shared_media and secure_redirects.
 * Follows __mkroute_input() and __ip_do_redirect() in net/ipv4/route.c. Each sysctl holds if `all` or the device says so.
 * @module
 */
import { inPrefix, IPV4_ANY, IPV4_BROADCAST, isMulticast, type IpAddr } from '../wire/address.ts'
import type { Device } from './device.ts'
import type { Host } from './host.ts'

/** True when a sender on the link may be told of `gateway` (undefined: that the destination is on the link itself). */
export function maySendRedirect(host: Host, device: Device, src: IpAddr, gateway: IpAddr | undefined): boolean {
  return holds(host, device, 'shared_media') || isOnLink(device, src, gateway)
}

/**
 * True when `gateway` may take the place of `before`. Where devices share their medium, any address does that is nobody's own
 * here; else it must be in the network of the old one, and (secure_redirects) the gateway of some route.
 */
export function mayBelieveRedirect(host: Host, device: Device, gateway: IpAddr, before: IpAddr): boolean {
  if (gateway === before || isMulticast(gateway) || gateway === IPV4_BROADCAST || gateway >>> 24 === 0) return false
  if (holds(host, device, 'shared_media')) return host.routing.lookup(gateway).type === 'unicast'
  if (!isOnLink(device, gateway, before)) return false
  return !holds(host, device, 'secure_redirects')
    || host.net.routes.some((route) => route.device === device.name && route.gateway === gateway)
}

/** inet_addr_onlink(): one network of the device holds both. */
function isOnLink(device: Device, one: IpAddr, other: IpAddr | undefined): boolean {
  return device.config.addresses.some(({ addr, prefixLength, secondary }) => !secondary && inPrefix(one, addr, prefixLength)
    && (other === undefined || other === IPV4_ANY || inPrefix(other, addr, prefixLength)))
}

function holds({ sysctl }: Host, device: Device, name: string): boolean {
  return sysctl.int(`net.ipv4.conf.all.${name}`) !== 0 || sysctl.int(`net.ipv4.conf.${device.name}.${name}`) !== 0
}
