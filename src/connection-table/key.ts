/**
 * What a connection is found by: its key as users write it, and as the table keeps it.
 *
 * Beside addresses and ports a key has a code of four bits: the protocol, and by whom the entry is found. So every entry that a
 * request, a reply or a new client of a persistent service can mean is told apart without folding anything.
 * AH and ESP are not modelled: IPVS finds their connections by UDP port 500.
 * @module
 */
import { assert } from '../base/assert.ts'

/** An IPv6 address: its four 32-bit words, the first bits first. Signed or not. */
export type Ipv6Words = readonly [number, number, number, number]

/** An address of either family; IPv4 as one 32-bit word, signed or not. */
export type Address = number | Ipv6Words

/** What a request is looked up by. `protocol` is an IANA number: 6 (TCP), 17 (UDP), 132 (SCTP); for templates also 0. */
export interface RequestKey<A extends Address = number> {
  readonly protocol: number
  readonly caddr: A
  readonly cport: number
  readonly vaddr: A
  readonly vport: number
}

/** What a reply is looked up by: `saddr` and `sport` are those of the real server or, beside NAT, of the service. */
export interface ReplyKey<A extends Address = number> {
  readonly protocol: number
  readonly saddr: A
  readonly sport: number
  readonly caddr: A
  readonly cport: number
}

/**
 * How an entry is found. `nat`: by requests, and by replies from the real server. `direct` (DR, TUN, local): by requests, and by
 * replies from the service's own address. `template`: by neither, but by `findTemplate`.
 */
export type EntryKind = 'nat' | 'direct' | 'template'

/** What an entry is made of. The template of a firewall mark has protocol 0 and the mark as `vaddr`. */
export interface Entry<A extends Address = number> extends RequestKey<A> {
  readonly kind: EntryKind
  readonly daddr: A
  readonly dport: number
  /** What beside addresses and ports tells a template from another (of a persistence engine); empty for none. */
  readonly data?: string
}

// The code of an entry: two bits of protocol, then one bit for each direction that finds it. A template has neither.
const BY_REQUEST = 4
const BY_REPLY = 8
const PROTOCOLS = [6, 17, 132, 0] as const

/** The code of an entry's first place. */
export function codeOf(protocol: number, kind: EntryKind): number {
  const code = protocolCode(protocol)
  assert(code !== 3 || kind === 'template', 'protocol 0 is for templates')
  if (kind === 'template') return code
  return kind === 'nat' ? code | BY_REQUEST : code | BY_REQUEST | BY_REPLY
}

/** The code of a NAT connection's second place, made from that of its first. */
export function replyCodeOf(code: number): number {
  return (code & 3) | BY_REPLY
}

/** True for the first place of a NAT connection: requests find it, and replies do not. */
export function isNatCode(code: number): boolean {
  return (code & (BY_REQUEST | BY_REPLY)) === BY_REQUEST
}

/** The protocol that a code stands for. */
export function protocolOf(code: number): number {
  return PROTOCOLS[(code & 3) as 0 | 1 | 2 | 3]
}

/** The kind that a code of a first place stands for. */
export function kindOf(code: number): EntryKind {
  if ((code & BY_REQUEST) === 0) return 'template'
  return isNatCode(code) ? 'nat' : 'direct'
}

// A wanted code is a word: bits 28..31 hold the code, bits 24..27 which of its bits count, so that an entry whose code is in its
// own highest bits is compared by `(entry ^ wanted) & wanted << 4`.

/** The wanted code of a request. */
export function wantedByRequest(protocol: number): number {
  return (BY_REQUEST | protocolCode(protocol)) << 28 | (BY_REQUEST | 3) << 24
}

/** The wanted code of a reply. */
export function wantedByReply(protocol: number): number {
  return (BY_REPLY | protocolCode(protocol)) << 28 | (BY_REPLY | 3) << 24
}

/** The wanted code of a template. */
export function wantedTemplate(protocol: number): number {
  return protocolCode(protocol) << 28 | 15 << 24
}

/** True when an entry of this code is one that is wanted. */
export function isWanted(code: number, wanted: number): boolean {
  return ((code << 28 ^ wanted) & wanted << 4) === 0
}

/** Two ports as one word. */
export function portWord(first: number, second: number): number {
  return first << 16 | second
}

function protocolCode(protocol: number): number {
  if (protocol === 6) return 0
  if (protocol === 17) return 1
  if (protocol === 132) return 2
  assert(protocol === 0, 'a connection is of TCP, UDP, SCTP or, as a template, of protocol 0')
  return 3
}
