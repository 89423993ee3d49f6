/**
 * ICMPv6 of a host: answers echo requests, sends errors within Linux's rules and rate limit, believes path MTUs, and hands what
 * concerns an endpoint to it. Follows icmp6_send(), icmpv6_echo_reply() and icmpv6_rcv() in net/ipv6/icmp.c. Multicast
 * listener reports, router discovery and redirects are not modelled; such messages are dropped.
 * @module
 */
import { NS_PER_MILLISECOND } from '../../base/units.ts'
import { IPV6_ANY, isLinkLocal, isMulticast, type IpAddr } from '../../wire/address.ts'
import {
  ICMP_HEADER_BYTES, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST,
  ICMPV6_ERROR_PACKET_BYTES_MAX, ICMPV6_PARAMETER_PROBLEM, ICMPV6_TIME_EXCEEDED, ICMPV6_TOO_BIG, ICMPV6_UNREACHABLE, icmpBytes,
  icmpError, isIcmpv6Error, PROBLEM_NEXT_HEADER, UNREACHABLE_ADMIN_PROHIBITED, UNREACHABLE_FRAGMENTATION_NEEDED,
  UNREACHABLE_NET, UNREACHABLE_PORT, UNREACHABLE_PROTOCOL, UNREACHABLE_SOURCE, UNREACHABLE_V6_ADDRESS, UNREACHABLE_V6_NO_ROUTE,
  UNREACHABLE_V6_PORT, UNREACHABLE_V6_PROHIBITED, UNREACHABLE_V6_SCOPE, type IcmpMessage,
} from '../../wire/icmp-message.ts'
import { IPPROTO_ICMPV6, IPV6_HEADER_BYTES, totalBytes, type IpPacket } from '../../wire/ip-packet.ts'
import { IPV6_MTU_BYTES_MIN } from '../config/ipv6-config.ts'
import type { Device } from '../device.ts'
import type { Host } from '../host.ts'
import type { IcmpErrorFields } from '../icmp.ts'
import { RateLimit } from '../rate-limit.ts'

/** inet_peer_xrlim_allow: six at once. */
const RATE_BURST = 6
/** Where the next header is named in a fixed header. */
const NEXT_HEADER_AT = 6
/** Of the route to a link. */
const LINK_PREFIX_LENGTH = 64

/** The ICMPv6 module of one host. */
export class Icmpv6 {
  readonly #host: Host
  readonly #limit = new RateLimit()

  constructor(host: Host) {
    this.#host = host
  }

  /** Takes a packet for this host. */
  receive(packet: IpPacket, device: Device): void {
    const host = this.#host
    const message = packet.payload
    if (message.kind === 'neighbor') return host.ipv6.discovery.receive(packet, message, device)
    if (message.kind !== 'icmpv6') return host.drop(packet, 'icmp-ignored')
    if (message.type === ICMPV6_ECHO_REQUEST) return this.#answer(packet, message, device)
    if (message.type === ICMPV6_ECHO_REPLY) {
      host.consume(packet, 'icmp')
      host.pings.receiveEchoReply(packet, message)
      return
    }
    if (!isIcmpv6Error(message.type) || message.quoted === undefined) return host.drop(packet, 'icmp-ignored')
    host.consume(packet, 'icmp')
    this.#report(packet, message, message.quoted)
  }

  /**
   * Sends an error about `packet`, unless a rule or the rate limit forbids it; unlike IPv4 also about pieces that are not the
   * first. `trouble` is given in the numbers of IPv4. It comes from the address that the packet was for, if that is ours, and
   * goes out where the packet came in (`device`) if its sender is known on that link only.
   */
  sendError(packet: IpPacket, trouble: IcmpErrorFields, device?: Device): void {
    const host = this.#host
    const { src, dst, payload } = packet
    if (src === IPV6_ANY || isMulticast(src) || isMulticast(dst)) return
    if (payload.kind === 'neighbor' || (payload.kind === 'icmpv6' && isIcmpv6Error(payload.type))) return
    const message = inIpv6(trouble)
    const from = host.ipv6.routing.isLocal(dst) ? dst : IPV6_ANY
    const link = device ?? host.ipv6.routing.linkOf(from)
    const route = host.ipv6.routing.lookup(src, link)
    if (route.type !== 'unicast' && route.type !== 'local') return
    const prefixLength = isLinkLocal(src) ? LINK_PREFIX_LENGTH : route.via?.prefixLength ?? 128
    if (route.type !== 'local' && !this.#allows(src, message, prefixLength)) return
    const room = Math.min(ICMPV6_ERROR_PACKET_BYTES_MAX, host.pathMtuBytes(src)) - IPV6_HEADER_BYTES - ICMP_HEADER_BYTES
    const body = icmpError(message, packet, Math.min(totalBytes(packet), room))
    host.ipv6.output.send({
      src: from, dst: src, protocol: IPPROTO_ICMPV6, payload: body, payloadBytes: icmpBytes(body), dontFragment: false,
    }, link)
  }

  #answer(packet: IpPacket, message: IcmpMessage, device: Device): void {
    const host = this.#host
    host.consume(packet, 'icmp')
    const reply: IcmpMessage = { ...message, type: ICMPV6_ECHO_REPLY }
    host.ipv6.output.send({
      src: isMulticast(packet.dst) ? IPV6_ANY : packet.dst, dst: packet.src, protocol: IPPROTO_ICMPV6, payload: reply,
      payloadBytes: icmpBytes(reply), tos: packet.tos, dontFragment: false,
    }, device)
  }

  #report(packet: IpPacket, message: IcmpMessage, quoted: IpPacket): void {
    const host = this.#host
    if (message.type === ICMPV6_TOO_BIG && message.rest >= IPV6_MTU_BYTES_MIN) host.learnPathMtu(quoted.dst, message.rest)
    if (quoted.protocol === IPPROTO_ICMPV6) host.pings.receiveError(message, quoted, packet.src)
    else host.transport(quoted.protocol)?.receiveError(message, quoted)
  }

  /** One a second and destination, more towards wide networks: a quarter of a second for a /64 (icmpv6_xrlim_allow). */
  #allows(dst: IpAddr, message: IcmpErrorFields, prefixLength: number): boolean {
    if (message.type === ICMPV6_TOO_BIG) return true
    const costNs = this.#host.sysctl.int('net.ipv6.icmp.ratelimit') * NS_PER_MILLISECOND / (1 << ((128 - prefixLength) >>> 5))
    return costNs === 0 || this.#limit.take(dst, { nowNs: this.#host.sim.nowNs, costNs, burst: RATE_BURST })
  }
}

/** A trouble named in the numbers of IPv4, in those of IPv6: what parts that serve both versions speak of. */
function inIpv6({ type, code, rest }: IcmpErrorFields): IcmpErrorFields {
  if (type === ICMP_TIME_EXCEEDED) return { type: ICMPV6_TIME_EXCEEDED, code, rest: 0 }
  if (type !== ICMP_UNREACHABLE) return { type, code, rest }
  switch (code) {
    case UNREACHABLE_NET: return unreachable(UNREACHABLE_V6_NO_ROUTE)
    case UNREACHABLE_PORT: return unreachable(UNREACHABLE_V6_PORT)
    case UNREACHABLE_SOURCE: return unreachable(UNREACHABLE_V6_SCOPE)
    case UNREACHABLE_ADMIN_PROHIBITED: return unreachable(UNREACHABLE_V6_PROHIBITED)
    case UNREACHABLE_FRAGMENTATION_NEEDED: return { type: ICMPV6_TOO_BIG, code: 0, rest }
    case UNREACHABLE_PROTOCOL: return { type: ICMPV6_PARAMETER_PROBLEM, code: PROBLEM_NEXT_HEADER, rest: NEXT_HEADER_AT }
    default: return unreachable(UNREACHABLE_V6_ADDRESS)
  }
}

function unreachable(code: number): IcmpErrorFields {
  return { type: ICMPV6_UNREACHABLE, code, rest: 0 }
}
