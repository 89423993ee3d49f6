/**
 * The ICMP message of IPv4 (RFC 792) and of IPv6 (RFC 4443) as an immutable value; its checksum is valid by construction.
 * Messages of neighbor discovery are in `neighbor-message.ts`.
 * @module
 */
import { isIpv6 } from './address.ts'
import type { IpPacket } from './ip-packet.ts'

/** Message types that lvsim sends or reads. */
export const ICMP_ECHO_REPLY = 0
/** See `ICMP_ECHO_REPLY`. */
export const ICMP_UNREACHABLE = 3
/** See `ICMP_ECHO_REPLY`. */
export const ICMP_SOURCE_QUENCH = 4
/** See `ICMP_ECHO_REPLY`. */
export const ICMP_REDIRECT = 5
/** See `ICMP_ECHO_REPLY`. */
export const ICMP_ECHO_REQUEST = 8
/** See `ICMP_ECHO_REPLY`. */
export const ICMP_TIME_EXCEEDED = 11
/** See `ICMP_ECHO_REPLY`. */
export const ICMP_PARAMETER_PROBLEM = 12

/** Codes of `ICMP_UNREACHABLE`. */
export const UNREACHABLE_NET = 0
/** See `UNREACHABLE_NET`. */
export const UNREACHABLE_HOST = 1
/** See `UNREACHABLE_NET`. */
export const UNREACHABLE_PROTOCOL = 2
/** See `UNREACHABLE_NET`. */
export const UNREACHABLE_PORT = 3
/** See `UNREACHABLE_NET`: DF was set and the next link is too narrow; `rest` holds its MTU (RFC 1191). */
export const UNREACHABLE_FRAGMENTATION_NEEDED = 4
/** See `UNREACHABLE_NET`: the source cannot be answered from there. */
export const UNREACHABLE_SOURCE = 8
/** See `UNREACHABLE_NET`: what REJECT and `ip route add prohibit` say. */
export const UNREACHABLE_ADMIN_PROHIBITED = 13

/** Message types of IPv6. */
export const ICMPV6_UNREACHABLE = 1
/** See `ICMPV6_UNREACHABLE`; `rest` holds the MTU. */
export const ICMPV6_TOO_BIG = 2
/** See `ICMPV6_UNREACHABLE`. */
export const ICMPV6_TIME_EXCEEDED = 3
/** See `ICMPV6_UNREACHABLE`. */
export const ICMPV6_PARAMETER_PROBLEM = 4
/** See `ICMPV6_UNREACHABLE`. */
export const ICMPV6_ECHO_REQUEST = 128
/** See `ICMPV6_UNREACHABLE`. */
export const ICMPV6_ECHO_REPLY = 129

/** Codes of `ICMPV6_UNREACHABLE`. */
export const UNREACHABLE_V6_NO_ROUTE = 0
/** See `UNREACHABLE_V6_NO_ROUTE`. */
export const UNREACHABLE_V6_PROHIBITED = 1
/** See `UNREACHABLE_V6_NO_ROUTE`: the source has no meaning beyond its link. */
export const UNREACHABLE_V6_SCOPE = 2
/** See `UNREACHABLE_V6_NO_ROUTE`: no answer of the neighbor. */
export const UNREACHABLE_V6_ADDRESS = 3
/** See `UNREACHABLE_V6_NO_ROUTE`. */
export const UNREACHABLE_V6_PORT = 4
/** Code of `ICMPV6_PARAMETER_PROBLEM`: nobody knows the protocol. */
export const PROBLEM_NEXT_HEADER = 1

/** Header length. */
export const ICMP_HEADER_BYTES = 8
/** An ICMP error that Linux sends is no longer than this, its IP header included (RFC 1812 4.3.2.3, icmp_send). */
export const ICMP_ERROR_PACKET_BYTES_MAX = 576
/** The same for IPv6: the smallest MTU that a link may have (RFC 4443 2.4). */
export const ICMPV6_ERROR_PACKET_BYTES_MAX = 1280

/** One message. */
export interface IcmpMessage {
  /** By it the numbers of types and codes are read. */
  readonly kind: 'icmp' | 'icmpv6'
  readonly type: number
  readonly code: number
  /** The second 32-bit word: identifier and sequence of an echo, the MTU, the gateway of a redirect. */
  readonly rest: number
  /** In an error, the packet it is about; its first `dataBytes` bytes are what the message carries. */
  readonly quoted: IpPacket | undefined
  /** The bytes after the header where nothing is quoted, or as they were read. */
  readonly data: Uint8Array
  /** Bytes after the header. */
  readonly dataBytes: number
}

/** An echo request or reply. `sequence` and `ident` are 0..65535. */
export function icmpEcho(type: number, ident: number, sequence: number, data: Uint8Array): IcmpMessage {
  const kind = type === ICMPV6_ECHO_REQUEST || type === ICMPV6_ECHO_REPLY ? 'icmpv6' : 'icmp'
  return { kind, type, code: 0, rest: ((ident << 16) | sequence) >>> 0, quoted: undefined, data, dataBytes: data.length }
}

/** A message about `quoted`, of which it carries `dataBytes` bytes from the header on. */
export function icmpError(
  message: { readonly type: number, readonly code: number, readonly rest: number }, quoted: IpPacket, dataBytes: number,
): IcmpMessage {
  const kind = isIpv6(quoted.dst) ? 'icmpv6' : 'icmp'
  return { kind, type: message.type, code: message.code, rest: message.rest >>> 0, quoted, data: NOTHING, dataBytes }
}

/** The error with another quoted packet, of the same length: what NAT does to the packet inside. */
export function withQuoted(message: IcmpMessage, quoted: IpPacket): IcmpMessage {
  return {
    kind: message.kind, type: message.type, code: message.code, rest: message.rest, quoted, data: NOTHING,
    dataBytes: message.dataBytes,
  }
}

/** True for the types that report about another packet (and are never answered with an error themselves). */
export function isIcmpError(type: number): boolean {
  return type === ICMP_UNREACHABLE || type === ICMP_REDIRECT || type === ICMP_TIME_EXCEEDED
    || type === ICMP_PARAMETER_PROBLEM || type === ICMP_SOURCE_QUENCH
}

/** The same for the types of IPv6: those below 128. */
export function isIcmpv6Error(type: number): boolean {
  return type < 128
}

/** Header and data. */
export function icmpBytes(message: IcmpMessage): number {
  return ICMP_HEADER_BYTES + message.dataBytes
}

const NOTHING = new Uint8Array(0)
