/**
 * A cluster around the rules of a real director: the addresses are those of the rules, and the networks are built to fit. Clients
 * are behind a router, director and router on the /24 of the first VIP. A real server is in that network if its address is; else
 * in a /24 of its own address: behind the director under NAT, on the same Ethernet under DR, behind the router under TUN.
 * @module
 */
import { commandText } from '../admin/ipvsadm/rules-text.ts'
import type { ForwardingMethod } from '../ipvs/control/rules.ts'
import { formatIpv4, inPrefix, type IpAddr, networkOf, parseIpv4 } from '../wire/address.ts'
import { realServerCommands, script } from './cluster-commands.ts'
import { host } from './cluster-host.ts'
import { CLIENT_GROUP, namesOfServers, ROUTER_NAME } from './cluster-layout.ts'
import { methodOfServer, portsOfServer, type SavedRules, withMethod } from './saved-rules.ts'
import type { Host, Interface } from './scenario.ts'
import type { Mode } from './schema-check.ts'
import type { ClusterSpec } from './schema-cluster.ts'
import type { Segment } from './schema-network.ts'
import type { ServerSpec } from './schema-server.ts'

/** Networks of the clients, tried in this order: the first one that has no address of the rules. */
const WAN_CANDIDATES = ['172.16.0.0', '172.17.0.0', '172.18.0.0', '172.19.0.0', '198.18.0.0', '198.19.0.0']
const SEGMENTS = { nat: 'inside', dr: 'lan', tun: 'far1' } as const

/** A /24 with real servers, or that of the director. */
interface Net {
  readonly network: IpAddr
  readonly segment: string
  /** Addresses of those who are in every network of their side. */
  readonly router: IpAddr
  readonly director: IpAddr
}

/** Segments and hosts of the rules, with every server reached by `mode`, or as the rules say. */
export function expandRules(
  cluster: ClusterSpec, saved: SavedRules, mode: Mode | undefined,
): { segments: [string, Segment][], hosts: Host[] } {
  const rules = withMethod(saved, mode)
  const taken = [...rules.vips, ...rules.servers]
  const lan = netOf(networkOf(cluster.vip, 24), 'lan', taken)
  const nets = new Map([[lan.network, lan]])
  for (const server of rules.servers) {
    const network = networkOf(server, 24)
    if (!nets.has(network)) nets.set(network, netOf(network, SEGMENTS[methodOfServer(rules, server)], taken))
  }
  const wan = WAN_CANDIDATES.map((text) => parseIpv4(text) as IpAddr)
    .find((base) => taken.every((address) => !inPrefix(address, base, 16))) ?? (0x0a000000 as IpAddr)
  const build: Build = { cluster, rules, lan, nets: [...nets.values()], wan }
  const segments = new Set(['lan', ...build.nets.map(({ segment }) => segment)])
  return {
    segments: [['wan', cluster.network.wan], ...[...segments].map((name): [string, Segment] => [name, cluster.network.lan])],
    hosts: [...clientsOf(build), routerOf(build), directorOf(build), ...serversOf(build)],
  }
}

interface Build {
  readonly cluster: ClusterSpec
  readonly rules: SavedRules
  readonly lan: Net
  readonly nets: readonly Net[]
  /** A /16. */
  readonly wan: IpAddr
}

/** The networks of each of these segments that there is. */
function sidesOf(nets: readonly Net[], segments: readonly string[]): Net[][] {
  return segments.map((segment) => nets.filter((net) => net.segment === segment)).filter((side) => side.length > 0)
}

function clientsOf({ cluster, wan }: Build): Host[] {
  return Array.from({ length: cluster.clients }, (_, i) => host(`${CLIENT_GROUP}${i + 1}`, CLIENT_GROUP, {
    interfaces: [nic('wan', cluster.network.wan, [wan + 256 + i + 1], 16)],
    routes: [`default via ${formatIpv4((wan + 1) as IpAddr)}`],
  }))
}

function routerOf({ cluster, rules, lan, nets, wan }: Build): Host {
  const sides = sidesOf(nets, ['lan', 'far1'])
  const elsewhere = rules.vips.filter((vip) => networkOf(vip, 24) !== lan.network)
  return host(ROUTER_NAME, ROUTER_NAME, {
    interfaces: [
      nic('wan', cluster.network.wan, [wan + 1], 16),
      ...sides.map((side) => nic(side[0]?.segment ?? 'lan', cluster.network.lan, side.map(({ router }) => router))),
    ],
    routes: elsewhere.map((vip) => `${formatIpv4(vip)}/32 via ${formatIpv4(lan.director)}`),
    setup: 'sysctl -w net.ipv4.ip_forward=1\n',
  })
}

function directorOf({ cluster, rules, lan, nets }: Build): Host {
  const sides = sidesOf(nets, ['lan', 'inside'])
  const natServers = rules.servers.filter((server) => methodOfServer(rules, server) === 'nat')
  const isOneArmed = natServers.some((server) => networkOf(server, 24) === lan.network)
  return host(cluster.director.name, cluster.director.name, {
    interfaces: sides.map((side) => nic(side[0]?.segment ?? 'lan', cluster.network.lan, side.map(({ director }) => director))),
    routes: [`default via ${formatIpv4(lan.router)}`],
    setup: script([
      ...(natServers.length > 0 ? ['sysctl -w net.ipv4.ip_forward=1'] : []),
      // A real server on the network that its packets came from would be told of a shorter way, past the director.
      ...(isOneArmed ? ['sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0'] : []),
      ...rules.vips.map((vip) => `ip addr add ${formatIpv4(vip)}/32 dev eth0`),
      ...rules.commands.map((command) => `ipvsadm ${commandText(command)}`),
    ], cluster.director.setup),
    servers: rules.localServers.flatMap((server) => listeners(cluster, rules, server)),
    cpu: cluster.director.cpu,
  })
}

function serversOf({ cluster, rules, nets }: Build): Host[] {
  const names = namesOfServers(cluster)
  return rules.servers.map((server, index) => {
    const net = nets.find(({ network }) => network === networkOf(server, 24)) as Net
    const method: ForwardingMethod = methodOfServer(rules, server)
    return host(names[index]?.name ?? `rs${index + 1}`, 'rs', {
      interfaces: [nic(net.segment, cluster.network.lan, [server])],
      routes: [`default via ${formatIpv4(method === 'nat' ? net.director : net.router)}`],
      setup: realServerCommands(rules.vips, method, ''),
      servers: listeners(cluster, rules, server),
    })
  })
}

/** What a real server runs: on TCP what the file says, on UDP what answers it. */
function listeners(cluster: ClusterSpec, rules: SavedRules, server: IpAddr): ServerSpec[] {
  const { protocol: wanted, ...answer } = cluster.server
  return portsOfServer(rules, server, cluster.ports).map(({ protocol, port }) => (
    { ...answer, protocol: protocol === 'udp' || wanted === 'udp' ? protocol : wanted ?? protocol, port, address: undefined }))
}

function nic(segment: string, spec: Segment, addresses: readonly number[], prefixLength = 24): Interface {
  return {
    segment, addresses: addresses.map((address) => ({ address: address as IpAddr, prefixLength })), mtuBytes: spec.mtuBytes,
    mac: undefined, up: true,
  }
}

/** A /24 in which the router has .1 and the director .2, or the next addresses that the rules leave free. */
function netOf(network: IpAddr, segment: string, taken: readonly IpAddr[]): Net {
  const free = (from: number): IpAddr => {
    let address = from
    while (taken.includes(address as IpAddr)) address++
    return address as IpAddr
  }
  const router = free(network + 1)
  return { network, segment, router, director: free(router + 1) }
}
