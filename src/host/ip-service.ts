/**
 * What an endpoint (TCP, UDP, ping) asks of the host it lives on, and what the host tells it: the seam between IP and transport.
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { IcmpMessage } from '../wire/icmp-message.ts'
import type { IpPacket, IpPayload } from '../wire/ip-packet.ts'
import type { Simulator } from '../sim/simulator.ts'
import type { Errno } from './errno.ts'
import type { Device } from './device.ts'

/** A packet that an endpoint wants sent. */
export interface SendRequest {
  /** Source; 0.0.0.0 lets the route choose. */
  readonly src: IpAddr
  readonly dst: IpAddr
  readonly protocol: number
  readonly payload: IpPayload
  readonly payloadBytes: number
  /** 64 unless given. */
  readonly ttl?: number
  /** 0 unless given. */
  readonly tos?: number
  /** `if-it-fits`: what fits the path is not to be cut on its way, and more is cut here (IP_PMTUDISC_WANT). */
  readonly dontFragment: boolean | 'if-it-fits'
  /** The link that a link-local address of IPv6 is meant on; the first that speaks IPv6 unless given. */
  readonly device?: Device
}

/** The part of a host that endpoints use. */
export interface IpService {
  readonly sim: Simulator
  /** Name of the host. */
  readonly name: string
  /**
   * Routes and sends a packet. Returns undefined when it was handed on (which promises nothing), or why it was refused at once:
   * ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EMSGSIZE.
   */
  sendPacket(request: SendRequest): Errno | undefined
  /**
   * The source address that a packet to `dst` would get, or why there is no route. Here and below, `src` is the address that an
   * endpoint is bound to: rules may give packets from there another way.
   */
  sourceFor(dst: IpAddr, src?: IpAddr): IpAddr | Errno
  /** True for an address of this host that an endpoint may use as its own. */
  isLocalAddress(addr: IpAddr): boolean
  /**
   * Largest packet, header included, that the path to `dst` is known to take: the device's MTU or a learnt path MTU. At
   * least 68.
   */
  pathMtuBytes(dst: IpAddr, src?: IpAddr): number
  /** MTU of the device that packets to `dst` leave by (what the advertised MSS follows). */
  deviceMtuBytes(dst: IpAddr, src?: IpAddr): number
  /** The MSS that the route to `dst` wants advertised; undefined for most, which leave it to the MTU. */
  advertisedMss(dst: IpAddr, src?: IpAddr): number | undefined
  /** Tells the neighbor table that the next hop to `dst` is alive: an acknowledgement of new data came from there. */
  confirmNeighbor(dst: IpAddr, src?: IpAddr): void
  /** Value of an integer sysctl by its dotted name; asserts that it exists. */
  sysctlInt(name: string): number
  /** Sends an ICMP error about `packet`: subject to the rules and the rate limit of icmp_send(). */
  sendIcmpError(packet: IpPacket, message: { readonly type: number, readonly code: number, readonly rest: number }): void
  /** A packet has reached its end here and was used. `by` says who used it, for traces. */
  consume(packet: IpPacket, by: string): void
  /** A packet has died here, for this reason. */
  drop(packet: IpPacket, reason: DropReason): void
}

/** A transport protocol of a host. It must `consume` or `drop` each packet that it is given. */
export interface TransportProtocol {
  /** A whole packet for an address of this host. `device` is where it came in. */
  receive(packet: IpPacket, device: Device): void
  /**
   * An ICMP error about a packet that this protocol sent (`message.quoted`); the message itself is accounted for by the
   * caller.
   */
  receiveError(message: IcmpMessage, quoted: IpPacket): void
  /**
   * True when a socket that sent the packet which a redirect quotes is here to hear it: not one that only answers a
   * handshake.
   */
  hasSent(quoted: IpPacket): boolean
}

/** Every way a packet can die on a host. A packet lost on a link is a frame's fate, and counted there. */
export const DROP_REASONS = [
  'martian-source', 'martian-destination', 'rp-filter', 'no-route', 'not-forwarding', 'ttl-exceeded',
  'too-big', 'not-for-us', 'neighbor-failed', 'neighbor-queue-full', 'device-down', 'cpu-queue-full',
  'netfilter-drop', 'netfilter-reject', 'no-listener', 'no-protocol', 'tunnel-down', 'tcp-out-of-window',
  'tcp-closed', 'tcp-backlog-full', 'ipvs-no-destination', 'ipvs-destination-gone', 'ipvs-drop-packet',
  'tunnel-header', 'ipvs-no-route', 'reassembly-timeout', 'reassembly-overflow', 'icmp-ignored',
  'blackhole', 'prohibited', 'unreachable-route', 'muted', 'ipv6-disabled', 'ipvs-not-modelled',
] as const

/** A reason of the closed list. */
export type DropReason = (typeof DROP_REASONS)[number]
