/**
 * The UDP datagram (RFC 768) as an immutable value: with bytes, or with the packet that Generic UDP Encapsulation puts in
 * (draft-ietf-intarea-gue: version 0, no options). Its checksum is valid by construction; GUE may leave it out.
 * @module
 */
import { totalBytes, type IpPacket } from './ip-packet.ts'
import { NO_DATA } from './tcp-segment.ts'

/** Header length. */
export const UDP_HEADER_BYTES = 8
/** Length of a GUE header without options. */
export const GUE_HEADER_BYTES = 4

/** What a GUE datagram carries. */
export interface GueContent {
  readonly inner: IpPacket
  /** False when the datagram is sent without a UDP checksum. */
  readonly hasChecksum: boolean
}

/** One datagram. */
export interface UdpDatagram {
  readonly kind: 'udp'
  readonly sport: number
  readonly dport: number
  /** The bytes; none where `gue` says what it carries. */
  readonly data: Uint8Array
  /** The packet it carries, where a tunnel made it. A decoder leaves bytes: only who knows the port knows what they are. */
  readonly gue: GueContent | undefined
}

/** Makes a datagram. */
export function udpDatagram(ports: { readonly sport: number, readonly dport: number }, data: Uint8Array): UdpDatagram {
  return { kind: 'udp', sport: ports.sport, dport: ports.dport, data, gue: undefined }
}

/** Makes a datagram that carries a packet. */
export function gueDatagram(ports: { readonly sport: number, readonly dport: number }, gue: GueContent): UdpDatagram {
  return { kind: 'udp', sport: ports.sport, dport: ports.dport, data: NO_DATA, gue }
}

/** The datagram with other ports. */
export function withUdpPorts(d: UdpDatagram, sport: number, dport: number): UdpDatagram {
  return { kind: 'udp', sport, dport, data: d.data, gue: d.gue }
}

/** Length of what it carries. */
export function udpDataBytes({ data, gue }: UdpDatagram): number {
  return gue === undefined ? data.length : GUE_HEADER_BYTES + totalBytes(gue.inner)
}

/** Header and data. */
export function udpBytes(datagram: UdpDatagram): number {
  return UDP_HEADER_BYTES + udpDataBytes(datagram)
}
