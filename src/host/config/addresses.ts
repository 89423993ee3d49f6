/**
 * Transactions on a host's addresses. Follows inet_insert_ifa() and inet_del_ifa() in net/ipv4/devinet.c.
 * Promotion of secondary addresses is off, as is Linux's default (promote_secondaries=0): they go with their primary.
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import { inPrefix, isLoopback, networkOf, type IpAddr } from '../../wire/address.ts'
import type { Errno } from '../errno.ts'
import { findDeviceConfig, type AddressConfig, type DeviceConfig, type NetConfig, type RouteConfig, type Scope } from './net-config.ts'

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

/** Adds an address: ENODEV for an unknown device, EEXIST when the device has it with the same prefix length. */
export function addAddress(config: NetConfig, deviceName: string, address: NewAddress): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, deviceName)
  if (device === undefined) return err('ENODEV')
  const { addr, prefixLength } = address
  if (device.addresses.some((other) => other.addr === addr && other.prefixLength === prefixLength)) return err('EEXIST')
  const added: AddressConfig = {
    addr, prefixLength, broadcast: address.broadcast, scope: address.scope ?? (isLoopback(addr) ? 'host' : 'global'),
    label: address.label ?? deviceName, inLocalTable: true,
    secondary: device.addresses.some((other) => other.prefixLength === prefixLength && inPrefix(addr, other.addr, prefixLength)),
  }
  return ok(produce(config, (draft) => {
    draft.devices.find((other) => other.name === deviceName)?.addresses.push(added)
    const route = device.isUp && !added.secondary ? connectedRoute(device, added) : undefined
    if (route !== undefined) draft.routes.push(route)
  }))
}

/**
 * Removes an address (with any prefix length when none is given): EADDRNOTAVAIL when the device does not have it, ENODEV for
 * an unknown device. With a primary address go its secondaries, its connected route, and routes that prefer it as a source.
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
    type: 'unicast', network: networkOf(address.addr, address.prefixLength), prefixLength: address.prefixLength, gateway: undefined,
    device: device.name, preferredSource: address.addr, scope: 'link', metric: 0, origin: 'kernel', onLink: false,
  }
}

function withoutAddresses(config: NetConfig, device: DeviceConfig, removed: readonly AddressConfig[]): NetConfig {
  const addrs = new Set(removed.map((address) => address.addr))
  return produce(config, (draft) => {
    const target = draft.devices.find((other) => other.name === device.name)
    if (target === undefined) return
    target.addresses = target.addresses.filter((other) => !removed.some((gone) => gone.addr === other.addr
      && gone.prefixLength === other.prefixLength))
    const stillHere = new Set(draft.devices.flatMap((other) => other.addresses.map((address) => address.addr)))
    draft.routes = draft.routes.filter((route) => route.preferredSource === undefined
      || !addrs.has(route.preferredSource) || stillHere.has(route.preferredSource))
  })
}
