/**
 * The ICMP message (RFC 792) as an immutable value; its checksum is valid by construction.
 * @module
 */
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
/** See `UNREACHABLE_NET`: what REJECT and `ip route add prohibit` say. */
export const UNREACHABLE_ADMIN_PROHIBITED = 13

/** Header length. */
export const ICMP_HEADER_BYTES = 8
/** An ICMP error that Linux sends is no longer than this, its IP header included (RFC 1812 4.3.2.3, icmp_send). */
export const ICMP_ERROR_PACKET_BYTES_MAX = 576

/** One message. */
export interface IcmpMessage {
  readonly kind: 'icmp'
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
  return { kind: 'icmp', type, code: 0, rest: ((ident << 16) | sequence) >>> 0, quoted: undefined, data, dataBytes: data.length }
}

/** A message about `quoted`, of which it carries `dataBytes` bytes from the header on. */
export function icmpError(
  message: { readonly type: number, readonly code: number, readonly rest: number }, quoted: IpPacket, dataBytes: number,
): IcmpMessage {
  return { kind: 'icmp', type: message.type, code: message.code, rest: message.rest >>> 0, quoted, data: NOTHING, dataBytes }
}

/** The error with another quoted packet, of the same length: what NAT does to the packet inside. */
export function withQuoted(message: IcmpMessage, quoted: IpPacket): IcmpMessage {
  return {
    kind: 'icmp', type: message.type, code: message.code, rest: message.rest, quoted, data: NOTHING, dataBytes: message.dataBytes,
  }
}

/** True for the types that report about another packet (and are never answered with an error themselves). */
export function isIcmpError(type: number): boolean {
  return type === ICMP_UNREACHABLE || type === ICMP_REDIRECT || type === ICMP_TIME_EXCEEDED
    || type === ICMP_PARAMETER_PROBLEM || type === ICMP_SOURCE_QUENCH
}

/** Header and data. */
export function icmpBytes(message: IcmpMessage): number {
  return ICMP_HEADER_BYTES + message.dataBytes
}

const NOTHING = new Uint8Array(0)
