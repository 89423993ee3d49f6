/**
 * A random small network for the fuzzer: hosts on up to three segments, point-to-point links, tunnels, a slow CPU here and
 * there, and on every segment the plug of somebody who sends whatever he likes.
 * @module
 */
import { plugIntoBridge, plugTogether, type Cable } from '../../src/link/cable.ts'
import { DEFAULT_LINK, type LinkOptions } from '../../src/link/link.ts'
import { Nic } from '../../src/link/nic.ts'
import type { Result } from '../../src/base/result.ts'
import { addAddress } from '../../src/host/config/addresses.ts'
import { addDevice, setDeviceUp } from '../../src/host/config/devices.ts'
import type { NetConfig, TunnelConfig } from '../../src/host/config/net-config.ts'
import { addRoute } from '../../src/host/config/routes.ts'
import type { Host } from '../../src/host/host.ts'
import { IPV4_ANY, type IpAddr, type MacAddr } from '../../src/wire/address.ts'
import type { Frame } from '../../src/wire/frame.ts'
import { ip, Lan, type HostSpec } from '../support/lan.ts'
import type { Chance } from './chance.ts'
import { speakIpv6 } from './ipv6.ts'

/**
 * Far above what any of these networks needs. Where links take no time, the pieces of a packet go round in a loop of routes at
 * one instant, as often as their TTL allows.
 */
const LIMITS = { eventsMax: 500_000, timeNsMax: 1e17, livePacketsMax: 50_000, eventsAtOneInstantMax: 200_000 }
/** The address that every director has. */
export const VIP = ip('10.9.0.1')
/** Port of GUE on hosts that take it. */
export const GUE_PORT = 5555

/** A network. */
export interface Network {
  readonly lan: Lan
  readonly hosts: readonly Host[]
  readonly nics: readonly Nic[]
  /** Every cable, those of point-to-point links too. */
  readonly cables: readonly Cable[]
  /** A nic on each segment that no host is behind. */
  readonly rogues: readonly Nic[]
  /** Addresses that some host has at the start. */
  readonly addrs: readonly IpAddr[]
  /** The same of IPv6; empty where nobody speaks it. */
  readonly addrs6: readonly IpAddr[]
  /** The last frames that were seen on a wire, for those who replay and quote. Live. */
  readonly seen: Frame[]
}

/** Carries out a transaction; nothing when it is refused. */
export function tryChange(host: Host, transaction: (net: NetConfig) => Result<NetConfig, unknown>): boolean {
  const result = transaction(host.net)
  if (result.ok) host.reconfigure(result.value)
  return result.ok
}

/** Builds the network of a seed. Nothing happens on it yet. */
export function buildNetwork(seed: string, chance: Chance): Network {
  const lan = new Lan(seed, LIMITS)
  const segments = 1 + chance.int(3)
  const links = Array.from({ length: segments }, () => linkOptions(chance))
  const count = 2 + chance.int(4)
  const hosts: Host[] = []
  const addrs: IpAddr[] = [VIP]
  const mtus = chance.pick([[1500], [1500], [1500, 1000, 576], [600, 4000]])
  for (let index = 0; index < count; index++) {
    const own = [...new Set([index % segments, chance.int(segments)])]
    const texts = own.map((segment) => `10.${segment}.0.${index + 1}`)
    addrs.push(...texts.map(ip))
    hosts.push(lan.host(`h${index}`, hostSpec(chance, own, texts, links, chance.pick(mtus))))
  }
  const cables = [...lan.cables.values()]
  for (let k = 0; k + 1 < count; k++) if (chance.flip(0.25)) cables.push(joinByPpp(lan, hosts, k, addrs, chance))
  hosts.forEach((host, index) => {
    addGateway(host, index, hosts, chance)
    if (chance.flip(0.5)) addTunnels(host, index, hosts, chance)
  })
  const rogues = [...lan.bridges.values()].map((bridge, index) => {
    const mac = (0x0200_0000_fe00 + index) as MacAddr
    const nic = new Nic(lan.sim, `rogue${index}`, mac, { receiveFrame: () => undefined })
    plugIntoBridge(lan.sim, nic, bridge, { ...DEFAULT_LINK, rateBitsPerSecond: Infinity })
    return nic
  })
  const nics = hosts.flatMap((host) => host.devices.flatMap((device) => device.nic ?? []))
  return { lan, hosts, nics, cables, rogues, addrs, addrs6: speakIpv6(hosts, chance), seen: [] }
}

/** A link, good or bad. What is doubled at every hop of a loop must not become too much within the life of a packet. */
export function linkOptions(chance: Chance): LinkOptions {
  return {
    ...DEFAULT_LINK, rateBitsPerSecond: chance.pick([Infinity, 1_000_000_000, 10_000_000, 1_544_000]),
    delayNs: chance.pick([0, 10_000, 5_000_000]),
    queueFramesMax: chance.pick([1000, 1000, 40, 4]), lossProbability: chance.pick([0, 0, 0, 0.02, 0.3]),
    duplicateProbability: chance.pick([0, 0, 0, 0.03]), reorderProbability: chance.pick([0, 0, 0, 0.2]),
  }
}

function hostSpec(
  chance: Chance, segments: readonly number[], texts: readonly string[], links: readonly LinkOptions[], mtu: number,
): HostSpec {
  const devices = Object.fromEntries(segments.map((segment, index) => [`eth${index}`, {
    segment: `s${segment}`, addrs: [`${texts[index]}/24`], mtu, link: links[segment] as LinkOptions,
  }]))
  const cpu = chance.flip(0.15)
    ? { cpu: { packetNs: chance.pick([1_000, 2_000_000]), byteNs: 0.5, queueFramesMax: 4 } } : {}
  return {
    devices, options: cpu,
    sysctl: {
      ip_forward: chance.pick([1, 1, 0]), 'all.rp_filter': chance.pick([0, 0, 0, 1, 2]),
      'all.send_redirects': chance.pick([1, 1, 0]),
    },
  }
}

/** 10.20.k.1 on host k, 10.20.k.2 on the next one. */
function joinByPpp(lan: Lan, hosts: readonly Host[], k: number, addrs: IpAddr[], chance: Chance): Cable {
  const pair = [hosts[k] as Host, hosts[k + 1] as Host].map((host, side) => {
    const name = `ppp${side}`
    const nic = new Nic(lan.sim, `${host.name}.${name}`, 0 as MacAddr, host)
    host.addNic(name, nic, { mtuBytes: chance.pick([1500, 1500, 296]), kind: 'ppp' })
    const addr = ip(`10.20.${k}.${side + 1}`)
    addrs.push(addr)
    tryChange(host, (net) => setDeviceUp(net, name))
    tryChange(host, (net) => addAddress(net, name, { addr, prefixLength: 30 }))
    return nic
  })
  const options: LinkOptions = { ...linkOptions(chance), framing: 'ppp' }
  return plugTogether(lan.sim, { first: pair[0] as Nic, second: pair[1] as Nic }, options)
}

/** A default route by some other host, where that can be. */
function addGateway(host: Host, index: number, hosts: readonly Host[], chance: Chance): void {
  const other = hosts[(index + 1 + chance.int(hosts.length - 1)) % hosts.length] as Host
  const candidates = other.net.devices.flatMap((device) => device.addresses.map((address) => address.addr))
  for (const gateway of candidates) {
    if (tryChange(host, (net) => addRoute(net, { network: IPV4_ANY, prefixLength: 0, gateway }))) return
  }
}

/** The tunnels that the modules bring, one with ends of its own, and a port of GUE. */
function addTunnels(host: Host, index: number, hosts: readonly Host[], chance: Chance): void {
  const far = (index + 1) % hosts.length
  for (const [kind, module, fallback] of [['ipip', 'ipip', 'tunl0'], ['gre', 'ip_gre', 'gre0']] as const) {
    if (chance.flip(0.3)) continue
    host.modules.load(module)
    if (chance.flip(0.7)) tryChange(host, (net) => setDeviceUp(net, fallback))
    if (chance.flip(0.5)) tryChange(host, (net) => addAddress(net, fallback, { addr: VIP, prefixLength: 32 }))
    if (chance.flip(0.5)) continue
    const name = kind === 'gre' ? 'gre1' : 'tun1'
    const tunnel = tunnelConfig(host, hosts[far] as Host, chance)
    tryChange(host, (net) => addDevice(net, { name, kind, mac: 0 as MacAddr, mtuBytes: 1400, tunnel }))
    tryChange(host, (net) => setDeviceUp(net, name))
    const addr = ip(`10.30.${kind === 'gre' ? 1 : 0}.${index + 1}`)
    tryChange(host, (net) => addAddress(net, name, { addr, prefixLength: 24 }))
  }
  if (chance.flip(0.7)) host.guePorts.add(GUE_PORT)
}

/** The ends of a tunnel between two hosts, each end given or left open. */
export function tunnelConfig(host: Host, far: Host, chance: Chance): TunnelConfig {
  const addrOf = (of: Host): IpAddr => of.net.devices[1]?.addresses[0]?.addr ?? IPV4_ANY
  return {
    local: chance.flip(0.6) ? addrOf(host) : IPV4_ANY, remote: chance.flip(0.9) ? addrOf(far) : IPV4_ANY,
    ttl: chance.pick([0, 0, 64]), pmtuDiscovery: chance.flip(0.5), checksumIn: chance.flip(0.2),
    checksumOut: chance.flip(0.2),
  }
}
