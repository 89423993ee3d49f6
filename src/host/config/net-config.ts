/**
 * A host's network configuration: devices with their addresses, routes, and rules of policy routing, as one frozen tree.
 * What admins change goes through the transactions of this folder; each gives the next tree, or an errno and no change.
 * @module
 */
import type { Draft } from 'immer'
import type { IpAddr, MacAddr } from '../../wire/address.ts'
import type { Ipv6Config } from './ipv6-config.ts'
import { INITIAL_POLICY, type PolicyConfig } from './rules.ts'

/** What a device is. `ethernet` is plugged into a segment, `ppp` into a point-to-point link; the others are software. */
export type DeviceKind = 'loopback' | 'ethernet' | 'ppp' | 'ipip' | 'gre' | 'dummy'

/** Scope of an address or a route, as `ip` names it; `nowhere` is never stored. */
export type Scope = 'global' | 'link' | 'host'

/** One address of a device. */
export interface AddressConfig {
  readonly addr: IpAddr
  /** 0..32. */
  readonly prefixLength: number
  readonly broadcast: IpAddr | undefined
  readonly scope: Scope
  /** `eth0`, or an alias such as `eth0:1`. */
  readonly label: string
  /** True for an address in the network of an earlier one of the device. */
  readonly secondary: boolean
  /** False while its entry in the local table is gone because the device went down after it was added. */
  readonly inLocalTable: boolean
}

/** The ends of a tunnel, 0.0.0.0 for any, and what its outer packets are like. */
export interface TunnelConfig {
  readonly local: IpAddr
  readonly remote: IpAddr
  /** TTL of the outer header; 0 takes over that of the inner one. */
  readonly ttl: number
  /** Sets DF on every outer packet; otherwise it follows the inner one. */
  readonly pmtuDiscovery: boolean
  /** GRE: takes only packets with a checksum; without it, only those without. */
  readonly checksumIn: boolean
  /** GRE: sends a checksum. */
  readonly checksumOut: boolean
}

/** One device. */
export interface DeviceConfig {
  readonly name: string
  /** From 1 (`lo`) on, never reused. */
  readonly ifindex: number
  readonly kind: DeviceKind
  readonly mac: MacAddr
  readonly mtuBytes: number
  /** Administratively up. */
  readonly isUp: boolean
  /** False after `ifconfig eth0 -arp` or `ip link set eth0 arp off`. */
  readonly usesArp: boolean
  readonly addresses: readonly AddressConfig[]
  /** IPv4 addresses of others that it answers ARP for. Absent stands for none. */
  readonly proxies?: readonly IpAddr[]
  /** Of a tunnel beside `tunl0` and `gre0`, which have no ends of their own. */
  readonly tunnel?: TunnelConfig
}

/** Where a route came from, as `ip route` prints it. */
export type RouteOrigin = 'kernel' | 'boot' | 'static'

/** What a route does with a packet. `throw` ends the search in its table. */
export type RouteType = 'unicast' | 'local' | 'broadcast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw'

/** One route. */
export interface RouteConfig {
  readonly type: RouteType
  /** The table that it is in: 1..4294967295. */
  readonly table: number
  readonly network: IpAddr
  readonly prefixLength: number
  readonly gateway: IpAddr | undefined
  /** Empty for blackhole and its kin. */
  readonly device: string
  readonly preferredSource: IpAddr | undefined
  readonly scope: Scope
  readonly metric: number
  readonly origin: RouteOrigin
  readonly onLink: boolean
  /** Largest packet that this way takes, where an admin has said so. */
  readonly mtuBytes?: number | undefined
  /** The MSS to ask for by this way, where an admin has said so. */
  readonly advertisedMss?: number | undefined
}

/** The whole tree. */
export interface NetConfig {
  /** In order of ifindex. */
  readonly devices: readonly DeviceConfig[]
  /** Of all tables, in the order in which they were added; but for those of the local table that come with addresses. */
  readonly routes: readonly RouteConfig[]
  readonly policy: PolicyConfig
  readonly ipv6: Ipv6Config
  readonly nextIfindex: number
}

/** A host with nothing but `lo`, up, with 127.0.0.1/8. */
export const INITIAL_NET_CONFIG: NetConfig = {
  devices: [{
    name: 'lo', ifindex: 1, kind: 'loopback', mac: 0 as MacAddr, mtuBytes: 65_536, isUp: true, usesArp: false,
    addresses: [{
      addr: 0x7f000001 as IpAddr, prefixLength: 8, broadcast: undefined, scope: 'host', label: 'lo', secondary: false,
      inLocalTable: true,
    }],
  }],
  routes: [],
  policy: INITIAL_POLICY,
  ipv6: { isDefault: false, devices: [], addresses: [], routes: [] },
  nextIfindex: 2,
}

/** The device of this name. */
export function findDeviceConfig(config: NetConfig, name: string): DeviceConfig | undefined {
  return config.devices.find((device) => device.name === name)
}

/** The device of this name in a draft of this configuration: by its place, as looking through a draft would copy every device. */
export function draftDevice(draft: Draft<NetConfig>, config: NetConfig, name: string): Draft<DeviceConfig> | undefined {
  return draft.devices[config.devices.findIndex((device) => device.name === name)]
}

/** True for a device whose packets travel inside others. */
export function isTunnel({ kind }: DeviceConfig): boolean {
  return kind === 'ipip' || kind === 'gre'
}
