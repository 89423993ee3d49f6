/**
 * Transactions on a host's addresses. Follows inet_insert_ifa() and inet_del_ifa() in net/ipv4/devinet.c.
 * Promotion of secondary addresses is off, as is Linux's default (promote_secondaries=0): they go with their primary.
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import { inPrefix, isLoopback, networkOf, type IpAddr } from '../../wire/address.ts'
import type { Errno } from '../errno.ts'
import {
  draftDevice, findDeviceConfig, type AddressConfig, type DeviceConfig, type NetConfig, type RouteConfig, type Scope,
} from './net-config.ts'
import { TABLE_MAIN } from './rules.ts'

const SCOPE_WIDTH: Record<Scope, number> = { host: 0, link: 1, global: 2 }

/** What an address is added with. */
export interface NewAddress {
  readonly addr: IpAddr
  /** 0..32. */
  readonly prefixLength: number
  readonly broadcast?: IpAddr | undefined
  /** `host` for 127.0.0.0/8 and `global` otherwise, unless given. */
  readonly scope?: Scope
  /** The device's name unless given. */
  readonly label?: string
}

/**
 * Adds an address: ENODEV for an unknown device, EEXIST when the device has it with the same prefix length, EINVAL when
 * it lies in the network of another one of a different scope. Primary addresses stand before secondary ones.
 */
export function addAddress(config: NetConfig, deviceName: string, address: NewAddress): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, deviceName)
  if (device === undefined) return err('ENODEV')
  const { addr, prefixLength } = address
  if (device.addresses.some((other) => other.addr === addr && other.prefixLength === prefixLength)) return err('EEXIST')
  const scope = address.scope ?? (isLoopback(addr) ? 'host' : 'global')
  const kin = device.addresses.filter((other) => other.prefixLength === prefixLength && inPrefix(addr, other.addr, prefixLength))
  if (kin.some((other) => other.scope !== scope)) return err('EINVAL')
  const added: AddressConfig = {
    addr, prefixLength, broadcast: address.broadcast, scope, label: address.label ?? deviceName, inLocalTable: true,
    secondary: kin.length > 0,
  }
  return ok(produce(config, (draft) => {
    draftDevice(draft, config, deviceName)?.addresses.splice(placeOf(added, device.addresses), 0, added)
    const route = device.isUp && !added.secondary ? connectedRoute(device, added) : undefined
    if (route !== undefined) draft.routes.push(route)
  }))
}

/**
 * Removes an address (with any prefix length when none is given): EADDRNOTAVAIL when the device does not have it, ENODEV for
 * an unknown device. With a primary address go its secondaries, its connected route, and routes that prefer it as a source;
 * with the last address of a device go all routes by it.
 */
export function removeAddress(
  config: NetConfig, deviceName: string, address: { readonly addr: IpAddr, readonly prefixLength?: number | undefined },
): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, deviceName)
  if (device === undefined) return err('ENODEV')
  const gone = device.addresses.find((other) => other.addr === address.addr
    && (address.prefixLength === undefined || other.prefixLength === address.prefixLength))
  if (gone === undefined) return err('EADDRNOTAVAIL')
  const removed = device.addresses.filter((other) => other === gone || (!gone.secondary && other.secondary
    && other.prefixLength === gone.prefixLength && inPrefix(other.addr, gone.addr, gone.prefixLength)))
  return ok(withoutAddresses(config, device, removed))
}

/** Removes all addresses of a device. ENODEV for an unknown device. */
export function flushAddresses(config: NetConfig, deviceName: string): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, deviceName)
  if (device === undefined) return err('ENODEV')
  return ok(withoutAddresses(config, device, device.addresses))
}

/** The route that comes with an address; none for a whole-address prefix and for `lo`, whose networks are local altogether. */
export function connectedRoute(device: DeviceConfig, address: AddressConfig): RouteConfig | undefined {
  if (address.prefixLength === 32 || device.kind === 'loopback') return undefined
  return {
    type: 'unicast', table: TABLE_MAIN, network: networkOf(address.addr, address.prefixLength),
    prefixLength: address.prefixLength, gateway: undefined,
    device: device.name, preferredSource: address.addr, scope: 'link', metric: 0, origin: 'kernel', onLink: false,
  }
}

/** Where a new address stands: a secondary one last, a primary one behind the last primary one of no wider scope. */
function placeOf(added: AddressConfig, addresses: readonly AddressConfig[]): number {
  if (added.secondary) return addresses.length
  return addresses.findLastIndex((other) => !other.secondary && SCOPE_WIDTH[added.scope] >= SCOPE_WIDTH[other.scope]) + 1
}

function withoutAddresses(config: NetConfig, device: DeviceConfig, removed: readonly AddressConfig[]): NetConfig {
  const addrs = new Set(removed.map((address) => address.addr))
  return produce(config, (draft) => {
    const target = draftDevice(draft, config, device.name)
    if (target === undefined) return
    target.addresses = target.addresses.filter((other) => !removed.some((gone) => gone.addr === other.addr
      && gone.prefixLength === other.prefixLength))
    const stillHere = new Set(draft.devices.flatMap((other) => other.addresses.map((address) => address.addr)))
    const isLast = target.addresses.length === 0
    draft.routes = draft.routes.filter((route) => {
      if (isLast && route.device === device.name) return false
      if (route.preferredSource === undefined || !addrs.has(route.preferredSource)) return true
      const cameWithIt = route.origin === 'kernel' && route.device === device.name && removed.some((gone) => !gone.secondary
        && gone.prefixLength === route.prefixLength && gone.addr === route.preferredSource)
      return !cameWithIt && stillHere.has(route.preferredSource)
    })
  })
}
