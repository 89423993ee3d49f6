/**
 * Transactions on a host's devices: add, remove, up, down, MTU. Each gives the next tree, or an errno and no change.
 * Follows fib_add_ifaddr() and fib_disable_ip() in net/ipv4/fib_frontend.c for what up and down do to routes.
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import type { Errno } from '../errno.ts'
import { connectedRoute } from './addresses.ts'
import { IPV6_MTU_BYTES_MIN, withOwnAddresses, withoutIpv6Of } from './ipv6-config.ts'
import {
  draftDevice, findDeviceConfig, type DeviceConfig, type DeviceKind, type NetConfig, type TunnelConfig,
} from './net-config.ts'

/** Smallest MTU that IPv4 lives with (RFC 791). */
export const MTU_BYTES_MIN = 68

/** Adds a device, down and without addresses. EEXIST when the name is taken. */
export function addDevice(
  config: NetConfig,
  device: Pick<DeviceConfig, 'name' | 'mac' | 'mtuBytes' | 'tunnel'> & { readonly kind: DeviceKind },
): Result<NetConfig, Errno> {
  if (findDeviceConfig(config, device.name) !== undefined) return err('EEXIST')
  return ok(produce(config, (draft) => {
    draft.devices.push({
      ...device, ifindex: config.nextIfindex, isUp: false, usesArp: device.kind === 'ethernet', addresses: [],
    })
    draft.nextIfindex++
    if (config.ipv6.isDefault && device.kind !== 'ipip' && device.kind !== 'gre') draft.ipv6.devices.push(device.name)
  }))
}

/** Removes a device with its addresses and routes. ENODEV when there is none, EOPNOTSUPP for `lo`. */
export function removeDevice(config: NetConfig, name: string): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, name)
  if (device === undefined) return err('ENODEV')
  if (device.kind === 'loopback') return err('EOPNOTSUPP')
  return ok(produce(withoutIpv6Of(config, name), (draft) => {
    draft.devices = draft.devices.filter((other) => other.name !== name)
    draft.routes = draft.routes.filter((route) => route.device !== name)
    draft.ipv6.devices = draft.ipv6.devices.filter((other) => other !== name)
  }))
}

/** Brings a device up: its connected routes and local addresses come back. ENODEV when there is none. */
export function setDeviceUp(config: NetConfig, name: string): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, name)
  if (device === undefined) return err('ENODEV')
  if (device.isUp) return ok(config)
  const up = produce(config, (draft) => {
    const target = draftDevice(draft, config, name)
    if (target === undefined) return
    target.isUp = true
    for (const address of target.addresses) {
      address.inLocalTable = true
      const route = connectedRoute(device, address)
      if (route !== undefined && !address.secondary) draft.routes.push(route)
    }
  })
  return ok(withOwnAddresses(up, name))
}

/** Takes a device down: all its routes go, and its addresses stop being local. ENODEV when there is none. */
export function setDeviceDown(config: NetConfig, name: string): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, name)
  if (device === undefined) return err('ENODEV')
  if (!device.isUp) return ok(config)
  return ok(produce(withoutIpv6Of(config, name), (draft) => {
    const target = draftDevice(draft, config, name)
    if (target === undefined) return
    target.isUp = false
    delete target.proxies
    for (const address of target.addresses) address.inLocalTable = false
    draft.routes = draft.routes.filter((route) => route.device !== name)
  }))
}

/** Sets the MTU: EINVAL below 68 or above 65535 (65536 for `lo`), ENODEV when there is no such device. */
export function setDeviceMtu(config: NetConfig, name: string, mtuBytes: number): Result<NetConfig, Errno> {
  const device = findDeviceConfig(config, name)
  if (device === undefined) return err('ENODEV')
  if (mtuBytes < MTU_BYTES_MIN || mtuBytes > (device.kind === 'loopback' ? 65_536 : 65_535)) return err('EINVAL')
  // A link that is too narrow for IPv6 loses it, and begins anew with it when it gets wider (addrconf_notify).
  const kept = mtuBytes < IPV6_MTU_BYTES_MIN ? withoutIpv6Of(config, name) : config
  const changed = changeDevice(kept, name, { mtuBytes })
  const isWider = device.mtuBytes < IPV6_MTU_BYTES_MIN && mtuBytes >= IPV6_MTU_BYTES_MIN
  return changed.ok && isWider && device.isUp ? ok(withOwnAddresses(changed.value, name)) : changed
}

/** Changes the ends of a tunnel. ENODEV when there is no such tunnel. */
export function setDeviceTunnel(config: NetConfig, name: string, tunnel: TunnelConfig): Result<NetConfig, Errno> {
  if (findDeviceConfig(config, name)?.tunnel === undefined) return err('ENODEV')
  return changeDevice(config, name, { tunnel })
}

/** Switches ARP on or off. ENODEV when there is no such device. */
export function setDeviceArp(config: NetConfig, name: string, usesArp: boolean): Result<NetConfig, Errno> {
  return changeDevice(config, name, { usesArp })
}

function changeDevice(
  config: NetConfig, name: string, change: Partial<Pick<DeviceConfig, 'mtuBytes' | 'usesArp' | 'tunnel'>>,
): Result<NetConfig, Errno> {
  if (findDeviceConfig(config, name) === undefined) return err('ENODEV')
  return ok(produce(config, (draft) => {
    Object.assign(draftDevice(draft, config, name) as object, change)
  }))
}
