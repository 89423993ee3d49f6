/**
 * Tuples: one direction of a flow, as conntrack knows it (struct nf_conntrack_tuple). For ICMP the identifier stands where the
 * source port is, and type and code where the destination port is. Protocols without ports have 0 there.
 * @module
 */
import { mix32 } from '../../base/hash.ts'
import type { IpAddr } from '../../wire/address.ts'
import { ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, type IcmpMessage } from '../../wire/icmp-message.ts'
import { IPPROTO_ICMP, type IpPacket, type IpPayload } from '../../wire/ip-packet.ts'

/** One direction of a flow. */
export interface Tuple {
  readonly protocol: number
  readonly src: IpAddr
  readonly dst: IpAddr
  /** Port, or identifier of an ICMP message. */
  readonly sport: number
  /** Port, or 256 times type plus code of an ICMP message. */
  readonly dport: number
}

/** What a packet carries, seen through fragmentation: conntrack has fragments put together before it looks at them. */
export function wholePayload(packet: IpPacket): IpPayload {
  return packet.payload.kind === 'fragment' ? packet.payload.whole.payload : packet.payload
}

/** The tuple of a packet; undefined for an ICMP message that is neither a request nor a reply. */
export function tupleOf(packet: IpPacket): Tuple | undefined {
  const { protocol, src, dst } = packet
  const payload = wholePayload(packet)
  switch (payload.kind) {
    case 'tcp':
      return { protocol, src, dst, sport: payload.sport, dport: payload.dport }
    case 'udp':
      return { protocol, src, dst, sport: payload.sport, dport: payload.dport }
    case 'icmp':
      return isEcho(payload)
        ? { protocol, src, dst, sport: payload.rest >>> 16, dport: payload.type * 256 + payload.code }
        : undefined
    default:
      return { protocol, src, dst, sport: 0, dport: 0 }
  }
}

/** The tuple of the answer (nf_ct_invert_tuple). */
export function inverted(t: Tuple): Tuple {
  if (t.protocol !== IPPROTO_ICMP) return { protocol: t.protocol, src: t.dst, dst: t.src, sport: t.dport, dport: t.sport }
  const type = t.dport >>> 8 === ICMP_ECHO_REQUEST ? ICMP_ECHO_REPLY : ICMP_ECHO_REQUEST
  return { protocol: t.protocol, src: t.dst, dst: t.src, sport: t.sport, dport: type * 256 + (t.dport & 255) }
}

/** True when both are the same flow in the same direction. */
export function sameTuple(a: Tuple, b: Tuple): boolean {
  return a.src === b.src && a.dst === b.dst && a.sport === b.sport && a.dport === b.dport && a.protocol === b.protocol
}

/** A 32-bit key for tables; different tuples may share one. */
export function tupleKey(t: Tuple): number {
  return mix32(mix32(mix32(t.src ^ t.protocol) ^ t.dst) ^ (t.sport * 65_536 + t.dport))
}

/** True for echo requests and replies, which are the ICMP messages that begin or continue a flow. */
export function isEcho(message: IcmpMessage): boolean {
  return message.type === ICMP_ECHO_REQUEST || message.type === ICMP_ECHO_REPLY
}
