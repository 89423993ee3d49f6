/**
 * Hosts on segments, for tests of how hosts treat packets: made in a few lines, with every frame at their nics written down
 * as tcpdump prints it.
 * @module
 */
import type { Result } from '../../src/base/result.ts'
import { addAddress } from '../../src/host/config/addresses.ts'
import { setDeviceDown, setDeviceMtu, setDeviceUp } from '../../src/host/config/devices.ts'
import type { NetConfig } from '../../src/host/config/net-config.ts'
import { addRoute } from '../../src/host/config/routes.ts'
import type { Device } from '../../src/host/device.ts'
import type { Errno } from '../../src/host/errno.ts'
import { Host, type HostOptions } from '../../src/host/host.ts'
import { Bridge } from '../../src/link/bridge.ts'
import { plugIntoBridge, type Cable } from '../../src/link/cable.ts'
import { DEFAULT_LINK, type LinkOptions } from '../../src/link/link.ts'
import { Nic } from '../../src/link/nic.ts'
import { DEFAULT_LIMITS, type RunLimits } from '../../src/sim/limits.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import { broadcastOf, type IpAddr, type MacAddr, parseIpv4 } from '../../src/wire/address.ts'
import type { Frame } from '../../src/wire/frame.ts'
import { ICMP_ECHO_REQUEST, icmpBytes, icmpEcho } from '../../src/wire/icmp-message.ts'
import { IPPROTO_ICMP, IPPROTO_UDP } from '../../src/wire/ip-packet.ts'
import { formatFrame } from '../../src/wire/text.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'

/** No rate and 10 us of delay: times in tests are those of the hosts. */
export const TEST_LINK: LinkOptions = { ...DEFAULT_LINK, rateBitsPerSecond: Infinity, delayNs: 10_000 }

/** What a device of a host is plugged into. */
export interface DeviceSpec {
  readonly segment: string
  readonly addrs?: readonly string[]
  readonly mtu?: number
  readonly link?: Partial<LinkOptions>
}

/** What a host of a test is like; devices by name. */
export interface HostSpec {
  readonly devices?: Record<string, DeviceSpec>
  /** `default via 10.0.0.254`, `10.1.0.0/16 dev eth0`, `blackhole 10.9.0.0/16`. */
  readonly routes?: readonly string[]
  readonly sysctl?: Record<string, number>
  readonly options?: Partial<HostOptions>
}

/** An address from its text, which must be one. */
export function ip(text: string): IpAddr {
  const addr = parseIpv4(text)
  if (addr === undefined) throw new Error(`${text} is no address`)
  return addr
}

/** Hosts and segments of one run. */
export class Lan {
  readonly sim: Simulator
  readonly hosts = new Map<string, Host>()
  readonly bridges = new Map<string, Bridge>()
  readonly nics = new Map<string, Nic>()
  readonly cables = new Map<string, Cable>()
  readonly #seen: { readonly nic: string, readonly timeNs: number, readonly mark: string, readonly frame: Frame }[] = []

  constructor(seed = '42', limits: RunLimits = DEFAULT_LIMITS) {
    this.sim = new Simulator(seed, limits)
  }

  /** Makes a host. MAC addresses are 02:00:00:00:NN:II: number of the host from 1, of the device from 0. */
  host(name: string, spec: HostSpec = {}): Host {
    const host = new Host(this.sim, { name, ...spec.options })
    this.hosts.set(name, host)
    for (const [index, [device, given]] of Object.entries(spec.devices ?? {}).entries()) {
      const mac = (0x020000000000 + this.hosts.size * 256 + index) as MacAddr
      const nic = new Nic(this.sim, `${name}.${device}`, mac, host)
      this.nics.set(nic.name, nic)
      nic.tap = { onFrame: (_nic, direction, frame) => this.#note(nic, direction, frame) }
      this.cables.set(nic.name, plugIntoBridge(this.sim, nic, this.#bridge(given.segment), { ...TEST_LINK, ...given.link }))
      host.addNic(device, nic, { mtuBytes: given.mtu ?? 1500, kind: 'ethernet' })
      change(host, (net) => setDeviceUp(net, device))
      for (const text of given.addrs ?? []) addressTo(host, device, text)
    }
    for (const text of spec.routes ?? []) routeTo(host, text)
    for (const [key, value] of Object.entries(spec.sysctl ?? {})) setSysctl(host, key, value)
    return host
  }

  /** Runs for so long. */
  runFor(ns: number): void {
    this.sim.run(this.sim.nowNs + ns)
  }

  /** What a nic sent (`>`) and took in (`<`) since the last call, as lines. */
  takeLines(nic: string): string[] {
    return this.takeFrames(nic).map(({ line }) => line)
  }

  /** As `takeLines`, with the times and the frames. */
  takeFrames(nic: string): { timeNs: number, line: string, frame: Frame }[] {
    const taken = this.#seen.filter((seen) => seen.nic === nic)
    const others = this.#seen.filter((seen) => seen.nic !== nic)
    this.#seen.splice(0, this.#seen.length, ...others)
    return taken.map(({ timeNs, mark, frame }) => ({ timeNs, line: `${mark} ${formatFrame(frame)}`, frame }))
  }

  /** Forgets the lines so far. */
  forgetLines(): void {
    this.#seen.length = 0
  }

  /** By how much the books of frames and of all hosts are off, by name; empty when they balance. */
  imbalances(): string[] {
    const unbalanced = [...this.hosts.values()].filter((host) => host.ledger.balance() !== 0)
    const off = unbalanced.map((host) => `${host.name} ${host.ledger.balance()}`)
    return this.sim.frames.balance() === 0 ? off : [...off, `frames ${this.sim.frames.balance()}`]
  }

  #bridge(name: string): Bridge {
    let bridge = this.bridges.get(name)
    if (bridge === undefined) this.bridges.set(name, bridge = new Bridge(this.sim, name))
    return bridge
  }

  #note(nic: Nic, direction: 'in' | 'out', frame: Frame): void {
    this.#seen.push({ nic: nic.name, timeNs: this.sim.nowNs, mark: direction === 'out' ? '>' : '<', frame })
  }
}

/** Carries out a transaction, which must not be refused. */
export function change(host: Host, transaction: (net: NetConfig) => Result<NetConfig, Errno>): void {
  const result = transaction(host.net)
  if (!result.ok) throw new Error(`${host.name}: ${result.error}`)
  host.reconfigure(result.value)
}

/** `ip addr add 10.0.0.1/24 brd + dev eth0`. */
export function addressTo(host: Host, device: string, text: string): void {
  const [addr = '', length] = text.split('/')
  const prefixLength = Number(length)
  const broadcast = prefixLength < 31 && device !== 'lo' ? broadcastOf(ip(addr), prefixLength) : undefined
  change(host, (net) => addAddress(net, device, { addr: ip(addr), prefixLength, broadcast }))
}

/** `ip route add ...` in the few words of `HostSpec.routes`. */
export function routeTo(host: Host, text: string): void {
  const words = text.split(' ')
  const type = words[0] === 'blackhole' || words[0] === 'unreachable' || words[0] === 'prohibit' ? words[0] : 'unicast'
  const prefix = words[type === 'unicast' ? 0 : 1] ?? ''
  const [addr = '', length = '32'] = (prefix === 'default' ? '0.0.0.0/0' : prefix).split('/')
  const word = (name: string): string | undefined => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const [via, src, metric] = [word('via'), word('src'), word('metric')]
  change(host, (net) => addRoute(net, {
    type, network: ip(addr), prefixLength: Number(length), gateway: via === undefined ? undefined : ip(via), device: word('dev'),
    preferredSource: src === undefined ? undefined : ip(src), metric: Number(metric ?? 0), onLink: words.includes('onlink'),
  }))
}

/** Sets a sysctl, which must exist; `all.x` and `eth0.x` stand for net.ipv4.conf.*.x, other names for net.ipv4.*. */
export function setSysctl(host: Host, name: string, value: number): void {
  const full = name.includes('.') ? `net.ipv4.conf.${name}` : `net.ipv4.${name}`
  const result = host.sysctl.set(full, String(value))
  if (!result.ok) throw new Error(`${host.name}: ${full}: ${result.error}`)
}

/** Takes a device down or up. */
export function setUp(host: Host, device: string, isUp: boolean): void {
  change(host, (net) => (isUp ? setDeviceUp(net, device) : setDeviceDown(net, device)))
}

/** Sets the MTU of a device. */
export function setMtu(host: Host, device: string, mtuBytes: number): void {
  change(host, (net) => setDeviceMtu(net, device, mtuBytes))
}

/** A device that must exist. */
export function deviceOf(host: Host, name: string): Device {
  const device = host.findDevice(name)
  if (device === undefined) throw new Error(`${host.name} has no ${name}`)
  return device
}

/** What differs from packet to packet. */
export interface PacketSpec {
  readonly src?: string
  readonly dataBytes?: number
  readonly ttl?: number
  readonly tos?: number
  readonly dontFragment?: boolean
}

/** Sends an echo request of `dataBytes` bytes; an errno when it is refused at once. */
export function ping(host: Host, to: string, how: PacketSpec & { readonly sequence?: number } = {}): Errno | undefined {
  const payload = icmpEcho(ICMP_ECHO_REQUEST, 7, how.sequence ?? 1, new Uint8Array(how.dataBytes ?? 56))
  return host.sendPacket({
    src: ip(how.src ?? '0.0.0.0'), dst: ip(to), protocol: IPPROTO_ICMP, payload, payloadBytes: icmpBytes(payload),
    dontFragment: how.dontFragment ?? true,
    ttl: how.ttl ?? 64, tos: how.tos ?? 0,
  })
}

/** Sends a datagram of `dataBytes` bytes from port 1000; an errno when it is refused at once. */
export function datagram(host: Host, to: string, dport: number, how: PacketSpec = {}): Errno | undefined {
  const payload = udpDatagram({ sport: 1000, dport }, new Uint8Array(how.dataBytes ?? 10))
  return host.sendPacket({
    src: ip(how.src ?? '0.0.0.0'), dst: ip(to), protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload),
    dontFragment: how.dontFragment ?? true,
    ttl: how.ttl ?? 64, tos: how.tos ?? 0,
  })
}
