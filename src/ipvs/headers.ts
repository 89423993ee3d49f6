/**
 * What IPVS looks at of a packet: addresses, ports, and whether it may begin a connection (struct ip_vs_iphdr).
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { IpPacket, IpPayload } from '../wire/ip-packet.ts'
import { TCP_RST, TCP_SYN, withTcpPorts } from '../wire/tcp-segment.ts'
import { withUdpPorts } from '../wire/udp-datagram.ts'

/** What is looked at of a header of IP; a packet has it. */
export interface Addresses {
  readonly protocol: number
  readonly src: IpAddr
  readonly dst: IpAddr
}

/** What is looked at of a header of TCP or UDP; a segment or datagram has it. */
export interface Ports {
  readonly sport: number
  readonly dport: number
}

/** Addresses and ports of a TCP or UDP packet. */
export interface Headers extends Addresses, Ports {}

/** Where the ports of a packet are; undefined for a protocol that IPVS leaves alone, or a piece without ports. */
export function portsOf(packet: IpPacket): Ports | undefined {
  const payload = wholePayload(packet)
  return payload.kind === 'tcp' || payload.kind === 'udp' ? payload : undefined
}

/** Puts together what was looked at, for who keeps it. */
export function joinHeaders({ protocol, src, dst }: Addresses, { sport, dport }: Ports): Headers {
  return { protocol, src, sport, dst, dport }
}

/** Reads a packet; undefined for a protocol that IPVS leaves alone, or a piece without ports. */
export function readHeaders(packet: IpPacket): Headers | undefined {
  const ports = portsOf(packet)
  return ports === undefined ? undefined : joinHeaders(packet, ports)
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
