/**
 * What IPVS looks at of a packet: addresses, ports, and whether it may begin a connection (struct ip_vs_iphdr).
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { IpPacket, IpPayload } from '../wire/ip-packet.ts'
import { TCP_RST, TCP_SYN, withTcpPorts } from '../wire/tcp-segment.ts'
import { withUdpPorts } from '../wire/udp-datagram.ts'

/** Addresses and ports of a TCP or UDP packet. */
export interface Headers {
  readonly protocol: number
  readonly src: IpAddr
  readonly sport: number
  readonly dst: IpAddr
  readonly dport: number
}

/** Reads a packet; undefined for a protocol that IPVS leaves alone, or a piece without ports. */
export function readHeaders(packet: IpPacket): Headers | undefined {
  const payload = wholePayload(packet)
  if (payload.kind !== 'tcp' && payload.kind !== 'udp') return undefined
  return { protocol: packet.protocol, src: packet.src, sport: payload.sport, dst: packet.dst, dport: payload.dport }
}

/** The same flow seen from its other end: what the packet that an ICMP error quotes is looked up as. */
export function inverted(headers: Headers): Headers {
  return { protocol: headers.protocol, src: headers.dst, sport: headers.dport, dst: headers.src, dport: headers.sport }
}

/** True for a segment with SYN: it may mean a new connection even where one is known. */
export function asksForNew(payload: IpPayload): boolean {
  return payload.kind === 'tcp' && (payload.flags & TCP_SYN) !== 0
}

/** True for a packet that may begin a connection: any UDP; TCP with SYN and no RST, or without RST at all if `isSloppy`. */
export function mayBegin(payload: IpPayload, isSloppy: boolean): boolean {
  if (payload.kind !== 'tcp') return payload.kind === 'udp'
  if ((payload.flags & TCP_RST) !== 0) return false
  return isSloppy || (payload.flags & TCP_SYN) !== 0
}

/** The payload with another destination port. */
export function withDestinationPort(payload: IpPayload, port: number): IpPayload {
  if (payload.kind === 'tcp') return withTcpPorts(payload, payload.sport, port)
  return payload.kind === 'udp' ? withUdpPorts(payload, payload.sport, port) : payload
}

/** The payload with another source port. */
export function withSourcePort(payload: IpPayload, port: number): IpPayload {
  if (payload.kind === 'tcp') return withTcpPorts(payload, port, payload.dport)
  return payload.kind === 'udp' ? withUdpPorts(payload, port, payload.dport) : payload
}

/** The payload of the packet that was cut, for its first piece, which has the ports. */
function wholePayload(packet: IpPacket): IpPayload {
  const { payload } = packet
  return payload.kind === 'fragment' && packet.fragmentOffsetBytes === 0 ? payload.whole.payload : payload
}
