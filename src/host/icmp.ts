/**
 * ICMP of a host: answers echo requests, sends errors within Linux's rules and rate limit, believes redirects and path MTUs,
 * and hands what concerns an endpoint to it. Follows net/ipv4/icmp.c: icmp_send(), icmp_rcv(), icmp_unreach().
 * A redirect holds for 300 s, and only from a gateway that is in use. Timestamps, address masks and the host-wide limit
 * icmp_msgs_per_sec are not modelled.
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../base/units.ts'
import type { Actor } from '../sim/event-queue.ts'
import { Timer } from '../sim/timer.ts'
import { IPV4_ANY, IPV4_BROADCAST, isMulticast, type IpAddr } from '../wire/address.ts'
import {
  ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_ERROR_PACKET_BYTES_MAX, ICMP_HEADER_BYTES, ICMP_REDIRECT, ICMP_UNREACHABLE, icmpBytes,
  icmpError, isIcmpError, UNREACHABLE_FRAGMENTATION_NEEDED, type IcmpMessage,
} from '../wire/icmp-message.ts'
import { IPPROTO_ICMP, IPV4_HEADER_BYTES, totalBytes, type IpPacket } from '../wire/ip-packet.ts'
import type { Device } from './device.ts'
import type { Host } from './host.ts'
import { RateLimit } from './rate-limit.ts'
import { mayBelieveRedirect } from './redirects.ts'

/** Class of service of errors (IPTOS_PREC_INTERNETCONTROL), and what of the packet's own goes with it (IPTOS_TOS_MASK). */
const ERROR_PRECEDENCE = 0xc0
const TOS_MASK = 0x1e
/** inet_peer_xrlim_allow: one a second and destination, six at once. */
const RATE_BURST = 6
/** ip_rt_error_cost and ip_rt_error_burst: what the routing decision refuses costs a second more, of five at most. */
const ROUTE_ERROR_COST_NS = NS_PER_SECOND
const ROUTE_ERROR_BURST = 5
/** ip_rt_redirect_load and ip_rt_redirect_number at HZ=250: 20 ms doubling, nine, then silence for 20.48 s. */
const REDIRECT_LOAD_NS = 20 * NS_PER_MILLISECOND
const REDIRECTS_MAX = 9
/** ip_rt_gc_timeout: how long a redirect that was believed holds. */
const REDIRECT_HOLDS_NS = 300 * NS_PER_SECOND

/** What an error says. */
export interface IcmpErrorFields {
  readonly type: number
  readonly code: number
  /** The second word: an MTU or a gateway, else 0. */
  readonly rest: number
}

interface RedirectState {
  lastNs: number
  count: number
}

/** The ICMP module of one host. */
export class Icmp implements Actor {
  readonly #host: Host
  readonly #limit = new RateLimit()
  readonly #redirects = new Map<IpAddr, RedirectState>()
  /** Per destination: when the redirect that was believed ends. */
  readonly #believed = new Map<IpAddr, Timer>()

  constructor(host: Host) {
    this.#host = host
  }

  /** Takes a packet for this host. */
  receive(packet: IpPacket, device: Device): void {
    const message = packet.payload as IcmpMessage
    if (message.type === ICMP_ECHO_REQUEST) return this.#answer(packet, message, device)
    if (message.type === ICMP_ECHO_REPLY) {
      this.#host.consume(packet, 'icmp')
      this.#host.pings.receiveEchoReply(packet, message)
      return
    }
    if (message.quoted === undefined) return this.#host.drop(packet, 'icmp-ignored')
    this.#host.consume(packet, 'icmp')
    if (message.type === ICMP_REDIRECT) this.#believeRedirect(packet, message, device)
    else this.#report(packet, message, message.quoted)
  }

  /**
   * Sends an error about `packet`, unless a rule or the rate limit forbids it. It comes from the address that the packet was
   * for, if that is ours; about a packet on its way out (`isLeaving`), always from our address on the way back.
   */
  sendError(packet: IpPacket, message: IcmpErrorFields, isLeaving = false): void {
    const host = this.#host
    if (packet.fragmentOffsetBytes !== 0 || packet.src === IPV4_ANY || packet.src === IPV4_BROADCAST
      || isMulticast(packet.src)) return
    const target = host.routing.lookup(packet.dst, packet)
    if (packet.dst === IPV4_BROADCAST || isMulticast(packet.dst) || target.type === 'broadcast') return
    if (packet.payload.kind === 'icmp' && isIcmpError(packet.payload.type)) return
    const isOwn = target.type === 'local' && !isLeaving
    // An address that only a rule makes local is none to speak from.
    if (isOwn && host.routing.hasRules && !host.isLocalAddress(packet.dst)) return
    const src = isOwn ? packet.dst : IPV4_ANY
    const route = host.routing.lookup(packet.src, { src })
    if (route.type !== 'unicast' && route.type !== 'local') return
    if (route.type !== 'local' && !this.#allows(packet.src, message)) return
    const room = Math.min(ICMP_ERROR_PACKET_BYTES_MAX, host.pathMtuBytes(packet.src)) - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES
    const body = icmpError(message, packet, Math.min(totalBytes(packet), room))
    host.sendPacket({
      src, dst: packet.src, protocol: IPPROTO_ICMP, payload: body, payloadBytes: icmpBytes(body),
      tos: (packet.tos & TOS_MASK) | ERROR_PRECEDENCE,
      dontFragment: false,
    })
  }

  /** Sends the error of a packet that no route leads on: rationed once more than others, from the same bucket (ip_error). */
  sendRouteError(packet: IpPacket, code: number): void {
    if (!this.#take(packet.src, ROUTE_ERROR_COST_NS, ROUTE_ERROR_BURST)) return
    this.sendError(packet, { type: ICMP_UNREACHABLE, code, rest: 0 })
  }

  /** Tells the sender of a packet that is sent on by the device it came from about the better gateway. */
  sendRedirect(packet: IpPacket, gateway: IpAddr): void {
    const nowNs = this.#host.sim.nowNs
    let state = this.#redirects.get(packet.src)
    if (state === undefined) this.#redirects.set(packet.src, state = { lastNs: -Infinity, count: 0 })
    if (nowNs > state.lastNs + REDIRECT_LOAD_NS * 1024) state.count = 0
    if (state.count >= REDIRECTS_MAX) {
      state.lastNs = nowNs
      return
    }
    if (state.count > 0 && nowNs <= state.lastNs + REDIRECT_LOAD_NS * (1 << state.count)) return
    this.sendError(packet, { type: ICMP_REDIRECT, code: 1, rest: gateway })
    state.lastNs = nowNs
    state.count++
  }

  #answer(packet: IpPacket, message: IcmpMessage, device: Device): void {
    const host = this.#host
    const isBroadcast = !host.isLocalAddress(packet.dst)
    // Nobody answers from an address that only a rule makes local.
    if (isBroadcast && host.routing.lookup(packet.dst, packet, device).type === 'local') return host.drop(packet, 'icmp-ignored')
    if (host.sysctl.int('net.ipv4.icmp_echo_ignore_all') !== 0
      || (isBroadcast && host.sysctl.int('net.ipv4.icmp_echo_ignore_broadcasts') !== 0)) return host.drop(packet, 'icmp-ignored')
    host.consume(packet, 'icmp')
    const reply: IcmpMessage = { ...message, type: ICMP_ECHO_REPLY }
    host.sendPacket({
      src: isBroadcast ? IPV4_ANY : packet.dst, dst: packet.src, protocol: IPPROTO_ICMP, payload: reply,
      payloadBytes: icmpBytes(reply), tos: packet.tos, dontFragment: false,
    })
  }

  #report(packet: IpPacket, message: IcmpMessage, quoted: IpPacket): void {
    const host = this.#host
    if (message.type === ICMP_UNREACHABLE && message.code === UNREACHABLE_FRAGMENTATION_NEEDED) {
      host.learnPathMtu(quoted.dst, message.rest & 0xffff)
    }
    if (quoted.protocol === IPPROTO_ICMP) this.#host.pings.receiveError(message, quoted, packet.src)
    else host.transport(quoted.protocol)?.receiveError(message, quoted)
  }

  /** __ip_do_redirect(): only from the gateway in use, to a neighbor, and where accept_redirects holds. */
  #believeRedirect(packet: IpPacket, message: IcmpMessage, device: Device): void {
    const host = this.#host
    const { sysctl, routing } = host
    const all = sysctl.int('net.ipv4.conf.all.accept_redirects') !== 0
    const own = sysctl.int(`net.ipv4.conf.${device.name}.accept_redirects`) !== 0
    const forwards = sysctl.int(`net.ipv4.conf.${device.name}.forwarding`) !== 0
    if (!(forwards ? all && own : all || own)) return
    const quoted = message.quoted as IpPacket
    // It is for the socket that sent the packet, if that is still there to care.
    if (quoted.protocol !== IPPROTO_ICMP && host.transport(quoted.protocol)?.hasSent(quoted) !== true) return
    const { dst } = quoted
    const gateway = message.rest as IpAddr
    const current = routing.lookup(dst)
    if (current.type !== 'unicast' || current.gateway !== packet.src || current.device !== device
      || gateway === packet.src) return
    if (!mayBelieveRedirect(host, device, gateway, packet.src)) return
    const towards = routing.lookup(gateway)
    if (towards.type !== 'unicast' || towards.gateway !== undefined) return
    // A gateway that is not known yet is only asked for: the next redirect finds it.
    if (device.neighbors?.makeKnown(gateway) === false) return
    routing.redirect(dst, { from: packet.src, to: gateway })
    let timer = this.#believed.get(dst)
    if (timer === undefined) this.#believed.set(dst, timer = new Timer(host.sim, this, 0, dst))
    timer.armIn(REDIRECT_HOLDS_NS)
  }

  /** A redirect has held for its time. */
  onEvent(_kind: number, data: unknown): void {
    this.#host.routing.forgetRedirect(data as IpAddr)
  }

  /** Token bucket per destination; path-MTU errors, redirects and echo replies are not limited (icmp_ratemask). */
  #allows(dst: IpAddr, message: { type: number, code: number }): boolean {
    const { sysctl } = this.#host
    const isLimited = ((sysctl.int('net.ipv4.icmp_ratemask') >>> message.type) & 1) === 1
    const isPathMtu = message.type === ICMP_UNREACHABLE && message.code === UNREACHABLE_FRAGMENTATION_NEEDED
    const periodNs = sysctl.int('net.ipv4.icmp_ratelimit') * NS_PER_MILLISECOND
    return !isLimited || isPathMtu || periodNs === 0 || this.#take(dst, periodNs, RATE_BURST)
  }

  #take(dst: IpAddr, costNs: number, burst: number): boolean {
    return this.#limit.take(dst, { nowNs: this.#host.sim.nowNs, costNs, burst })
  }
}
