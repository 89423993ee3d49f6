/**
 * Bypass: no real server is left, and the packet goes to where it was addressed (cache_bypass, for transparent caches).
 * Follows ip_vs_bypass_xmit() in ip_vs_xmit.c.
 * @module
 */
import { withTtlDecremented, type IpPacket } from '../../wire/ip-packet.ts'
import type { IpvsParts } from '../parts.ts'
import { findWay, markHandled, type Demands, type Sending } from './way.ts'

const DEMANDS: Demands = { mayBeLocal: false }

/** Sends a packet on to its own destination. */
export function transmitBypass(parts: IpvsParts, sending: Sending): IpPacket | undefined {
  const { packet, passage, connection } = sending
  const route = findWay(parts, sending, DEMANDS, packet.dst)
  if (route === undefined || route.type === 'local') return undefined
  markHandled(passage, connection)
  parts.host.sendIpvs(withTtlDecremented(packet), route, passage)
  return undefined
}
