/**
 * A `cluster:` block becomes plain segments and hosts whose `setup` holds exactly the commands that an admin would type.
 * @module
 */
import { formatIpv4, type IpAddr } from '../wire/address.ts'
import { directorCommands, realServerCommands } from './cluster-commands.ts'
import { CLIENT_GROUP, type ClusterLayout, layOut, type Network, ROUTER_NAME } from './cluster-layout.ts'
import { filledIn } from './count-out.ts'
import type { Host, Interface, Scenario } from './scenario.ts'
import type { Mode } from './schema-check.ts'
import type { ClusterSpec } from './schema-cluster.ts'
import { hostSchema, type Segment } from './schema-network.ts'
import type { ServerSpec } from './schema-server.ts'

const PATH = ['cluster']

/** The scenario with its cluster built for `mode`. Without a cluster, the scenario itself. */
export function expandCluster(scenario: Scenario, mode: Mode): Scenario {
  const { cluster } = scenario
  if (cluster === undefined) return scenario
  const layout = layOut(cluster, mode)
  const segments = new Map([...segmentsOf(cluster, layout), ...scenario.segments])
  const own = hostsOf(cluster, layout, mode).map((one): [string, Host] => [one.name, one])
  const hosts = new Map([...own, ...scenario.hosts])
  return { ...scenario, segments, hosts, cluster: undefined, mode }
}

function segmentsOf(cluster: ClusterSpec, layout: ClusterLayout): [string, Segment][] {
  const { wan, lan } = cluster.network
  return [
    [layout.wan.segment, wan],
    ...[layout.lan, ...layout.serverNetworks].map((network): [string, Segment] => [network.segment, lan]),
  ]
}

/** Clients first, as the labs have them, then router, director, real servers. */
function hostsOf(cluster: ClusterSpec, layout: ClusterLayout, mode: Mode): Host[] {
  const { wan, lan } = layout
  const nicOn = (network: Network, address: IpAddr): Interface => pluggedInto(network, address, cluster, layout)
  const defaultVia = (gateway: IpAddr): string[] => [`default via ${formatIpv4(gateway)}`]
  const clients = layout.clients.map((client) => host(client.name, CLIENT_GROUP, {
    interfaces: [nicOn(wan, client.address)],
    routes: defaultVia(wan.gateway),
  }))
  const routed = [wan, lan, ...(mode === 'tun' ? layout.serverNetworks : [])]
  const router = host(ROUTER_NAME, ROUTER_NAME, {
    interfaces: routed.map((network) => nicOn(network, network.gateway)),
    setup: 'sysctl -w net.ipv4.ip_forward=1\n',
  })
  const inside = mode === 'nat' ? layout.serverNetworks : []
  const director = host(cluster.director.name, cluster.director.name, {
    interfaces: [nicOn(lan, layout.directorAddress), ...inside.map((network) => nicOn(network, network.gateway))],
    routes: defaultVia(lan.gateway),
    setup: directorCommands(cluster, layout, mode),
    cpu: cluster.director.cpu,
  })
  const servers = layout.servers.map(({ name, spec, network, address }) => host(name, spec.name, {
    interfaces: [nicOn(network, address)],
    routes: defaultVia(network.gateway),
    setup: realServerCommands(cluster.vip, mode, spec.setup),
    servers: [serverOf(cluster)],
    cpu: spec.cpu,
  }))
  return [...clients, router, director, ...servers]
}

interface HostParts {
  readonly interfaces: readonly Interface[]
  readonly routes?: string[]
  readonly setup?: string
  readonly servers?: ServerSpec[]
  readonly cpu?: Host['cpu']
}

function host(name: string, group: string, parts: HostParts): Host {
  const interfaces = new Map(parts.interfaces.map((one, index) => [`eth${index}`, one]))
  const { routes = [], setup = '', servers = [], cpu } = parts
  return filledIn({ ...hostSchema.parse({}), routes, setup, servers, cpu }, { name, group, path: PATH, interfaces })
}

function pluggedInto(network: Network, address: IpAddr, cluster: ClusterSpec, layout: ClusterLayout): Interface {
  const segment = network === layout.wan ? cluster.network.wan : cluster.network.lan
  return {
    segment: network.segment,
    addresses: [{ address, prefixLength: network.prefixLength }],
    mtuBytes: segment.mtuBytes,
    mac: undefined,
    up: true,
  }
}

function serverOf(cluster: ClusterSpec): ServerSpec {
  const { protocol, ...server } = cluster.server
  return { ...server, protocol: protocol ?? cluster.service.protocol, port: cluster.service.port, address: undefined }
}
