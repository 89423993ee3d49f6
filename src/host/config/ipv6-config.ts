/**
 * A host's IPv6 configuration, a branch of the tree of `net-config.ts`, and the transactions on it. Follows inet6_addr_add(),
 * addrconf_ifdown() and ip6_route_add() in net/ipv6. A device that goes down loses its IPv6 addresses and routes
 * (keep_addr_on_down=0). Addresses come from admins only: router advertisements, lifetimes and temporary addresses are not
 * modelled; a preferred lifetime of 0 is, as `isDeprecated`. One next hop per route, one table.
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import {
  inPrefix, IPV6_ANY, IPV6_LOOPBACK, isLinkLocal, isLoopback, isMulticast, linkLocalOf, networkOf, type IpAddr,
} from '../../wire/address.ts'
import type { Errno } from '../errno.ts'
import { findDeviceConfig, type NetConfig, type RouteOrigin, type Scope } from './net-config.ts'

/** Smallest MTU that IPv6 lives with (RFC 8200 5). */
export const IPV6_MTU_BYTES_MIN = 1280
/** Metric of routes that come with addresses (IP6_RT_PRIO_ADDRCONF). */
const METRIC_OF_KERNEL = 256
/** Metric of the routes of users, unless they say another (IP6_RT_PRIO_USER). */
export const METRIC_OF_USER = 1024

/** One IPv6 address. */
export interface Ipv6AddressConfig {
  readonly device: string
  readonly addr: IpAddr
  /** 0..128. */
  readonly prefixLength: number
  readonly scope: Scope
  /** `tentative` while it is not known whether somebody else has it, `failed` when somebody has (RFC 4862 5.4). */
  readonly state: 'valid' | 'tentative' | 'failed'
  /** It was added to be valid without asking (IFA_F_NODAD). */
  readonly isUnasked: boolean
  /** Its preferred lifetime is over: a source of new connections only where there is no other. */
  readonly isDeprecated: boolean
}

/** One route of the main table. */
export interface Ipv6RouteConfig {
  readonly type: 'unicast' | 'blackhole' | 'unreachable' | 'prohibit'
  readonly network: IpAddr
  readonly prefixLength: number
  readonly gateway: IpAddr | undefined
  /** `lo` for what goes nowhere. */
  readonly device: string
  readonly preferredSource: IpAddr | undefined
  readonly metric: number
  readonly origin: RouteOrigin
  readonly onLink: boolean
}

/** The branch. */
export interface Ipv6Config {
  /** What net.ipv6.conf.default.disable_ipv6 says of devices to come. */
  readonly isDefault: boolean
  /** Devices that speak IPv6: net.ipv6.conf.*.disable_ipv6 is 0. */
  readonly devices: readonly string[]
  /** Of all devices; within one the newest first, link-local ones last (ipv6_link_dev_addr). */
  readonly addresses: readonly Ipv6AddressConfig[]
  /** In the order in which they were added, those that came with addresses included. */
  readonly routes: readonly Ipv6RouteConfig[]
}

/** What an address is added with. */
export interface NewIpv6Address {
  readonly addr: IpAddr
  readonly prefixLength: number
  /** Valid at once, without asking whether somebody has it. */
  readonly nodad?: boolean
  readonly isDeprecated?: boolean
}

/** What a route is added with. */
export interface NewIpv6Route {
  readonly type?: Ipv6RouteConfig['type']
  readonly network: IpAddr
  readonly prefixLength: number
  readonly gateway?: IpAddr | undefined
  readonly device?: string | undefined
  readonly preferredSource?: IpAddr | undefined
  readonly metric?: number
  readonly origin?: RouteOrigin
  readonly onLink?: boolean
}

/** True for a device that speaks IPv6. */
export function speaksIpv6(config: NetConfig, device: string): boolean {
  return config.ipv6.devices.includes(device)
}

/** The IPv6 addresses of a device, as `ip` lists them. */
export function ipv6AddressesOf(config: NetConfig, device: string): readonly Ipv6AddressConfig[] {
  return config.ipv6.addresses.filter((address) => address.device === device)
}

/** Lets devices to come speak IPv6 or not. */
export function setIpv6Default(config: NetConfig, isDefault: boolean): NetConfig {
  return { ...config, ipv6: { ...config.ipv6, isDefault } }
}

/**
 * Switches IPv6 of a device on, which gives it its own addresses if it is up, or off, which takes all away. ENODEV for an
 * unknown device, EINVAL for a tunnel over IPv4.
 */
export function setIpv6(config: NetConfig, name: string, isOn: boolean): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, name)
  if (device === undefined) return err('ENODEV')
  if (device.kind === 'ipip' || device.kind === 'gre') return err('EINVAL')
  if (speaksIpv6(config, name) === isOn) return ok(config)
  if (!isOn) {
    const without = withoutIpv6Of(config, name)
    return ok({ ...without, ipv6: { ...without.ipv6, devices: without.ipv6.devices.filter((other) => other !== name) } })
  }
  const with6 = { ...config, ipv6: { ...config.ipv6, devices: [...config.ipv6.devices, name] } }
  return ok(device.isUp ? withOwnAddresses(with6, name) : with6)
}

/**
 * What a device gets that comes up: ::1, or a link-local address, and the routes to its networks, those of addresses that it had
 * before included. Nothing with an MTU that is too small for IPv6.
 */
export function withOwnAddresses(config: NetConfig, name: string): NetConfig {
  const device = findDeviceConfig(config, name)
  if (device === undefined || !speaksIpv6(config, name) || device.mtuBytes < IPV6_MTU_BYTES_MIN) return config
  const routed = produce(config, (draft) => {
    for (const address of ipv6AddressesOf(config, name)) addPrefixRoute(draft.ipv6.routes as Ipv6RouteConfig[], address)
  })
  const own = device.kind === 'loopback' ? { addr: IPV6_LOOPBACK, prefixLength: 128 }
    : { addr: linkLocalOf(device.mac), prefixLength: 64 }
  const added = addIpv6Address(routed, name, own)
  return added.ok ? added.value : routed
}

/** What a device loses that goes down: all addresses and routes. */
export function withoutIpv6Of(config: NetConfig, name: string): NetConfig {
  return produce(config, (draft) => {
    draft.ipv6.addresses = draft.ipv6.addresses.filter((address) => address.device !== name)
    draft.ipv6.routes = draft.ipv6.routes.filter((route) => route.device !== name)
  })
}

/**
 * Adds an address, and the route to its network. ENODEV for an unknown device, EACCES for one that does not speak IPv6, EEXIST
 * when the device has it, EADDRNOTAVAIL for `::` and for a multicast or loopback address that cannot be there. On a device
 * that is down it waits for that to come up. With `replace`, an address that the device has gets the new flags and keeps all
 * else (inet6_addr_modify).
 */
export function addIpv6Address(
  config: NetConfig, name: string, address: NewIpv6Address, options: { readonly replace?: boolean } = {},
): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, name)
  if (device === undefined) return err('ENODEV')
  if (!speaksIpv6(config, name)) return err('EACCES')
  const { addr, prefixLength } = address
  if (addr === IPV6_ANY || isMulticast(addr) || (isLoopback(addr) && device.kind !== 'loopback')) return err('EADDRNOTAVAIL')
  const twin = config.ipv6.addresses.findIndex((other) => other.device === name && other.addr === addr)
  if (twin >= 0 && options.replace !== true) return err('EEXIST')
  const isUnasked = address.nodad === true
  const isDeprecated = address.isDeprecated ?? false
  if (twin >= 0) {
    return ok(produce(config, (draft) => {
      Object.assign(draft.ipv6.addresses[twin] as object, { isUnasked, isDeprecated })
    }))
  }
  const scope = isLoopback(addr) ? 'host' : isLinkLocal(addr) ? 'link' : 'global'
  const asks = !isUnasked && device.kind === 'ethernet'
  const added: Ipv6AddressConfig = {
    device: name, addr, prefixLength, scope, state: asks ? 'tentative' : 'valid', isUnasked, isDeprecated,
  }
  return ok(produce(config, (draft) => {
    draft.ipv6.addresses.splice(placeOf(added, config.ipv6.addresses), 0, added)
    if (device.isUp) addPrefixRoute(draft.ipv6.routes as Ipv6RouteConfig[], added)
  }))
}

/** Takes note of how the question whether somebody has an address ended. The address itself when it is gone by now. */
export function settleIpv6Address(config: NetConfig, name: string, addr: IpAddr, state: 'valid' | 'failed'): NetConfig {
  return produce(config, (draft) => {
    const address = draft.ipv6.addresses.find((other) => other.device === name && other.addr === addr)
    if (address !== undefined) address.state = state
  })
}

/** As if no address had ever been in doubt: for devices that were up before a run begins. */
export function settleIpv6Addresses(config: NetConfig): NetConfig {
  const tentative = config.ipv6.addresses.filter(({ state }) => state === 'tentative')
  return tentative.reduce((net, { device, addr }) => settleIpv6Address(net, device, addr, 'valid'), config)
}

/**
 * Removes an address, and the route to its network if no other is in it; routes of the device that preferred it as source do
 * so no more (rt6_remove_prefsrc). ENODEV, EADDRNOTAVAIL.
 */
export function removeIpv6Address(
  config: NetConfig, name: string, address: { readonly addr: IpAddr, readonly prefixLength?: number | undefined },
): Result<NetConfig, Errno> {
  if (findDeviceConfig(config, name) === undefined) return err('ENODEV')
  const gone = config.ipv6.addresses.find((other) => other.device === name && other.addr === address.addr
    && (address.prefixLength === undefined || other.prefixLength === address.prefixLength))
  if (gone === undefined) return err('EADDRNOTAVAIL')
  return ok(produce(config, (draft) => {
    draft.ipv6.addresses = draft.ipv6.addresses.filter((other) => other.device !== name || other.addr !== gone.addr)
    for (const route of draft.ipv6.routes) {
      if (route.device === name && route.preferredSource === gone.addr) route.preferredSource = undefined
    }
    const isShared = draft.ipv6.addresses.some((other) => other.device === name && other.prefixLength === gone.prefixLength
      && inPrefix(other.addr, gone.addr, gone.prefixLength))
    if (isShared) return
    const network = networkOf(gone.addr, gone.prefixLength)
    draft.ipv6.routes = draft.ipv6.routes.filter((route) => route.origin !== 'kernel' || route.device !== name
      || route.network !== network || route.prefixLength !== gone.prefixLength)
  }))
}

/**
 * Adds a route. EINVAL for bits beyond the prefix, for a gateway that is an address of the host or a group, a link-local one
 * without a device, and a source that is no address of the host; EHOSTUNREACH for a gateway that no connected route leads to;
 * ENODEV for an unknown device, or none; EACCES for one that does not speak IPv6, ENETDOWN for one that is down; EEXIST for a
 * second route of the same network and metric (unless `replace`).
 */
export function addIpv6Route(
  config: NetConfig, route: NewIpv6Route, options: { readonly replace?: boolean } = {},
): Result<NetConfig, Errno> {
  const checked = completeRoute(config, route)
  if (!checked.ok) return checked
  const added = checked.value
  const twin = config.ipv6.routes.findIndex((other) => other.network === added.network
    && other.prefixLength === added.prefixLength && other.metric === added.metric)
  if (twin >= 0 && options.replace !== true) return err('EEXIST')
  return ok(produce(config, (draft) => {
    if (twin >= 0) draft.ipv6.routes.splice(twin, 1, added)
    else draft.ipv6.routes.push(added)
  }))
}

/** Removes the first route that fits all that is given: ESRCH when none does. */
export function removeIpv6Route(config: NetConfig, wanted: NewIpv6Route): Result<NetConfig, Errno> {
  const index = config.ipv6.routes.findIndex((route) => route.network === wanted.network
    && route.prefixLength === wanted.prefixLength
    && (wanted.gateway === undefined || route.gateway === wanted.gateway)
    && (wanted.device === undefined || route.device === wanted.device)
    && (!isMetric(wanted.metric) || route.metric === wanted.metric)
    && (wanted.origin === undefined || route.origin === wanted.origin)
    && (wanted.type === undefined || route.type === wanted.type))
  if (index < 0) return err('ESRCH')
  return ok(produce(config, (draft) => {
    draft.ipv6.routes.splice(index, 1)
  }))
}

/** 0 stands for no metric. */
function isMetric(metric: number | undefined): metric is number {
  return metric !== undefined && metric !== 0
}

function completeRoute(config: NetConfig, route: NewIpv6Route): Result<Ipv6RouteConfig, Errno> {
  const { network, prefixLength, gateway, preferredSource, type = 'unicast' } = route
  if (networkOf(network, prefixLength) !== network) return err('EINVAL')
  const common = {
    type, network, prefixLength, gateway, preferredSource, metric: isMetric(route.metric) ? route.metric : METRIC_OF_USER,
    origin: route.origin ?? 'boot', onLink: route.onLink ?? false,
  }
  // What goes nowhere is on `lo`, as the kernel has it.
  if (type !== 'unicast') return ok({ ...common, device: 'lo' })
  if (route.device !== undefined && findDeviceConfig(config, route.device) === undefined) return err('ENODEV')
  if (gateway !== undefined && (isMulticast(gateway) || hasAddress(config, gateway))) return err('EINVAL')
  const name = route.device ?? (gateway === undefined ? undefined : deviceTowards(config, gateway))
  if (name === undefined) return err(gateway === undefined ? 'ENODEV' : isLinkLocal(gateway) ? 'EINVAL' : 'EHOSTUNREACH')
  const isReachable = gateway === undefined || route.onLink === true || isLinkLocal(gateway)
    || config.ipv6.routes.some((other) => other.device === name && other.gateway === undefined
      && inPrefix(gateway, other.network, other.prefixLength))
  if (!isReachable) return err('EHOSTUNREACH')
  if (!speaksIpv6(config, name)) return err('EACCES')
  if (findDeviceConfig(config, name)?.isUp !== true) return err('ENETDOWN')
  if (preferredSource !== undefined && !hasAddress(config, preferredSource)) return err('EINVAL')
  return ok({ ...common, device: name })
}

function hasAddress(config: NetConfig, addr: IpAddr): boolean {
  return config.ipv6.addresses.some((address) => address.addr === addr && address.state === 'valid')
}

/** The device of the longest connected route to a gateway; none follows from a link-local one. */
function deviceTowards(config: NetConfig, gateway: IpAddr): string | undefined {
  if (isLinkLocal(gateway)) return undefined
  let best: Ipv6RouteConfig | undefined
  for (const route of config.ipv6.routes) {
    if (route.gateway !== undefined || route.type !== 'unicast' || !inPrefix(gateway, route.network, route.prefixLength)) continue
    if (best === undefined || route.prefixLength > best.prefixLength) best = route
  }
  return best?.device
}

/** Before the others of its scope. */
function placeOf(added: Ipv6AddressConfig, addresses: readonly Ipv6AddressConfig[]): number {
  const isBefore = (other: Ipv6AddressConfig): boolean => other.device === added.device
    && (added.scope !== 'link' || other.scope === 'link')
  const index = addresses.findIndex(isBefore)
  if (index >= 0) return index
  return addresses.findLastIndex((other) => other.device === added.device) + 1 || addresses.length
}

function addPrefixRoute(routes: Ipv6RouteConfig[], { device, addr, prefixLength }: Ipv6AddressConfig): void {
  const network = networkOf(addr, prefixLength)
  const isThere = routes.some((route) => route.device === device && route.network === network
    && route.prefixLength === prefixLength && route.metric === METRIC_OF_KERNEL)
  if (isThere) return
  routes.push({
    type: 'unicast', network, prefixLength, gateway: undefined, device, preferredSource: undefined,
    metric: METRIC_OF_KERNEL, origin: 'kernel', onLink: false,
  })
}
