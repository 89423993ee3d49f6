/**
 * The UDP datagram (RFC 768) as an immutable value; its checksum is valid by construction.
 * @module
 */

/** Header length. */
export const UDP_HEADER_BYTES = 8

/** One datagram. */
export interface UdpDatagram {
  readonly kind: 'udp'
  readonly sport: number
  readonly dport: number
  readonly data: Uint8Array
}

/** Makes a datagram. */
export function udpDatagram(ports: { readonly sport: number, readonly dport: number }, data: Uint8Array): UdpDatagram {
  return { kind: 'udp', sport: ports.sport, dport: ports.dport, data }
}

/** The datagram with other ports. */
export function withUdpPorts(d: UdpDatagram, sport: number, dport: number): UdpDatagram {
  return { kind: 'udp', sport, dport, data: d.data }
}

/** Header and data. */
export function udpBytes(datagram: UdpDatagram): number {
  return UDP_HEADER_BYTES + datagram.data.length
}
