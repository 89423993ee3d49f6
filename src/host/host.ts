/**
 * A Linux box: its devices, tables, hooks and protocols, put together. Each part lives in a file of its own; this one joins
 * them, keeps the configuration, and keeps the books on every packet.
 * @module
 */
import { present } from '../base/assert.ts'
import { hashText } from '../base/hash.ts'
import type { Nic } from '../link/nic.ts'
import { PacketLedger } from '../sim/ledger.ts'
import type { Simulator } from '../sim/simulator.ts'
import { IPV6_ANY, ipWords, isIpv6, isMulticast, type IpAddr, type MacAddr } from '../wire/address.ts'
import { ethernetFrame, type Frame } from '../wire/frame.ts'
import { IPPROTO_TCP, IPPROTO_UDP, type IpPacket } from '../wire/ip-packet.ts'
import { Arp } from './arp.ts'
import { addDevice, setDeviceUp } from './config/devices.ts'
import { INITIAL_NET_CONFIG, type DeviceConfig, type NetConfig } from './config/net-config.ts'
import { Cpu, type CpuOptions } from './cpu.ts'
import type { Device } from './device.ts'
import type { Errno } from './errno.ts'
import { GuePorts } from './gue-ports.ts'
import { Hooks, type Passage } from './hooks.ts'
import { Icmp } from './icmp.ts'
import { IpInput } from './ip-input.ts'
import { IpOutput, refusal } from './ip-output.ts'
import { DROP_REASONS, type DropReason, type IpService, type SendRequest, type TransportProtocol } from './ip-service.ts'
import { Ipv6 } from './ipv6/ipv6.ts'
import { neighborPort } from './neighbor-port.ts'
import { NeighborTable } from './neighbor-table.ts'
import { Netfilter } from './netfilter/netfilter.ts'
import { PathCache } from './path-cache.ts'
import { IcmpEcho } from './ping.ts'
import { DEBIAN_12, KernelModules, type HostProfile } from './profile.ts'
import { nextHopOf, routeMtuBytes, Routing, type Route } from './routing.ts'
import { SysctlRegistry } from './sysctl.ts'
import { defineDeviceSysctls, defineIpv4Sysctls } from './sysctls.ts'
import { TcpProtocol } from './tcp/tcp-protocol.ts'
import { defineTcpSysctls } from './tcp/tcp-sysctls.ts'
import type { HostTrace } from './trace.ts'
import { Tunnels } from './tunnels.ts'
import { UdpProtocol } from './udp.ts'

/** The device that a module brings with it. gretap0 and erspan0, which come with gre0, are not modelled. */
const DEVICES_OF_MODULES: ReadonlyMap<string, Pick<DeviceConfig, 'name' | 'kind' | 'mtuBytes'>> = new Map([
  ['ipip', { name: 'tunl0', kind: 'ipip', mtuBytes: 1480 }],
  ['ip_gre', { name: 'gre0', kind: 'gre', mtuBytes: 1476 }],
])

/** How a host is made; everything has a default but the name. */
export interface HostOptions {
  readonly name: string
  readonly profile?: HostProfile
  /** Shared by hosts that are namespaces of one machine. */
  readonly modules?: KernelModules
  readonly cpu?: CpuOptions
}

/** One host. */
export class Host implements IpService {
  readonly name: string
  readonly sim: Simulator
  readonly profile: HostProfile
  readonly modules: KernelModules
  readonly sysctl = new SysctlRegistry()
  readonly hooks = new Hooks()
  readonly routing: Routing
  readonly paths = new PathCache()
  readonly ledger = new PacketLedger()
  /** How many packets died here, by reason. Live. */
  readonly drops = new Map<DropReason, number>()
  /** Files by absolute path: /etc, /run, /tmp. Live; the tools and the shell write it. */
  readonly files = new Map<string, string>()
  readonly arp: Arp
  readonly icmp: Icmp
  readonly input: IpInput
  readonly output: IpOutput
  readonly tunnels: Tunnels
  readonly guePorts: GuePorts
  readonly netfilter: Netfilter
  readonly ipv6: Ipv6
  readonly tcp: TcpProtocol
  readonly udp: UdpProtocol
  readonly pings: IcmpEcho
  readonly cpu: Cpu | undefined
  /** Set while a run is to be explained. */
  trace: HostTrace | undefined
  #net: NetConfig = INITIAL_NET_CONFIG
  readonly #devices = new Map<string, Device>()
  readonly #nics = new Map<string, Nic>()
  readonly #hashId: number
  #forwarding = '0'

  constructor(sim: Simulator, options: HostOptions) {
    this.sim = sim
    this.name = options.name
    this.#hashId = hashText(options.name)
    this.profile = options.profile ?? DEBIAN_12
    this.modules = options.modules ?? new KernelModules(this.profile.modules)
    defineIpv4Sysctls(this.sysctl, (value) => this.#setForwarding(value))
    defineTcpSysctls(this.sysctl)
    this.routing = new Routing(this.sysctl)
    this.sysctl.setListener(() => this.routing.forget())
    this.arp = new Arp(this)
    this.icmp = new Icmp(this)
    this.input = new IpInput(this)
    this.output = new IpOutput(this)
    this.tunnels = new Tunnels(this)
    this.netfilter = new Netfilter(this)
    this.ipv6 = new Ipv6(this)
    this.tcp = new TcpProtocol(this)
    this.udp = new UdpProtocol(this)
    this.guePorts = new GuePorts(this)
    this.pings = new IcmpEcho(this)
    this.cpu = options.cpu === undefined ? undefined : new Cpu(sim, options.cpu, (nic, frame) => this.#workOnQueued(nic, frame))
    this.reconfigure(INITIAL_NET_CONFIG)
    this.modules.onLoad((name) => this.#onModule(name))
  }

  // --- configuration -------------------------------------------------------------------------------------------------

  /** The network configuration in force. */
  get net(): NetConfig {
    return this.#net
  }

  /** Puts a configuration into force: makes and removes devices, and has the routing tables built anew. */
  reconfigure(next: NetConfig): void {
    const before = this.#devices.size === 0 ? [] : this.#net.devices
    this.#net = next
    // A device that stays as it is costs no more than this: a router may have thousands, each configured by itself.
    const changed = next.devices.filter((config, i) => config !== before[i])
    for (const config of changed) {
      const device = this.#devices.get(config.name)
      if (device === undefined) this.#makeDevice(config.name)
      else device.config = config
    }
    if (this.#devices.size > next.devices.length) {
      const names = new Set(next.devices.map((config) => config.name))
      for (const [name, device] of this.#devices) if (!names.has(name)) this.#removeDevice(device)
    }
    for (const { name, isUp } of changed) {
      const { nic, neighbors, ipv6Neighbors } = present(this.#devices.get(name), name)
      if (nic?.isUp === isUp) continue
      if (nic !== undefined) nic.isUp = isUp
      if (isUp) continue
      neighbors?.clear()
      ipv6Neighbors?.clear()
    }
    this.routing.reset(next, this.#devices)
    this.ipv6.reset(next, this.#devices)
  }

  /** Adds a nic as the next device, down: `configure` it with the transactions of `config/`. */
  addNic(name: string, nic: Nic, options: { readonly mtuBytes: number, readonly kind: 'ethernet' | 'ppp' }): void {
    this.#nics.set(name, nic)
    this.reconfigure({
      ...this.#net,
      devices: [...this.#net.devices, {
        name, ifindex: this.#net.nextIfindex, kind: options.kind, mac: nic.mac, mtuBytes: options.mtuBytes, isUp: false,
        usesArp: options.kind === 'ethernet', addresses: [],
      }],
      nextIfindex: this.#net.nextIfindex + 1,
      ipv6: this.#net.ipv6.isDefault ? { ...this.#net.ipv6, devices: [...this.#net.ipv6.devices, name] } : this.#net.ipv6,
    })
  }

  /** All devices, `lo` first. */
  get devices(): readonly Device[] {
    return [...this.#devices.values()]
  }

  /** The device of this name. */
  findDevice(name: string): Device | undefined {
    return this.#devices.get(name)
  }

  /** The loopback device. */
  get loopback(): Device {
    return present(this.#devices.get('lo'), 'lo')
  }

  /** The transport protocol of a number; undefined when the host has none. */
  transport(protocol: number): TransportProtocol | undefined {
    if (protocol === IPPROTO_TCP) return this.tcp
    return protocol === IPPROTO_UDP ? this.udp : undefined
  }

  // --- what endpoints, ICMP and IPVS ask -----------------------------------------------------------------------------

  sendPacket(request: SendRequest): Errno | undefined {
    return isIpv6(request.dst) ? this.ipv6.output.send(request, request.device) : this.output.send(request)
  }

  /** Sends a packet that IPVS has turned; accounts for it in any case. See `IpOutput.sendIpvs`. */
  sendIpvs(packet: IpPacket, route: Route, passage: Passage): void {
    if (isIpv6(packet.dst)) this.ipv6.output.sendIpvs(packet, route, passage)
    else this.output.sendIpvs(packet, route, passage)
  }

  /** The route of a packet to `dst`; undefined when there is none. */
  findOutputRoute(dst: IpAddr): Route | undefined {
    const route = this.#routeTo(dst)
    return route.type === 'none' ? undefined : route
  }

  sourceFor(dst: IpAddr, src?: IpAddr): IpAddr | Errno {
    const route = this.#routeTo(dst, src)
    return refusal(route) ?? src ?? (route.source === IPV6_ANY ? 'EADDRNOTAVAIL' : route.source)
  }

  isLocalAddress(addr: IpAddr): boolean {
    return isIpv6(addr) ? this.ipv6.routing.isLocal(addr) : this.routing.isLocal(addr)
  }

  pathMtuBytes(dst: IpAddr, src?: IpAddr): number {
    return Math.min(this.deviceMtuBytes(dst, src), this.paths.find(dst, this.sim.nowNs) ?? Infinity)
  }

  deviceMtuBytes(dst: IpAddr, src?: IpAddr): number {
    return routeMtuBytes(this.#routeTo(dst, src))
  }

  advertisedMss(dst: IpAddr, src?: IpAddr): number | undefined {
    return this.#routeTo(dst, src).advertisedMss
  }

  /** Takes note that packets to `dst` must not be larger. */
  learnPathMtu(dst: IpAddr, mtuBytes: number): void {
    this.paths.learn(dst, mtuBytes, { deviceMtuBytes: this.deviceMtuBytes(dst), nowNs: this.sim.nowNs })
  }

  confirmNeighbor(dst: IpAddr, src?: IpAddr): void {
    const route = this.#routeTo(dst, src)
    const { device } = route
    const neighbors = isIpv6(dst) ? device.ipv6Neighbors : device.neighbors
    neighbors?.confirm(nextHopOf(route, dst))
  }

  sysctlInt(name: string): number {
    return this.sysctl.int(name)
  }

  sendIcmpError(packet: IpPacket, message: { readonly type: number, readonly code: number, readonly rest: number }): void {
    if (isIpv6(packet.dst)) this.ipv6.icmp.sendError(packet, message)
    else this.icmp.sendError(packet, message)
  }

  /** The way of a packet of this host; the source counts only where rules ask for it. */
  #routeTo(dst: IpAddr, src?: IpAddr): Route {
    if (isIpv6(dst)) return this.ipv6.routing.lookup(dst)
    return src === undefined || !this.routing.hasRules ? this.routing.lookup(dst) : this.routing.lookup(dst, { src })
  }

  // --- the books -----------------------------------------------------------------------------------------------------

  consume(packet: IpPacket, by: string): void {
    this.ledger.consumed++
    this.trace?.consumed(this, packet, by)
  }

  drop(packet: IpPacket, reason: DropReason): void {
    this.ledger.dropped++
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1)
    const hash = this.sim.hash
    hash.addTime(this.sim.nowNs)
    hash.add(this.#hashId)
    hash.add(DROP_REASONS.indexOf(reason))
    for (const addr of [packet.src, packet.dst]) {
      if (isIpv6(addr)) for (const word of ipWords(addr)) hash.add(word)
      else hash.add(addr)
    }
    this.trace?.dropped(this, packet, reason)
  }

  /** The packet waits on this host. */
  hold(_packet: IpPacket): void {
    this.ledger.held++
    this.sim.livePackets++
  }

  /** The packet waits no longer. */
  release(_packet: IpPacket): void {
    this.ledger.held--
    this.sim.livePackets--
  }

  // --- frames --------------------------------------------------------------------------------------------------------

  /** Sends a packet in a frame for `mac`. */
  transmitFrame(device: Device, packet: IpPacket, mac: MacAddr): void {
    this.ledger.sent++
    device.nic?.send(ethernetFrame(mac, device.config.mac, packet))
  }

  /** The nic's call. */
  receiveFrame(nic: Nic, frame: Frame): void {
    if (frame.payload.kind === 'ip') this.ledger.received++
    if (this.cpu === undefined) this.#workOn(nic, frame)
    else this.#enqueue(this.cpu, nic, frame)
  }

  #enqueue(cpu: Cpu, nic: Nic, frame: Frame): void {
    if (cpu.take(nic, frame)) {
      if (frame.payload.kind === 'ip') this.hold(frame.payload)
    } else if (frame.payload.kind === 'ip') {
      this.drop(frame.payload, 'cpu-queue-full')
    }
  }

  /** The CPU's call. */
  #workOnQueued(nic: Nic, frame: Frame): void {
    if (frame.payload.kind === 'ip') this.release(frame.payload)
    this.#workOn(nic, frame)
  }

  #workOn(nic: Nic, frame: Frame): void {
    const device = present(nic.device as Device | undefined, nic.name)
    const payload = frame.payload
    if (payload.kind === 'arp') return this.arp.receive(device, frame, payload)
    if (device.config.isUp === false) return this.drop(payload, 'device-down')
    // Nobody sends on what came to all or to a group (pkt_type in ip_forward and ip6_forward).
    if (frame.dst !== nic.mac && this.#isForOthers(payload.dst)) return this.drop(payload, 'not-for-us')
    if (isIpv6(payload.dst)) this.ipv6.input.receive(payload, device)
    else this.input.receive(payload, device)
  }

  #isForOthers(dst: IpAddr): boolean {
    return !isMulticast(dst) && this.#routeTo(dst).type === 'unicast'
  }

  // --- devices -------------------------------------------------------------------------------------------------------

  #makeDevice(name: string): void {
    const config = present(this.#net.devices.find((device) => device.name === name), name)
    const nic = this.#nics.get(name)
    defineDeviceSysctls(this.sysctl, name)
    this.ipv6.defineDevice(name)
    const isEthernet = config.kind === 'ethernet'
    const device: Device = {
      name, ifindex: config.ifindex, config, nic,
      neighbors: isEthernet ? new NeighborTable(this.sim, neighborPort(this, () => device, {
        what: 'ARP', solicit: (addr, mac, packet) => this.arp.solicit(device, addr, mac, packet),
      })) : undefined,
      ipv6Neighbors: isEthernet ? new NeighborTable(this.sim, neighborPort(this, () => device, {
        what: 'neighbor discovery', solicit: (addr, mac, packet) => this.ipv6.discovery.solicit(device, addr, mac, packet),
      })) : undefined,
    }
    this.#devices.set(name, device)
    if (nic !== undefined) nic.device = device
  }

  #removeDevice(device: Device): void {
    device.neighbors?.clear()
    device.ipv6Neighbors?.clear()
    this.#devices.delete(device.name)
    // Frames that wait for the CPU still refer to it.
    device.config = { ...device.config, isUp: false }
    if (device.nic !== undefined) device.nic.isUp = false
    this.sysctl.remove(`net.ipv4.conf.${device.name}.`)
    this.sysctl.remove(`net.ipv4.neigh.${device.name}.`)
    this.sysctl.remove(`net.ipv6.conf.${device.name}.`)
  }

  /**
   * ip_forward and conf.all.forwarding are one switch: it sets forwarding everywhere, and routers believe no redirects
   * (inet_forward_change).
   */
  #setForwarding(value: string): void {
    if (value === this.#forwarding) return
    this.#forwarding = value
    this.routing.expire()
    this.sysctl.set('net.ipv4.ip_forward', value)
    const devices = ['all', 'default', ...this.#devices.keys()]
    for (const device of devices) this.sysctl.set(`net.ipv4.conf.${device}.forwarding`, value)
    this.sysctl.set('net.ipv4.conf.all.accept_redirects', value === '0' ? '1' : '0')
  }

  /** Modules that bring a device: down, with room for the outer header. */
  #onModule(module: string): void {
    const device = DEVICES_OF_MODULES.get(module)
    if (device === undefined || this.#devices.has(device.name)) return
    const added = addDevice(this.#net, { ...device, mac: 0 as MacAddr })
    if (added.ok) this.reconfigure(added.value)
  }
}

/** Brings all devices of a host up that have a nic, as booting does. */
export function bringUp(host: Host): void {
  for (const device of host.devices) {
    const next = setDeviceUp(host.net, device.name)
    if (next.ok) host.reconfigure(next.value)
  }
}
