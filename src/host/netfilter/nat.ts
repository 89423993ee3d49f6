/**
 * NAT: rules of the nat table decide once for each flow, by its first packet; the decision turns the flow's reply tuple,
 * and every packet is rewritten from the tuples. Follows nf_nat_inet_fn(), nf_nat_setup_info() and get_unique_tuple().
 * Random port allocation uses the host's own stream of chance. A flow does not reuse the mapping of an earlier one of its
 * client.
 * @module
 */
import { mix32 } from '../../base/hash.ts'
import type { IpAddr } from '../../wire/address.ts'
import { ICMP_REDIRECT } from '../../wire/icmp-message.ts'
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, type IpPacket } from '../../wire/ip-packet.ts'
import type { NumberRange } from '../config/rule-config.ts'
import type { HookPoint, Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import { trackingOf, type Conntrack } from './conntrack.ts'
import { opposite, type ConntrackEntry, type Tracking } from './conntrack-entry.ts'
import { rewritten, withAddress, withQuotedRewritten, type Side } from './nat-rewrite.ts'
import { inverted, isEcho, sameTuple, wholePayload, type Tuple } from './tuple.ts'

/** Ports tried before giving up (NF_NAT_MAX_ATTEMPTS); then the last one is used as it is. */
const ATTEMPTS_MAX = 128

/** What a rule asks for: an undefined range keeps what is there. */
export interface NatRange {
  readonly addrs: NumberRange | undefined
  readonly ports: NumberRange | undefined
}

/** Runs the rules of the nat table for a packet; they may call `bind`. Undefined when a rule dropped it. */
export type NatRules = (packet: IpPacket, passage: Passage, hook: HookPoint) => IpPacket | undefined

/** The NAT of one host. */
export class Nat {
  readonly #host: Host
  readonly #conntrack: Conntrack

  constructor(host: Host, conntrack: Conntrack) {
    this.#host = host
    this.#conntrack = conntrack
  }

  /** The hook function of NAT: decides if nothing is decided yet for this side, then rewrites. */
  run(packet: IpPacket, passage: Passage, hook: HookPoint, rules: NatRules): IpPacket | undefined {
    const tracking = trackingOf(passage)
    if (tracking === undefined) return packet
    const side: Side = hook === 'prerouting' || hook === 'localOut' ? 'destination' : 'source'
    if (tracking.state === 'RELATED') return this.#rewriteError(packet, tracking, side)
    if (tracking.state === 'NEW' && !isDecided(tracking.entry, side)) {
      const passed = rules(packet, passage, hook)
      if (passed === undefined) return undefined
      if (!isDecided(tracking.entry, side)) this.bind(tracking.entry, { addrs: undefined, ports: undefined }, side)
      return this.#rewrite(passed, tracking, side)
    }
    return this.#rewrite(packet, tracking, side)
  }

  /** Decides on one side of a flow: gives it an address and a port in the range, such that its answers are nobody else's. */
  bind(entry: ConntrackEntry, range: NatRange, side: Side): void {
    // The tuple of the first packet as it stands after what was decided before.
    const current = inverted(entry.reply)
    const wanted = this.#uniqueTuple(current, range, side, entry)
    if (!sameTuple(wanted, current)) {
      entry.reply = inverted(wanted)
      if (side === 'source') entry.sourceTurned = true
      else entry.destinationTurned = true
    }
    if (side === 'source') entry.sourceDecided = true
    else entry.destinationDecided = true
  }

  #uniqueTuple(current: Tuple, range: NatRange, side: Side, entry: ConntrackEntry): Tuple {
    if (side === 'source' && fits(current, range, side) && !this.#isTaken(current, entry)) return current
    const chosen = withSide(current, side, this.#address(current, range, side), portOf(current, side))
    if (current.protocol !== IPPROTO_TCP && current.protocol !== IPPROTO_UDP && current.protocol !== IPPROTO_ICMP) return chosen
    if (range.ports === undefined) {
      if (!this.#isTaken(chosen, entry) || side === 'destination') return chosen
      return this.#withFreePort(chosen, side, likePort(portOf(chosen, side)), entry)
    }
    const { first, last } = range.ports
    const port = portOf(chosen, side)
    if (port >= first && port <= last && (first === last || !this.#isTaken(chosen, entry))) return chosen
    return this.#withFreePort(chosen, side, range.ports, entry)
  }

  /** One of the addresses of the range, the same for a pair of hosts each time (find_best_ips_proto). */
  #address(current: Tuple, { addrs }: NatRange, side: Side): IpAddr {
    if (addrs === undefined) return side === 'source' ? current.src : current.dst
    const count = addrs.last - addrs.first + 1
    return (addrs.first + (count === 1 ? 0 : mix32(mix32(current.src) ^ current.dst) % count)) as IpAddr
  }

  #withFreePort(tuple: Tuple, side: Side, ports: NumberRange, entry: ConntrackEntry): Tuple {
    const count = ports.last - ports.first + 1
    const start = count === 1 ? 0 : this.#host.sim.stream(`${this.#host.name}:nat`).int(count)
    let candidate = tuple
    for (let i = 0; i < Math.min(count, ATTEMPTS_MAX); i++) {
      candidate = withSide(tuple, side, side === 'source' ? tuple.src : tuple.dst, ports.first + (start + i) % count)
      if (!this.#isTaken(candidate, entry)) break
    }
    return candidate
  }

  /** True when the answers to this tuple would be those of another flow. */
  #isTaken(tuple: Tuple, entry: ConntrackEntry): boolean {
    const found = this.#conntrack.table.find(inverted(tuple), this.#host.sim.nowNs)
    return found !== undefined && found.entry !== entry
  }

  #rewrite(packet: IpPacket, tracking: Tracking, side: Side): IpPacket {
    if (!turns(tracking, side)) return packet
    const target = inverted(tracking.entry.tuple(opposite(tracking.direction)))
    const after = rewritten(packet, target, side)
    this.#host.trace?.changed(this.#host, packet, after, 'NAT')
    return after
  }

  /**
   * nf_nat_icmp_reply_translation(): the quoted packet the other way round, then the outside. Redirects of flows that
   * are turned, or may yet be, die.
   */
  #rewriteError(packet: IpPacket, tracking: Tracking, side: Side): IpPacket | undefined {
    const message = wholePayload(packet)
    if (message.kind !== 'icmp' || isEcho(message)) return packet
    const { entry, direction } = tracking
    const isPlain = entry.sourceDecided && entry.destinationDecided && !entry.sourceTurned && !entry.destinationTurned
    if (message.type === ICMP_REDIRECT && !isPlain) {
      this.#host.drop(packet, 'netfilter-drop')
      return undefined
    }
    if (!turns(tracking, side)) return packet
    const other = entry.tuple(opposite(direction))
    const inner = withQuotedRewritten(packet, message, other, side === 'source' ? 'destination' : 'source')
    const target = inverted(other)
    return withAddress(inner, side === 'source' ? target.src : target.dst, inner.payload, side)
  }
}

function isDecided(entry: ConntrackEntry, side: Side): boolean {
  return side === 'source' ? entry.sourceDecided : entry.destinationDecided
}

/** Packets of the other direction are turned back on the other side. */
function turns({ entry, direction }: Tracking, side: Side): boolean {
  return (side === 'source') === (direction === 'original') ? entry.sourceTurned : entry.destinationTurned
}

function portOf(tuple: Tuple, side: Side): number {
  return side === 'source' || tuple.protocol === IPPROTO_ICMP ? tuple.sport : tuple.dport
}

function withSide(t: Tuple, side: Side, addr: IpAddr, port: number): Tuple {
  const { protocol } = t
  if (side === 'source') return { protocol, src: addr, dst: t.dst, sport: port, dport: t.dport }
  return protocol === IPPROTO_ICMP
    ? { protocol, src: t.src, dst: addr, sport: port, dport: t.dport }
    : { protocol, src: t.src, dst: addr, sport: t.sport, dport: port }
}

function fits(tuple: Tuple, { addrs, ports }: NatRange, side: Side): boolean {
  const addr = side === 'source' ? tuple.src : tuple.dst
  const port = portOf(tuple, side)
  return (
    (addrs === undefined || (addr >= addrs.first && addr <= addrs.last))
    && (ports === undefined || (port >= ports.first && port <= ports.last))
  )
}

/** Ports of the same standing: a privileged one stays privileged. */
function likePort(port: number): NumberRange {
  if (port < 512) return { first: 1, last: 511 }
  return port < 1024 ? { first: 600, last: 1023 } : { first: 1024, last: 65_535 }
}
