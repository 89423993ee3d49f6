/**
 * VS/DR: the packet stays as it is but for its TTL; the frame goes to the real server, because the route is found by the RIP.
 * Follows ip_vs_dr_xmit() in ip_vs_xmit.c.
 * @module
 */
import { withTtlDecremented, type IpPacket } from '../../wire/ip-packet.ts'
import type { IpvsParts } from '../parts.ts'
import { findWay, markHandled, type Demands, type Sending } from './way.ts'

const DEMANDS: Demands = { mayBeLocal: true, namesNextHop: true }

/** Sends a request to the real server; returns it when that is the director itself. */
export function transmitDirect(parts: IpvsParts, sending: Sending): IpPacket | undefined {
  const { packet, passage, connection } = sending
  const route = findWay(parts, sending, DEMANDS, connection.daddr)
  if (route === undefined) return undefined
  markHandled(passage, connection)
  if (route.type === 'local') return packet
  // The kept route may not name the real server: then the frame is for the VIP, unless there is a gateway.
  parts.host.sendIpvs(withTtlDecremented(packet), route, passage)
  return undefined
}
