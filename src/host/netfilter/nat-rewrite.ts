/**
 * Rewriting addresses and ports of a packet as its flow asks (nf_nat_manip_pkt): one side at a time, also inside ICMP errors.
 * @module
 */
import type { IpAddr } from '../../wire/address.ts'
import { withQuoted, type IcmpMessage } from '../../wire/icmp-message.ts'
import { fragmentOf, withDestination, withSource, type IpPacket, type IpPayload } from '../../wire/ip-packet.ts'
import { withTcpPorts } from '../../wire/tcp-segment.ts'
import { withUdpPorts } from '../../wire/udp-datagram.ts'
import type { Tuple } from './tuple.ts'

/** Which side of a packet is rewritten. */
export type Side = 'source' | 'destination'

/** The packet with one side as the tuple has it. Of an ICMP message, either side carries the identifier. */
export function rewritten(packet: IpPacket, tuple: Tuple, side: Side): IpPacket {
  const { payload } = packet
  if (payload.kind === 'fragment') {
    const whole = rewritten(payload.whole, tuple, side)
    const piece = fragmentOf(whole, {
      offsetBytes: packet.fragmentOffsetBytes,
      payloadBytes: packet.payloadBytes,
      more: packet.moreFragments,
    })
    return withAddress(packet, side === 'source' ? whole.src : whole.dst, piece.payload, side)
  }
  return withAddress(packet, side === 'source' ? tuple.src : tuple.dst, withPort(payload, tuple, side), side)
}

/** An ICMP error with the packet it quotes rewritten on one side. */
export function withQuotedRewritten(packet: IpPacket, message: IcmpMessage, tuple: Tuple, side: Side): IpPacket {
  if (message.quoted === undefined) return packet
  const { payload } = packet
  if (payload.kind === 'fragment') {
    const whole = withQuotedRewritten(payload.whole, message, tuple, side)
    return withSource(packet, packet.src, { kind: 'fragment', whole })
  }
  return withSource(packet, packet.src, withQuoted(message, rewritten(message.quoted, tuple, side)))
}

/** The packet with one address changed, and nothing else: what NAT does to the outside of an ICMP error. */
export function withAddress(packet: IpPacket, addr: IpAddr, payload: IpPayload, side: Side): IpPacket {
  return side === 'source' ? withSource(packet, addr, payload) : withDestination(packet, addr, payload)
}

function withPort(payload: IpPayload, tuple: Tuple, side: Side): IpPayload {
  const isSource = side === 'source'
  switch (payload.kind) {
    case 'tcp': return withTcpPorts(payload, isSource ? tuple.sport : payload.sport, isSource ? payload.dport : tuple.dport)
    case 'udp': return withUdpPorts(payload, isSource ? tuple.sport : payload.sport, isSource ? payload.dport : tuple.dport)
    case 'icmp': return {
      kind: 'icmp', type: payload.type, code: payload.code, rest: ((tuple.sport << 16) | (payload.rest & 0xffff)) >>> 0,
      quoted: payload.quoted, data: payload.data, dataBytes: payload.dataBytes,
    }
    default: return payload
  }
}
