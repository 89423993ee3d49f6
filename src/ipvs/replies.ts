/**
 * Packets from real servers, back to clients: NAT is undone, and the connection followed. With DR and TUN replies do not pass the
 * director, but for those of a real server that is the director itself or has it for a gateway.
 * Follows ip_vs_out_hook() and handle_response() in ip_vs_core.c.
 * @module
 */
import type { HookPoint, Passage } from '../host/hooks.ts'
import type { Host } from '../host/host.ts'
import { formatIp, isIpv6 } from '../wire/address.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_PORT } from '../wire/icmp-message.ts'
import { isFragment, withSource, type IpPacket } from '../wire/ip-packet.ts'
import { TCP_RST } from '../wire/tcp-segment.ts'
import type { Connection } from './connection.ts'
import { countOut } from './counting.ts'
import { joinHeaders, portsOf, withSourcePort, type Headers } from './headers.ts'
import { handleOutgoingError, isIcmp } from './icmp-errors.ts'
import { byIpvs, changeOf, type IpvsParts } from './parts.ts'
import { connectionFromServer } from './server-calls.ts'
import { TCP_STATE } from './tcp-states.ts'
import { markHandled } from './transmit/way.ts'

/** The hook function for replies, at localIn, forward and localOut. */
export function handleReply(
  parts: IpvsParts, packet: IpPacket, passage: Passage, point: HookPoint,
): IpPacket | undefined {
  if (passage.fromIpvs) return packet
  const { host, connections, settings, services } = parts
  const whole = isFragment(packet) ? reassemble(host, packet) : packet
  if (whole === undefined) return undefined
  if (isIcmp(whole)) return handleOutgoingError(parts, whole, passage)
  const ports = portsOf(whole)
  if (ports === undefined) return whole
  let connection = connections.table.findReply(whole, ports)
  if (connection === undefined && services.hasEngines) {
    connection = connectionFromServer(parts, whole, joinHeaders(whole, ports))
  }
  if (connection !== undefined) {
    // The way back may depend on the address that the reply has now.
    if (settings.snat_reroute !== 0 && point !== 'localIn') passage.reroutes = host.routing.hasRules
    return respond(parts, whole, passage, connection)
  }
  if (settings.nat_icmp_send !== 0 && isFromRealServer(parts, joinHeaders(whole, ports)) && !isReset(whole)) {
    host.trace?.decision(host, whole, byIpvs(`from a real server, but of no connection (${point})`))
    host.sendIcmpError(whole, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PORT, rest: 0 })
    host.drop(whole, 'ipvs-no-destination')
    return undefined
  }
  return whole
}

function respond(parts: IpvsParts, packet: IpPacket, passage: Passage, connection: Connection): IpPacket {
  const { host } = parts
  let turned = packet
  if (!connection.repliesFrom(packet.src)) {
    turned = withSource(packet, connection.vaddr, withSourcePort(packet.payload, connection.vport))
    host.trace?.changed(host, packet, turned, 'NAT undone')
  }
  countOut(parts, connection, packet)
  const before = host.trace === undefined ? TCP_STATE.NONE : connection.state
  parts.connections.follow(connection, packet.payload, 'output')
  host.trace?.decision(host, turned, byIpvs(`reply from ${formatIp(connection.daddr)}: ${changeOf(before, connection)}`))
  markHandled(passage, connection)
  expectRequest(passage, connection)
  parts.connections.restart(connection)
  return turned
}

function reassemble(host: Host, packet: IpPacket): IpPacket | undefined {
  return (isIpv6(packet.dst) ? host.ipv6.input : host.input).reassemble(packet, 'ipvs')
}

/** A server that speaks first: conntrack must expect the client's answer at the service's address (ip_vs_update_conntrack). */
function expectRequest(passage: Passage, connection: Connection): void {
  const tracking = passage.conntrack
  if (!connection.isTracked || connection.method !== 'nat' || tracking === undefined) return
  const { entry, direction } = tracking
  if (entry.isConfirmed || entry.isDead || direction !== 'original') return
  entry.reply = { ...entry.reply, dst: connection.vaddr, dport: connection.vport }
}

/** True for the address and port of a NAT destination of any service (ip_vs_has_real_service). */
function isFromRealServer(parts: IpvsParts, headers: Headers): boolean {
  return parts.services.all.some(({ id, destinations }) => {
    if (id.fwmark === 0 && id.protocol !== headers.protocol) return false
    return destinations.some(({ method, addr, port }) => method === 'nat' && addr === headers.src && port === headers.sport)
  })
}

function isReset(packet: IpPacket): boolean {
  return packet.payload.kind === 'tcp' && (packet.payload.flags & TCP_RST) !== 0
}
