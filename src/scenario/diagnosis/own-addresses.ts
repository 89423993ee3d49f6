/**
 * Addresses and routes of a host in either family.
 * @module
 */
import type { DeviceConfig } from '../../host/config/net-config.ts'
import type { Host } from '../../host/host.ts'
import type { Route } from '../../host/routing.ts'
import { inPrefix, isIpv6, isLinkLocal, type IpAddr } from '../../wire/address.ts'

/** An address of a host, and where it has it. */
export interface OwnAddress {
  readonly device: DeviceConfig
  readonly addr: IpAddr
  readonly prefixLength: number
}

/** All addresses of a host, those of IPv6 after the others; link-local ones are left out. */
export function addressesOf({ net }: Host): OwnAddress[] {
  return [
    ...net.devices.flatMap((device) => device.addresses.map(({ addr, prefixLength }) => ({ device, addr, prefixLength }))),
    ...net.ipv6.addresses.flatMap(({ addr, prefixLength, device: name }) => {
      const device = net.devices.find((one) => one.name === name)
      return device === undefined || isLinkLocal(addr) ? [] : [{ device, addr, prefixLength }]
    }),
  ]
}

/** The address of a host on one of its devices other than `lo`; undefined when it has it not, or on `lo` only. */
export function findAddress(host: Host, addr: IpAddr): OwnAddress | undefined {
  return addressesOf(host).find((own) => own.addr === addr && own.device.kind !== 'loopback')
}

/** The address by which a host can be reached from another one without a router between them, in the family of one given. */
export function findNearAddress(host: Host, from: Host, like: IpAddr): IpAddr | undefined {
  const candidates = (of: Host): OwnAddress[] => addressesOf(of).filter(({ device, addr, prefixLength }) => (
    device.kind === 'ethernet' && isIpv6(addr) === isIpv6(like) && prefixLength < (isIpv6(addr) ? 128 : 32)))
  const networks = candidates(from)
  return candidates(host).find(({ addr, prefixLength }) => networks.some((network) => (
    network.prefixLength === prefixLength && inPrefix(addr, network.addr, prefixLength))))?.addr
}

/** The way that a host would send to an address. */
export function routeTo(host: Host, dst: IpAddr): Route {
  return isIpv6(dst) ? host.ipv6.routing.lookup(dst) : host.routing.lookup(dst)
}
