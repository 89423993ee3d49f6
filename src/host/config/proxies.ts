/**
 * Transactions on proxy entries: addresses of others that a host answers ARP for by one of its devices.
 * Follows pneigh_lookup() and pneigh_delete() in net/core/neighbour.c. They go when the device goes down (pneigh_ifdown).
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import type { IpAddr } from '../../wire/address.ts'
import type { Errno } from '../errno.ts'
import { draftDevice, findDeviceConfig, type NetConfig } from './net-config.ts'

/**
 * Makes the host answer for an IPv4 address by a device, as `ip neigh add proxy ADDR dev DEVICE` and `arp -Ds ADDR DEVICE pub`
 * ask: only where it forwards, and its route to the address leaves by another device. The same tree when the entry is there
 * already, which the kernel takes for success, too. ENODEV for an unknown device.
 */
export function addProxy(config: NetConfig, deviceName: string, addr: IpAddr): Result<NetConfig, Errno> {
  const proxies = proxiesOf(config, deviceName)
  if (proxies === undefined) return err('ENODEV')
  return ok(proxies.includes(addr) ? config : withProxies(config, deviceName, [...proxies, addr]))
}

/** Removes a proxy entry. ENODEV for an unknown device, ENOENT when it has no such entry. */
export function removeProxy(config: NetConfig, deviceName: string, addr: IpAddr): Result<NetConfig, Errno> {
  const proxies = proxiesOf(config, deviceName)
  if (proxies === undefined) return err('ENODEV')
  if (!proxies.includes(addr)) return err('ENOENT')
  return ok(withProxies(config, deviceName, proxies.filter((other) => other !== addr)))
}

/** The addresses that a device answers for, in the order in which they were added; undefined for an unknown device. */
export function proxiesOf(config: NetConfig, deviceName: string): readonly IpAddr[] | undefined {
  const device = findDeviceConfig(config, deviceName)
  return device === undefined ? undefined : device.proxies ?? []
}

function withProxies(config: NetConfig, deviceName: string, proxies: IpAddr[]): NetConfig {
  return produce(config, (draft) => {
    const target = draftDevice(draft, config, deviceName)
    if (target !== undefined) target.proxies = proxies
  })
}
