/**
 * Generic Routing Encapsulation of an IPv4 packet (RFC 2784), with or without a checksum. Keys and sequence numbers
 * (RFC 2890) and version 1 are not modelled.
 * @module
 */
import { totalBytes, type IpPacket } from './ip-packet.ts'

/** Flag of the first word: a checksum follows. */
export const GRE_CHECKSUM_PRESENT = 0x8000

/** A GRE header and the packet behind it; a checksum is valid by construction. */
export interface GrePacket {
  readonly kind: 'gre'
  readonly inner: IpPacket
  readonly hasChecksum: boolean
}

/** Puts a packet behind a GRE header. */
export function grePacket(inner: IpPacket, hasChecksum: boolean): GrePacket {
  return { kind: 'gre', inner, hasChecksum }
}

/** Length of the header: 4 bytes, or 8 with a checksum (gre_calc_hlen). */
export function greHeaderBytes(hasChecksum: boolean): number {
  return hasChecksum ? 8 : 4
}

/** Header and packet. */
export function greBytes({ inner, hasChecksum }: GrePacket): number {
  return greHeaderBytes(hasChecksum) + totalBytes(inner)
}
