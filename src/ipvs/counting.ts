/**
 * Counting the packets of connections: for their destination, its service and the whole director.
 * Follows ip_vs_in_stats() and ip_vs_out_stats() in ip_vs_core.c.
 * @module
 */
import { totalBytes, type IpPacket } from '../wire/ip-packet.ts'
import type { Connection } from './connection.ts'
import type { IpvsParts } from './parts.ts'

/** Counts a packet towards the real server, while the destination is there. */
export function countIn(parts: IpvsParts, connection: Connection, packet: IpPacket): void {
  const { destination } = connection
  if (destination?.available !== true) return
  const bytes = totalBytes(packet)
  const { round } = parts.clock
  destination.stats.countIn(bytes, round)
  destination.service?.stats.countIn(bytes, round)
  parts.totals.countIn(bytes, round)
}

/** Counts a packet from the real server, while the destination is there. */
export function countOut(parts: IpvsParts, connection: Connection, packet: IpPacket): void {
  const { destination } = connection
  if (destination?.available !== true) return
  const bytes = totalBytes(packet)
  const { round } = parts.clock
  destination.stats.countOut(bytes, round)
  destination.service?.stats.countOut(bytes, round)
  parts.totals.countOut(bytes, round)
}
