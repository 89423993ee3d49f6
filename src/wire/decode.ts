/**
 * Bytes to values. What is returned encodes to the bytes that were read: a part whose values could not say every byte again
 * (a wrong or absent UDP or TCP checksum, reserved bits, an urgent pointer, IPv4 options, a fragment) stays raw, and a
 * header that cannot be held is refused. Padding and trailers after the packet are dropped: `frame.bytes` says where they began.
 * Of IPv6's extension headers only that of a fragment is looked into; a flow label is refused, as is a fragment header of a
 * whole packet. VLAN tags and 802.3 length fields are not modelled.
 * @module
 */
import type { Result } from '../base/result.ts'
import { err, ok } from '../base/result.ts'
import { isIpv6, type IpAddr, type MacAddr } from './address.ts'
import type { ArpPacket } from './arp-packet.ts'
import { ARP_PACKET_BYTES, arpPacket } from './arp-packet.ts'
import { get16, get32, get48, getIpv6, sameBytes } from './bytes.ts'
import { internetChecksum } from './checksum.ts'
import type { Framing } from './encode.ts'
import {
  encodeFrame, encodePacket, OPTION_SOURCE_LINK_ADDRESS, OPTION_TARGET_LINK_ADDRESS, PPP_PROTOCOL_IPV4, PPP_PROTOCOL_IPV6,
} from './encode.ts'
import type { Frame } from './frame.ts'
import {
  ETHERNET_HEADER_BYTES, ethernetFrame, ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, PPP_HEADER_BYTES, pppFrame,
} from './frame.ts'
import { GRE_CHECKSUM_PRESENT, greHeaderBytes, grePacket, type GrePacket } from './gre-packet.ts'
import type { IcmpMessage } from './icmp-message.ts'
import { ICMP_HEADER_BYTES, icmpError, isIcmpError, isIcmpv6Error } from './icmp-message.ts'
import type { IpHeader, IpPacket, IpPayload } from './ip-packet.ts'
import {
  IPPROTO_FRAGMENT, IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, IPV4_HEADER_BYTES,
  IPV6_FRAGMENT_HEADER_BYTES, IPV6_HEADER_BYTES, ipFromHeader,
} from './ip-packet.ts'
import { NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, type NeighborMessage } from './neighbor-message.ts'
import { decodeTcpOptions } from './tcp-options.ts'
import type { TcpSegment } from './tcp-segment.ts'
import { TCP_HEADER_BYTES, tcpSegment } from './tcp-segment.ts'
import type { UdpDatagram } from './udp-datagram.ts'
import { GUE_HEADER_BYTES, UDP_HEADER_BYTES, udpDatagram } from './udp-datagram.ts'

/** Why bytes are not a frame or packet that can be held. */
export interface DecodeError {
  readonly code: 'truncated' | 'ethertype' | 'arp' | 'ipv4-header' | 'ipv4-checksum' | 'ipv6-header'
  readonly message: string
}

// Data is copied by `new Uint8Array`: `slice` of a Node Buffer would share memory with what was read.

/** Packets inside packets that are looked into; what is nested deeper stays raw. */
const NESTING_MAX = 8

/** Reads one frame as captured. `uid` is the number that the packet gets; a packet inside it has the same. */
export function decodeFrame(bytes: Uint8Array, framing: Framing, uid: number): Result<Frame, DecodeError> {
  const headerBytes = framing === 'ppp' ? PPP_HEADER_BYTES : ETHERNET_HEADER_BYTES
  if (bytes.length < headerBytes) return refuse('truncated', `${bytes.length} bytes are less than a header`)
  const type = get16(bytes, headerBytes - 2)
  const body = bytes.subarray(headerBytes)
  if (framing === 'ppp') {
    const version = type === PPP_PROTOCOL_IPV4 ? 4 : type === PPP_PROTOCOL_IPV6 ? 6 : 0
    if (version === 0) return refuse('ethertype', `PPP protocol ${hex16(type)} is not modelled`)
    const packet = packetOfVersion(version, body, uid, 0)
    return packet.ok ? ok(pppFrame(packet.value)) : packet
  }
  const dst = get48(bytes, 0) as MacAddr
  const src = get48(bytes, 6) as MacAddr
  if (type === ETHERTYPE_ARP) {
    const arp = parseArp(body)
    if (arp === undefined) return refuse('truncated', `${body.length} bytes are less than an ARP packet`)
    const frame = ethernetFrame(dst, src, arp)
    if (sameBytes(encodeFrame(frame), bytes.subarray(0, frame.bytes))) return ok(frame)
    return refuse('arp', 'not ARP for IPv4 over Ethernet')
  }
  const version = type === ETHERTYPE_IPV4 ? 4 : type === ETHERTYPE_IPV6 ? 6 : 0
  if (version === 0) return refuse('ethertype', `ethertype ${hex16(type)} is not modelled`)
  const packet = packetOfVersion(version, body, uid, 0)
  return packet.ok ? ok(ethernetFrame(dst, src, packet.value)) : packet
}

/** Reads one packet from its header on, which says its version; bytes after its total length are ignored. */
export function decodePacket(bytes: Uint8Array, uid: number): Result<IpPacket, DecodeError> {
  return packetOfVersion((bytes[0] ?? 0) >>> 4 === 6 ? 6 : 4, bytes, uid, 0)
}

/**
 * The fixed fields of an IPv6 header, and those of the header of a fragment behind it. 40 bytes must be there; nothing is
 * judged.
 */
export function readIpv6Header(bytes: Uint8Array): IpHeader {
  const isPiece = bytes[6] === IPPROTO_FRAGMENT && bytes.length >= IPV6_HEADER_BYTES + IPV6_FRAGMENT_HEADER_BYTES
  const place = isPiece ? get16(bytes, IPV6_HEADER_BYTES + 2) : 0
  return {
    tos: (get16(bytes, 0) >>> 4) & 0xff, ttl: bytes[7] ?? 0, dontFragment: true,
    protocol: (isPiece ? bytes[IPV6_HEADER_BYTES] : bytes[6]) ?? 0, ident: isPiece ? get32(bytes, IPV6_HEADER_BYTES + 4) : 0,
    moreFragments: (place & 1) !== 0, fragmentOffsetBytes: place & 0xfff8,
    src: getIpv6(bytes, 8), dst: getIpv6(bytes, 24),
  }
}

/** The fixed fields of an IPv4 header, of which 20 bytes must be there. Nothing is judged. */
export function readIpv4Header(bytes: Uint8Array): IpHeader {
  const fragment = get16(bytes, 6)
  return {
    tos: bytes[1] ?? 0, ident: get16(bytes, 4), ttl: bytes[8] ?? 0, protocol: bytes[9] ?? 0,
    dontFragment: (fragment & 0x4000) !== 0, moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffsetBytes: (fragment & 0x1fff) * 8,
    src: get32(bytes, 12) as IpAddr, dst: get32(bytes, 16) as IpAddr,
  }
}

/** Reads a TCP segment whatever its checksum says. Undefined when the header is cut off or its length field is wrong. */
export function readTcp(body: Uint8Array): TcpSegment | undefined {
  const headerBytes = ((body[12] ?? 0) >>> 4) * 4
  if (headerBytes < TCP_HEADER_BYTES || headerBytes > body.length) return undefined
  const options = decodeTcpOptions(body.subarray(TCP_HEADER_BYTES, headerBytes))
  return tcpSegment(
    { sport: get16(body, 0), dport: get16(body, 2) },
    { seq: get32(body, 4), ack: get32(body, 8), window: get16(body, 14) },
    body[13] ?? 0, options, new Uint8Array(body.subarray(headerBytes)),
  )
}

/**
 * The packet in the data of a UDP datagram, for those who know by its port that it is GUE. Undefined when it is not IPv4
 * behind a header of version 0 without options, or has more or fewer bytes than its own header says.
 */
export function readGue(data: Uint8Array, uid: number): IpPacket | undefined {
  const isPlain = data.length >= GUE_HEADER_BYTES && data[0] === 0 && data[1] === IPPROTO_IPIP && get16(data, 2) === 0
  return isPlain ? wholePacket(4, data.subarray(GUE_HEADER_BYTES), uid, 0) : undefined
}

function packetOfVersion(version: 4 | 6, bytes: Uint8Array, uid: number, depth: number): Result<IpPacket, DecodeError> {
  return version === 6 ? ipv6At(bytes, uid, depth) : ipv4At(bytes, uid, depth)
}

function ipv6At(bytes: Uint8Array, uid: number, depth: number): Result<IpPacket, DecodeError> {
  if (bytes.length < IPV6_HEADER_BYTES) return refuse('truncated', `${bytes.length} bytes are less than an IPv6 header`)
  if ((bytes[0] ?? 0) >>> 4 !== 6) return refuse('ipv6-header', 'not version 6')
  const endBytes = IPV6_HEADER_BYTES + get16(bytes, 4)
  if (endBytes > bytes.length) return refuse('truncated', `${bytes.length} of the packet's ${endBytes} bytes`)
  const asRead = bytes.subarray(0, endBytes)
  const header = readIpv6Header(asRead)
  const isPiece = header.moreFragments || header.fragmentOffsetBytes !== 0
  const body = asRead.subarray(IPV6_HEADER_BYTES + (isPiece ? IPV6_FRAGMENT_HEADER_BYTES : 0))
  const payload = parsePayload(header, body, uid, depth)
  const packet = payload && ipFromHeader(uid, header, payload, body.length)
  if (packet !== undefined && sameBytes(encodePacket(packet), asRead)) return ok(packet)
  const raw = ipFromHeader(uid, header, { kind: 'raw', data: new Uint8Array(body) }, body.length)
  return sameBytes(encodePacket(raw), asRead) ? ok(raw)
    : refuse('ipv6-header', 'a flow label or a reserved bit is set, or the header of a fragment is there without need')
}

function ipv4At(bytes: Uint8Array, uid: number, depth: number): Result<IpPacket, DecodeError> {
  if (bytes.length < IPV4_HEADER_BYTES) return refuse('truncated', `${bytes.length} bytes are less than an IPv4 header`)
  const headerBytes = ((bytes[0] ?? 0) & 15) * 4
  const lengthBytes = get16(bytes, 2)
  const isHeader = (bytes[0] ?? 0) >>> 4 === 4 && headerBytes >= IPV4_HEADER_BYTES && lengthBytes >= headerBytes
  if (!isHeader) return refuse('ipv4-header', 'not version 4, or a length is wrong')
  if (lengthBytes > bytes.length) return refuse('truncated', `${bytes.length} of the packet's ${lengthBytes} bytes`)
  if (internetChecksum(bytes, 0, headerBytes) !== 0) return refuse('ipv4-checksum', 'the header checksum is wrong')
  const header = readIpv4Header(bytes)
  const optionsBytes = headerBytes - IPV4_HEADER_BYTES
  const body = bytes.subarray(IPV4_HEADER_BYTES, lengthBytes)
  const asRead = bytes.subarray(0, lengthBytes)
  if (optionsBytes === 0) {
    const payload = parsePayload(header, body, uid, depth)
    const packet = payload && ipFromHeader(uid, header, payload, body.length)
    if (packet !== undefined && sameBytes(encodePacket(packet), asRead)) return ok(packet)
  }
  const data = new Uint8Array(body)
  const raw: IpPayload = optionsBytes === 0 ? { kind: 'raw', data } : { kind: 'raw', data, optionsBytes }
  const packet = ipFromHeader(uid, header, raw, body.length)
  return sameBytes(encodePacket(packet), asRead) ? ok(packet) : refuse('ipv4-header', 'a reserved bit is set')
}

/** The payload by its protocol, not yet compared with the bytes; undefined for what stays raw. */
function parsePayload(header: IpHeader, body: Uint8Array, uid: number, depth: number): IpPayload | undefined {
  // The bytes of one fragment are a part of a segment or datagram, never one.
  if (header.moreFragments || header.fragmentOffsetBytes !== 0) return undefined
  switch (header.protocol) {
    case IPPROTO_TCP: return readTcp(body)
    case IPPROTO_UDP: return parseUdp(body)
    case IPPROTO_ICMP: return isIpv6(header.dst) ? undefined : parseIcmp(body, uid, depth)
    case IPPROTO_ICMPV6: return isIpv6(header.dst) ? parseIcmpv6(body, uid, depth) : undefined
    case IPPROTO_IPIP: return isIpv6(header.dst) ? undefined : wholePacket(4, body, uid, depth)
    case IPPROTO_GRE: return isIpv6(header.dst) ? undefined : parseGre(body, uid, depth)
    default: return undefined
  }
}

function parseUdp(body: Uint8Array): UdpDatagram | undefined {
  if (body.length < UDP_HEADER_BYTES) return undefined
  return udpDatagram({ sport: get16(body, 0), dport: get16(body, 2) }, new Uint8Array(body.subarray(UDP_HEADER_BYTES)))
}

function parseGre(body: Uint8Array, uid: number, depth: number): GrePacket | undefined {
  if (get16(body, 2) !== ETHERTYPE_IPV4) return undefined
  const hasChecksum = get16(body, 0) === GRE_CHECKSUM_PRESENT
  const inner = wholePacket(4, body.subarray(greHeaderBytes(hasChecksum)), uid, depth)
  return inner === undefined ? undefined : grePacket(inner, hasChecksum)
}

/** In an error, the packet is quoted as a value if all of it is there; a cut one could not be summed again, and stays bytes. */
function parseIcmp(body: Uint8Array, uid: number, depth: number): IcmpMessage | undefined {
  if (body.length < ICMP_HEADER_BYTES) return undefined
  const message = { type: body[0] ?? 0, code: body[1] ?? 0, rest: get32(body, 4) }
  const data = new Uint8Array(body.subarray(ICMP_HEADER_BYTES))
  const quoted = isIcmpError(message.type) ? wholePacket(4, data, uid, depth) : undefined
  if (quoted !== undefined) return icmpError(message, quoted, data.length)
  return { kind: 'icmp', ...message, quoted: undefined, data, dataBytes: data.length }
}

/** As above; solicitations and advertisements with no option but the link-layer address, or none, are values of their own. */
function parseIcmpv6(body: Uint8Array, uid: number, depth: number): IcmpMessage | NeighborMessage | undefined {
  if (body.length < ICMP_HEADER_BYTES) return undefined
  const type = body[0] ?? 0
  if (type === NEIGHBOR_SOLICITATION || type === NEIGHBOR_ADVERTISEMENT) return parseNeighbor(body, type)
  const message = { type, code: body[1] ?? 0, rest: get32(body, 4) }
  const data = new Uint8Array(body.subarray(ICMP_HEADER_BYTES))
  const quoted = isIcmpv6Error(type) ? wholePacket(6, data, uid, depth) : undefined
  if (quoted !== undefined) return icmpError(message, quoted, data.length)
  return { kind: 'icmpv6', ...message, quoted: undefined, data, dataBytes: data.length }
}

function parseNeighbor(body: Uint8Array, type: NeighborMessage['type']): NeighborMessage | undefined {
  if (body.length !== 24 && body.length !== 32) return undefined
  const option = type === NEIGHBOR_SOLICITATION ? OPTION_SOURCE_LINK_ADDRESS : OPTION_TARGET_LINK_ADDRESS
  if (body.length === 32 && (body[24] !== option || body[25] !== 1)) return undefined
  const flags = body[4] ?? 0
  return {
    kind: 'neighbor', type, target: getIpv6(body, 8), isRouter: (flags & 0x80) !== 0, isSolicited: (flags & 0x40) !== 0,
    isOverride: (flags & 0x20) !== 0, linkAddress: body.length === 32 ? get48(body, 26) as MacAddr : undefined,
  }
}

/** The packet of this version that fills these bytes exactly. */
function wholePacket(version: 4 | 6, bytes: Uint8Array, uid: number, depth: number): IpPacket | undefined {
  const lengthBytes = version === 6 ? IPV6_HEADER_BYTES + get16(bytes, 4) : get16(bytes, 2)
  if (depth === NESTING_MAX || lengthBytes !== bytes.length) return undefined
  const packet = packetOfVersion(version, bytes, uid, depth + 1)
  return packet.ok ? packet.value : undefined
}

function parseArp(body: Uint8Array): ArpPacket | undefined {
  if (body.length < ARP_PACKET_BYTES) return undefined
  return arpPacket(
    get16(body, 6), { sha: get48(body, 8) as MacAddr, spa: get32(body, 14) as IpAddr },
    { tha: get48(body, 18) as MacAddr, tpa: get32(body, 24) as IpAddr },
  )
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`
}

function refuse(code: DecodeError['code'], message: string): Result<never, DecodeError> {
  return err({ code, message })
}
