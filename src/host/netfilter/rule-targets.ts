/**
 * What targets do beyond a verdict: NAT bindings, the MSS of a SYN, and the answers of REJECT.
 * A LOG target counts and is listed; there is no kernel log.
 * @module
 */
import { ICMP_UNREACHABLE } from '../../wire/icmp-message.ts'
import { IPPROTO_TCP, IPV4_HEADER_BYTES, withSource, type IpPacket } from '../../wire/ip-packet.ts'
import type { IpAddr } from '../../wire/address.ts'
import { inPrefix } from '../../wire/address.ts'
import {
  NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_HEADER_BYTES, TCP_RST, TCP_SYN, tcpBytes, tcpSegment, type TcpSegment,
} from '../../wire/tcp-segment.ts'
import type { RejectAnswer, RuleTarget } from '../config/rule-config.ts'
import type { Device } from '../device.ts'
import type { Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import { nextHopOf } from '../routing.ts'
import type { NatRange } from './nat.ts'
import { wholePayload } from './tuple.ts'

/** The codes of `ICMP_UNREACHABLE` behind the answers of REJECT. */
const REJECT_CODES: Record<Exclude<RejectAnswer, 'tcp-reset'>, number> = {
  'icmp-net-unreachable': 0, 'icmp-host-unreachable': 1, 'icmp-proto-unreachable': 2, 'icmp-port-unreachable': 3,
  'icmp-net-prohibited': 9, 'icmp-host-prohibited': 10, 'icmp-admin-prohibited': 13,
}
const LOOPBACK_ADDRESS = 0x7f000001

/** Answers a packet that is refused; the packet itself is the caller's. */
export function sendRefusal(host: Host, packet: IpPacket, answer: RejectAnswer): void {
  if (answer !== 'tcp-reset') return host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: REJECT_CODES[answer], rest: 0 })
  const segment = wholePayload(packet)
  if (segment.kind !== 'tcp' || (segment.flags & TCP_RST) !== 0 || packet.fragmentOffsetBytes !== 0) return
  host.sendPacket({
    src: packet.dst, dst: packet.src, protocol: IPPROTO_TCP, payload: resetOf(segment),
    payloadBytes: TCP_HEADER_BYTES, dontFragment: true,
  })
}

/** The reset that a segment to a closed port gets (nf_reject_ip_tcphdr_put, RFC 9293 3.10.7.1). */
function resetOf(segment: TcpSegment): TcpSegment {
  const ports = { sport: segment.dport, dport: segment.sport }
  if ((segment.flags & TCP_ACK) !== 0)
    return tcpSegment(ports, { seq: segment.ack, ack: 0, window: 0 }, TCP_RST, NO_TCP_OPTIONS, NO_DATA)
  const flagBytes = ((segment.flags & TCP_SYN) !== 0 ? 1 : 0) + ((segment.flags & TCP_FIN) !== 0 ? 1 : 0)
  const ack = (segment.seq + segment.data.length + flagBytes) >>> 0
  return tcpSegment(ports, { seq: 0, ack, window: 0 }, TCP_RST | TCP_ACK, NO_TCP_OPTIONS, NO_DATA)
}

/** What a NAT target asks for; undefined when it cannot say, because the device has no address. */
export function natRange(host: Host, target: RuleTarget, packet: IpPacket, passage: Passage): NatRange | undefined {
  switch (target.kind) {
    case 'snat': case 'dnat': return { addrs: target.addrs, ports: target.ports }
    case 'masquerade': {
      const route = host.findOutputRoute(packet.dst)
      const addr =
        passage.outDevice === undefined
          ? undefined
          : addressFor(passage.outDevice, route === undefined ? undefined : nextHopOf(route, packet.dst))
      return addr === undefined ? undefined : { addrs: { first: addr, last: addr }, ports: target.ports }
    }
    case 'redirect': {
      const addr = passage.inDevice === undefined ? LOOPBACK_ADDRESS : passage.inDevice.config.addresses[0]?.addr
      return addr === undefined ? undefined : { addrs: { first: addr, last: addr }, ports: target.ports }
    }
    default: return undefined
  }
}

/** inet_select_addr(): the primary address in the network of the next hop, else the first primary one. */
function addressFor(device: Device, nextHop: IpAddr | undefined): IpAddr | undefined {
  const primaries = device.config.addresses.filter((address) => !address.secondary && address.scope === 'global')
  const near =
    nextHop === undefined
      ? undefined
      : primaries.find((address) => inPrefix(nextHop, address.addr, address.prefixLength))
  return (near ?? primaries[0])?.addr
}

/** A SYN whose MSS is not larger than asked, or than the path takes (xt_TCPMSS). A SYN without the option is left alone. */
export function withMssClamped(host: Host, packet: IpPacket, mssBytes: number | 'path-mtu', passage: Passage): IpPacket {
  const segment = packet.payload
  if (segment.kind !== 'tcp' || segment.options.mss === undefined) return packet
  const mss = mssBytes === 'path-mtu' ? pathMss(host, packet, passage) : mssBytes
  if (segment.options.mss <= mss) return packet
  const clamped = tcpSegment(segment, segment, segment.flags, { ...segment.options, mss }, segment.data)
  return tcpBytes(clamped) === tcpBytes(segment) ? withSource(packet, packet.src, clamped) : packet
}

/** The smaller MTU of the two ways, less the headers. */
function pathMss(host: Host, packet: IpPacket, passage: Passage): number {
  const out = Math.min(host.pathMtuBytes(packet.dst), passage.outDevice?.config.mtuBytes ?? Infinity)
  return Math.min(out, host.pathMtuBytes(packet.src)) - IPV4_HEADER_BYTES - TCP_HEADER_BYTES
}
