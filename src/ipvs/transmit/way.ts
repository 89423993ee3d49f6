/**
 * What all forwarding methods do before they differ: find the route to the real server, count the TTL down, and see that the
 * packet fits. Follows __ip_vs_get_out_rt(), decrement_ttl() and ensure_mtu_is_adequate() in ip_vs_xmit.c.
 * @module
 */
import type { HookPoint, Passage } from '../../host/hooks.ts'
import { routeMtuBytes, withNextHop, type Route } from '../../host/routing.ts'
import { isIpv6, isLoopback, type IpAddr } from '../../wire/address.ts'
import {
  ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, UNREACHABLE_HOST,
} from '../../wire/icmp-message.ts'
import { totalBytes, withTtlDecremented, type IpPacket } from '../../wire/ip-packet.ts'
import type { Connection } from '../connection.ts'
import type { KeptRoute } from '../destination.ts'
import { byIpvs, type IpvsParts } from '../parts.ts'

/** Smallest MTU that a tunnel may leave. */
const TUNNEL_MTU_BYTES_MIN = 68

/** A packet on its way through a transmitter. */
export interface Sending {
  readonly packet: IpPacket
  readonly passage: Passage
  readonly point: HookPoint
  readonly connection: Connection
}

/** How a method wants the route. */
export interface Demands {
  /** Something will be put before the packet. */
  readonly isTunnel?: boolean
  /** DR: the route must name the real server as the next hop, because the packet does not. */
  readonly namesNextHop?: boolean
  /** NAT: a packet for another host may be turned to this one. */
  readonly mayRedirect?: boolean
  /** The real server may be the director itself. */
  readonly mayBeLocal: boolean
}

/**
 * Finds the way by `nextHop`, which leaves `tunnelBytes` for what is put before the packet. A local one means that the real
 * server is the director itself; what goes on by any other has its TTL counted down. Undefined when there is none: the packet is
 * accounted for.
 */
export function findWay(
  parts: IpvsParts, sending: Sending, demands: Demands, nextHop: IpAddr, tunnelBytes = 0,
): Route | undefined {
  const { host } = parts
  const { packet } = sending
  const route = host.findOutputRoute(nextHop)
  if (route === undefined || (route.type !== 'unicast' && route.type !== 'local')) {
    host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_HOST, rest: 0 })
    return lost(parts, packet, 'there is no route to the real server')
  }
  const way = keepRoute(parts, sending, demands, route)
  if (route.type === 'local') {
    const wasLocal = sending.point === 'localIn' || host.isLocalAddress(packet.dst)
    if (!demands.mayBeLocal || (demands.mayRedirect !== true && !wasLocal)) return lost(
      parts, packet, 'the real server may not be this host',
    )
    return route
  }
  if (isLoopback(packet.src)) return lost(parts, packet, 'a packet from 127.0.0.0/8 may not leave this host')
  if (packet.ttl <= 1) {
    host.sendIcmpError(packet, { type: ICMP_TIME_EXCEEDED, code: 0, rest: 0 })
    host.drop(packet, 'ttl-exceeded')
    return undefined
  }
  const routeBytes = routeMtuBytes(route)
  const learntBytes = host.paths.find(nextHop, host.sim.nowNs)
  const pathBytes = learntBytes === undefined || learntBytes > routeBytes ? routeBytes : learntBytes
  return fits(parts, packet, pathBytes - tunnelBytes, demands) ? way : undefined
}

/**
 * The route to a destination is kept with it, until routes or addresses of the director change or the destination is edited.
 * One that a connection by NAT or TUN has looked up does not name the next hop, since their packets are addressed to it; a
 * connection by DR that comes upon it asks for the VIP in place of the real server.
 */
function keepRoute({ host }: IpvsParts, { packet, connection }: Sending, demands: Demands, found: Route): Route {
  const { destination } = connection
  if (destination === undefined) return found
  const { generation } = host.routing
  const wantsName = demands.namesNextHop === true
  let kept = destination.route
  if (kept?.generation !== generation) kept = destination.route = keep(found, generation, wantsName, destination.addr)
  else if (kept.found !== found) kept = destination.route = keep(found, generation, kept.namesNextHop, destination.addr)
  if (wantsName && !kept.namesNextHop) host.trace?.decision(
    host, packet, byIpvs('a NAT or TUN connection has looked the route up: it does not name the real server as the next hop'),
  )
  return kept.route
}

function keep(found: Route, generation: number, namesNextHop: boolean, nextHop: IpAddr): KeptRoute {
  const route = namesNextHop && found.gateway === undefined ? withNextHop(found, nextHop) : found
  return { generation, namesNextHop, found, route }
}

function fits(parts: IpvsParts, packet: IpPacket, mtuBytes: number, { isTunnel }: Demands): boolean {
  const { host, settings } = parts
  if (isTunnel === true) {
    if (mtuBytes < TUNNEL_MTU_BYTES_MIN) {
      lost(parts, packet, `the tunnel would leave an MTU of ${mtuBytes} bytes`)
      return false
    }
    // Without path MTU discovery the outer packet will be cut.
    if (settings.pmtu_disc === 0) return true
  }
  const mayBeCut = !packet.dontFragment && !isIpv6(packet.dst)
  const { kind } = packet.payload
  if (mayBeCut || totalBytes(packet) <= mtuBytes || kind === 'icmp' || kind === 'icmpv6') return true
  const next = withTtlDecremented(packet)
  host.trace?.decision(host, next, byIpvs(`${totalBytes(packet)} bytes do not fit into ${mtuBytes}, and may not be cut`))
  host.sendIcmpError(next, { type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: mtuBytes })
  host.drop(next, 'too-big')
  return false
}

function lost(parts: IpvsParts, packet: IpPacket, why: string): undefined {
  parts.host.trace?.decision(parts.host, packet, byIpvs(why))
  parts.host.drop(packet, 'ipvs-no-route')
  return undefined
}

/** Marks a packet as handled by IPVS; without conntrack for connections nobody tracks it either (ip_vs_notrack). */
export function markHandled(passage: Passage, connection: Connection): void {
  passage.fromIpvs = true
  if (connection.isTracked) return
  passage.untracked = true
  passage.conntrack = undefined
}
