/**
 * The frame on a link: an Ethernet II header, or the two bytes of a point-to-point link. A frame refers to the packet it
 * carries; copies that a bridge floods are the same value. Padding to 60 bytes is not part of it, as in a capture by its sender.
 * @module
 */
import { isIpv6, type MacAddr } from './address.ts'
import type { ArpPacket } from './arp-packet.ts'
import { ARP_PACKET_BYTES } from './arp-packet.ts'
import type { IpPacket } from './ip-packet.ts'
import { totalBytes } from './ip-packet.ts'

/** EtherType of IPv4. */
export const ETHERTYPE_IPV4 = 0x0800
/** EtherType of IPv6. */
export const ETHERTYPE_IPV6 = 0x86dd
/** EtherType of ARP. */
export const ETHERTYPE_ARP = 0x0806
/** Destination, source, type. */
export const ETHERNET_HEADER_BYTES = 14
/** Header of a point-to-point link: the protocol field of PPP alone (RFC 1661). */
export const PPP_HEADER_BYTES = 2

/** What a frame carries. */
export type FramePayload = IpPacket | ArpPacket

/** One frame. */
export interface Frame {
  readonly dst: MacAddr
  readonly src: MacAddr
  readonly payload: FramePayload
  /** Header and payload, without padding and check sequence. */
  readonly bytes: number
}

/** Makes an Ethernet II frame. */
export function ethernetFrame(dst: MacAddr, src: MacAddr, payload: FramePayload): Frame {
  return { dst, src, payload, bytes: ETHERNET_HEADER_BYTES + payloadBytesOf(payload) }
}

/** Makes a frame of a point-to-point link, which has no addresses. */
export function pppFrame(payload: IpPacket): Frame {
  return { dst: 0 as MacAddr, src: 0 as MacAddr, payload, bytes: PPP_HEADER_BYTES + totalBytes(payload) }
}

/** The EtherType of what it carries. */
export function etherTypeOf(payload: FramePayload): number {
  if (payload.kind === 'arp') return ETHERTYPE_ARP
  return isIpv6(payload.dst) ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4
}

/** Bytes of what it carries, the header of the packet included. */
export function payloadBytesOf(payload: FramePayload): number {
  return payload.kind === 'arp' ? ARP_PACKET_BYTES : totalBytes(payload)
}
