/**
 * One netfilter rule as data: what it matches and what it does. Immutable; its counters live with the running host.
 * Covers what guides for clusters use; extensions that are not here cannot be written at all.
 * @module
 */
import type { IpAddr } from '../../wire/address.ts'

/** An address to match, under a mask that need not be a prefix. */
export interface AddressMatch {
  readonly addr: IpAddr
  /** 0..2^32-1. */
  readonly mask: number
  readonly inverted: boolean
}

/** A device to match by name; a trailing `+` matches any name that begins so. */
export interface DeviceMatch {
  readonly name: string
  readonly inverted: boolean
}

/** Ports or addresses from one to the other, both included. */
export interface NumberRange {
  readonly first: number
  readonly last: number
}

/** A range of ports that a match asks for. */
export interface PortMatch extends NumberRange {
  readonly inverted: boolean
}

/** Bits of the first 6 TCP flags: those under `mask` must equal `set`. */
export interface FlagsMatch {
  readonly mask: number
  readonly set: number
  readonly inverted: boolean
}

/**
 * What conntrack can say of a packet; `SNAT` and `DNAT` are properties of its entry. In the order in which iptables
 * prints them.
 */
export const CONNTRACK_STATES = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'] as const
/** See `CONNTRACK_STATES`. */
export type ConntrackState = (typeof CONNTRACK_STATES)[number]

/** What `-m ipvs` can ask of an IPVS connection. An absent field is not asked; `inverted` names those that were negated. */
export interface IpvsMatch {
  readonly kind: 'ipvs'
  readonly protocol: number | undefined
  readonly vaddr: IpAddr | undefined
  readonly vaddrMask: number
  readonly vport: number | undefined
  readonly direction: 'ORIGINAL' | 'REPLY' | undefined
  readonly method: 'GATE' | 'IPIP' | 'MASQ' | undefined
  readonly vportControl: number | undefined
  readonly inverted: readonly ('ipvs' | 'vproto' | 'vaddr' | 'vport' | 'vmethod' | 'vportctl')[]
}

/** One match of a rule beyond addresses, devices and protocol. */
export type RuleMatch =
  | {
      readonly kind: 'tcp'
      readonly sport: PortMatch | undefined
      readonly dport: PortMatch | undefined
      readonly flags: FlagsMatch | undefined
    }
  | { readonly kind: 'udp'; readonly sport: PortMatch | undefined; readonly dport: PortMatch | undefined }
  /** Type 255 is any. */
  | { readonly kind: 'icmp'; readonly type: number; readonly codes: NumberRange; readonly inverted: boolean }
  | {
      readonly kind: 'multiport'
      readonly side: 'sports' | 'dports' | 'ports'
      readonly ranges: readonly NumberRange[]
      readonly inverted: boolean
    }
  /** `legacy` is `-m state`, which differs from `-m conntrack --ctstate` in how it is printed. */
  | {
      readonly kind: 'conntrack'
      readonly legacy: boolean
      readonly states: readonly ConntrackState[]
      readonly inverted: boolean
    }
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number; readonly inverted: boolean }
  | { readonly kind: 'comment'; readonly text: string }
  | IpvsMatch

/** What REJECT answers with. */
export const REJECT_ANSWERS = [
  'icmp-net-unreachable', 'icmp-host-unreachable', 'icmp-proto-unreachable', 'icmp-port-unreachable', 'icmp-net-prohibited',
  'icmp-host-prohibited', 'tcp-reset', 'icmp-admin-prohibited',
] as const
/** See `REJECT_ANSWERS`. */
export type RejectAnswer = (typeof REJECT_ANSWERS)[number]

/** What a rule does with what it matches. `none` only counts; `notrack` is the CT target, under either of its names. */
export type RuleTarget =
  | { readonly kind: 'none' | 'accept' | 'drop' | 'return' }
  | { readonly kind: 'jump' | 'goto', readonly chain: string }
  /** mark = (mark and not mask) xor value. */
  | { readonly kind: 'mark', readonly value: number, readonly mask: number }
  | { readonly kind: 'reject', readonly answer: RejectAnswer }
  | { readonly kind: 'masquerade' | 'redirect', readonly ports: NumberRange | undefined }
  | { readonly kind: 'snat' | 'dnat', readonly addrs: NumberRange | undefined, readonly ports: NumberRange | undefined }
  | { readonly kind: 'log', readonly level: number, readonly prefix: string }
  | { readonly kind: 'notrack', readonly legacy: boolean }
  /** A size in bytes, or the path's. */
  | { readonly kind: 'tcpmss', readonly mssBytes: number | 'path-mtu' }

/** A rule as it is asked for. */
export interface RuleSpec {
  readonly src: AddressMatch | undefined
  readonly dst: AddressMatch | undefined
  readonly inDevice: DeviceMatch | undefined
  readonly outDevice: DeviceMatch | undefined
  /** Undefined matches all. */
  readonly protocol: { readonly number: number, readonly inverted: boolean } | undefined
  /** `-f`: only later pieces of packets, or (inverted) only first ones and whole packets. */
  readonly fragment: { readonly inverted: boolean } | undefined
  readonly matches: readonly RuleMatch[]
  readonly target: RuleTarget
}

/** A rule in a chain. */
export interface RuleConfig {
  /** Its own for ever: what counters are kept by. */
  readonly id: number
  readonly spec: RuleSpec
}

/** True when both say the same: what `-D` and `-C` look for. */
export function sameSpec(a: RuleSpec, b: RuleSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
