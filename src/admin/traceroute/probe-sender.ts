/**
 * Sends the probes of one traceroute, and recognizes what comes back to them: answers, and ICMP errors that quote them.
 * It listens behind the localIn hook, where raw sockets do, so that a firewall keeps from it what it keeps from them.
 * @module
 */
import type { Errno } from '../../host/errno.ts'
import type { Hooks } from '../../host/hooks.ts'
import type { Host } from '../../host/host.ts'
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN } from '../../host/tcp/tcp-protocol.ts'
import { isIpv6, type IpAddr } from '../../wire/address.ts'
import {
  ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_HEADER_BYTES, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, icmpBytes, icmpEcho,
  ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, isIcmpError, isIcmpv6Error, type IcmpMessage,
} from '../../wire/icmp-message.ts'
import {
  IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, ipHeaderBytes, type IpPacket, type IpPayload,
} from '../../wire/ip-packet.ts'
import { NO_DATA, TCP_HEADER_BYTES, TCP_SYN, tcpBytes, tcpSegment } from '../../wire/tcp-segment.ts'
import { UDP_HEADER_BYTES, udpBytes, udpDatagram } from '../../wire/udp-datagram.ts'
import type { TracerouteOptions } from './options.ts'

/** Bytes of a probe behind its IP header, unless the length is given. */
const PAYLOAD_BYTES = 40
/** Runs behind everything that is registered at the hook. */
const LAST = 2_147_483_647
/** What the SYNs of the tool offer. */
const SYN_WINDOW = 5840
const SYN_WINDOW_SCALE = 2

/** What came back to a probe. */
export interface ProbeReply {
  /** Number of the probe, as `send` was given it. */
  readonly probe: number
  readonly from: IpAddr
  readonly ttl: number
  /** Undefined for an answer of the destination. */
  readonly error: IcmpMessage | undefined
}

/** The sender of one traceroute. */
export class ProbeSender {
  readonly #host: Host
  readonly #options: TracerouteOptions
  readonly #owner: string
  readonly #hooks: Hooks
  readonly #payloadBytes: number
  /** Probes that may still be answered, by what is theirs alone: two ports, or identifier and sequence number. */
  readonly #probes = new Map<string, number>()
  readonly #closers: (() => void)[] = []
  readonly #ident: number
  #next: number

  /** Begins to listen; `onReply` is called from within events. */
  constructor(host: Host, options: TracerouteOptions, onReply: (reply: ProbeReply) => void) {
    this.#host = host
    this.#options = options
    this.#next = options.port
    const ping = host.pings.open({})
    this.#ident = ping.ident
    this.#closers.push(() => ping.close())
    this.#owner = `traceroute:${ping.ident}`
    this.#hooks = isIpv6(options.dst) ? host.ipv6.hooks : host.hooks
    this.#hooks.register('localIn', this.#owner, LAST, (packet) => {
      const reply = this.#recognize(packet)
      if (reply !== undefined) onReply(reply)
      return packet
    })
    const { method, packetBytes } = options
    const headerBytes = method === 'icmp' ? ICMP_HEADER_BYTES : UDP_HEADER_BYTES
    // A SYN carries no data, whatever length is asked for.
    this.#payloadBytes = method === 'tcp' || packetBytes === undefined ? PAYLOAD_BYTES
      : Math.max(headerBytes, packetBytes - ipHeaderBytes(options.dst))
  }

  /** Length of each probe, its IP header included. */
  get packetBytes(): number {
    return ipHeaderBytes(this.#options.dst) + this.#payloadBytes
  }

  /** Sends probe number `probe`. Returns why it was refused at once. */
  send(probe: number, ttl: number): Errno | undefined {
    const made = this.#make()
    if (typeof made === 'string') return made
    const { payload, protocol, key, bytes } = made
    this.#probes.set(key, probe)
    const { src, dst, tos, dontFragment } = this.#options
    return this.#host.sendPacket({ src, dst, protocol, payload, payloadBytes: bytes, ttl, tos, dontFragment })
  }

  /** Ends it: ports are free again, and later answers reach nobody. */
  close(): void {
    this.#hooks.unregister(this.#owner)
    for (const close of this.#closers) close()
  }

  #make(): { readonly payload: IpPayload, readonly protocol: number, readonly key: string, readonly bytes: number } | Errno {
    const { method, dst, src } = this.#options
    if (method === 'icmp') {
      const sequence = this.#next++ & 0xffff
      const isVersion6 = isIpv6(dst)
      const type = isVersion6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST
      const payload = icmpEcho(type, this.#ident, sequence, filler(this.#payloadBytes - ICMP_HEADER_BYTES))
      const protocol = isVersion6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP
      return { payload, protocol, key: String(payload.rest), bytes: icmpBytes(payload) }
    }
    if (method === 'tcp') return this.#syn()
    const dport = (method === 'default' ? this.#next++ : this.#next) & 0xffff
    const socket = this.#host.udp.connect({ dst, dport, ...(src === 0 ? {} : { src }) }, {})
    if (!socket.ok) return socket.error
    this.#closers.push(() => socket.value.close())
    const payload = udpDatagram({ sport: socket.value.port, dport }, filler(this.#payloadBytes - UDP_HEADER_BYTES))
    return { payload, protocol: IPPROTO_UDP, key: `${payload.sport}:${dport}`, bytes: udpBytes(payload) }
  }

  /** A SYN whose connection nobody will make: the kernel answers the SYN-ACK with a RST. */
  #syn(): { readonly payload: IpPayload, readonly protocol: number, readonly key: string, readonly bytes: number } {
    const random = this.#host.sim.stream(`traceroute:${this.#host.name}`)
    const { dst } = this.#options
    const dport = this.#next & 0xffff
    let sport: number
    do sport = EPHEMERAL_PORT_MIN + random.int(EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN + 1)
    while (this.#probes.has(`${sport}:${dport}`))
    const options = {
      mss: this.#host.deviceMtuBytes(dst) - ipHeaderBytes(dst) - TCP_HEADER_BYTES, sackPermitted: true,
      windowScale: SYN_WINDOW_SCALE, timestamps: { value: random.int(0x100000000), echo: 0 }, sack: [], raw: undefined,
    }
    const numbers = { seq: random.int(0x100000000), ack: 0, window: SYN_WINDOW }
    const payload = tcpSegment({ sport, dport }, numbers, TCP_SYN, options, NO_DATA)
    return { payload, protocol: IPPROTO_TCP, key: `${sport}:${dport}`, bytes: tcpBytes(payload) }
  }

  #recognize(packet: IpPacket): ProbeReply | undefined {
    const { payload } = packet
    const error = errorIn(payload)
    if (error?.kind === 'icmp' && (error.type === ICMP_REDIRECT || error.type === ICMP_SOURCE_QUENCH)) return undefined
    const quoted = error?.quoted
    if (error !== undefined && quoted?.dst !== this.#options.dst) return undefined
    const key = quoted !== undefined ? keyOf(quoted.payload, false) : keyOf(payload, true)
    const probe = key === undefined ? undefined : this.#probes.get(key)
    if (key === undefined || probe === undefined) return undefined
    // Each probe is answered once.
    this.#probes.delete(key)
    return { probe, from: packet.src, ttl: packet.ttl, error }
  }
}

function errorIn(payload: IpPayload): IcmpMessage | undefined {
  if (payload.kind === 'icmp') return isIcmpError(payload.type) ? payload : undefined
  return payload.kind === 'icmpv6' && isIcmpv6Error(payload.type) ? payload : undefined
}

/** What a probe is known by, in itself or in the answer to it. */
function keyOf(payload: IpPayload, isAnswer: boolean): string | undefined {
  if (payload.kind === 'icmp') {
    return payload.type === (isAnswer ? ICMP_ECHO_REPLY : ICMP_ECHO_REQUEST) ? String(payload.rest) : undefined
  }
  if (payload.kind === 'icmpv6') {
    return payload.type === (isAnswer ? ICMPV6_ECHO_REPLY : ICMPV6_ECHO_REQUEST) ? String(payload.rest) : undefined
  }
  if (payload.kind !== 'udp' && payload.kind !== 'tcp') return undefined
  return isAnswer ? `${payload.dport}:${payload.sport}` : `${payload.sport}:${payload.dport}`
}

/** The bytes that the tool fills its probes with. */
function filler(bytes: number): Uint8Array {
  return Uint8Array.from({ length: Math.max(0, bytes) }, (_, index) => 0x40 + (index & 0x3f))
}
