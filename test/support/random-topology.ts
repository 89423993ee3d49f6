/**
 * Random small networks as plain data, so that a failing one can be shrunk and printed, and their building and running: hosts
 * that may route, directors with random rules, traffic, faults, devices that go down and up, and a NAT cluster beside them.
 * @module
 */
import fc from 'fast-check'
import type { Host } from '../../src/host/host.ts'
import type { TcpEndpoint } from '../../src/host/tcp/endpoint.ts'
import { NS_PER_MILLISECOND } from '../../src/base/units.ts'
import { attachIpvs } from '../../src/ipvs/director.ts'
import { addressId, IPIP_TUNNEL, type ForwardingMethod } from '../../src/ipvs/control/rules.ts'
import { IPV4_ANY } from '../../src/wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../src/wire/ip-packet.ts'
import { addressTo, ip, Lan, ping, routeTo, setSysctl, setUp, type HostSpec } from './lan.ts'

/** How long a run lasts: less than the shortest timeout of a connection of IPVS, so that replies never lose theirs. */
export const RUN_MS = 8_000
const TRAFFIC_MS = 5_000
const TCP_PORT = 80
const UDP_PORT = 53
const SCHEDULERS = ['rr', 'wlc', 'sh', 'sed'] as const
/** Far above what any of these networks needs. */
const LIMITS = { eventsMax: 400_000, timeNsMax: 1e12, livePacketsMax: 20_000, eventsAtOneInstantMax: 5_000 }

const smallIndex = fc.nat({ max: 5 })
const hostPlan = fc.record({
  segments: fc.uniqueArray(fc.nat({ max: 2 }), { minLength: 1, maxLength: 2 }),
  forwards: fc.constantFrom(true, true, false),
  /** Whose first address in a common segment is the default gateway. */
  gateway: fc.option(smallIndex, { nil: undefined, freq: 6 }),
  rpFilter: fc.constantFrom(0, 0, 1, 2),
  arpIgnore: fc.constantFrom(0, 0, 1, 2),
  mtu: fc.constantFrom(1500, 1500, 1000, 576),
  hasTunnel: fc.boolean(),
  cpuNs: fc.constantFrom(undefined, undefined, undefined, 1_000, 2_000_000),
})
const faultPlan = fc.record({
  loss: fc.constantFrom(0, 0, 0.05, 0.4), duplicate: fc.constantFrom(0, 0, 0.1), reorder: fc.constantFrom(0, 0, 0.2),
})
const atMs = fc.nat({ max: TRAFFIC_MS })
const trafficPlan = fc.record({
  atMs, kind: fc.constantFrom('ping', 'udp', 'tcp'), from: smallIndex, to: smallIndex,
  /** An address of the host, the VIP that every director has, or one that nobody has. */
  target: fc.constantFrom('host', 'host', 'vip', 'nowhere'),
  /** Of pings. */
  ttl: fc.constantFrom(64, 64, 1, 2),
  bytes: fc.constantFrom(1, 100, 1400, 5_000),
  /** Requests at once. */
  count: fc.constantFrom(1, 1, 2, 12),
})
const destinationPlan = fc.record({
  host: smallIndex, method: fc.constantFrom<ForwardingMethod>('nat', 'dr', 'tun'), weight: fc.nat({ max: 3 }),
})
const directorPlan = fc.record({
  host: smallIndex, scheduler: fc.constantFrom(...SCHEDULERS), persistenceSeconds: fc.constantFrom(undefined, undefined, 60),
  destinations: fc.uniqueArray(destinationPlan, { minLength: 1, maxLength: 3, selector: ({ host }) => host }),
})
const flapPlan = fc.record({ atMs, host: smallIndex, forMs: fc.integer({ min: 1, max: 3_000 }), isCable: fc.boolean() })
const requestPlan = fc.record({ atMs, kind: fc.constantFrom('udp', 'tcp'), bytes: fc.constantFrom(1, 3_000) })
const clusterPlan = fc.record({
  servers: fc.integer({ min: 1, max: 3 }), scheduler: fc.constantFrom(...SCHEDULERS), faults: faultPlan,
  requests: fc.array(requestPlan, { minLength: 1, maxLength: 4 }),
})

/** Random networks. */
export const topologyPlan = fc.record({
  seed: fc.nat({ max: 1_000_000 }),
  hosts: fc.array(hostPlan, { minLength: 2, maxLength: 6 }),
  faults: fc.array(faultPlan, { minLength: 3, maxLength: 3 }),
  traffic: fc.array(trafficPlan, { minLength: 3, maxLength: 12 }),
  directors: fc.array(directorPlan, { maxLength: 2 }),
  flaps: fc.array(flapPlan, { maxLength: 3 }),
  cluster: fc.option(clusterPlan, { nil: undefined, freq: 3 }),
})
/** One random network. */
export type TopologyPlan = typeof topologyPlan extends fc.Arbitrary<infer T> ? T : never

/** Has something done at a time. */
type Appointment = (whenMs: number, act: () => void) => void

/** A network that was built, with everything to come in its queue. */
export interface Topology {
  readonly lan: Lan
  readonly hosts: readonly Host[]
  /** The NAT cluster: nothing leads from its servers to its client but the director. */
  readonly cluster: { readonly client: Host, readonly director: Host } | undefined
  /** Hosts whose devices were taken down at some time. */
  readonly flapped: ReadonlySet<Host>
}

/** Builds the network of a plan. */
export function buildTopology(plan: TopologyPlan): Topology {
  const lan = new Lan(String(plan.seed), LIMITS)
  const hosts = plan.hosts.map((spec, index) => lan.host(`h${index}`, hostSpec(plan, spec, index)))
  const pick = (index: number): Host => hosts[index % hosts.length] as Host
  plan.hosts.forEach((spec, index) => {
    const host = pick(index)
    if (spec.gateway !== undefined) tryGateway(plan, host, index, spec.gateway % hosts.length)
    if (spec.hasTunnel) {
      host.modules.load('ipip')
      setUp(host, 'tunl0', true)
      addressTo(host, 'tunl0', '10.9.0.1/32')
    }
    serve(host)
  })
  for (const { host, scheduler, persistenceSeconds, destinations } of plan.directors) {
    direct(pick(host), '10.9.0.1', scheduler, persistenceSeconds, destinations.map((destination) => ({
      ...destination, addr: addressOf(plan, destination.host % hosts.length),
    })))
  }
  const at: Appointment = (whenMs, act) => lan.sim.schedule(whenMs * NS_PER_MILLISECOND, { onEvent: act }, 0, undefined)
  for (const { atMs: whenMs, kind, from, to, target, ttl, bytes, count } of plan.traffic) {
    const dst = target === 'vip' ? '10.9.0.1' : target === 'nowhere' ? '10.99.0.1' : addressOf(plan, to % hosts.length)
    at(whenMs, () => {
      for (let i = 0; i < count; i++) request(pick(from), kind, dst, bytes, ttl)
    })
  }
  const flapped = new Set<Host>()
  for (const { atMs: whenMs, host, forMs, isCable } of plan.flaps) {
    const victim = pick(host)
    if (!isCable) flapped.add(victim)
    for (const isUp of [false, true]) {
      at(whenMs + (isUp ? forMs : 0), () => {
        const cable = lan.cables.get(`${victim.name}.eth0`)
        if (!isCable) setUp(victim, 'eth0', isUp)
        else if (cable !== undefined) cable.up.isUp = cable.down.isUp = isUp
      })
    }
  }
  return { lan, hosts, cluster: plan.cluster === undefined ? undefined : buildCluster(lan, plan.cluster, at), flapped }
}

/** 10.<segment>.0.<host + 1>/24 on each device, in the order of segments. */
function hostSpec(plan: TopologyPlan, spec: TopologyPlan['hosts'][number], index: number): HostSpec {
  const devices = Object.fromEntries(spec.segments.map((segment, device) => {
    const faults = plan.faults[segment] as TopologyPlan['faults'][number]
    return [
      `eth${device}`, { segment: `s${segment}`, addrs: [`10.${segment}.0.${index + 1}/24`], mtu: spec.mtu, link: linkOf(faults) },
    ]
  }))
  const cpu = spec.cpuNs === undefined ? {} : { cpu: { packetNs: spec.cpuNs, byteNs: 0, queueFramesMax: 4 } }
  const sysctl = { ip_forward: spec.forwards ? 1 : 0, 'all.rp_filter': spec.rpFilter, 'all.arp_ignore': spec.arpIgnore }
  return { devices, sysctl, options: cpu }
}

function linkOf(faults: TopologyPlan['faults'][number]) {
  return {
    lossProbability: faults.loss, duplicateProbability: faults.duplicate, reorderProbability: faults.reorder,
    // Slow and short enough that queues do fill.
    rateBitsPerSecond: 10_000_000, queueFramesMax: 8,
  }
}

function addressOf(plan: TopologyPlan, host: number): string {
  return `10.${plan.hosts[host]?.segments[0] ?? 0}.0.${host + 1}`
}

function tryGateway(plan: TopologyPlan, host: Host, own: number, gateway: number): void {
  const common = plan.hosts[own]?.segments.find((segment) => plan.hosts[gateway]?.segments.includes(segment))
  if (common !== undefined && gateway !== own) routeTo(host, `default via 10.${common}.0.${gateway + 1}`)
}

/** TCP that answers what it gets and closes with the client, and UDP that answers. */
function serve(host: Host): void {
  host.tcp.listen({ addr: IPV4_ANY, port: TCP_PORT }, (listener) => {
    listener.accept()?.attach({
      onData: (endpoint, bytes) => void endpoint.send(bytes.slice(0, 2_000)), onPeerClosed: (endpoint) => endpoint.close(),
    })
  })
  host.udp.bind({ addr: IPV4_ANY, port: UDP_PORT }, {
    onDatagram: (socket, { from, fromPort, data }) => {
      // Never answers an answer: two servers would talk for ever.
      if (fromPort !== UDP_PORT) socket.sendTo(from, fromPort, data)
    },
  })
}

function request(from: Host, kind: string, dst: string, bytes: number, ttl = 64): void {
  if (kind === 'ping') {
    ping(from, dst, { dataBytes: bytes, ttl, dontFragment: bytes < 1_000 })
  } else if (kind === 'udp') {
    const socket = from.udp.connect({ dst: ip(dst), dport: UDP_PORT }, {})
    if (socket.ok) socket.value.send(new Uint8Array(bytes))
  } else {
    const close = (endpoint: TcpEndpoint): void => endpoint.close()
    from.tcp.connect({ dst: ip(dst), dport: TCP_PORT }, {
      onConnected: (endpoint) => void endpoint.send(new Uint8Array(bytes)), onData: close, onPeerClosed: close,
    })
  }
}

function direct(
  host: Host, vip: string, scheduler: string, persistenceSeconds: number | undefined,
  destinations: readonly { readonly addr: string, readonly method: ForwardingMethod, readonly weight: number }[],
): void {
  const isThere = host.net.devices.some(({ addresses }) => addresses.some(({ addr }) => addr === ip(vip)))
  if (!isThere) addressTo(host, 'lo', `${vip}/32`)
  host.modules.load('ip_vs')
  const ipvs = attachIpvs(host)
  for (const [protocol, port] of [[IPPROTO_TCP, TCP_PORT], [IPPROTO_UDP, UDP_PORT]] as const) {
    const service = addressId(protocol, ip(vip), port)
    const options = { scheduler, schedulerFlags: 0, persistenceSeconds, netmask: 0xffffffff, engine: '', onePacket: false }
    ipvs.apply({ kind: 'add-service', service, options })
    for (const { addr, method, weight } of destinations) {
      const destination = { addr: ip(addr), port, method, weight, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL }
      ipvs.apply({ kind: 'add-destination', service, destination })
    }
  }
}

/** Client 10.200.0.10, director 10.200.0.1 (the VIP) and 10.201.0.1, servers 10.201.0.11 and on with the director as gateway. */
function buildCluster(lan: Lan, plan: NonNullable<TopologyPlan['cluster']>, at: Appointment): Topology['cluster'] {
  const link = linkOf(plan.faults)
  const client = lan.host('client', { devices: { eth0: { segment: 'public', addrs: ['10.200.0.10/24'], link } } })
  const director = lan.host('director', {
    devices: {
      eth0: { segment: 'public', addrs: ['10.200.0.1/24'], link }, eth1: { segment: 'private', addrs: ['10.201.0.1/24'], link },
    },
    sysctl: { ip_forward: 1 },
  })
  const addrs = Array.from({ length: plan.servers }, (_, index) => `10.201.0.${11 + index}`)
  for (const [index, addr] of addrs.entries()) {
    serve(lan.host(`server${index}`, {
      devices: { eth0: { segment: 'private', addrs: [`${addr}/24`], link } }, routes: ['default via 10.201.0.1'],
    }))
  }
  setSysctl(director, 'all.send_redirects', 0)
  direct(director, '10.200.0.1', plan.scheduler, undefined, addrs.map((addr) => ({ addr, method: 'nat', weight: 1 })))
  for (const { atMs: whenMs, kind, bytes } of plan.requests) at(whenMs, () => request(client, kind, '10.200.0.1', bytes))
  return { client, director }
}
