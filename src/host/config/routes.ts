/**
 * Transactions on a host's main routing table. Follows fib_table_insert() and fib_create_info() in net/ipv4.
 * One next hop per route; no multipath, no further tables, no rules.
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import { inPrefix, networkOf, type IpAddr } from '../../wire/address.ts'
import type { Errno } from '../errno.ts'
import { findDeviceConfig, type NetConfig, type RouteConfig, type RouteOrigin, type RouteType, type Scope } from './net-config.ts'

/** What a route is added with. */
export interface NewRoute {
  readonly type?: RouteType
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
}

/**
 * Adds a route. EINVAL for bits beyond the prefix, or a preferred source that is not ours; ENODEV for an unknown device;
 * ENETDOWN for one that is down; ENETUNREACH for a gateway that no connected route leads to; EEXIST for a second route of the
 * same network and metric (unless `replace`).
 */
export function addRoute(
  config: NetConfig, route: NewRoute, options: { readonly replace?: boolean } = {},
): Result<NetConfig, Errno> {
  const checked = completeRoute(config, route)
  if (!checked.ok) return checked
  const added = checked.value
  const twin = config.routes.findIndex((other) => isSamePrefix(other, added) && other.metric === added.metric)
  if (twin >= 0 && options.replace !== true) return err('EEXIST')
  return ok(produce(config, (draft) => {
    if (twin >= 0) draft.routes.splice(twin, 1, added)
    else draft.routes.push(added)
  }))
}

/** Removes the first route that fits all that is given: ESRCH when none does. */
export function removeRoute(
  config: NetConfig, wanted: Partial<NewRoute> & Pick<NewRoute, 'network' | 'prefixLength'>,
): Result<NetConfig, Errno> {
  const index = config.routes.findIndex((route) => isSamePrefix(route, wanted)
    && (wanted.gateway === undefined || route.gateway === wanted.gateway)
    && (wanted.device === undefined || route.device === wanted.device)
    && (wanted.metric === undefined || route.metric === wanted.metric)
    && (wanted.type === undefined || route.type === wanted.type))
  if (index < 0) return err('ESRCH')
  return ok(produce(config, (draft) => {
    draft.routes.splice(index, 1)
  }))
}

/** The device a gateway is reached by: the longest connected route of a device that is up. */
export function deviceTowards(config: NetConfig, gateway: IpAddr): string | undefined {
  let best: RouteConfig | undefined
  for (const route of config.routes) {
    if (route.gateway !== undefined || route.type !== 'unicast' || !inPrefix(gateway, route.network, route.prefixLength)) continue
    if (best === undefined || route.prefixLength > best.prefixLength) best = route
  }
  return best?.device
}

function completeRoute(config: NetConfig, route: NewRoute): Result<RouteConfig, Errno> {
  const type = route.type ?? 'unicast'
  if (networkOf(route.network, route.prefixLength) !== route.network) return err('EINVAL')
  const common = {
    type, network: route.network, prefixLength: route.prefixLength, gateway: route.gateway,
    preferredSource: route.preferredSource,
    metric: route.metric ?? 0, origin: route.origin ?? 'boot', onLink: route.onLink ?? false,
  }
  if (type !== 'unicast') return ok({ ...common, device: '', scope: 'global' })
  const name = route.device ?? (route.gateway === undefined ? undefined : deviceTowards(config, route.gateway))
  if (name === undefined) return err(route.gateway === undefined ? 'ENODEV' : 'ENETUNREACH')
  const device = findDeviceConfig(config, name)
  if (device === undefined) return err('ENODEV')
  if (!device.isUp) return err('ENETDOWN')
  const { gateway, preferredSource } = route
  if (gateway !== undefined && route.onLink !== true && !isOnLink(config, name, gateway)) return err('ENETUNREACH')
  if (preferredSource !== undefined && !config.devices.some((other) => other.addresses.some((a) => a.addr === preferredSource))) {
    return err('EINVAL')
  }
  return ok({ ...common, device: name, scope: route.scope ?? (gateway === undefined ? 'link' : 'global') })
}

function isOnLink(config: NetConfig, device: string, gateway: IpAddr): boolean {
  return config.routes.some((route) => route.device === device && route.gateway === undefined
    && route.type === 'unicast' && inPrefix(gateway, route.network, route.prefixLength))
}

function isSamePrefix(a: { network: IpAddr, prefixLength: number }, b: { network: IpAddr, prefixLength: number }): boolean {
  return a.network === b.network && a.prefixLength === b.prefixLength
}
