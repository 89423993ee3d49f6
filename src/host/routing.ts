/**
 * Which way a packet goes: tables by longest prefix, the rules that choose among them, source selection, and reverse-path
 * validation. Answers come from caches that are dropped whenever the configuration or a sysctl changes.
 * Follows fib_lookup(), ip_route_output_key_hash_rcu(), fib_validate_source() and inet_select_addr(). No multipath.
 * @module
 */
import { inPrefix, IPV4_ANY, IPV4_BROADCAST, isLoopback, isMulticast, type IpAddr } from '../wire/address.ts'
import { AddressSet } from './address-set.ts'
import type { NetConfig, RouteConfig, Scope } from './config/net-config.ts'
import { localRoutes } from './config/routes.ts'
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN } from './config/rules.ts'
import type { Device } from './device.ts'
import { readDevicePolicy, type DevicePolicy, type SourceVerdict } from './device-policy.ts'
import { FibTable } from './fib-table.ts'
import { findByRules, flowNaming, leadsOn, type Flow, type Found } from './policy-rules.ts'
import { RouteCache } from './route-cache.ts'
import type { SysctlRegistry } from './sysctl.ts'

/** What the tables say of a destination; those that one entry leads to have one route. */
export interface Route {
  /** `none`: no table has anything. */
  readonly type: 'unicast' | 'local' | 'broadcast' | 'blackhole' | 'unreachable' | 'prohibit' | 'none'
  /** The way out; for `local` and what goes nowhere, `lo`. */
  readonly device: Device
  /** Whom the frame is for, where that is not the destination itself. See `nextHopOf`. */
  readonly nextHop: IpAddr | undefined
  readonly gateway: IpAddr | undefined
  /** The address a packet gets that has none yet. */
  readonly source: IpAddr
  /** The route of a table behind it, but for those that come with addresses; for those who explain. */
  readonly via: Pick<RouteConfig, 'network' | 'prefixLength'> | undefined
  /** The MTU that the route asks for, where it does. See `routeMtuBytes`. */
  readonly mtuBytes?: number | undefined
  /** The MSS to ask for, where the route says. */
  readonly advertisedMss?: number | undefined
  /** The table that it was found in, as `ip route get` tells it: `main`, too, for what `local` has while the two are one. */
  readonly table?: number | undefined
}

/** What a route depends on beside the destination: a packet, or the little that is known of one. */
export interface Origin {
  /** 0.0.0.0 while there is none yet. */
  readonly src: IpAddr
  /** 0 unless given. */
  readonly mark?: number
}

/** Largest packet that may go by a route without being cut, as far as route and device know. */
export function routeMtuBytes({ mtuBytes, device }: Route): number {
  const deviceBytes = device.config.mtuBytes
  return mtuBytes === undefined || mtuBytes > deviceBytes ? deviceBytes : mtuBytes
}

/** Whom the frame of a packet to `dst` is for (rt_nexthop): the gateway, else the destination itself. */
export function nextHopOf({ nextHop }: Route, dst: IpAddr): IpAddr {
  return nextHop ?? dst
}

/** The one place where a route of IPv4 is built, so that all have one shape: every packet meets them. */
function makeRoute({ type, device, nextHop, gateway, source, via, mtuBytes, advertisedMss, table }: Route): Route {
  return { type, device, nextHop, gateway, source, via, mtuBytes, advertisedMss, table }
}

/** The route with a next hop that packets do not name themselves. */
export function withNextHop(route: Route, nextHop: IpAddr): Route {
  return makeRoute({ ...route, nextHop })
}

const UNBOUND: Origin = { src: IPV4_ANY }

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
  readonly #tables = new Map<number, FibTable>()
  /** The addresses of the devices. */
  readonly #local = new AddressSet()
  /** Names flows as rules tell them apart; undefined while there are no rules but the initial ones. */
  #nameOf: ((flow: Flow) => string) | undefined
  /** Routes by the names of flows and their destinations, where rules decide. */
  readonly #byFlow = new Map<string, Map<IpAddr, Route>>()
  /** Routes by their destinations, where none decide. */
  readonly #cache = new RouteCache()
  /** Of them, those of packets that came over a wire and that nothing about their destination turned away. */
  readonly #inputs = new RouteCache()
  /** While no rules decide, the one route of all destinations that an entry leads to. */
  readonly #shared = new Map<RouteConfig, Route>()
  /** By the numbers of the devices. */
  readonly #policies: (DevicePolicy | undefined)[] = []
  readonly #redirects = new Map<IpAddr, Redirect>()
  #generation = 0
  /** The tables are made when they are first asked: a host is configured in many steps, and sends nothing in between. */
  #areTablesOld = false

  constructor(sysctl: SysctlRegistry) {
    this.#sysctl = sysctl
  }

  /** Takes over a configuration. `devices` has every device of `net`, `lo` among them. */
  reset(net: NetConfig, devices: ReadonlyMap<string, Device>): void {
    this.#net = net
    this.#devices = devices
    this.#lo = devices.get('lo')
    this.#areTablesOld = true
    this.#nameOf = net.policy.isCustom ? flowNaming(net.policy.rules) : undefined
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
    this.#forgetRoutes()
    this.#policies.length = 0
  }

  /** Sends packets for `dst` by another gateway while their route has the gateway `from`, as an accepted redirect asks. */
  redirect(dst: IpAddr, redirect: Redirect): void {
    this.#redirects.set(dst, redirect)
    this.#forgetRoutes()
  }

  /** Ends the redirect of a destination. */
  forgetRedirect(dst: IpAddr): void {
    this.#redirects.delete(dst)
    this.#forgetRoutes()
  }

  /** Ends all redirects, and the use of routes that were looked up before (`ip route flush cache`). */
  forgetRedirects(): void {
    this.#redirects.clear()
    this.#forgetRoutes()
    this.expire()
  }

  /** True once rules decide: then more than the destination decides. */
  get hasRules(): boolean {
    return this.#nameOf !== undefined
  }

  /**
   * The route to a destination: of a packet that came in by `inDevice`, or of one that the host itself sends. Without rules
   * nothing but the destination counts.
   */
  lookup(dst: IpAddr, origin: Origin = UNBOUND, inDevice?: Device): Route {
    if (this.#nameOf !== undefined) return this.#lookupByRules(this.#nameOf, flowOf(dst, origin, inDevice))
    return this.#cache.find(dst) ?? this.#learn(dst, origin, inDevice)
  }

  /**
   * The route of a packet that came in by `device`, where all that is asked of such packets is known to be so: what
   * `validateSource` would say is `routed`. Undefined for any other, which may be as good.
   */
  findInput(src: IpAddr, dst: IpAddr, device: Device): Route | undefined {
    const policy = this.#policies[device.ifindex]
    if (policy?.isOpen !== true || maybeMartian(src) || (!policy.acceptsLocal && this.#local.has(src))) return undefined
    const route = this.#inputs.find(dst)
    if (route === undefined || route.type !== 'unicast') return route
    return policy.forwards && !(route.device === device && policy.sendsRedirects) ? route : undefined
  }

  /** Takes note that packets to `dst` that come over a wire may have this route. */
  learnInput(dst: IpAddr, route: Route): void {
    if (!this.hasRules && this.#inputs.find(dst) === undefined) this.#inputs.add(dst, route)
  }

  /** The route of a packet of the host itself that must leave by `device`: on link where no table knows one. */
  lookupBy(device: Device, dst: IpAddr, origin: Origin): Route {
    const found = this.#work({ ...flowOf(dst, origin, undefined), outDevice: device.name })
    if (found.type === 'unicast' || found.type === 'local' || found.type === 'broadcast') return found
    const source = this.selectSource(device, IPV4_ANY, 'link')
    return makeRoute({ type: 'unicast', device, nextHop: undefined, gateway: undefined, source, via: undefined })
  }

  /** True for an address that the local table has: any of 127.0.0.0/8 and of the networks configured on `lo` included. */
  isLocal(addr: IpAddr): boolean {
    return this.hasAddress(addr) || this.#tables.get(TABLE_LOCAL)?.find(addr, this.#isUsable)?.type === 'local'
  }

  /** True when one of the host's devices has exactly this address (inet_lookup_ifaddr_rcu). */
  hasAddress(addr: IpAddr): boolean {
    if (this.#areTablesOld) this.#makeTables()
    return this.#local.has(addr)
  }

  /**
   * Checks the source of a packet that came in by `device` and is to leave by `out` (undefined: it is for this host); `packet` is
   * what rules may want to see of it. `on-link` means that the sender is a direct neighbor.
   */
  validateSource(
    src: IpAddr, device: Device, out: Device | undefined,
    packet: { readonly dst: IpAddr, readonly mark: number } = { dst: IPV4_ANY, mark: 0 },
  ): SourceVerdict {
    const policy = this.#policyOf(device)
    const isStrict = policy.filter !== 0 || (out === device && policy.sendsRedirects)
    if (!isStrict && policy.acceptsLocal) return 'routed'
    const isFull = isStrict || this.hasRules || this.#net?.policy.hasLocalRoutes === true
    if (isFull && this.hasRules) {
      const back: Origin = { src: packet.dst, mark: policy.usesMark ? packet.mark : 0 }
      return this.#validateFully(flowOf(src, back, out), device, policy)
    }
    if (!isFull) return this.hasAddress(src) ? 'martian-source' : 'routed'
    let verdict = policy.verdicts.get(src | 0)
    if (verdict === undefined) {
      verdict = this.#validateFully(flowOf(src, UNBOUND, undefined), device, policy)
      policy.verdicts.set(src | 0, verdict)
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

  #policyOf(device: Device): DevicePolicy {
    return this.#policies[device.ifindex] ??= readDevicePolicy(
      this.#sysctl, device, this.hasRules || this.#net?.policy.hasLocalRoutes === true,
    )
  }

  #forgetRoutes(): void {
    this.#cache.clear()
    this.#inputs.clear()
    this.#shared.clear()
    this.#byFlow.clear()
  }

  #makeTables(): void {
    const net = this.#net as NetConfig
    this.#areTablesOld = false
    this.#tables.clear()
    this.#local.clear()
    for (const { name, addresses } of net.devices) {
      if (!this.#devices.has(name)) continue
      for (const { addr, inLocalTable } of addresses) if (inLocalTable) this.#local.add(addr)
    }
    const { isCustom, tables } = net.policy
    const own = [...localRoutes(net), ...net.routes.filter((route) => route.table === TABLE_LOCAL)]
    const main = net.routes.filter((route) => route.table === TABLE_MAIN)
    const joint = new FibTable(isCustom ? main : [...own, ...main])
    this.#tables.set(TABLE_MAIN, joint)
    this.#tables.set(TABLE_LOCAL, isCustom ? new FibTable(own) : joint)
    for (const table of tables) this.#tables.set(table, new FibTable(net.routes.filter((route) => route.table === table)))
  }

  readonly #isUsable = (route: RouteConfig): boolean => {
    return !(route.type === 'unicast' || route.type === 'broadcast') || this.#devices.get(route.device)?.config.isUp === true
  }

  #learn(dst: IpAddr, origin: Origin, inDevice: Device | undefined): Route {
    const route = this.#work(flowOf(dst, origin, inDevice))
    this.#cache.add(dst, route)
    return route
  }

  #lookupByRules(nameOf: (flow: Flow) => string, flow: Flow): Route {
    const name = nameOf(flow)
    let routes = this.#byFlow.get(name)
    if (routes === undefined) this.#byFlow.set(name, routes = new Map<IpAddr, Route>())
    let route = routes.get(flow.dst)
    if (route === undefined) routes.set(flow.dst, route = this.#work(flow))
    return route
  }

  /** fib_lookup(): by the rules, or without any in `main` (and `local`, which is part of it then) and `default`. */
  #find(flow: Flow): Found {
    if (this.#areTablesOld) this.#makeTables()
    const isRight = flow.outDevice === undefined ? this.#isUsable
      : (route: RouteConfig): boolean => this.#isUsable(route) && (!leadsOn(route) || route.device === flow.outDevice)
    const look = (table: number): RouteConfig | undefined => this.#tables.get(table)?.find(flow.dst, isRight)
    const { policy } = this.#net as NetConfig
    if (policy.isCustom) return findByRules(policy.rules, flow, look)
    const found = look(TABLE_MAIN)
    return found !== undefined && leadsOn(found) ? found : look(TABLE_DEFAULT) ?? found
  }

  #work(flow: Flow): Route {
    const { dst } = flow
    const lo = this.#lo as Device
    const nowhere = { device: lo, nextHop: undefined, gateway: undefined, source: IPV4_ANY, via: undefined }
    if (dst === IPV4_BROADCAST) {
      const device = [...this.#devices.values()].find((other) => other.config.kind === 'ethernet' && other.config.isUp) ?? lo
      return makeRoute({ ...nowhere, type: 'broadcast', device, source: this.selectSource(device, IPV4_ANY, 'link') })
    }
    const found = this.#find(flow)
    if (found === undefined) return makeRoute({ ...nowhere, type: 'none' })
    // What a rule says of unreachable is said as if nothing had been found (fib4_rule_action).
    if (typeof found === 'string') return makeRoute({ ...nowhere, type: found === 'unreachable' ? 'none' : found })
    const shared = this.#redirects.has(dst) ? undefined : this.#shared.get(found)
    if (shared !== undefined) return shared
    const isJoint = found.table === TABLE_LOCAL && !this.hasRules
    const known = {
      ...nowhere, table: isJoint ? TABLE_MAIN : found.table,
      via: found.table === TABLE_LOCAL && found.origin === 'kernel' ? undefined : found,
      mtuBytes: found.mtuBytes, advertisedMss: found.advertisedMss,
    }
    const device = this.#devices.get(found.device) ?? lo
    switch (found.type) {
      case 'throw': return makeRoute({ ...nowhere, type: 'none' })
      case 'local': return makeRoute({ ...known, type: 'local', source: found.preferredSource ?? dst })
      case 'broadcast': {
        const source = found.preferredSource ?? this.selectSource(device, dst, 'link')
        return makeRoute({ ...known, type: 'broadcast', device, source })
      }
      case 'unicast': {
        const redirect = this.#redirects.get(dst)
        const gateway = redirect !== undefined && redirect.from === found.gateway ? redirect.to : found.gateway
        const source = found.preferredSource ?? this.selectSource(device, found.gateway ?? IPV4_ANY, found.scope)
        const route = makeRoute({ ...known, type: 'unicast', device, nextHop: gateway, gateway, source })
        if (gateway === found.gateway && !this.hasRules) this.#shared.set(found, route)
        return route
      }
      default: return makeRoute({ ...known, type: found.type })
    }
  }

  /** __fib_validate_source(): the way back (`flow`) must exist (2) or be by the device it came from (1). */
  #validateFully(flow: Flow, device: Device, { filter, acceptsLocal }: DevicePolicy): SourceVerdict {
    const back = this.#find(flow)
    if (typeof back === 'string' || back === undefined || !leadsOn(back)) return filter !== 0 ? 'rp-filter' : 'routed'
    if (back.type === 'broadcast' || (back.type === 'local' && !acceptsLocal)) return 'martian-source'
    // The route to one of its own addresses ends at the device that has it.
    if (back.device === device.name) return back.gateway === undefined ? 'on-link' : 'routed'
    if (device.config.addresses.length === 0) return filter !== 0 ? 'rp-filter' : 'routed'
    if (filter === 1) return 'rp-filter'
    const byDevice = this.#find({ ...flow, outDevice: device.name })
    const isNeighbor = typeof byDevice === 'object' && byDevice.type === 'unicast' && byDevice.gateway === undefined
    return isNeighbor ? 'on-link' : 'routed'
  }
}

/** True for a source that never comes over a wire: 0/8, 127/8, broadcast, multicast. */
export function isMartianSource(src: IpAddr): boolean {
  return src === IPV4_BROADCAST || isLoopback(src) || isMulticast(src) || src >>> 24 === 0
}

/** True for all of these, and for some that are not. */
function maybeMartian(src: IpAddr): boolean {
  const first = src >>> 24
  return first === 0 || first === 127 || first >= 224
}

function flowOf(dst: IpAddr, { src, mark = 0 }: Origin, inDevice: Device | undefined): Flow {
  return { dst, src, mark, inDevice: inDevice?.name ?? 'lo', outDevice: undefined }
}
