/**
 * One line for a frame or packet, in the words of `tcpdump -nn` 4.99; with the link header, of `tcpdump -nne`. Printed from
 * the bytes, so that what was captured or quoted in part prints too. Checksums are not judged, and what is inside TCP, UDP
 * and protocols that lvsim has no part in is not looked into.
 * @module
 */
import type { IpAddr, MacAddr } from './address.ts'
import { formatIp, formatMac } from './address.ts'
import { ARP_PACKET_BYTES, ARP_REPLY, ARP_REQUEST } from './arp-packet.ts'
import { get16, get32, get48 } from './bytes.ts'
import { readIpv4Header, readIpv6Header } from './decode.ts'
import type { Framing } from './encode.ts'
import { encodeFrame, encodePacket, framingOf } from './encode.ts'
import type { Frame } from './frame.ts'
import { ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, PPP_HEADER_BYTES } from './frame.ts'
import { icmpText } from './icmp-text.ts'
import { icmpv6Text } from './icmpv6-text.ts'
import type { IpHeader, IpPacket } from './ip-packet.ts'
import {
  IPPROTO_FRAGMENT, IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, IPV4_HEADER_BYTES,
  IPV6_FRAGMENT_HEADER_BYTES, IPV6_HEADER_BYTES,
} from './ip-packet.ts'
import type { SequenceView } from './sequence-view.ts'
import { tcpText } from './tcp-text.ts'
import { UDP_HEADER_BYTES } from './udp-datagram.ts'

/** Words of a GRE header that are printed, by their flags. */
const GRE_FIELDS: readonly (readonly [bit: number, name: string])[] = [[0x2000, 'key='], [0x1000, 'seq ']]

/** How to print. */
export interface TextOptions {
  /** Also the addresses and the length of the frame. */
  readonly linkLevel?: boolean
  /** Makes TCP numbers relative; without it they are absolute. */
  readonly sequences?: SequenceView | undefined
}

/** IANA's numbers of what a host says for itself: membership of groups, and VRRP. */
const IPPROTO_IGMP = 2
const IPPROTO_VRRP = 112
const IGMP_V3_REPORT = 0x22
const VRRP_AUTHENTICATION = ['none', 'simple', 'ah']

/** The line of a frame, without time: `ARP, Request who-has 10.0.0.100 tell 10.0.0.10, length 28`. */
export function formatFrame(frame: Frame, options: TextOptions = {}): string {
  return formatFrameBytes(encodeFrame(frame), framingOf(frame), options)
}

/** The line of a packet: `IP 10.0.0.10.40001 > 10.0.0.100.80: Flags [S], seq 0, win 64240, length 0`. */
export function formatPacket(packet: IpPacket, options: TextOptions = {}): string {
  return ipText(encodePacket(packet), options.sequences)
}

/** The line of a frame as captured, also of one that `decodeFrame` refuses. */
export function formatFrameBytes(bytes: Uint8Array, framing: Framing, options: TextOptions = {}): string {
  const isLinkLevel = options.linkLevel === true
  if (framing === 'ppp') {
    const words = ipText(bytes.subarray(PPP_HEADER_BYTES), options.sequences)
    const [family = '', ...rest] = words.split(' ')
    return isLinkLevel ? `${family} (${hex16(get16(bytes, 0))}), length ${bytes.length}: ${rest.join(' ')}` : words
  }
  if (bytes.length < ETHERNET_HEADER_BYTES) return '[|ether]'
  const type = get16(bytes, 12)
  const body = bytes.subarray(ETHERNET_HEADER_BYTES)
  const [name, family, words] = type === ETHERTYPE_IPV4 ? ['IPv4', 'IP ', ipv4Text(body, options.sequences)]
    : type === ETHERTYPE_IPV6 ? ['IPv6', 'IP6 ', ipv6Text(body, options.sequences)]
    : type === ETHERTYPE_ARP ? ['ARP', 'ARP, ', arpText(body)]
      : ['Unknown', `ethertype ${hex16(type)}, `, `length ${body.length}`]
  if (!isLinkLevel) return family + words
  const addrs = `${formatMac(get48(bytes, 6) as MacAddr)} > ${formatMac(get48(bytes, 0) as MacAddr)}`
  return `${addrs}, ethertype ${name} (${hex16(type)}), length ${bytes.length}: ${words}`
}

function arpText(bytes: Uint8Array): string {
  if (bytes.length < ARP_PACKET_BYTES) return '[|arp]'
  const op = get16(bytes, 6)
  const sha = formatMac(get48(bytes, 8) as MacAddr)
  const spa = formatIp(get32(bytes, 14) as IpAddr)
  const tha = get48(bytes, 18) as MacAddr
  const tpa = formatIp(get32(bytes, 24) as IpAddr)
  // Trailing padding counts, as it does for tcpdump.
  const end = `length ${bytes.length}`
  if (op === ARP_REPLY) return `Reply ${spa} is-at ${sha}, ${end}`
  if (op !== ARP_REQUEST) return `Unknown (${op}), ${end}`
  return `Request who-has ${tpa}${tha === 0 ? '' : ` (${formatMac(tha)})`} tell ${spa}, ${end}`
}

/** A packet of the version that its header says. */
function ipText(bytes: Uint8Array, sequences: SequenceView | undefined): string {
  return (bytes[0] ?? 0) >>> 4 === 6 ? `IP6 ${ipv6Text(bytes, sequences)}` : `IP ${ipv4Text(bytes, sequences)}`
}

/** Everything after `IP6 `. Ports stand with the addresses only where they follow the fixed header at once. */
function ipv6Text(bytes: Uint8Array, sequences: SequenceView | undefined): string {
  if (bytes.length < IPV6_HEADER_BYTES) return '[|ip6]'
  const header = readIpv6Header(bytes)
  const carriedBytes = get16(bytes, 4)
  const missing = IPV6_HEADER_BYTES + carriedBytes > bytes.length
    ? `truncated-ip6 - ${IPV6_HEADER_BYTES + carriedBytes - bytes.length} bytes missing!` : ''
  const body = bytes.subarray(IPV6_HEADER_BYTES, IPV6_HEADER_BYTES + carriedBytes)
  if (bytes[6] !== IPPROTO_FRAGMENT) {
    return `${missing}${endpoints(header, body)} ${bodyText(header, body, carriedBytes, sequences)}`
  }
  const pieceBytes = carriedBytes - IPV6_FRAGMENT_HEADER_BYTES
  const head = `${missing}${formatIp(header.src)} > ${formatIp(header.dst)}: frag (${header.fragmentOffsetBytes}|${pieceBytes})`
  if (header.fragmentOffsetBytes !== 0) return head
  const piece = body.subarray(IPV6_FRAGMENT_HEADER_BYTES)
  const hasPorts = (header.protocol === IPPROTO_TCP || header.protocol === IPPROTO_UDP) && piece.length >= 4
  const ports = hasPorts ? `${get16(piece, 0)} > ${get16(piece, 2)}: ` : ''
  return `${head} ${ports}${bodyText(header, piece, pieceBytes, sequences)}`
}

/** Everything after `IP `. The header says how long the packet is; fewer bytes are a packet that was cut. */
function ipv4Text(bytes: Uint8Array, sequences: SequenceView | undefined): string {
  if (bytes.length < IPV4_HEADER_BYTES) return '[|ip]'
  const header = readIpv4Header(bytes)
  const headerBytes = ((bytes[0] ?? 0) & 15) * 4
  const lengthBytes = get16(bytes, 2)
  if (headerBytes < IPV4_HEADER_BYTES || lengthBytes < headerBytes) return '[bad header or length]'
  const missing = lengthBytes > bytes.length ? `truncated-ip - ${lengthBytes - bytes.length} bytes missing! ` : ''
  const body = bytes.subarray(headerBytes, lengthBytes)
  return `${missing}${endpoints(header, body)} ${bodyText(header, body, lengthBytes - headerBytes, sequences)}`
}

/** `10.0.0.10.40001 > 10.0.0.100.80:`, without ports where there are none. */
function endpoints(header: IpHeader, body: Uint8Array): string {
  const src = formatIp(header.src)
  const dst = formatIp(header.dst)
  const hasPorts = header.protocol === IPPROTO_TCP || header.protocol === IPPROTO_UDP
  if (!hasPorts || header.fragmentOffsetBytes !== 0 || body.length < 4) return `${src} > ${dst}:`
  return `${src}.${get16(body, 0)} > ${dst}.${get16(body, 2)}:`
}

/** What the packet carries. `lengthBytes` is how long that should be; `body` may hold less. */
function bodyText(
  header: IpHeader, body: Uint8Array, lengthBytes: number, sequences: SequenceView | undefined,
): string {
  if (header.fragmentOffsetBytes !== 0) return `ip-proto-${header.protocol}`
  switch (header.protocol) {
    case IPPROTO_TCP: return tcpText(header, body, lengthBytes, sequences)
    case IPPROTO_UDP: return udpText(body)
    case IPPROTO_ICMP: return icmpText(body, lengthBytes)
    case IPPROTO_ICMPV6: return icmpv6Text(body, lengthBytes)
    case IPPROTO_IPIP: return `IP ${ipv4Text(body, sequences)}`
    case IPPROTO_GRE: return greText(body, lengthBytes, sequences)
    case IPPROTO_VRRP: return vrrpText(header, body, lengthBytes)
    case IPPROTO_IGMP:
      if (body[0] === IGMP_V3_REPORT) return `igmp v3 report, ${get16(body, 6)} group record(s)`
  }
  // Two spaces, as tcpdump has them here.
  return ` ip-proto-${header.protocol} ${lengthBytes}`
}

/** Key and sequence number are printed where they are; the words of verbose output are not. */
function greText(body: Uint8Array, lengthBytes: number, sequences: SequenceView | undefined): string {
  const flags = get16(body, 0)
  const version = flags & 7
  const end = `length ${lengthBytes}`
  if (body.length < 4) return `GREv${version}, ${end} [|gre]`
  if (version !== 0) return `GREv${version}, ${end}`
  let at = (flags & 0xc000) === 0 ? 4 : 8
  const fields: string[] = []
  for (const [bit, name] of GRE_FIELDS) {
    if ((flags & bit) === 0) continue
    fields.push(`${name}${name === 'key=' ? `0x${get32(body, at).toString(16)}` : String(get32(body, at))}, `)
    at += 4
  }
  const type = get16(body, 2)
  const inner = type === ETHERTYPE_IPV4 ? `IP ${ipv4Text(body.subarray(at), sequences)}` : `gre-proto-0x${type.toString(16)}`
  return `GREv0, ${fields.join('')}${end}: ${inner}`
}

function udpText(body: Uint8Array): string {
  if (body.length < UDP_HEADER_BYTES) return '[|udp]'
  return `UDP, length ${Math.max(0, get16(body, 4) - UDP_HEADER_BYTES)}`
}

function vrrpText(header: IpHeader, body: Uint8Array, lengthBytes: number): string {
  if (body.length < 8) return '[|vrrp]'
  const version = (body[0] ?? 0) >>> 4
  const ttl = header.ttl === 255 ? '' : `(ttl ${header.ttl}), `
  const interval = version === 3 ? `intvl ${get16(body, 4) & 0x0fff}cs`
    : `authtype ${VRRP_AUTHENTICATION[body[4] ?? 0] ?? 'unknown'}, intvl ${body[5] ?? 0}s`
  return `VRRPv${version}, Advertisement, ${ttl}vrid ${body[1] ?? 0}, prio ${body[2] ?? 0}, ${interval}, length ${lengthBytes}`
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`
}
