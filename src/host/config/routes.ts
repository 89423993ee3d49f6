/**
 * Transactions on a host's routing tables. Follows fib_table_insert(), fib_table_delete() and fib_create_info() in net/ipv4.
 * One next hop per route. The routes of the local table that come with addresses are not among those of the configuration:
 * `localRoutes` tells them.
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import { broadcastOf, inPrefix, IPV4_BROADCAST, networkOf, type IpAddr } from '../../wire/address.ts'
import type { Errno } from '../errno.ts'
import {
  findDeviceConfig, type AddressConfig, type DeviceConfig, type NetConfig, type RouteConfig, type RouteOrigin, type RouteType,
  type Scope,
} from './net-config.ts'
import { TABLE_LOCAL, TABLE_MAIN } from './rules.ts'

/** What a route is added with. */
export interface NewRoute {
  readonly type?: RouteType
  /** The main table unless given; for `local` and `broadcast`, the local one. */
  readonly table?: number | undefined
  readonly network: IpAddr
  /** 0..32. */
  readonly prefixLength: number
  readonly gateway?: IpAddr | undefined
  readonly device?: string | undefined
  readonly preferredSource?: IpAddr | undefined
  readonly scope?: Scope
  readonly metric?: number
  readonly origin?: RouteOrigin
  readonly onLink?: boolean
  readonly mtuBytes?: number | undefined
  readonly advertisedMss?: number | undefined
}

/** What is to happen when there is a route of the same network and metric in the table, and when there is none. */
export type AddMode = 'add' | 'append' | 'prepend' | 'change' | 'replace'

/** Why the kernel refuses a route, in words of its own where it has any (extack). */
export interface RouteRefusal {
  readonly errno: Errno
  readonly words?: string
}

/** Largest values that the kernel keeps (ip_metrics_convert). */
const MTU_BYTES_MAX = 65_520
const ADVERTISED_MSS_MAX = 65_495
const SCOPE_NUMBER: Record<Scope, number> = { global: 0, link: 253, host: 254 }
const SCOPE_OF_TYPE: Partial<Record<RouteType, Scope>> = { local: 'host', broadcast: 'link' }

/**
 * Adds a route, or tells by its errno why not: EINVAL for bits beyond the prefix, or a preferred source that is not ours; ENODEV
 * for an unknown device; ENETDOWN for one that is down; ENETUNREACH for a gateway that no connected route leads to; EEXIST for a
 * second route of the same network and metric (to `add`), or just the same one (to `append`); ENOENT for none (to `change`).
 */
export function addRoute(config: NetConfig, route: NewRoute, mode: AddMode = 'add'): Result<NetConfig, Errno> {
  const added = addRouteOrExplain(config, route, mode)
  return added.ok ? added : err(added.error.errno)
}

/** As `addRoute`, with what the kernel says of it. */
export function addRouteOrExplain(config: NetConfig, route: NewRoute, mode: AddMode): Result<NetConfig, RouteRefusal> {
  const checked = completeRoute(config, route)
  if (!checked.ok) return checked
  const added = checked.value
  const isTwin = (other: RouteConfig): boolean => isSamePrefix(other, added) && other.table === added.table
    && other.metric === added.metric
  const twin = config.routes.findIndex(isTwin)
  const isChange = mode === 'change' || mode === 'replace'
  if (twin < 0 && mode === 'change') return err({ errno: 'ENOENT' })
  if (twin >= 0 && mode === 'add') return err({ errno: 'EEXIST' })
  const same = config.routes.findIndex((other) => isTwin(other) && isSameWay(other, added))
  if (same >= 0 && !(isChange && same === twin)) return err({ errno: 'EEXIST' })
  return ok(produce(config, (draft) => {
    if (twin >= 0 && isChange) draft.routes.splice(twin, 1, added)
    else if (twin >= 0 && mode === 'prepend') draft.routes.splice(twin, 0, added)
    else draft.routes.push(added)
    if (added.type === 'local') draft.policy.hasLocalRoutes = true
    const isNew = added.table !== TABLE_MAIN && added.table !== TABLE_LOCAL && !config.policy.tables.includes(added.table)
    if (isNew) draft.policy.tables.push(added.table)
  }))
}

/** Removes the first route of a table (main unless given) that fits all that is given: ESRCH when none does. */
export function removeRoute(
  config: NetConfig, wanted: Partial<NewRoute> & Pick<NewRoute, 'network' | 'prefixLength'>,
): Result<NetConfig, Errno> {
  const index = config.routes.findIndex((route) => isWanted(route, wanted))
  if (index < 0) return err('ESRCH')
  return ok(produce(config, (draft) => {
    draft.routes.splice(index, 1)
  }))
}

/** True for a route that fits all that `removeRoute` is given. */
export function isWanted(route: RouteConfig, wanted: Partial<NewRoute> & Pick<NewRoute, 'network' | 'prefixLength'>): boolean {
  return isSamePrefix(route, wanted) && route.table === (wanted.table ?? tableOf(wanted.type))
    && (wanted.gateway === undefined || route.gateway === wanted.gateway)
    && (wanted.device === undefined || route.device === wanted.device)
    && (wanted.metric === undefined || wanted.metric === 0 || route.metric === wanted.metric)
    && (wanted.type === undefined || route.type === wanted.type)
    && (wanted.scope === undefined || route.scope === wanted.scope)
    && (wanted.origin === undefined || route.origin === wanted.origin)
    && (wanted.preferredSource === undefined || route.preferredSource === wanted.preferredSource)
    && (wanted.mtuBytes === undefined || route.mtuBytes === wanted.mtuBytes)
    && (wanted.advertisedMss === undefined || route.advertisedMss === wanted.advertisedMss)
}

/** The device a gateway is reached by: the longest connected route, of the table if it has any, else of the main one. */
export function deviceTowards(config: NetConfig, gateway: IpAddr, table = TABLE_MAIN): string | undefined {
  let best: RouteConfig | undefined
  for (const route of config.routes) {
    if (route.table !== table || !isConnected(route) || !inPrefix(gateway, route.network, route.prefixLength)) continue
    if (best === undefined || route.prefixLength > best.prefixLength) best = route
  }
  return best === undefined && table !== TABLE_MAIN ? deviceTowards(config, gateway) : best?.device
}

/** The routes of the local table that come with addresses (fib_add_ifaddr), in the order in which they are looked through. */
export function localRoutes(config: NetConfig): RouteConfig[] {
  const routes: RouteConfig[] = []
  // The broadcast addresses of lo last: those of the devices were there before it got any network but 127.0.0.0/8.
  const ofLoopback: RouteConfig[] = []
  for (const device of config.devices) {
    for (const address of device.addresses) {
      if (!address.inLocalTable) continue
      const isLoopback = device.kind === 'loopback'
      for (const route of routesOf(device, address)) {
        const list = isLoopback && route.type === 'broadcast' ? ofLoopback : routes
        if (!list.some((other) => isSamePrefix(other, route) && isSameWay(other, route))) list.push(route)
      }
    }
  }
  return [...routes, ...ofLoopback]
}

function routesOf(device: DeviceConfig, address: AddressConfig): RouteConfig[] {
  const { addr, prefixLength, secondary } = address
  const primary = secondary ? device.addresses.find((other) => !other.secondary && other.prefixLength === prefixLength
    && inPrefix(addr, other.addr, prefixLength)) : undefined
  const preferredSource = (primary ?? address).addr
  const make = (type: 'local' | 'broadcast', network: IpAddr, length: number): RouteConfig => ({
    type, table: TABLE_LOCAL, network, prefixLength: length, gateway: undefined, device: device.name, preferredSource,
    scope: type === 'local' ? 'host' : 'link', metric: 0, origin: 'kernel', onLink: false,
  })
  const routes = [make('local', addr, 32)]
  if (!device.isUp) return routes
  if (address.broadcast !== undefined && address.broadcast !== IPV4_BROADCAST) {
    routes.push(make('broadcast', address.broadcast, 32))
  }
  if (secondary) return routes
  const network = networkOf(addr, prefixLength)
  if (device.kind === 'loopback' && prefixLength < 32) routes.push(make('local', network, prefixLength))
  if (prefixLength < 31) routes.push(make('broadcast', broadcastOf(addr, prefixLength), 32))
  return routes
}

function tableOf(type: RouteType | undefined): number {
  return type === 'local' || type === 'broadcast' ? TABLE_LOCAL : TABLE_MAIN
}

function refuse(errno: Errno, words?: string): Result<never, RouteRefusal> {
  return err(words === undefined ? { errno } : { errno, words })
}

function completeRoute(config: NetConfig, route: NewRoute): Result<RouteConfig, RouteRefusal> {
  const type = route.type ?? 'unicast'
  const { gateway, preferredSource } = route
  const isWhole = networkOf(route.network, route.prefixLength) === route.network
  if (!isWhole) return refuse('EINVAL', 'Invalid prefix for given prefix length')
  const scope = route.scope ?? SCOPE_OF_TYPE[type] ?? (gateway === undefined ? 'link' : 'global')
  const common = {
    type, table: route.table ?? tableOf(type), network: route.network, prefixLength: route.prefixLength, gateway,
    preferredSource, metric: route.metric ?? 0, origin: route.origin ?? 'boot', onLink: route.onLink ?? false,
    ...metricsOf(route),
  }
  if (type !== 'unicast' && type !== 'local' && type !== 'broadcast') {
    if (gateway !== undefined || route.device !== undefined) {
      return refuse('EINVAL', 'Gateway, device and multipath can not be specified for this route type')
    }
    return ok({ ...common, device: '', scope: 'global' })
  }
  if (SCOPE_NUMBER[scope] < SCOPE_NUMBER[SCOPE_OF_TYPE[type] ?? 'global']) return refuse('EINVAL', 'Invalid scope')
  const device = deviceOf(config, { ...common, scope, device: route.device })
  if (!device.ok) return device
  if (preferredSource !== undefined && !config.devices.some((other) => other.addresses.some((a) => a.addr === preferredSource))
    && !(type === 'local' && preferredSource === route.network)) {
    return refuse('EINVAL', 'Invalid prefsrc address')
  }
  return ok({ ...common, device: device.value, scope })
}

function metricsOf({ mtuBytes, advertisedMss }: NewRoute): Pick<RouteConfig, 'mtuBytes' | 'advertisedMss'> {
  return {
    ...(mtuBytes === undefined || mtuBytes === 0 ? {} : { mtuBytes: Math.min(mtuBytes, MTU_BYTES_MAX) }),
    ...(advertisedMss === undefined || advertisedMss === 0 ? {} : { advertisedMss: Math.min(advertisedMss, ADVERTISED_MSS_MAX) }),
  }
}

/** fib_check_nh(): the device a route leaves by, if it and the gateway will do. */
function deviceOf(
  config: NetConfig, route: Pick<RouteConfig, 'gateway' | 'table' | 'scope' | 'onLink'> & { readonly device: string | undefined },
): Result<string, RouteRefusal> {
  const { gateway, scope, table, onLink } = route
  if (scope === 'host' && gateway !== undefined) return refuse('EINVAL', 'Route with host scope can not have a gateway')
  const isWrongScope = gateway !== undefined && scope === 'link'
  if (isWrongScope && onLink) return refuse('EINVAL', 'Nexthop has invalid scope')
  const name = route.device ?? (gateway === undefined || onLink ? undefined : deviceTowards(config, gateway, table))
  if (name === undefined && gateway !== undefined) {
    return onLink ? refuse('ENODEV', 'Nexthop device required for onlink') : refuse('ENETUNREACH', 'Nexthop has invalid gateway')
  }
  const device = name === undefined ? undefined : findDeviceConfig(config, name)
  if (device === undefined) return refuse('ENODEV')
  if (scope === 'host') return ok(device.name)
  if (gateway === undefined && onLink) return refuse('EINVAL', 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set')
  if (!device.isUp) return refuse('ENETDOWN', `${onLink ? 'Nexthop device' : 'Device for nexthop'} is not up`)
  const isReached = gateway === undefined || onLink || (!isWrongScope && isOnLink(config, device.name, gateway, table))
  return isReached ? ok(device.name) : refuse('ENETUNREACH', 'Nexthop has invalid gateway')
}

function isOnLink(config: NetConfig, device: string, gateway: IpAddr, table: number): boolean {
  return config.routes.some((route) => route.device === device && (route.table === table || route.table === TABLE_MAIN)
    && isConnected(route) && inPrefix(gateway, route.network, route.prefixLength))
}

function isConnected(route: RouteConfig): boolean {
  return route.type === 'unicast' && route.gateway === undefined
}

function isSamePrefix(a: { network: IpAddr, prefixLength: number }, b: { network: IpAddr, prefixLength: number }): boolean {
  return a.network === b.network && a.prefixLength === b.prefixLength
}

/** True when two routes differ in nothing but perhaps their network and table (fib_find_info). */
function isSameWay(a: RouteConfig, b: RouteConfig): boolean {
  return a.type === b.type && a.device === b.device && a.gateway === b.gateway && a.preferredSource === b.preferredSource
    && a.scope === b.scope && a.metric === b.metric && a.origin === b.origin && a.onLink === b.onLink
    && a.mtuBytes === b.mtuBytes && a.advertisedMss === b.advertisedMss
}
