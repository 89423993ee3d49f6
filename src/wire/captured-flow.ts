/**
 * What the headers of a captured frame say of its flow. Unlike `decodeFrame` it takes what the captures of real machines hold:
 * frames that the capture cut, checksums that the network card would have filled in, VLAN tags, and the link types of
 * `tcpdump -i any`. Of a fragmented packet only the first piece has ports. Packets in tunnels are not looked into.
 * @module
 */
import type { IpAddr } from './address.ts'
import { get16, get32, getIpv6 } from './bytes.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_PPP } from './capture.ts'
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_IPV6, PPP_HEADER_BYTES } from './frame.ts'
import { IPPROTO_TCP, IPPROTO_UDP, IPV4_HEADER_BYTES, IPV6_HEADER_BYTES } from './ip-packet.ts'
import { TCP_HEADER_BYTES } from './tcp-segment.ts'
import { UDP_HEADER_BYTES } from './udp-datagram.ts'

/** One segment or datagram, by its headers. */
export interface CapturedFlow {
  readonly protocol: 'tcp' | 'udp'
  readonly src: IpAddr
  readonly dst: IpAddr
  readonly sport: number
  readonly dport: number
  /** Bits of `TCP_FIN` and its kin; 0 of a datagram. */
  readonly flags: number
  /** 0..2^32-1; 0 of a datagram. */
  readonly seq: number
  /** 0..2^32-1; 0 of a datagram. */
  readonly ack: number
  /** Bytes of data on the wire: the capture may have fewer. */
  readonly dataBytes: number
}

// Link types of captures (pcap-linktype(7)) beside those that lvsim writes.
const LINKTYPE_NULL = 0
const LINKTYPE_RAW = 101
const LINKTYPE_LOOP = 108
const LINKTYPE_LINUX_SLL = 113
const LINKTYPE_LINUX_SLL2 = 276
/** OpenBSD and others have numbers of their own for LINKTYPE_RAW. */
const LINKTYPES_RAW: readonly number[] = [12, 14, LINKTYPE_RAW]

const ETHERTYPES_VLAN: readonly number[] = [0x8100, 0x88a8]
const VLAN_TAG_BYTES = 4
/** Hop-by-hop, routing and destination options: all say their length alike. */
const IPV6_EXTENSIONS: readonly number[] = [0, 43, 60]
const IPV6_EXTENSIONS_MAX = 8

/**
 * Reads the headers of a frame of this link type; `wireBytes` is its length on the wire. Undefined for what is no TCP or UDP,
 * has its headers cut off, or is of a link type not known here.
 */
export function readCapturedFlow(bytes: Uint8Array, linkType: number, wireBytes: number): CapturedFlow | undefined {
  const at = packetOffset(bytes, linkType)
  if (at === undefined || at >= bytes.length) return undefined
  const packet = bytes.subarray(at)
  const version = (packet[0] ?? 0) >>> 4
  if (version === 4) return readIpv4(packet, wireBytes - at)
  return version === 6 ? readIpv6(packet, wireBytes - at) : undefined
}

/** Where the IP packet begins. */
function packetOffset(bytes: Uint8Array, linkType: number): number | undefined {
  if (LINKTYPES_RAW.includes(linkType)) return 0
  switch (linkType) {
    case LINKTYPE_ETHERNET: return behindType(bytes, ETHERNET_HEADER_BYTES)
    case LINKTYPE_LINUX_SLL: return behindType(bytes, 16)
    case LINKTYPE_LINUX_SLL2: return isIp(get16(bytes, 0)) ? 20 : undefined
    case LINKTYPE_PPP: return PPP_HEADER_BYTES
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP: return 4
    default: return undefined
  }
}

/** The place behind the EtherType that ends at `end`, and behind VLAN tags; undefined when it is not that of IP. */
function behindType(bytes: Uint8Array, end: number): number | undefined {
  let at = end
  while (ETHERTYPES_VLAN.includes(get16(bytes, at - 2)) && at < bytes.length) at += VLAN_TAG_BYTES
  return isIp(get16(bytes, at - 2)) ? at : undefined
}

function isIp(etherType: number): boolean {
  return etherType === ETHERTYPE_IPV4 || etherType === ETHERTYPE_IPV6
}

function readIpv4(packet: Uint8Array, wireBytes: number): CapturedFlow | undefined {
  const headerBytes = ((packet[0] ?? 0) & 15) * 4
  const isFirst = (get16(packet, 6) & 0x1fff) === 0
  if (headerBytes < IPV4_HEADER_BYTES || packet.length < headerBytes || !isFirst) return undefined
  // A length of 0 is what a capture shows of a segment that the network card was to cut (TSO).
  const lengthBytes = get16(packet, 2) || wireBytes
  const ends = { src: get32(packet, 12) as IpAddr, dst: get32(packet, 16) as IpAddr }
  return readTransport(packet.subarray(headerBytes), packet[9] ?? 0, lengthBytes - headerBytes, ends)
}

function readIpv6(packet: Uint8Array, wireBytes: number): CapturedFlow | undefined {
  if (packet.length < IPV6_HEADER_BYTES) return undefined
  const lengthBytes = get16(packet, 4) || wireBytes - IPV6_HEADER_BYTES
  let protocol = packet[6] ?? 0
  let at = IPV6_HEADER_BYTES
  for (let i = 0; i < IPV6_EXTENSIONS_MAX && IPV6_EXTENSIONS.includes(protocol); i++) {
    protocol = packet[at] ?? 0
    at += ((packet[at + 1] ?? 0) + 1) * 8
  }
  const ends = { src: getIpv6(packet, 8), dst: getIpv6(packet, 24) }
  return readTransport(packet.subarray(at), protocol, lengthBytes - (at - IPV6_HEADER_BYTES), ends)
}

function readTransport(
  body: Uint8Array, protocol: number, bodyBytes: number, ends: { readonly src: IpAddr, readonly dst: IpAddr },
): CapturedFlow | undefined {
  const ports = { sport: get16(body, 0), dport: get16(body, 2) }
  if (protocol === IPPROTO_TCP) {
    // Flags are the last that is needed: a capture may cut the header behind them.
    if (body.length < 14) return undefined
    const headerBytes = ((body[12] ?? 0) >>> 4) * 4
    if (headerBytes < TCP_HEADER_BYTES) return undefined
    return {
      protocol: 'tcp', ...ends, ...ports, flags: body[13] ?? 0, seq: get32(body, 4), ack: get32(body, 8),
      dataBytes: Math.max(0, bodyBytes - headerBytes),
    }
  }
  if (protocol !== IPPROTO_UDP || body.length < UDP_HEADER_BYTES) return undefined
  const dataBytes = Math.max(0, (get16(body, 4) || bodyBytes) - UDP_HEADER_BYTES)
  return { protocol: 'udp', ...ends, ...ports, flags: 0, seq: 0, ack: 0, dataBytes }
}
