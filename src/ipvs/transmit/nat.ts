/**
 * VS/NAT: the request gets the real server's address and port for a destination. Follows ip_vs_nat_xmit() in ip_vs_xmit.c and
 * ip_vs_update_conntrack() in ip_vs_nfct.c.
 * @module
 */
import { isLoopback } from '../../wire/address.ts'
import { withDestination, withTtlDecremented, type IpPacket } from '../../wire/ip-packet.ts'
import { withDestinationPort } from '../headers.ts'
import { byIpvs, type IpvsParts } from '../parts.ts'
import { findWay, markHandled, type Demands, type Sending } from './way.ts'

const DEMANDS: Demands = { mayBeLocal: true, mayRedirect: true }

/** Sends a request to the real server; returns it, turned, when that is the director itself. */
export function transmitNat(parts: IpvsParts, sending: Sending): IpPacket | undefined {
  const { host } = parts
  const { packet, passage, connection, point } = sending
  const route = findWay(parts, sending, DEMANDS, connection.daddr)
  if (route === undefined) return undefined
  const isLocal = route.type === 'local'
  if (isLocal && isLoopback(connection.daddr) && point !== 'localOut') {
    parts.host.trace?.decision(parts.host, packet, byIpvs('a packet from outside may not be turned to 127.0.0.0/8'))
    host.drop(packet, 'ipvs-no-route')
    return undefined
  }
  const from = isLocal ? packet : withTtlDecremented(packet)
  const turned = withDestination(from, connection.daddr, withDestinationPort(from.payload, connection.dport))
  host.trace?.changed(host, packet, turned, 'NAT to the real server')
  markHandled(passage, connection)
  expectReply(sending)
  if (isLocal) return turned
  host.sendIpvs(turned, route, passage)
  return undefined
}

/** Has conntrack expect the answer from the real server, where it tracks the connection and has not confirmed it yet. */
function expectReply({ passage, connection }: Sending): void {
  const tracking = passage.conntrack
  if (!connection.isTracked || tracking === undefined) return
  const { entry, direction } = tracking
  if (entry.isConfirmed || entry.isDead || direction !== 'original') return
  entry.reply = { ...entry.reply, src: connection.daddr, sport: connection.dport }
}
