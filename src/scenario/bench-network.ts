/**
 * The network that the engine is measured on: 8 clients, one router, and servers. Each host has a link of its own to the router,
 * or there is a switch on either side of it. A service may stand before the servers: then clients know its address only, and
 * a director forwards by NAT, DR or TUN.
 * @module
 */
import { assert, InvariantError, present } from '../base/assert.ts'
import type { Result } from '../base/result.ts'
import { NS_PER_MICROSECOND } from '../base/units.ts'
import { addAddress } from '../host/config/addresses.ts'
import { setDeviceUp } from '../host/config/devices.ts'
import type { Host } from '../host/host.ts'
import { addressId, IPIP_TUNNEL, type ForwardingMethod } from '../ipvs/control/rules.ts'
import { findIpvs } from '../ipvs/director.ts'
import { DEFAULT_LINK, type LinkOptions } from '../link/link.ts'
import { IPV4_ANY, MAC_ZERO, type IpAddr, type MacAddr } from '../wire/address.ts'
import { World, type NicSpec } from './world.ts'

/** Point-to-point links without addresses of their own, or Ethernet: one switch for the clients and one for the servers. */
export const BENCH_NETWORKS = ['ptp', 'switched'] as const
/** One of the two. */
export type BenchNetworkKind = (typeof BENCH_NETWORKS)[number]

/** Plain routing to servers that the clients know, or a director that forwards. */
export const BENCH_FORWARDS = ['route', 'nat', 'dr', 'tun'] as const
/** One of these. */
export type BenchForward = (typeof BENCH_FORWARDS)[number]

/** Clients of every network. */
export const BENCH_CLIENTS = 8
/** Links of their own need no neighbor tables, of which a host has 1024 entries (net.ipv4.neigh.default.gc_thresh3). */
export const BENCH_SERVERS_MAX: Readonly<Record<BenchNetworkKind, number>> = { ptp: 10_000, switched: 1000 }

/** What is built. */
export interface BenchNetworkOptions {
  readonly kind: BenchNetworkKind
  readonly forward: BenchForward
  readonly servers: number
  /** 1..50. */
  readonly addressesOfClient: number
  /** What the service before the servers balances. */
  readonly service: { readonly protocol: number, readonly port: number }
}

const CLIENT_LINK: LinkOptions = { ...DEFAULT_LINK, framing: 'ppp', rateBitsPerSecond: 1e10, delayNs: 50 * NS_PER_MICROSECOND }
const SERVER_LINK: LinkOptions = { ...DEFAULT_LINK, framing: 'ppp', rateBitsPerSecond: 1e9, delayNs: 10 * NS_PER_MICROSECOND }
/** Of the router and the director to a switch: all requests cross it. */
const TRUNK: LinkOptions = { ...DEFAULT_LINK, rateBitsPerSecond: 1e10 }

/** Second octets of the addresses on either side. */
const CLIENT_SIDE = 1
const SERVER_SIDE = 100
type Side = typeof CLIENT_SIDE | typeof SERVER_SIDE
const FRONT = addressOf(CLIENT_SIDE, 0)
const BACK = addressOf(SERVER_SIDE, 0)
const ROUTER = 1
const DIRECTOR = 2
/** The service's address on links of its own; on a switch it is an address of that network. */
const VIP_APART = addressOf(99, 0) + 1 as IpAddr
const VIP_PART = 100

/** The network, ready for traffic. */
export class BenchNetwork {
  readonly world = new World('42')
  readonly clients: readonly Host[]
  readonly servers: readonly Host[]
  readonly #options: BenchNetworkOptions
  readonly #serverAddresses: readonly IpAddr[]
  readonly #vip: IpAddr
  #macs = 0x0200_0000_0000

  constructor(options: BenchNetworkOptions) {
    const { kind, forward, servers } = options
    assert(servers >= 1 && servers <= BENCH_SERVERS_MAX[kind], `there are 1..${BENCH_SERVERS_MAX[kind]} servers`)
    this.#options = options
    this.#vip = kind === 'ptp' ? VIP_APART : (forward === 'nat' ? FRONT : BACK) + VIP_PART as IpAddr
    this.world.addHost({ name: 'router' }).sysctl.set('net.ipv4.ip_forward', '1')
    if (kind === 'switched') this.#plugRouter()
    const clients = numbers(BENCH_CLIENTS).map((i) => this.#addLeaf(`client${i}`, CLIENT_SIDE, i))
    const leaves = numbers(servers).map((i) => this.#addLeaf(`server${i}`, SERVER_SIDE, i))
    this.clients = clients.map(({ host }) => host)
    this.servers = leaves.map(({ host }) => host)
    this.#serverAddresses = leaves.map(({ addr }) => addr)
    if (forward !== 'route') this.#addService(forward)
  }

  /** Where a client sends what is for a server: to the server itself, or to the service. */
  targetOf(server: number): IpAddr {
    return this.#options.forward === 'route' ? present(this.#serverAddresses[server], `server ${server}`) : this.#vip
  }

  /** Where a server listens: under DR and TUN at the address of the service, so that datagrams are answered from there. */
  get listenAddress(): IpAddr {
    const { forward } = this.#options
    return forward === 'dr' || forward === 'tun' ? this.#vip : IPV4_ANY
  }

  /** An address of a client: each has as many, in a row on its own link, in a column on a switch. */
  clientAddress(client: number, index: number): IpAddr {
    if (this.#options.kind === 'ptp') return addressOf(CLIENT_SIDE, client) + 2 + index as IpAddr
    return leafAddress(CLIENT_SIDE, client) + index * 0x100 as IpAddr
  }

  /** A client or a server: on its side of the router, which is its way to everywhere. */
  #addLeaf(name: string, side: Side, index: number): { readonly host: Host, readonly addr: IpAddr } {
    const { world } = this
    const host = world.addHost({ name })
    const link = side === CLIENT_SIDE ? CLIENT_LINK : SERVER_LINK
    const { kind, addressesOfClient } = this.#options
    const addr = kind === 'ptp' ? addressOf(side, index) + 2 as IpAddr : leafAddress(side, index)
    const gateway = addressOf(side, kind === 'ptp' ? index : 0) + ROUTER as IpAddr
    if (kind === 'ptp') {
      world.join(nicSpec(name, 'ppp0', MAC_ZERO, addr, 24), nicSpec('router', name, MAC_ZERO, gateway, 24), link)
    } else {
      const segment = side === CLIENT_SIDE ? 'front' : 'back'
      world.plug(nicSpec(name, 'eth0', this.#nextMac(), addr, 16), segment, { ...link, framing: 'ethernet' })
    }
    const refused = world.addRoute(name, { network: IPV4_ANY, prefixLength: 0, gateway })
    assert(refused === undefined, `${name} has a default route`)
    const [device, prefixLength] = kind === 'ptp' ? ['ppp0', 24] as const : ['eth0', 16] as const
    for (let i = 1; side === CLIENT_SIDE && i < addressesOfClient; i++) {
      host.reconfigure(accepted(addAddress(host.net, device, { addr: this.clientAddress(index, i), prefixLength })))
    }
    return { host, addr }
  }

  #plugRouter(): void {
    for (const segment of ['front', 'back']) this.world.addSegment(segment)
    this.world.plug(nicSpec('router', 'eth0', this.#nextMac(), FRONT + ROUTER as IpAddr, 16), 'front', TRUNK)
    this.world.plug(nicSpec('router', 'eth1', this.#nextMac(), BACK + ROUTER as IpAddr, 16), 'back', TRUNK)
  }

  #addService(method: ForwardingMethod): void {
    const { kind, service: { protocol, port } } = this.#options
    const director = this.#director(method)
    director.modules.load('ip_vs')
    const ipvs = present(findIpvs(director), 'IPVS of the director')
    const service = addressId(protocol, this.#vip, port)
    const options = {
      scheduler: 'rr', schedulerFlags: 0, persistenceSeconds: undefined, netmask: 0xffffffff, engine: '', onePacket: false,
    }
    accepted(ipvs.apply({ kind: 'add-service', service, options }))
    // The kernel puts the newest first, and begins there.
    for (const addr of [...this.#serverAddresses].reverse()) {
      accepted(ipvs.apply({
        kind: 'add-destination', service,
        destination: { addr, port, method, weight: 1, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL },
      }))
    }
    if (method === 'nat') return
    for (const server of this.servers) takeRequestsOf(server, this.#vip, method)
    // Answers come back through the director, from an address that is its own.
    if (kind === 'ptp') director.sysctl.set('net.ipv4.conf.all.accept_local', '1')
  }

  /** The router itself, where it is the only neighbor of the servers or their gateway; else a host beside the servers. */
  #director(method: ForwardingMethod): Host {
    const { world } = this
    if (this.#options.kind === 'ptp' || method === 'nat') {
      const router = world.host('router')
      addVip(router, this.#options.kind === 'ptp' ? 'lo' : 'eth0', this.#vip)
      return router
    }
    const director = world.addHost({ name: 'director' })
    world.plug(nicSpec('director', 'eth0', this.#nextMac(), BACK + DIRECTOR as IpAddr, 16), 'back', TRUNK)
    addVip(director, 'eth0', this.#vip)
    return director
  }

  #nextMac(): MacAddr {
    return ++this.#macs as MacAddr
  }
}

/** A real server of DR or TUN has the service's address, hidden from ARP. */
function takeRequestsOf(server: Host, vip: IpAddr, method: 'dr' | 'tun'): void {
  server.sysctl.set('net.ipv4.conf.all.arp_ignore', '1')
  server.sysctl.set('net.ipv4.conf.all.arp_announce', '2')
  if (method === 'tun') {
    server.modules.load('ipip')
    server.reconfigure(accepted(setDeviceUp(server.net, 'tunl0')))
  }
  addVip(server, method === 'dr' ? 'lo' : 'tunl0', vip)
}

function addVip(host: Host, device: string, addr: IpAddr): void {
  host.reconfigure(accepted(addAddress(host.net, device, { addr, prefixLength: 32 })))
}

function nicSpec(host: string, device: string, mac: MacAddr, addr: IpAddr, prefixLength: number): NicSpec {
  return { host, device, mac, mtuBytes: 1500, addresses: [{ addr, prefixLength }] }
}

/** A /24 of its own per link: 10.`first`.0.0 and on, 250 to each second octet. */
function addressOf(first: number, index: number): number {
  return 10 * 0x1000000 + (first + Math.floor(index / 250)) * 0x10000 + (index % 250) * 0x100
}

/** On a switch: from 10.`side`.1.1 on, 250 to each third octet. */
function leafAddress(side: number, index: number): IpAddr {
  return addressOf(side, 0) + 0x101 + Math.floor(index / 250) * 0x100 + index % 250 as IpAddr
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function accepted<T, E>(result: Result<T, E>): T {
  if (!result.ok) throw new InvariantError(`a checked configuration was refused: ${JSON.stringify(result.error)}`)
  return result.value
}
