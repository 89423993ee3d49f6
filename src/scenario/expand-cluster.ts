/**
 * A `cluster:` block becomes plain segments and hosts whose `setup` holds exactly the commands that an admin would type.
 * @module
 */
import { formatIpv4, type IpAddr } from '../wire/address.ts'
import { directorCommands, realServerCommands } from './cluster-commands.ts'
import { host } from './cluster-host.ts'
import { CLIENT_GROUP, type ClusterLayout, layOut, type Network, ROUTER_NAME } from './cluster-layout.ts'
import { expandRules } from './expand-rules.ts'
import type { Host, Interface, Scenario } from './scenario.ts'
import type { Mode } from './schema-check.ts'
import type { ClusterSpec } from './schema-cluster.ts'
import type { Segment } from './schema-network.ts'
import type { ServerSpec } from './schema-server.ts'

/**
 * The scenario with its cluster built for `mode`. Without a cluster, the scenario itself. Only rules that reach their servers in
 * several ways can be built without a mode.
 */
export function expandCluster(scenario: Scenario, mode: Mode | undefined): Scenario {
  const { cluster } = scenario
  if (cluster === undefined) return scenario
  const built = cluster.rules === undefined ? expandPlain(cluster, mode ?? 'dr') : expandRules(cluster, cluster.rules, mode)
  const segments = new Map([...built.segments, ...scenario.segments])
  const hosts = new Map([...built.hosts.map((one): [string, Host] => [one.name, one]), ...scenario.hosts])
  return { ...scenario, segments, hosts, cluster: undefined, mode }
}

function expandPlain(cluster: ClusterSpec, mode: Mode): { segments: [string, Segment][], hosts: Host[] } {
  const layout = layOut(cluster, mode)
  return { segments: segmentsOf(cluster, layout), hosts: hostsOf(cluster, layout, mode) }
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
    // Debian leaves it out: who wants it has built it.
    modules: cluster.scheduler === 'twos' ? ['ip_vs_twos'] : [],
  })
  const servers = layout.servers.map(({ name, spec, network, address }) => host(name, spec.name, {
    interfaces: [nicOn(network, address)],
    routes: defaultVia(network.gateway),
    setup: realServerCommands([cluster.vip], mode, spec.setup),
    servers: [serverOf(cluster)],
    cpu: spec.cpu,
  }))
  return [...clients, router, director, ...servers]
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
