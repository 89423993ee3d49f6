/**
 * ICMP errors about packets of connections: those from clients' networks go to the real server, those from real servers to the
 * client, and those about the outer packets of tunnels are told to the client by the director. Echo is not balanced.
 * Follows ip_vs_in_icmp(), ip_vs_out_icmp() and ip_vs_nat_icmp() in ip_vs_core.c, ip_vs_icmp_xmit() in ip_vs_xmit.c.
 * @module
 */
import type { HookPoint, Passage } from '../host/hooks.ts'
import { formatIp } from '../wire/address.ts'
import {
  ICMP_SOURCE_QUENCH, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, isIcmpv6Error, UNREACHABLE_FRAGMENTATION_NEEDED, withQuoted,
  type IcmpMessage,
} from '../wire/icmp-message.ts'
import {
  innerPacket, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IPIP, totalBytes, withDestination, withSource, withTtlDecremented,
  type IpPacket,
} from '../wire/ip-packet.ts'
import { countIn, countOut } from './counting.ts'
import { inverted, readHeaders, withDestinationPort, withSourcePort } from './headers.ts'
import { byIpvs, type IpvsParts } from './parts.ts'
import { schedule } from './scheduling.ts'
import { transmit } from './transmit/transmit.ts'
import { findWay, markHandled, type Sending } from './transmit/way.ts'

/** The smallest MTU of IPv4 (RFC 791). */
const MTU_BYTES_MIN = 68

/** The hook function for errors on their way to real servers, at localIn, localOut and (for services by mark) forward. */
export function handleIncomingError(
  parts: IpvsParts, packet: IpPacket, passage: Passage, point: HookPoint,
): IpPacket | undefined {
  if (passage.fromIpvs || !isIcmp(packet)) return packet
  const message = errorOf(packet)
  const quoted = message?.quoted
  if (message === undefined || quoted === undefined) return packet
  const inner = innerPacket(quoted)
  if (quoted.protocol === IPPROTO_IPIP && inner !== undefined) {
    return point === 'localIn' ? aboutTunnel(parts, packet, message, { outer: quoted, inner }) : packet
  }
  if (inner !== undefined && point === 'localIn' && endsAtDestination(parts, quoted)) {
    return aboutTunnel(parts, packet, message, { outer: quoted, inner })
  }
  const { connections, settings } = parts
  const read = readHeaders(quoted)
  if (read === undefined) return packet
  const headers = inverted(read)
  let connection = connections.table.findRequest(headers, headers)
  const isNew = connection === undefined
  if (connection === undefined) {
    if (settings.schedule_icmp === 0) return packet
    const scheduled = schedule(parts, { packet, passage, headers, isIcmp: true })
    if (scheduled === 'pass') return packet
    if (scheduled === 'taken') return undefined
    connection = scheduled
  }
  countIn(parts, connection, packet)
  const result = sendError(parts, { packet, passage, point, connection }, message)
  if (isNew) connections.restart(connection)
  return result
}

/** The hook function for errors on their way to clients, called for replies. */
export function handleOutgoingError(parts: IpvsParts, packet: IpPacket, passage: Passage): IpPacket {
  const message = errorOf(packet)
  const quoted = message?.quoted
  const read = quoted === undefined ? undefined : readHeaders(quoted)
  if (message === undefined || quoted === undefined || read === undefined) return packet
  const headers = inverted(read)
  const connection = parts.connections.table.findReply(headers, headers)
  // With DR and TUN the director's own errors leave as they are: seen in the record of a real server that does not answer ARP.
  if (connection?.method !== 'nat') return packet
  const inside = withDestination(quoted, connection.vaddr, withDestinationPort(quoted.payload, connection.vport))
  const turned = withSource(packet, connection.vaddr, withQuoted(message, inside))
  parts.host.trace?.changed(parts.host, packet, turned, 'NAT undone, in the quoted packet too')
  countOut(parts, connection, packet)
  markHandled(passage, connection)
  return turned
}

/** The real server learns of an error: NAT turns the message and the packet inside it. */
function sendError(
  parts: IpvsParts, sending: Sending, message: IcmpMessage,
): IpPacket | undefined {
  const { host } = parts
  const { packet, passage, point, connection } = sending
  if (connection.method !== 'nat') {
    const result = transmit(parts, sending)
    connection.countInPacket()
    return result
  }
  const route = findWay(parts, sending, { mayBeLocal: point !== 'forward', mayRedirect: true }, connection.daddr)
  if (route === undefined) return undefined
  const from = route.type === 'local' ? packet : withTtlDecremented(packet)
  const { quoted } = message
  const inside = quoted === undefined ? undefined : withSource(
    quoted, connection.daddr, withSourcePort(quoted.payload, connection.dport),
  )
  const turned = withDestination(from, connection.daddr, inside === undefined ? message : withQuoted(message, inside))
  host.trace?.changed(host, packet, turned, 'NAT to the real server, in the quoted packet too')
  markHandled(passage, connection)
  if (route.type === 'local') return turned
  host.sendIpvs(turned, route, passage)
  return undefined
}

/** An error about the outer packet of a tunnel: the client is told, as if the tunnel were not there. */
function aboutTunnel(
  parts: IpvsParts, packet: IpPacket, message: IcmpMessage, { outer, inner }: {
    outer: IpPacket, inner: IpPacket,
  },
): IpPacket | undefined {
  const { host, connections } = parts
  const headers = readHeaders(inner)
  if (headers === undefined) return packet
  const connection = connections.table.findRequest(headers, headers)
  if (connection === undefined) return packet
  host.consume(packet, 'ipvs')
  let { rest } = message
  if (message.type === ICMP_UNREACHABLE && message.code === UNREACHABLE_FRAGMENTATION_NEEDED) {
    host.learnPathMtu(outer.dst, message.rest & 0xffff)
    // A client that does not look for the path MTU is not told it; its packets are cut.
    if (!outer.dontFragment) return undefined
    const mtuBytes = host.pathMtuBytes(outer.dst)
    const overheadBytes = totalBytes(outer) - totalBytes(inner)
    rest = mtuBytes > MTU_BYTES_MIN + overheadBytes ? mtuBytes - overheadBytes : mtuBytes
  }
  parts.host.trace?.decision(parts.host, inner, byIpvs(`the tunnel to ${formatIp(outer.dst)} failed: the client is told`))
  host.sendIcmpError(inner, { type: message.type, code: message.code, rest })
  countOut(parts, connection, inner)
  return undefined
}

/** True when a GUE or GRE packet was sent to a destination that has such a tunnel (ip_vs_find_tunnel). */
function endsAtDestination(parts: IpvsParts, { dst, payload }: IpPacket): boolean {
  return parts.services.all.some(({ destinations }) => destinations.some(({ addr, method, tunnel }) => {
    if (method !== 'tun' || addr !== dst) return false
    return payload.kind === 'udp' ? tunnel.type === 'gue' && tunnel.port === payload.dport : tunnel.type === payload.kind
  }))
}

/** True for ICMP of either version, by the header alone. */
export function isIcmp({ protocol }: IpPacket): boolean {
  return protocol === IPPROTO_ICMP || protocol === IPPROTO_ICMPV6
}

/** The message, if it is an error that IPVS looks at. */
function errorOf(packet: IpPacket): IcmpMessage | undefined {
  if (packet.payload.kind === 'icmpv6') return isIcmpv6Error(packet.payload.type) ? packet.payload : undefined
  if (packet.payload.kind !== 'icmp') return undefined
  const { type } = packet.payload
  const isError = type === ICMP_UNREACHABLE || type === ICMP_SOURCE_QUENCH || type === ICMP_TIME_EXCEEDED
  return isError ? packet.payload : undefined
}
