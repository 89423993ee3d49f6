/**
 * Values to bytes, as Linux puts them on the wire. Every checksum is computed. No padding to 60 bytes and no frame check
 * sequence: a frame looks as in a capture by its sender.
 * @module
 */
import { assert } from '../base/assert.ts'
import { isIpv6 } from './address.ts'
import type { ArpPacket } from './arp-packet.ts'
import { put16, put32, put48, putIpv6 } from './bytes.ts'
import { internetChecksum, pseudoHeaderSum } from './checksum.ts'
import type { Frame } from './frame.ts'
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, etherTypeOf, PPP_HEADER_BYTES } from './frame.ts'
import { GRE_CHECKSUM_PRESENT, greBytes, greHeaderBytes, type GrePacket } from './gre-packet.ts'
import type { IcmpMessage } from './icmp-message.ts'
import { ICMP_HEADER_BYTES, icmpBytes } from './icmp-message.ts'
import type { IpPacket } from './ip-packet.ts'
import {
  IPPROTO_FRAGMENT, IPPROTO_ICMPV6, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, IPV4_HEADER_BYTES, IPV4_PACKET_BYTES_MAX,
  IPV6_FRAGMENT_HEADER_BYTES, IPV6_HEADER_BYTES, isFragment, totalBytes,
} from './ip-packet.ts'
import { neighborBytes, NEIGHBOR_SOLICITATION, type NeighborMessage } from './neighbor-message.ts'
import { encodeTcpOptions } from './tcp-options.ts'
import type { TcpSegment } from './tcp-segment.ts'
import { TCP_HEADER_BYTES, tcpBytes } from './tcp-segment.ts'
import type { UdpDatagram } from './udp-datagram.ts'
import { GUE_HEADER_BYTES, UDP_HEADER_BYTES, udpBytes } from './udp-datagram.ts'

/** How a link frames a packet: with an Ethernet II header, or with the two bytes of a point-to-point link. */
export type Framing = 'ethernet' | 'ppp'

/** PPP's protocol number of IPv4 (RFC 1332). */
export const PPP_PROTOCOL_IPV4 = 0x0021
/** PPP's protocol number of IPv6 (RFC 5072). */
export const PPP_PROTOCOL_IPV6 = 0x0057
/** Options of neighbor discovery (RFC 4861 4.6.1). */
export const OPTION_SOURCE_LINK_ADDRESS = 1
/** See `OPTION_SOURCE_LINK_ADDRESS`. */
export const OPTION_TARGET_LINK_ADDRESS = 2
/** Most bytes of TCP options: the header length field ends at 60. */
const TCP_OPTIONS_BYTES_MAX = 40

/** How this frame is framed, by the length of its header. */
export function framingOf(frame: Frame): Framing {
  return frame.payload.kind !== 'arp' && frame.bytes === PPP_HEADER_BYTES + totalBytes(frame.payload) ? 'ppp' : 'ethernet'
}

/** The frame as bytes, `frame.bytes` of them. */
export function encodeFrame(frame: Frame): Uint8Array {
  const out = new Uint8Array(frame.bytes)
  writeFrame(out, 0, frame)
  return out
}

/** Writes the frame into `out` from `at` on, `frame.bytes` of them, which are all zero before. */
export function writeFrame(out: Uint8Array, at: number, frame: Frame): void {
  const payload = frame.payload
  if (payload.kind !== 'arp' && framingOf(frame) === 'ppp') {
    put16(out, at, isIpv6(payload.dst) ? PPP_PROTOCOL_IPV6 : PPP_PROTOCOL_IPV4)
    writePacket(out, at + PPP_HEADER_BYTES, payload)
    return
  }
  put48(out, at, frame.dst)
  put48(out, at + 6, frame.src)
  put16(out, at + 12, etherTypeOf(payload))
  if (payload.kind === 'arp') writeArp(out, at + ETHERNET_HEADER_BYTES, payload)
  else writePacket(out, at + ETHERNET_HEADER_BYTES, payload)
}

/** The packet as bytes, `totalBytes(packet)` of them. */
export function encodePacket(packet: IpPacket): Uint8Array {
  const out = new Uint8Array(totalBytes(packet))
  writePacket(out, 0, packet)
  return out
}

/** What follows the packet's headers, as bytes: `packet.payloadBytes` of them. */
export function encodePayload(packet: IpPacket): Uint8Array {
  const out = new Uint8Array(packet.payloadBytes)
  writePayload(out, 0, packet)
  return out
}

function writeArp(out: Uint8Array, at: number, arp: ArpPacket): void {
  put16(out, at, 1)
  put16(out, at + 2, 0x0800)
  put16(out, at + 4, 0x0604)
  put16(out, at + 6, arp.op)
  put48(out, at + 8, arp.sha)
  put32(out, at + 14, arp.spa)
  put48(out, at + 18, arp.tha)
  put32(out, at + 24, arp.tpa)
}

function writePacket(out: Uint8Array, at: number, packet: IpPacket): void {
  if (isIpv6(packet.dst)) return writeIpv6(out, at, packet)
  const lengthBytes = totalBytes(packet)
  assert(lengthBytes <= IPV4_PACKET_BYTES_MAX, 'an IPv4 packet has at most 65535 bytes')
  assert(!isIpv6(packet.src) && !isIpv6(packet.dst), 'an IPv4 packet has IPv4 addresses')
  const optionsBytes = packet.payload.kind === 'raw' ? packet.payload.optionsBytes ?? 0 : 0
  const headerBytes = IPV4_HEADER_BYTES + optionsBytes
  writePayload(out, at + IPV4_HEADER_BYTES, packet)
  out[at] = 0x40 | (headerBytes / 4)
  out[at + 1] = packet.tos
  put16(out, at + 2, lengthBytes)
  put16(out, at + 4, packet.ident)
  const flags = (packet.dontFragment ? 0x4000 : 0) | (packet.moreFragments ? 0x2000 : 0)
  put16(out, at + 6, flags | (packet.fragmentOffsetBytes / 8))
  out[at + 8] = packet.ttl
  out[at + 9] = packet.protocol
  put32(out, at + 12, packet.src)
  put32(out, at + 16, packet.dst)
  put16(out, at + 10, internetChecksum(out, at, at + headerBytes))
}

function writeIpv6(out: Uint8Array, at: number, packet: IpPacket): void {
  const lengthBytes = totalBytes(packet) - IPV6_HEADER_BYTES
  assert(lengthBytes <= 0xffff, 'an IPv6 packet has at most 65535 bytes behind its header')
  assert(isIpv6(packet.src), 'an IPv6 packet has IPv6 addresses')
  put16(out, at, 0x6000 | (packet.tos << 4))
  put16(out, at + 4, lengthBytes)
  out[at + 6] = packet.protocol
  out[at + 7] = packet.ttl
  putIpv6(out, at + 8, packet.src)
  putIpv6(out, at + 24, packet.dst)
  let bodyAt = at + IPV6_HEADER_BYTES
  if (isFragment(packet)) {
    out[at + 6] = IPPROTO_FRAGMENT
    out[bodyAt] = packet.protocol
    put16(out, bodyAt + 2, packet.fragmentOffsetBytes | (packet.moreFragments ? 1 : 0))
    put32(out, bodyAt + 4, packet.ident)
    bodyAt += IPV6_FRAGMENT_HEADER_BYTES
  }
  writePayload(out, bodyAt, packet)
}

function writePayload(out: Uint8Array, at: number, packet: IpPacket): void {
  const payload = packet.payload
  switch (payload.kind) {
    case 'tcp':
      assert(tcpBytes(payload) === packet.payloadBytes, 'payloadBytes is the length of the segment')
      return writeTcp(out, at, packet, payload)
    case 'udp':
      assert(udpBytes(payload) === packet.payloadBytes, 'payloadBytes is the length of the datagram')
      return writeUdp(out, at, packet, payload)
    case 'icmp':
    case 'icmpv6':
      assert(icmpBytes(payload) === packet.payloadBytes, 'payloadBytes is the length of the message')
      return writeIcmp(out, at, packet, payload)
    case 'neighbor':
      assert(neighborBytes(payload) === packet.payloadBytes, 'payloadBytes is the length of the message')
      return writeNeighbor(out, at, packet, payload)
    case 'ip':
      assert(totalBytes(payload) === packet.payloadBytes, 'payloadBytes is the length of the packet inside')
      return writePacket(out, at, payload)
    case 'gre':
      assert(greBytes(payload) === packet.payloadBytes, 'payloadBytes is the length of the GRE packet')
      return writeGre(out, at, payload)
    case 'raw':
      assert(payload.data.length === packet.payloadBytes, 'payloadBytes is the length of the data')
      return out.set(payload.data, at)
    case 'fragment': {
      const startBytes = packet.fragmentOffsetBytes - payload.whole.fragmentOffsetBytes
      const piece = encodePayload(payload.whole).subarray(startBytes, startBytes + packet.payloadBytes)
      assert(piece.length === packet.payloadBytes, 'a fragment lies inside the packet it is a piece of')
      return out.set(piece, at)
    }
  }
}

function writeTcp(out: Uint8Array, at: number, packet: IpPacket, segment: TcpSegment): void {
  const options = encodeTcpOptions(segment.options)
  assert(options.length <= TCP_OPTIONS_BYTES_MAX && options.length % 4 === 0, 'TCP options fit into their header')
  put16(out, at, segment.sport)
  put16(out, at + 2, segment.dport)
  put32(out, at + 4, segment.seq)
  put32(out, at + 8, segment.ack)
  out[at + 12] = ((TCP_HEADER_BYTES + options.length) / 4) << 4
  out[at + 13] = segment.flags
  put16(out, at + 14, segment.window)
  out.set(options, at + TCP_HEADER_BYTES)
  out.set(segment.data, at + TCP_HEADER_BYTES + options.length)
  const sum = pseudoHeaderSum(packet, IPPROTO_TCP, packet.payloadBytes)
  put16(out, at + 16, internetChecksum(out, at, at + packet.payloadBytes, sum))
}

function writeUdp(out: Uint8Array, at: number, packet: IpPacket, datagram: UdpDatagram): void {
  put16(out, at, datagram.sport)
  put16(out, at + 2, datagram.dport)
  put16(out, at + 4, packet.payloadBytes)
  if (datagram.gue !== undefined) {
    // The first byte is version, control flag and length of options, all 0; the last two are flags, none of them set.
    out[at + UDP_HEADER_BYTES + 1] = IPPROTO_IPIP
    writePacket(out, at + UDP_HEADER_BYTES + GUE_HEADER_BYTES, datagram.gue.inner)
    if (!datagram.gue.hasChecksum) return
  }
  out.set(datagram.data, at + UDP_HEADER_BYTES)
  const sum = pseudoHeaderSum(packet, IPPROTO_UDP, packet.payloadBytes)
  const checksum = internetChecksum(out, at, at + packet.payloadBytes, sum)
  // RFC 768: zero means that there is none, so a computed zero is sent as its other form.
  put16(out, at + 6, checksum === 0 ? 0xffff : checksum)
}

function writeGre(out: Uint8Array, at: number, gre: GrePacket): void {
  put16(out, at, gre.hasChecksum ? GRE_CHECKSUM_PRESENT : 0)
  put16(out, at + 2, ETHERTYPE_IPV4)
  writePacket(out, at + greHeaderBytes(gre.hasChecksum), gre.inner)
  if (gre.hasChecksum) put16(out, at + 4, internetChecksum(out, at, at + greBytes(gre)))
}

function writeIcmp(out: Uint8Array, at: number, packet: IpPacket, message: IcmpMessage): void {
  const data = message.quoted === undefined ? message.data : encodePacket(message.quoted).subarray(0, message.dataBytes)
  assert(data.length === message.dataBytes, 'an ICMP message carries dataBytes bytes')
  out[at] = message.type
  out[at + 1] = message.code
  put32(out, at + 4, message.rest)
  out.set(data, at + ICMP_HEADER_BYTES)
  putIcmpChecksum(out, at, packet)
}

function writeNeighbor(out: Uint8Array, at: number, packet: IpPacket, message: NeighborMessage): void {
  out[at] = message.type
  const flags = (message.isRouter ? 0x80 : 0) | (message.isSolicited ? 0x40 : 0) | (message.isOverride ? 0x20 : 0)
  out[at + 4] = flags
  putIpv6(out, at + 8, message.target)
  if (message.linkAddress !== undefined) {
    out[at + 24] = message.type === NEIGHBOR_SOLICITATION ? OPTION_SOURCE_LINK_ADDRESS : OPTION_TARGET_LINK_ADDRESS
    out[at + 25] = 1
    put48(out, at + 26, message.linkAddress)
  }
  putIcmpChecksum(out, at, packet)
}

/** ICMPv6 sums the addresses, too. */
function putIcmpChecksum(out: Uint8Array, at: number, packet: IpPacket): void {
  const sum = packet.protocol === IPPROTO_ICMPV6 ? pseudoHeaderSum(packet, IPPROTO_ICMPV6, packet.payloadBytes) : 0
  put16(out, at + 2, internetChecksum(out, at, at + packet.payloadBytes, sum))
}
