/**
 * The part of tcpdump's filter language (pcap-filter(7)) that guides use: protocols, host, net, port, src and dst, ether,
 * and, or, not, and parentheses.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import { formatMac, inPrefix, isMulticast, MAC_BROADCAST, parseIpv4, parseMac, type IpAddr } from '../../wire/address.ts'
import { parsePrefix } from '../ip/words.ts'
import type { Frame } from '../../wire/frame.ts'
import { IPPROTO_ICMP, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'

/** True for a frame that is to be shown. */
export type FrameFilter = (frame: Frame) => boolean

const PROTOCOLS: Record<string, number> = {
  icmp: IPPROTO_ICMP, tcp: IPPROTO_TCP, udp: IPPROTO_UDP, ipip: IPPROTO_IPIP, igmp: 2, vrrp: 112, carp: 112,
}
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
    readonly protocol: number | undefined
  } = { kind: 'host', side: 'either', protocol: undefined }

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
    let protocol: number | undefined
    let side: Side = 'either'
    const word = this.next
    if (word === undefined) return undefined
    if (word === 'arp') return this.#taken((frame) => frame.payload.kind === 'arp')
    if (word === 'ip' && this.#tokens[1] !== 'proto' && !this.#isQualifier(this.#tokens[1])) {
      return this.#taken((frame) => frame.payload.kind === 'ip')
    }
    if (word === 'broadcast') return this.#taken((frame) => frame.dst === MAC_BROADCAST)
    if (word === 'multicast') return this.#taken((frame) => frame.payload.kind === 'ip' && isMulticast(frame.payload.dst))
    if (word === 'ether') return this.#readEther()
    if (word === 'ip') this.#tokens.shift()
    if (this.next === 'proto') {
      this.#tokens.shift()
      return this.#protocol(this.#tokens.shift())
    }
    if (PROTOCOLS[this.next ?? ''] !== undefined) {
      protocol = PROTOCOLS[this.#tokens.shift() ?? '']
      if (!this.#isQualifier(this.next)) return (frame) => frame.payload.kind === 'ip' && frame.payload.protocol === protocol
    }
    if (this.next === 'src' || this.next === 'dst') side = this.#tokens.shift() as Side
    const hasKind = /^(host|net|port)$/.test(this.next ?? '')
    const kind = hasKind ? this.#tokens.shift() ?? '' : side === 'either' ? this.#last.kind : 'host'
    if (!hasKind && side === 'either') ({ side } = this.#last)
    return this.#qualified(kind, side, protocol)
  }

  #qualified(kind: string, side: Side, protocol: number | undefined): FrameFilter | undefined {
    const value = this.next
    if (value === undefined) return undefined
    this.#last = { kind, side, protocol }
    if (kind === 'port') {
      if (!/^\d+$/.test(value)) return undefined
      return this.#taken((frame) => hasPort(frame, Number(value), side, protocol))
    }
    const prefix = kind === 'net' ? parsePrefix(value) : undefined
    const addr = kind === 'net' ? prefix?.addr : parseIpv4(value)
    if (addr === undefined) return undefined
    const length = prefix?.prefixLength ?? 32
    return this.#taken(
      (frame) => {
        return (protocol === undefined || (frame.payload.kind === 'ip' && frame.payload.protocol === protocol))
          && hasAddress(frame, addr, length, side)
      },
    )
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

  #protocol(value: string | undefined): FrameFilter | undefined {
    const number = PROTOCOLS[(value ?? '').replace('\\', '')] ?? (/^\d+$/.test(value ?? '') ? Number(value) : undefined)
    return number === undefined ? undefined : (frame) => frame.payload.kind === 'ip' && frame.payload.protocol === number
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

function hasAddress(frame: Frame, addr: IpAddr, prefixLength: number, side: Side): boolean {
  const { payload } = frame
  const src = payload.kind === 'arp' ? payload.spa : payload.src
  const dst = payload.kind === 'arp' ? payload.tpa : payload.dst
  return (side !== 'dst' && inPrefix(src, addr, prefixLength)) || (side !== 'src' && inPrefix(dst, addr, prefixLength))
}

function hasPort(frame: Frame, port: number, side: Side, protocol: number | undefined): boolean {
  const { payload } = frame
  if (payload.kind !== 'ip' || (protocol !== undefined && payload.protocol !== protocol)) return false
  const inner = payload.payload
  if ((inner.kind !== 'tcp' && inner.kind !== 'udp') || payload.fragmentOffsetBytes !== 0) return false
  return (side !== 'dst' && inner.sport === port) || (side !== 'src' && inner.dport === port)
}
