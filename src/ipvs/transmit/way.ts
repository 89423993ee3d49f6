/**
 * What all forwarding methods do before they differ: find the route to the real server, count the TTL down, and see that the
 * packet fits. Follows __ip_vs_get_out_rt(), decrement_ttl() and ensure_mtu_is_adequate() in ip_vs_xmit.c.
 * @module
 */
import type { HookPoint, Passage } from '../../host/hooks.ts'
import { routeMtuBytes } from '../../host/routing.ts'
import { isIpv6, isLoopback, type IpAddr } from '../../wire/address.ts'
import {
  ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, UNREACHABLE_HOST,
} from '../../wire/icmp-message.ts'
import { totalBytes, withTtlDecremented, type IpPacket } from '../../wire/ip-packet.ts'
import type { Connection } from '../connection.ts'
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

/** The packet that goes on, with its TTL counted down; `local`: the real server is the director itself. */
export type Way = IpPacket | 'local'

/**
 * Finds the way by `nextHop`, which leaves `tunnelBytes` for what is put before the packet; undefined when there is none, and
 * then the packet is accounted for.
 */
export function findWay(
  parts: IpvsParts, sending: Sending, demands: Demands, nextHop: IpAddr, tunnelBytes = 0,
): Way | undefined {
  const { host } = parts
  const { packet } = sending
  const route = host.findOutputRoute(nextHop)
  if (route === undefined || (route.type !== 'unicast' && route.type !== 'local')) {
    host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_HOST, rest: 0 })
    return lost(parts, packet, 'there is no route to the real server')
  }
  keepRoute(parts, sending, demands)
  if (route.type === 'local') {
    const wasLocal = sending.point === 'localIn' || host.isLocalAddress(packet.dst)
    if (!demands.mayBeLocal || (demands.mayRedirect !== true && !wasLocal)) return lost(
      parts, packet, 'the real server may not be this host',
    )
    return 'local'
  }
  if (isLoopback(packet.src)) return lost(parts, packet, 'a packet from 127.0.0.0/8 may not leave this host')
  if (packet.ttl <= 1) {
    host.sendIcmpError(packet, { type: ICMP_TIME_EXCEEDED, code: 0, rest: 0 })
    host.drop(packet, 'ttl-exceeded')
    return undefined
  }
  const next = withTtlDecremented(packet)
  const mtuBytes = Math.min(routeMtuBytes(route), host.paths.find(nextHop, host.sim.nowNs) ?? Infinity) - tunnelBytes
  return fits(parts, next, mtuBytes, demands) ? next : undefined
}

/**
 * The route to a destination is kept with it, until routes or addresses of the director change or the destination is edited.
 * One that a connection by NAT or TUN has looked up does not name the next hop, since their packets are addressed to it; a
 * connection by DR that comes upon it asks for the VIP in place of the real server.
 */
function keepRoute({ host }: IpvsParts, { packet, connection }: Sending, { namesNextHop = false }: Demands): void {
  const { destination } = connection
  if (destination === undefined) return
  const { generation } = host.routing
  if (destination.route?.generation !== generation) destination.route = { generation, namesNextHop }
  if (namesNextHop && !destination.route.namesNextHop) host.trace?.decision(
    host, packet, byIpvs('a NAT or TUN connection has looked the route up: it does not name the real server as the next hop'),
  )
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
  host.trace?.decision(host, packet, byIpvs(`${totalBytes(packet)} bytes do not fit into ${mtuBytes}, and may not be cut`))
  host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: mtuBytes })
  host.drop(packet, 'too-big')
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
