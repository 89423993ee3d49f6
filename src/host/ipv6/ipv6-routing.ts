/**
 * Which way an IPv6 packet goes: addresses of the host, then the main table by longest prefix; and which source it gets
 * (RFC 6724). Follows fib6_table_lookup() and ipv6_dev_get_saddr(). There are no rules, no multipath and no subtrees by source;
 * of the label table only ::1, ULA (fc00::/7) and the rest are told apart.
 * @module
 */
import { inPrefix, IPV6_ANY, ipWords, isLinkLocal, isLoopback, isMulticast, type IpAddr } from '../../wire/address.ts'
import type { Ipv6AddressConfig, Ipv6RouteConfig } from '../config/ipv6-config.ts'
import type { NetConfig } from '../config/net-config.ts'
import type { Device } from '../device.ts'
import type { Route } from '../routing.ts'

/** The IPv6 routing of one host. */
export class Ipv6Routing {
  #devices: ReadonlyMap<string, Device> = new Map()
  #lo: Device | undefined
  #addresses: readonly Ipv6AddressConfig[] = []
  #routes: readonly Ipv6RouteConfig[] = []
  #speaking: ReadonlySet<string> = new Set()
  readonly #cache = new Map<IpAddr, Route>()

  /** Takes over a configuration. `devices` has every device of `net`, `lo` among them. */
  reset(net: NetConfig, devices: ReadonlyMap<string, Device>): void {
    this.#devices = devices
    this.#lo = devices.get('lo')
    // Device by device: the first one decides between sources that no rule tells apart.
    const places = new Map(net.ipv6.addresses.map(({ device }) => [device, net.devices.findIndex(({ name }) => name === device)]))
    const placeOf = ({ device }: Ipv6AddressConfig): number => places.get(device) ?? 0
    this.#addresses = [...net.ipv6.addresses].sort((a, b) => placeOf(a) - placeOf(b))
    // Longest prefix first, then the smallest metric; the order of adding decides among equals (sort is stable).
    this.#routes = [...net.ipv6.routes].sort((a, b) => b.prefixLength - a.prefixLength || a.metric - b.metric)
    this.#speaking = new Set(net.ipv6.devices)
    this.#cache.clear()
  }

  /** True for a device that speaks IPv6. */
  speaks(device: Device): boolean {
    return this.#speaking.has(device.name)
  }

  /** The route to a destination; for what has a meaning on one link only, by `device` where it is given. */
  lookup(dst: IpAddr, device?: Device): Route {
    if (isMulticast(dst) || isLinkLocal(dst)) return this.#onLink(dst, device)
    const cached = this.#cache.get(dst)
    if (cached !== undefined) return cached
    const route = this.#work(dst)
    this.#cache.set(dst, route)
    return route
  }

  /** True for an address of this host that is known to be nobody else's. */
  isLocal(addr: IpAddr): boolean {
    return this.#addresses.some((address) => address.addr === addr && address.state === 'valid')
  }

  /** The address as this very device has it. */
  findAddress(device: Device, addr: IpAddr): Ipv6AddressConfig | undefined {
    return this.#addresses.find((address) => address.device === device.name && address.addr === addr)
  }

  /** True for a group that somebody on this host listens to by the device: all nodes, and those of its addresses. */
  hears(device: Device, group: IpAddr): boolean {
    const [a, b, c, d = 0] = ipWords(group)
    if (a === 0xff020000 && b === 0 && c === 0 && d === 1) return true
    return a === 0xff020000 && b === 0 && c === 1 && this.#addresses.some(({ device: name, addr }) => name === device.name
      && ((ipWords(addr)[3] ?? 0) & 0xffffff) === (d & 0xffffff) && d >>> 24 === 0xff)
  }

  /** The device on whose link this address of the host has its meaning: of a link-local one, the device that has it. */
  linkOf(addr: IpAddr): Device | undefined {
    if (!isLinkLocal(addr)) return undefined
    const own = this.#addresses.find((address) => address.addr === addr)
    return own === undefined ? undefined : this.#devices.get(own.device)
  }

  /** The link-local address of a device. */
  linkLocalOf(device: Device): IpAddr | undefined {
    return this.#addresses.find((address) => address.device === device.name && address.scope === 'link'
      && address.state === 'valid')?.addr
  }

  /**
   * The source for packets to `dst` by `device`; `::` when there is none. Of the rules of RFC 6724, 1 (the same address), 2
   * (scope), 3 (not deprecated), 5 (of the outgoing device), 6 (label) and 8 (longest common prefix, which counts no further
   * than the prefix of the address) are applied.
   */
  selectSource(device: Device, dst: IpAddr): IpAddr {
    const needsLink = isMulticast(dst) || isLinkLocal(dst)
    let best: Ipv6AddressConfig | undefined
    for (const address of this.#addresses) {
      if (address.state !== 'valid' || (needsLink && address.device !== device.name)) continue
      if (isLoopback(address.addr) !== isLoopback(dst) && isLoopback(address.addr)) continue
      if (best === undefined || isBetter(address, best, { device, dst })) best = address
    }
    return best?.addr ?? IPV6_ANY
  }

  #onLink(dst: IpAddr, device: Device | undefined): Route {
    const lo = this.#lo as Device
    // What has come round by `lo` was for an address of any device.
    const own = this.#addresses.find(({ addr, state, device: name }) => addr === dst && state === 'valid'
      && (device === undefined || device === lo || device.name === name))
    if (own !== undefined) return plain('local', lo, dst)
    const way = device ?? [...this.#devices.values()].find((other) => this.#isLink(other))
    if (way === undefined || !this.#isLink(way)) return plain('none', lo, IPV6_ANY)
    return plain('unicast', way, this.selectSource(way, dst))
  }

  #isLink(device: Device): boolean {
    return device.config.isUp && device.config.kind !== 'loopback' && this.speaks(device)
  }

  #work(dst: IpAddr): Route {
    const lo = this.#lo as Device
    if (this.isLocal(dst)) return plain('local', lo, dst)
    for (const config of this.#routes) {
      if (!inPrefix(dst, config.network, config.prefixLength)) continue
      if (config.type !== 'unicast') return { ...plain(config.type, lo, IPV6_ANY), via: config }
      const device = this.#devices.get(config.device)
      if (device === undefined || !device.config.isUp) continue
      const source = config.preferredSource ?? this.selectSource(device, dst)
      return { type: 'unicast', device, nextHop: config.gateway, gateway: config.gateway, source, via: config }
    }
    return plain('none', lo, IPV6_ANY)
  }
}

/** True when `a` is better than `b` by the first rule in which they differ. */
function isBetter(a: Ipv6AddressConfig, b: Ipv6AddressConfig, { device, dst }: { device: Device, dst: IpAddr }): boolean {
  if (a.addr === dst || b.addr === dst) return a.addr === dst && b.addr !== dst
  const wanted = scopeNumber(dst)
  const [scopeA, scopeB] = [scopeNumber(a.addr), scopeNumber(b.addr)]
  if (scopeA !== scopeB) return scopeA < scopeB ? scopeA >= wanted : scopeB < wanted
  if (a.isDeprecated !== b.isDeprecated) return b.isDeprecated
  if ((a.device === device.name) !== (b.device === device.name)) return a.device === device.name
  const label = labelOf(dst)
  if ((labelOf(a.addr) === label) !== (labelOf(b.addr) === label)) return labelOf(a.addr) === label
  return commonBits(a, dst) > commonBits(b, dst)
}

/** Scopes by their numbers in multicast addresses (RFC 4291 2.7): link 2, global 14. */
function scopeNumber(addr: IpAddr): number {
  if (isMulticast(addr)) return ((ipWords(addr)[0] ?? 0) >>> 16) & 15
  return isLinkLocal(addr) || isLoopback(addr) ? 2 : 14
}

function labelOf(addr: IpAddr): number {
  if (isLoopback(addr)) return 0
  return (ipWords(addr)[0] ?? 0) >>> 25 === 0xfc >>> 1 ? 13 : 1
}

function commonBits(address: Ipv6AddressConfig, dst: IpAddr): number {
  const [a, b] = [ipWords(address.addr), ipWords(dst)]
  const index = a.findIndex((word, at) => word !== b[at])
  const common = index < 0 ? 128 : 32 * index + Math.clz32((a[index] ?? 0) ^ (b[index] ?? 0))
  return Math.min(common, address.prefixLength)
}

function plain(type: Route['type'], device: Device, source: IpAddr): Route {
  return { type, device, nextHop: undefined, gateway: undefined, source, via: undefined }
}
