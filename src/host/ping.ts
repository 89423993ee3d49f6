/**
 * The asking side of ICMP echo, as ping(8) uses it: one object per running ping, known by its identifier. The host's ICMP answers
 * requests itself, and hands replies and errors to this registry.
 * @module
 */
import { isIpv6, type IpAddr } from '../wire/address.ts'
import { ICMP_ECHO_REQUEST, icmpBytes, icmpEcho, ICMPV6_ECHO_REQUEST, type IcmpMessage } from '../wire/icmp-message.ts'
import { IPPROTO_ICMP, IPPROTO_ICMPV6, ipHeaderBytes, type IpPacket } from '../wire/ip-packet.ts'
import type { Device } from './device.ts'
import type { Errno } from './errno.ts'
import type { IpService } from './ip-service.ts'

/** What a ping wants to hear. */
export interface PingHandlers {
  onReply?(reply: { readonly from: IpAddr, readonly sequence: number, readonly ttl: number, readonly dataBytes: number }): void
  /** An ICMP error about one of its requests; `from` is who sent it. */
  onError?(error: { readonly from: IpAddr, readonly sequence: number, readonly message: IcmpMessage }): void
}

/** One running ping. */
export class Ping {
  readonly #ip: IpService
  readonly #pings: Map<number, Ping>
  readonly handlers: PingHandlers
  /** 0..65535. */
  readonly ident: number

  constructor(ip: IpService, pings: Map<number, Ping>, ident: number, handlers: PingHandlers) {
    this.#ip = ip
    this.#pings = pings
    this.ident = ident
    this.handlers = handlers
  }

  /**
   * Sends a request with `dataBytes` bytes of data; unless said otherwise, in pieces when it does not fit into one packet.
   * Returns why it was refused at once.
   */
  request(to: {
    readonly src: IpAddr, readonly dst: IpAddr, readonly sequence: number, readonly dataBytes: number, readonly ttl?: number,
    readonly dontFragment?: boolean, readonly device?: Device,
  }): Errno | undefined {
    const isVersion6 = isIpv6(to.dst)
    const type = isVersion6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST
    const payload = icmpEcho(type, this.ident, to.sequence & 0xffff, new Uint8Array(to.dataBytes))
    const payloadBytes = icmpBytes(payload)
    const fits = ipHeaderBytes(to.dst) + payloadBytes <= this.#ip.pathMtuBytes(to.dst)
    return this.#ip.sendPacket({
      src: to.src, dst: to.dst, protocol: isVersion6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, payload, payloadBytes,
      dontFragment: to.dontFragment ?? fits,
      ...(to.ttl === undefined ? {} : { ttl: to.ttl }), ...(to.device === undefined ? {} : { device: to.device }),
    })
  }

  /** Ends it: later replies reach nobody. */
  close(): void {
    if (this.#pings.get(this.ident) === this) this.#pings.delete(this.ident)
  }
}

/** The pings of one host. */
export class IcmpEcho {
  readonly #ip: IpService
  readonly #pings = new Map<number, Ping>()
  #nextIdent = 1

  constructor(ip: IpService) {
    this.#ip = ip
  }

  /** Starts a ping with an identifier of its own. */
  open(handlers: PingHandlers): Ping {
    while (this.#pings.has(this.#nextIdent)) this.#nextIdent = (this.#nextIdent + 1) & 0xffff
    const ping = new Ping(this.#ip, this.#pings, this.#nextIdent, handlers)
    this.#pings.set(ping.ident, ping)
    this.#nextIdent = (this.#nextIdent + 1) & 0xffff
    return ping
  }

  /** An echo reply came in; the caller accounts for the packet. False when no ping waits for it. */
  receiveEchoReply(packet: IpPacket, message: IcmpMessage): boolean {
    const ping = this.#pings.get(message.rest >>> 16)
    if (ping === undefined) return false
    ping.handlers.onReply?.({ from: packet.src, sequence: message.rest & 0xffff, ttl: packet.ttl, dataBytes: message.dataBytes })
    return true
  }

  /** An ICMP error from `from` about an echo request of this host. */
  receiveError(message: IcmpMessage, quoted: IpPacket, from: IpAddr): void {
    if (quoted.payload.kind !== 'icmp' && quoted.payload.kind !== 'icmpv6') return
    const { rest } = quoted.payload
    this.#pings.get(rest >>> 16)?.handlers.onError?.({ from, sequence: rest & 0xffff, message })
  }
}
