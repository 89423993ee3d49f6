/**
 * VS/DR: the packet stays as it is but for its TTL; the frame goes to the real server, because the route is found by the RIP.
 * Follows ip_vs_dr_xmit() in ip_vs_xmit.c.
 * @module
 */
import type { IpPacket } from '../../wire/ip-packet.ts'
import type { IpvsParts } from '../parts.ts'
import { findWay, markHandled, type Sending } from './way.ts'

/** Sends a request to the real server; returns it when that is the director itself. */
export function transmitDirect(parts: IpvsParts, sending: Sending): IpPacket | undefined {
  const { packet, passage, connection } = sending
  const way = findWay(parts, sending, { nextHop: connection.daddr, mayBeLocal: true, namesNextHop: true })
  if (way === undefined) return undefined
  markHandled(sending)
  if (way.kind === 'local') return packet
  parts.host.sendIpvs(way.packet, connection.daddr, passage, way.neighbor)
  return undefined
}
