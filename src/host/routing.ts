/**
 * Which way a packet goes: the local table, the main table by longest prefix, source selection, and reverse-path validation.
 * Answers come from caches that are dropped whenever the configuration or a sysctl changes.
 * Follows fib_table_lookup(), fib_validate_source() and inet_select_addr(). No policy routing, no multipath.
 * @module
 */
import { inPrefix, broadcastOf, IPV4_ANY, IPV4_BROADCAST, isLoopback, isMulticast, type IpAddr } from '../wire/address.ts'
import type { AddressConfig, NetConfig, RouteConfig, Scope } from './config/net-config.ts'
import type { Device } from './device.ts'
import type { SysctlRegistry } from './sysctl.ts'

/** What the tables say of one destination. */
export interface Route {
  /** `none`: no table has anything. */
  readonly type: 'unicast' | 'local' | 'broadcast' | 'blackhole' | 'unreachable' | 'prohibit' | 'none'
  /** The way out; for `local` and what goes nowhere, `lo`. */
  readonly device: Device
  /** Whom the frame is for: the gateway, else the destination itself. */
  readonly nextHop: IpAddr
  readonly gateway: IpAddr | undefined
  /** The address a packet gets that has none yet. */
  readonly source: IpAddr
  /** The route of the main table behind it, for those who explain. */
  readonly via: RouteConfig | undefined
}

/** What reverse-path validation says of a source. */
export type SourceVerdict = 'on-link' | 'routed' | 'martian-source' | 'rp-filter'

/** What the sysctls say of packets that come in by a device, and what was worked out from them. */
interface DevicePolicy {
  readonly forwards: boolean
  /** rp_filter in force. */
  readonly filter: number
  readonly sendsRedirects: boolean
  /** Verdicts by source: for packets that only must not come from ourselves, and for those whose way back is looked up. */
  readonly loose: Map<number, SourceVerdict>
  readonly full: Map<number, SourceVerdict>
}

const SCOPE_NUMBER: Record<Scope, number> = { global: 0, link: 253, host: 254 }

/** A gateway that another one has named in its place. */
export interface Redirect {
  readonly from: IpAddr
  readonly to: IpAddr
}

/** The routing tables of one host. */
export class Routing {
  readonly #sysctl: SysctlRegistry
  #devices: ReadonlyMap<string, Device> = new Map()
  #lo: Device | undefined
  #net: NetConfig | undefined
  #routes: readonly RouteConfig[] = []
  readonly #local = new Map<IpAddr, Device>()
  readonly #broadcast = new Map<IpAddr, Device>()
  #loopbackNetworks: AddressConfig[] = []
  readonly #cache = new Map<number, Route>()
  readonly #policies = new Map<Device, DevicePolicy>()
  readonly #redirects = new Map<IpAddr, Redirect>()
  #generation = 0

  constructor(sysctl: SysctlRegistry) {
    this.#sysctl = sysctl
  }

  /** Takes over a configuration. `devices` has every device of `net`, `lo` among them. */
  reset(net: NetConfig, devices: ReadonlyMap<string, Device>): void {
    this.#net = net
    this.#devices = devices
    this.#lo = devices.get('lo')
    // Longest prefix first, then the smallest metric; the order of adding decides among equals (sort is stable).
    this.#routes = [...net.routes].sort((a, b) => b.prefixLength - a.prefixLength || a.metric - b.metric)
    this.#local.clear()
    this.#broadcast.clear()
    this.#loopbackNetworks = []
    for (const config of net.devices) this.#enterAddresses(config.name, config.isUp, config.addresses)
    this.expire()
    this.forget()
  }

  /** Counts the changes after which nobody may use a route that was looked up before (rt_genid). */
  get generation(): number {
    return this.#generation
  }

  /** Ends the use of routes that were looked up before (rt_cache_flush). */
  expire(): void {
    this.#generation++
  }

  /** Drops what was worked out: a sysctl changed. */
  forget(): void {
    this.#cache.clear()
    this.#policies.clear()
  }

  /** Sends packets for `dst` by another gateway while their route has the gateway `from`, as an accepted redirect asks. */
  redirect(dst: IpAddr, redirect: Redirect): void {
    this.#redirects.set(dst, redirect)
    this.#cache.delete(dst | 0)
  }

  /** Ends the redirect of a destination. */
  forgetRedirect(dst: IpAddr): void {
    this.#redirects.delete(dst)
    this.#cache.delete(dst | 0)
  }

  /** Ends all redirects, and the use of routes that were looked up before (`ip route flush cache`). */
  forgetRedirects(): void {
    this.#redirects.clear()
    this.#cache.clear()
    this.expire()
  }

  /** The route to a destination. */
  lookup(dst: IpAddr): Route {
    const cached = this.#cache.get(dst | 0)
    if (cached !== undefined) return cached
    const route = this.#work(dst)
    this.#cache.set(dst | 0, route)
    return route
  }

  /** True for an address of this host: any address of 127.0.0.0/8 and of the networks configured on `lo` included. */
  isLocal(addr: IpAddr): boolean {
    return this.#local.has(addr) || this.#loopbackNetworks.some((network) => inPrefix(addr, network.addr, network.prefixLength))
  }

  /** True when one of the host's devices has exactly this address (inet_lookup_ifaddr_rcu). */
  hasAddress(addr: IpAddr): boolean {
    return this.#local.has(addr)
  }

  /**
   * Checks the source of a packet that came in by `device` and is to leave by `out` (undefined: it is for this host).
   * `on-link` means that the sender is a direct neighbor.
   */
  validateSource(src: IpAddr, device: Device, out: Device | undefined): SourceVerdict {
    const policy = this.#policyOf(device)
    const isFull = policy.filter !== 0 || (out === device && policy.sendsRedirects)
    const verdicts = isFull ? policy.full : policy.loose
    let verdict = verdicts.get(src | 0)
    if (verdict === undefined) {
      verdict = isFull ? this.#validateFully(src, device, policy.filter) : this.#validateLoosely(src, device)
      verdicts.set(src | 0, verdict)
    }
    return verdict
  }

  /** True when packets that come in by the device may be sent on. */
  forwards(device: Device): boolean {
    return this.#policyOf(device).forwards
  }

  /** send_redirects holds if `all` or the device says so. */
  sendsRedirects(device: Device): boolean {
    return this.#policyOf(device).sendsRedirects
  }

  /**
   * The address of `device` to use towards `dst` (0.0.0.0: whatever): the first primary one in the network of `dst`, else the
   * first, else one of another device; none narrower than `scope`.
   */
  selectSource(device: Device, dst: IpAddr, scope: Scope): IpAddr {
    let first: IpAddr = IPV4_ANY
    for (const address of device.config.addresses) {
      if (address.secondary || SCOPE_NUMBER[address.scope] > SCOPE_NUMBER[scope]) continue
      if (dst === IPV4_ANY || inPrefix(dst, address.addr, address.prefixLength)) return address.addr
      if (first === IPV4_ANY) first = address.addr
    }
    if (first !== IPV4_ANY) return first
    for (const other of this.#net?.devices ?? []) {
      const found = other.addresses.find((a) => !a.secondary && a.scope !== 'link'
        && SCOPE_NUMBER[a.scope] <= SCOPE_NUMBER[scope])
      if (found !== undefined) return found.addr
    }
    return IPV4_ANY
  }

  /** Read once per change: a sysctl by its name costs more than all the rest of a packet's way through a router. */
  #policyOf(device: Device): DevicePolicy {
    let policy = this.#policies.get(device)
    if (policy === undefined) {
      policy = {
        forwards: this.#conf(device.name, 'forwarding') !== 0,
        // max(all, device), as arp_ignore and its kin combine.
        filter: Math.max(this.#conf('all', 'rp_filter'), this.#conf(device.name, 'rp_filter')),
        sendsRedirects: this.#conf('all', 'send_redirects') !== 0 || this.#conf(device.name, 'send_redirects') !== 0,
        loose: new Map(),
        full: new Map(),
      }
      this.#policies.set(device, policy)
    }
    return policy
  }

  #conf(device: string, name: string): number {
    return this.#sysctl.int(`net.ipv4.conf.${device}.${name}`)
  }

  #enterAddresses(name: string, isUp: boolean, addresses: readonly AddressConfig[]): void {
    const device = this.#devices.get(name)
    if (device === undefined) return
    for (const address of addresses) {
      if (!address.inLocalTable) continue
      if (!this.#local.has(address.addr)) this.#local.set(address.addr, device)
      if (!isUp) continue
      if (device.config.kind === 'loopback') {
        if (address.prefixLength < 32) this.#loopbackNetworks.push(address)
        continue
      }
      if (address.broadcast !== undefined) this.#broadcast.set(address.broadcast, device)
      if (address.prefixLength < 31) this.#broadcast.set(broadcastOf(address.addr, address.prefixLength), device)
    }
  }

  #work(dst: IpAddr): Route {
    const lo = this.#lo as Device
    if (this.#local.has(dst)) return plain('local', lo, dst, dst)
    const broadcastDevice = this.#broadcast.get(dst)
    if (broadcastDevice !== undefined) {
      return plain('broadcast', broadcastDevice, dst, this.selectSource(broadcastDevice, dst, 'link'))
    }
    const loopbackNetwork = this.#loopbackNetworks.find((network) => inPrefix(dst, network.addr, network.prefixLength))
    if (loopbackNetwork !== undefined) return plain('local', lo, dst, loopbackNetwork.addr)
    if (dst === IPV4_BROADCAST) {
      const device = [...this.#devices.values()].find((other) => other.config.kind === 'ethernet' && other.config.isUp) ?? lo
      return plain('broadcast', device, dst, this.selectSource(device, IPV4_ANY, 'link'))
    }
    for (const config of this.#routes) {
      if (!inPrefix(dst, config.network, config.prefixLength)) continue
      if (config.type !== 'unicast') return { ...plain(config.type, lo, dst, IPV4_ANY), via: config }
      const device = this.#devices.get(config.device)
      if (device === undefined || !device.config.isUp) continue
      const redirect = this.#redirects.get(dst)
      const gateway = redirect !== undefined && redirect.from === config.gateway ? redirect.to : config.gateway
      const source = config.preferredSource ?? this.selectSource(device, config.gateway ?? IPV4_ANY, config.scope)
      return { type: 'unicast', device, nextHop: gateway ?? dst, gateway, source, via: config }
    }
    return plain('none', lo, dst, IPV4_ANY)
  }

  #validateLoosely(src: IpAddr, device: Device): SourceVerdict {
    return this.hasAddress(src) && !this.#acceptsLocal(device) ? 'martian-source' : 'routed'
  }

  #acceptsLocal(device: Device): boolean {
    return this.#conf(device.name, 'accept_local') !== 0 || this.#sysctl.int('net.ipv4.conf.all.accept_local') !== 0
  }

  /** __fib_validate_source(): the way back must exist (2) or be by the device it came from (1). */
  #validateFully(src: IpAddr, device: Device, filter: number): SourceVerdict {
    const back = this.lookup(src)
    if (back.type === 'broadcast' || (back.type === 'local' && !this.#acceptsLocal(device))) return 'martian-source'
    if (back.type !== 'unicast' && back.type !== 'local') return filter !== 0 ? 'rp-filter' : 'routed'
    const verdict: SourceVerdict = back.gateway === undefined ? 'on-link' : 'routed'
    // The route to one of its own addresses ends at the device that has it.
    const backDevice = back.type === 'local' ? this.#local.get(src) ?? back.device : back.device
    if (backDevice === device) return verdict
    if (device.config.addresses.length === 0) return filter !== 0 ? 'rp-filter' : 'routed'
    if (filter === 1) return 'rp-filter'
    const byDevice = this.#routes.find((route) => route.device === device.name
      && inPrefix(src, route.network, route.prefixLength))
    if (byDevice === undefined) return 'routed'
    return byDevice.gateway === undefined ? 'on-link' : 'routed'
  }
}

/** True for a source that never comes over a wire: 0/8, 127/8, broadcast, multicast. */
export function isMartianSource(src: IpAddr): boolean {
  return src === IPV4_BROADCAST || isLoopback(src) || isMulticast(src) || src >>> 24 === 0
}

function plain(type: Route['type'], device: Device, dst: IpAddr, source: IpAddr): Route {
  return { type, device, nextHop: dst, gateway: undefined, source, via: undefined }
}
