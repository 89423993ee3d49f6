/**
 * Network configurations for the tests of this folder, and their parts in the words of `ip`.
 * @module
 */
import { addAddress, type NewAddress } from '../../../src/host/config/addresses.ts'
import { addDevice, setDeviceUp } from '../../../src/host/config/devices.ts'
import { findDeviceConfig, INITIAL_NET_CONFIG, type NetConfig } from '../../../src/host/config/net-config.ts'
import { addRoute, type NewRoute } from '../../../src/host/config/routes.ts'
import type { Errno } from '../../../src/host/errno.ts'
import type { Result } from '../../../src/base/result.ts'
import { formatIp, type MacAddr } from '../../../src/wire/address.ts'
import { ip } from '../../wire/packets.ts'

/** The value of a transaction that must not be refused. */
export function done(result: Result<NetConfig, Errno>): NetConfig {
  if (!result.ok) throw new Error(`refused: ${result.error}`)
  return result.value
}

/** `10.0.0.1/24`. */
export function addressOf(text: string): NewAddress {
  const [addr = '', length] = text.split('/')
  return { addr: ip(addr), prefixLength: Number(length) }
}

/** `10.1.0.0/16`, or `default`. */
export function prefixOf(text: string): Pick<NewRoute, 'network' | 'prefixLength'> {
  const { addr, prefixLength } = addressOf(text === 'default' ? '0.0.0.0/0' : text)
  return { network: addr, prefixLength }
}

/** `lo`, and eth0 and eth1, up, with these addresses. */
export function hostConfig(addresses: { readonly eth0?: readonly string[], readonly eth1?: readonly string[] } = {}): NetConfig {
  let config = INITIAL_NET_CONFIG
  for (const name of ['eth0', 'eth1'] as const) {
    config = done(addDevice(config, { name, kind: 'ethernet', mac: 0x020000000001 as MacAddr, mtuBytes: 1500 }))
    config = done(setDeviceUp(config, name))
    for (const text of addresses[name] ?? []) config = done(addAddress(config, name, addressOf(text)))
  }
  return config
}

/** With a route by a gateway or a device. */
export function withRoute(config: NetConfig, prefix: string, way: Partial<NewRoute> & { readonly via?: string }): NetConfig {
  const { via, ...rest } = way
  return done(addRoute(config, { ...prefixOf(prefix), ...(via === undefined ? {} : { gateway: ip(via) }), ...rest }))
}

/** Routes as `ip route` lists them, but in the order of adding: `10.0.0.0/24 dev eth0 src 10.0.0.1`. */
export function routesOf(config: NetConfig): string[] {
  return config.routes.map((route) => {
    const parts = [`${formatIp(route.network)}/${route.prefixLength}`]
    if (route.type !== 'unicast') parts.unshift(route.type)
    if (route.gateway !== undefined) parts.push(`via ${formatIp(route.gateway)}`)
    if (route.device !== '') parts.push(`dev ${route.device}`)
    if (route.preferredSource !== undefined) parts.push(`src ${formatIp(route.preferredSource)}`)
    if (route.metric !== 0) parts.push(`metric ${route.metric}`)
    return parts.join(' ')
  })
}

/** Addresses of a device in their order: `10.0.0.1/24`, `10.0.0.2/24 secondary`. */
export function addressesOf(config: NetConfig, device: string): string[] {
  return (findDeviceConfig(config, device)?.addresses ?? []).map((address) =>
    `${formatIp(address.addr)}/${address.prefixLength}${address.secondary ? ' secondary' : ''}`)
}
