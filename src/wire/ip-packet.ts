/**
 * The IP packet of either version (RFC 791, RFC 8200): an immutable value of one fixed shape; its addresses say which version it
 * is. A rewrite is a named function that returns another packet. The header checksum of IPv4 is valid by construction. IPv4
 * options are not modelled, nor are flow labels and extension headers of IPv6 but that of a fragment.
 * @module
 */
import { isIpv6, type IpAddr } from './address.ts'
import type { GrePacket } from './gre-packet.ts'
import type { IcmpMessage } from './icmp-message.ts'
import type { NeighborMessage } from './neighbor-message.ts'
import type { TcpSegment } from './tcp-segment.ts'
import type { UdpDatagram } from './udp-datagram.ts'

/** Protocol numbers (IANA) that lvsim carries. */
export const IPPROTO_ICMP = 1
/** A whole IPv4 packet inside (RFC 2003). */
export const IPPROTO_IPIP = 4
/** See `IPPROTO_ICMP`. */
export const IPPROTO_TCP = 6
/** See `IPPROTO_ICMP`. */
export const IPPROTO_UDP = 17
/** The header of an IPv6 fragment; what it is a fragment of follows. */
export const IPPROTO_FRAGMENT = 44
/** A packet behind a header of Generic Routing Encapsulation. */
export const IPPROTO_GRE = 47
/** ICMP of IPv6, neighbor discovery included. */
export const IPPROTO_ICMPV6 = 58

/** Header length without options. */
export const IPV4_HEADER_BYTES = 20
/** Length of the fixed header of IPv6. */
export const IPV6_HEADER_BYTES = 40
/** Length of the header that every fragment of an IPv6 packet has behind the fixed one. */
export const IPV6_FRAGMENT_HEADER_BYTES = 8
/** Largest total length of an IPv4 packet. */
export const IPV4_PACKET_BYTES_MAX = 65_535
/** The TTL Linux gives to what it originates (net.ipv4.ip_default_ttl, net.ipv6.conf.all.hop_limit). */
export const DEFAULT_TTL = 64

/** Bytes of a protocol that lvsim does not look into, or of a packet that was read with IPv4 options in its header. */
export interface RawPayload {
  readonly kind: 'raw'
  readonly data: Uint8Array
  /** How many of the first bytes of `data` are IPv4 options, a multiple of 4; none when absent. Only a decoder sets it. */
  readonly optionsBytes?: number
}

/** A piece of a packet that was cut: it refers to the whole, and says which bytes of its payload it carries. */
export interface FragmentPayload {
  readonly kind: 'fragment'
  readonly whole: IpPacket
}

/** What a packet carries. A packet inside a packet is IPIP. */
export type IpPayload =
  TcpSegment | UdpDatagram | IcmpMessage | NeighborMessage | IpPacket | GrePacket | FragmentPayload | RawPayload

/** One packet. */
export interface IpPacket {
  readonly kind: 'ip'
  /** Number of the packet in its run, given where it was made and kept by every rewrite, wrapping and cut. Not on the wire. */
  readonly uid: number
  readonly src: IpAddr
  readonly dst: IpAddr
  /** 0..255. The hop limit of IPv6. */
  readonly ttl: number
  /** What follows the headers of the packet; in IPv6 the next header behind that of a fragment. */
  readonly protocol: number
  /** The whole byte: DSCP and ECN. The traffic class of IPv6. */
  readonly tos: number
  /** Identification: 0..65535, of IPv6 0..2^32-1 and on the wire in fragments only. */
  readonly ident: number
  /** IPv6 has no such bit, and only senders cut: there it says whether the sender may. */
  readonly dontFragment: boolean
  readonly moreFragments: boolean
  /** Where this fragment begins in the payload of the whole packet, a multiple of 8; 0 in a whole packet. */
  readonly fragmentOffsetBytes: number
  readonly payload: IpPayload
  /** Bytes after the header that this packet carries. */
  readonly payloadBytes: number
  /** netfilter's mark (skb->mark): belongs to the host the packet is in, 0 on every wire. */
  readonly mark: number
}

/** The fields that differ from packet to packet; the others have the defaults of a packet that Linux originates. */
export interface IpPacketFields {
  readonly uid: number
  readonly src: IpAddr
  readonly dst: IpAddr
  readonly protocol: number
  readonly payload: IpPayload
  readonly payloadBytes: number
  readonly ttl?: number
  readonly tos?: number
  readonly ident?: number
  readonly dontFragment?: boolean
}

/** Makes a whole packet: TTL 64, TOS 0, identification 0 and DF set unless said otherwise. */
export function ipPacket(fields: IpPacketFields): IpPacket {
  return make(
    fields.uid, fields.src, fields.dst, fields.ttl ?? DEFAULT_TTL, fields.protocol, fields.tos ?? 0, fields.ident ?? 0,
    fields.dontFragment ?? true, false, 0, fields.payload, fields.payloadBytes, 0,
  )
}

/** Length of a header without options of the version that this address is of. */
export function ipHeaderBytes(addr: IpAddr): number {
  return isIpv6(addr) ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES
}

/** Total length: the headers and what follows them. */
export function totalBytes(packet: IpPacket): number {
  if (!isIpv6(packet.dst)) return IPV4_HEADER_BYTES + packet.payloadBytes
  return IPV6_HEADER_BYTES + (isFragment(packet) ? IPV6_FRAGMENT_HEADER_BYTES : 0) + packet.payloadBytes
}

/** True for a piece of a packet, the first one included. */
export function isFragment(packet: IpPacket): boolean {
  return packet.moreFragments === true || packet.fragmentOffsetBytes !== 0
}

/** The packet inside, of one that a tunnel has wrapped (IPIP, GRE or GUE); undefined for any other. */
export function innerPacket({ payload }: IpPacket): IpPacket | undefined {
  switch (payload.kind) {
    case 'ip': return payload
    case 'gre': return payload.inner
    case 'udp': return payload.gue?.inner
    default: return undefined
  }
}

/** The packet after one more router: TTL less one. */
export function withTtlDecremented(p: IpPacket): IpPacket {
  return make(p.uid, p.src, p.dst, p.ttl - 1, p.protocol, p.tos, p.ident, p.dontFragment, p.moreFragments,
    p.fragmentOffsetBytes, p.payload, p.payloadBytes, p.mark)
}

/** The packet with another source. The payload is given too, because ports (and with them checksums) often change along. */
export function withSource(p: IpPacket, src: IpAddr, payload: IpPayload): IpPacket {
  return make(p.uid, src, p.dst, p.ttl, p.protocol, p.tos, p.ident, p.dontFragment, p.moreFragments,
    p.fragmentOffsetBytes, payload, p.payloadBytes, p.mark)
}

/** The packet with another destination, and its payload as above. */
export function withDestination(p: IpPacket, dst: IpAddr, payload: IpPayload): IpPacket {
  return make(p.uid, p.src, dst, p.ttl, p.protocol, p.tos, p.ident, p.dontFragment, p.moreFragments,
    p.fragmentOffsetBytes, payload, p.payloadBytes, p.mark)
}

/** The packet with netfilter's mark set; the packet itself when it has that mark. */
export function withMark(p: IpPacket, mark: number): IpPacket {
  if (p.mark === mark) return p
  return make(p.uid, p.src, p.dst, p.ttl, p.protocol, p.tos, p.ident, p.dontFragment, p.moreFragments,
    p.fragmentOffsetBytes, p.payload, p.payloadBytes, mark)
}

/** A piece of `whole`: `payloadBytes` bytes of its payload from `offsetBytes` on (counted within `whole`). */
export function fragmentOf(whole: IpPacket, piece: { offsetBytes: number, payloadBytes: number, more: boolean }): IpPacket {
  const payload: IpPayload = whole.payload.kind === 'fragment' ? whole.payload : { kind: 'fragment', whole }
  return make(whole.uid, whole.src, whole.dst, whole.ttl, whole.protocol, whole.tos, whole.ident, whole.dontFragment,
    piece.more || whole.moreFragments, whole.fragmentOffsetBytes + piece.offsetBytes, payload, piece.payloadBytes, whole.mark)
}

/** A header read from bytes. */
export interface IpHeader {
  readonly ttl: number
  readonly tos: number
  readonly ident: number
  readonly dontFragment: boolean
  readonly moreFragments: boolean
  readonly fragmentOffsetBytes: number
  readonly protocol: number
  readonly src: IpAddr
  readonly dst: IpAddr
}

/** Makes the packet that a decoder read: every field as it was on the wire. */
export function ipFromHeader(uid: number, h: IpHeader, payload: IpPayload, payloadBytes: number): IpPacket {
  return make(uid, h.src, h.dst, h.ttl, h.protocol, h.tos, h.ident, h.dontFragment, h.moreFragments,
    h.fragmentOffsetBytes, payload, payloadBytes, 0)
}

/** The one place where a packet is built, so that every packet has one shape. */
function make(
  uid: number, src: IpAddr, dst: IpAddr, ttl: number, protocol: number, tos: number, ident: number, dontFragment: boolean,
  moreFragments: boolean, fragmentOffsetBytes: number, payload: IpPayload, payloadBytes: number, mark: number,
): IpPacket {
  return {
    kind: 'ip', uid, src, dst, ttl, protocol, tos, ident, dontFragment, moreFragments, fragmentOffsetBytes, payload,
    payloadBytes, mark,
  }
}
