/**
 * The part of tcpdump's filter language (pcap-filter(7)) that guides use: protocols of either version of IP, host, net, port,
 * src and dst, ether, and, or, not, and parentheses.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import { formatMac, inPrefix, isIpv6, isMulticast, MAC_BROADCAST, parseIp, parseMac, type IpAddr } from '../../wire/address.ts'
import { parseIpv6Prefix } from '../ip/ipv6-words.ts'
import { parsePrefix } from '../ip/words.ts'
import type { Family } from '../names.ts'
import type { Frame } from '../../wire/frame.ts'
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, type IpPacket } from '../../wire/ip-packet.ts'

/** True for a frame that is to be shown. */
export type FrameFilter = (frame: Frame) => boolean

/** What a packet must be: of a protocol, of a family, or both. */
interface Kind {
  readonly protocol?: number
  readonly family?: Family
}

const PROTOCOLS: ReadonlyMap<string, Kind> = new Map(Object.entries({
  ip: { family: 4 }, ip6: { family: 6 }, icmp: { protocol: IPPROTO_ICMP, family: 4 },
  icmp6: { protocol: IPPROTO_ICMPV6, family: 6 }, tcp: { protocol: IPPROTO_TCP }, udp: { protocol: IPPROTO_UDP },
  ipip: { protocol: IPPROTO_IPIP, family: 4 }, igmp: { protocol: 2, family: 4 }, vrrp: { protocol: 112 }, carp: { protocol: 112 },
} satisfies Record<string, Kind>))
type Side = 'src' | 'dst' | 'either'

/** Reads a filter; the error is the first word that is not understood, or '' when one is missing at the end. */
export function parseFilter(words: readonly string[]): Result<FrameFilter, string> {
  const tokens = words.join(' ').replace(/([()!])/g, ' $1 ').replaceAll('&&', ' and ').replaceAll('||', ' or ').split(
    /\s+/,
  ).filter((word) => word !== '')
  if (tokens.length === 0) return ok(() => true)
  const reader = new FilterReader(tokens)
  const filter = reader.readOr()
  if (filter === undefined || reader.next !== undefined) return err(reader.next ?? '')
  return ok(filter)
}

class FilterReader {
  readonly #tokens: string[]
  /** What a word without a qualifier repeats: `port 80 or 443`. */
  #last: {
    readonly kind: string
    readonly side: Side
    readonly of: Kind
  } = { kind: 'host', side: 'either', of: {} }

  constructor(tokens: string[]) {
    this.#tokens = tokens
  }

  get next(): string | undefined {
    return this.#tokens[0]
  }

  readOr(): FrameFilter | undefined {
    let left = this.#readNot()
    for (;;) {
      if (left === undefined) return undefined
      const operator = this.next
      if (operator !== 'or' && operator !== 'and') return left
      this.#tokens.shift()
      const right = this.#readNot()
      if (right === undefined) return undefined
      const first = left
      // `and` and `or` bind equally, from left to right.
      left = operator === 'or' ? (frame) => first(frame) || right(frame) : (frame) => first(frame) && right(frame)
    }
  }

  #readNot(): FrameFilter | undefined {
    if (this.#takeIf('not') || this.#takeIf('!')) {
      const inner = this.#readNot()
      return inner === undefined ? undefined : (frame) => !inner(frame)
    }
    if (this.#takeIf('(')) {
      const inner = this.readOr()
      return this.#takeIf(')') ? inner : undefined
    }
    return this.#readPrimitive()
  }

  #readPrimitive(): FrameFilter | undefined {
    let of: Kind = {}
    let side: Side = 'either'
    const word = this.next
    if (word === undefined) return undefined
    if (word === 'arp') return this.#taken((frame) => frame.payload.kind === 'arp')
    if (word === 'broadcast') return this.#taken((frame) => frame.dst === MAC_BROADCAST)
    if (word === 'multicast') return this.#taken((frame) => frame.payload.kind === 'ip' && isMulticast(frame.payload.dst))
    if (word === 'ether') return this.#readEther()
    const named = PROTOCOLS.get(word)
    if (named !== undefined) {
      of = named
      this.#tokens.shift()
    }
    if (this.next === 'proto') {
      this.#tokens.shift()
      return this.#protocol(this.#tokens.shift(), of)
    }
    if (named !== undefined && !this.#isQualifier(this.next)) return (frame) => packetOf(frame, named) !== undefined
    if (this.next === 'src' || this.next === 'dst') side = this.#tokens.shift() as Side
    const hasKind = /^(host|net|port)$/.test(this.next ?? '')
    const kind = hasKind ? this.#tokens.shift() ?? '' : side === 'either' ? this.#last.kind : 'host'
    if (!hasKind && side === 'either') ({ side } = this.#last)
    return this.#qualified(kind, side, of)
  }

  #qualified(kind: string, side: Side, of: Kind): FrameFilter | undefined {
    const value = this.next
    if (value === undefined) return undefined
    this.#last = { kind, side, of }
    if (kind === 'port') {
      if (!/^\d+$/.test(value)) return undefined
      return this.#taken((frame) => hasPort(frame, Number(value), side, of))
    }
    const prefix = kind !== 'net' ? undefined : value.includes(':') ? parseIpv6Prefix(value) : parsePrefix(value)
    const addr = kind === 'net' ? prefix?.addr : parseIp(value)
    if (addr === undefined) return undefined
    const length = prefix?.prefixLength ?? (isIpv6(addr) ? 128 : 32)
    const isAnyKind = of.protocol === undefined && of.family === undefined
    return this.#taken((frame) => (isAnyKind || packetOf(frame, of) !== undefined) && hasAddress(frame, addr, length, side))
  }

  #readEther(): FrameFilter | undefined {
    this.#tokens.shift()
    const side = this.#tokens.shift()
    const mac = parseMac(this.next ?? '')
    if (mac === undefined) return undefined
    return this.#taken(
      (frame) => (side !== 'dst' && formatMac(frame.src) === formatMac(mac)) || (side !== 'src' && frame.dst === mac),
    )
  }

  #protocol(value: string | undefined, { family }: Kind): FrameFilter | undefined {
    const named = PROTOCOLS.get((value ?? '').replace('\\', ''))?.protocol
    const protocol = named ?? (/^\d+$/.test(value ?? '') ? Number(value) : undefined)
    const of = family === undefined ? { protocol: protocol ?? 0 } : { protocol: protocol ?? 0, family }
    return protocol === undefined ? undefined : (frame) => packetOf(frame, of) !== undefined
  }

  #takeIf(word: string): boolean {
    if (this.next !== word) return false
    this.#tokens.shift()
    return true
  }

  #isQualifier(word: string | undefined): boolean {
    return word !== undefined && /^(src|dst|host|net|port)$/.test(word)
  }

  #taken(filter: FrameFilter): FrameFilter {
    this.#tokens.shift()
    return filter
  }
}

/** The packet of a frame if it is of this kind. */
function packetOf({ payload }: Frame, { protocol, family }: Kind): IpPacket | undefined {
  if (payload.kind !== 'ip' || (protocol !== undefined && payload.protocol !== protocol)) return undefined
  return family === undefined || isIpv6(payload.dst) === (family === 6) ? payload : undefined
}

function hasAddress(frame: Frame, addr: IpAddr, prefixLength: number, side: Side): boolean {
  const { payload } = frame
  const src = payload.kind === 'arp' ? payload.spa : payload.src
  const dst = payload.kind === 'arp' ? payload.tpa : payload.dst
  return (side !== 'dst' && inPrefix(src, addr, prefixLength)) || (side !== 'src' && inPrefix(dst, addr, prefixLength))
}

function hasPort(frame: Frame, port: number, side: Side, of: Kind): boolean {
  const packet = packetOf(frame, of)
  if (packet === undefined) return false
  const inner = packet.payload
  if ((inner.kind !== 'tcp' && inner.kind !== 'udp') || packet.fragmentOffsetBytes !== 0) return false
  return (side !== 'dst' && inner.sport === port) || (side !== 'src' && inner.dport === port)
}
