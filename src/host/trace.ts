/**
 * What a host tells those who explain a run: decisions and ends, as they happen. Nobody listens in an ordinary run, and
 * then no text is made.
 * @module
 */
import type { ArpPacket } from '../wire/arp-packet.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import type { Device } from './device.ts'
import type { DropReason } from './ip-service.ts'

/** One decision about a packet: who took it, and what it was. */
export interface Decision {
  readonly by: 'route' | 'neighbor' | 'ipvs' | 'netfilter' | 'tcp' | 'udp' | 'icmp' | 'tunnel' | 'cpu' | 'fragment'
  readonly text: string
  /** The rule that decided, where it was one of netfilter. */
  readonly rule?: RulePlace
}

/** A rule of netfilter by its place; number 0 is the policy of the chain, the first rule is 1. */
export interface RulePlace {
  readonly table: string
  readonly chain: string
  readonly number: number
}

/** A listener. Hosts are named, so that it need not know their class. */
export interface HostTrace {
  decision(host: { readonly name: string }, packet: IpPacket, decision: Decision): void
  /** The packet has become another value: rewritten, wrapped, unwrapped. */
  changed(host: { readonly name: string }, before: IpPacket, after: IpPacket, why: string): void
  consumed(host: { readonly name: string }, packet: IpPacket, by: string): void
  dropped(host: { readonly name: string }, packet: IpPacket, reason: DropReason): void
  arp(host: { readonly name: string }, device: Device, packet: ArpPacket, outcome: string): void
}
