/**
 * Where everything of a cluster lives: names, networks and addresses for each forwarding mode. Clients, their network and the
 * router are the same in all modes, so the same traffic can run in each:
 *
 * ```
 * client1.. -- wan -- router -- lan -- director            nat: director -- inside -- real servers
 *                        |                                 dr:  the real servers are on lan
 *                        +-- far1, far2 -- real servers    tun: in networks of their own
 * ```
 * @module
 */
import { inPrefix, type IpAddr, networkOf, parseIpv4 } from '../wire/address.ts'
import type { Mode } from './schema-check.ts'
import type { ClusterSpec } from './schema-cluster.ts'

/** Name of the router, which no other host may have. */
export const ROUTER_NAME = 'router'
/** Name that stands for all clients. */
export const CLIENT_GROUP = 'client'

/** An IPv4 network of the layout. */
export interface Network {
  readonly segment: string
  readonly network: IpAddr
  readonly prefixLength: number
  /** The router's address there; in `inside` the director's. */
  readonly gateway: IpAddr
}

/** A real server and where it is. */
export interface PlacedServer {
  readonly name: string
  readonly spec: ClusterSpec['realServers'][number]
  readonly network: Network
  readonly address: IpAddr
}

/** Addresses of a cluster in one mode. */
export interface ClusterLayout {
  readonly wan: Network
  readonly lan: Network
  /** Networks of the real servers other than `lan`: `inside`, or `far1` and `far2`. */
  readonly serverNetworks: readonly Network[]
  readonly directorAddress: IpAddr
  readonly servers: readonly PlacedServer[]
  readonly clients: readonly { readonly name: string; readonly address: IpAddr }[]
}

/** Networks tried in this order: the first one that the VIP is not in. */
const WAN_CANDIDATES = ['172.16.0.0', '172.17.0.0']
const INSIDE_CANDIDATES = ['192.168.1.0', '192.168.2.0']
const FAR_CANDIDATES = [['10.9.1.0', '10.8.1.0'], ['10.9.2.0', '10.8.2.0']]

/** The layout of `cluster` in `mode`. The LAN is the /24 of the VIP. */
export function layOut(cluster: ClusterSpec, mode: Mode): ClusterLayout {
  const { vip } = cluster
  const lanNetwork = networkOf(vip, 24)
  const lan = network('lan', lanNetwork, 24, vip)
  const wan = network('wan', freeNetwork(WAN_CANDIDATES, 16, vip), 16, vip)
  const serverNetworks = networksOfServers(cluster, mode)
  const places = serverNetworks.length > 0 ? serverNetworks : [lan]
  // Servers take turns among the networks, and count up in each.
  const names = namesOfServers(cluster)
  const next = places.map(() => 11)
  const servers = names.map(({ name, spec }, index): PlacedServer => {
    const place = index % places.length
    const net = places[place] ?? lan
    const address = freeAddress(net.network, next[place] ?? 11, vip)
    next[place] = address - net.network + 1
    return { name, spec, network: net, address }
  })
  const clients = Array.from({ length: cluster.clients }, (_, i) => ({
    name: `${CLIENT_GROUP}${i + 1}`,
    address: (wan.network + 256 + i + 1) as IpAddr,
  }))
  return { wan, lan, serverNetworks, directorAddress: freeAddress(lanNetwork, 2, vip, [lan.gateway]), servers, clients }
}

/** Names of the real servers, replicas counted out, in the order of the file. */
export function namesOfServers(cluster: ClusterSpec): readonly { name: string; spec: ClusterSpec['realServers'][number] }[] {
  return cluster.realServers.flatMap((spec) =>
    spec.replicas === undefined
      ? [{ name: spec.name, spec }]
      : Array.from({ length: spec.replicas }, (_, i) => ({ name: `${spec.name}${i + 1}`, spec })))
}

function networksOfServers(cluster: ClusterSpec, mode: Mode): Network[] {
  const { vip } = cluster
  if (mode === 'dr') return []
  if (mode === 'nat') return [network('inside', freeNetwork(INSIDE_CANDIDATES, 24, vip), 24, vip)]
  return FAR_CANDIDATES.map((candidates, i) => network(`far${i + 1}`, freeNetwork(candidates, 24, vip), 24, vip))
}

function network(segment: string, base: IpAddr, prefixLength: number, vip: IpAddr): Network {
  return { segment, network: base, prefixLength, gateway: freeAddress(base, 1, vip) }
}

/** The first candidate that the VIP's own network is not in. */
function freeNetwork(candidates: readonly string[], prefixLength: number, vip: IpAddr): IpAddr {
  const networks = candidates.map((text) => parseIpv4(text) as IpAddr)
  return networks.find((base) => !inPrefix(vip, base, prefixLength)) ?? (networks[0] as IpAddr)
}

/** The address `number` of the network, or the next one that is neither the VIP nor taken. */
function freeAddress(base: IpAddr, number: number, vip: IpAddr, taken: readonly IpAddr[] = []): IpAddr {
  let address = base + number
  while (address === vip || taken.includes(address as IpAddr)) address++
  return address as IpAddr
}
