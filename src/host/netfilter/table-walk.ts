/**
 * The walk of a packet through the rules of one table (ipt_do_table): first match decides, user chains are gone into and
 * come back from.
 * @module
 */
import { totalBytes, withMark, type IpPacket } from '../../wire/ip-packet.ts'
import { CHAIN_OF_HOOK, findChain, type ChainConfig, type TableConfig } from '../config/netfilter-config.ts'
import type { RuleConfig, RuleTarget } from '../config/rule-config.ts'
import type { HookPoint, Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import type { RulePlace } from '../trace.ts'
import { trackingOf } from './conntrack.ts'
import type { Nat } from './nat.ts'
import { count, type RuleCounters } from './rule-counters.ts'
import { matches, type IpvsLookup, type MatchContext } from './rule-match.ts'
import { natRange, sendRefusal, withMssClamped } from './rule-targets.ts'

/** What the rules of one host share. Live. */
export interface RuleSet {
  readonly host: Host
  readonly counters: RuleCounters
  readonly nat: Nat
  /** True while conntrack sees packets. */
  readonly tracks: boolean
  readonly ipvs: IpvsLookup | undefined
}

/** How a walk through a chain ended: `on` means that the caller's chain goes on. */
type Verdict = 'accept' | 'dropped' | 'on'

/**
 * Sends a packet through the rules of a table at a hook. Returns it, marked or clamped perhaps, or undefined when it
 * was dropped.
 */
export function walkTable(
  rules: RuleSet,
  table: TableConfig,
  hook: HookPoint,
  packet: IpPacket,
  passage: Passage,
): IpPacket | undefined {
  const chain = findChain(table, CHAIN_OF_HOOK[hook])
  if (chain === undefined) return packet
  const walk = new Walk(rules, table, packet, passage)
  const verdict = walk.through(chain)
  if (verdict === 'dropped') return undefined
  if (verdict === 'accept') return walk.packet
  count(rules.counters.policy({ table: table.name, chain: chain.name }), totalBytes(packet))
  if (chain.policy !== 'DROP') return walk.packet
  explain(rules.host, packet, { table: table.name, chain: chain.name, number: 0 }, 'DROP')
  rules.host.drop(walk.packet, 'netfilter-drop')
  return undefined
}

class Walk {
  /** The packet as the rules so far have left it. */
  packet: IpPacket
  readonly #rules: RuleSet
  readonly #table: TableConfig
  readonly #passage: Passage
  readonly #context: MatchContext

  constructor(rules: RuleSet, table: TableConfig, packet: IpPacket, passage: Passage) {
    this.#rules = rules
    this.#table = table
    this.packet = packet
    this.#passage = passage
    this.#context = { passage, ipvs: rules.ipvs, seesWhole: rules.tracks }
  }

  through(chain: ChainConfig): Verdict {
    for (let i = 0; i < chain.rules.length; i++) {
      const rule = chain.rules[i] as RuleConfig
      if (!matches(rule.spec, this.packet, this.#context)) continue
      count(this.#rules.counters.rule(rule.id), totalBytes(this.packet))
      const { target } = rule.spec
      if (target.kind !== 'none')
        explain(this.#rules.host, this.packet, { table: this.#table.name, chain: chain.name, number: i + 1 }, nameOf(target))
      if (target.kind === 'return') return 'on'
      if (target.kind === 'goto') return this.#enter(target.chain)
      const verdict = target.kind === 'jump' ? this.#enter(target.chain) : this.#apply(target)
      if (verdict !== 'on') return verdict
    }
    return 'on'
  }

  #enter(name: string): Verdict {
    const chain = findChain(this.#table, name)
    return chain === undefined ? 'on' : this.through(chain)
  }

  #apply(target: RuleTarget): Verdict {
    const { host } = this.#rules
    switch (target.kind) {
      case 'accept': return 'accept'
      case 'drop':
        host.drop(this.packet, 'netfilter-drop')
        return 'dropped'
      case 'reject':
        host.netfilter.conntrack.sendAnswer(this.#passage, () => sendRefusal(host, this.packet, target.answer))
        host.drop(this.packet, 'netfilter-reject')
        return 'dropped'
      case 'mark':
        this.packet = withMark(this.packet, ((this.packet.mark & ~target.mask) ^ target.value) >>> 0)
        return 'on'
      case 'tcpmss':
        this.packet = withMssClamped(host, this.packet, target.mssBytes, this.#passage)
        return 'on'
      case 'notrack':
        if (this.#passage.conntrack === undefined) this.#passage.untracked = true
        return 'on'
      case 'masquerade': case 'snat': case 'dnat': case 'redirect': return this.#bind(target)
      default: return 'on'
    }
  }

  #bind(target: RuleTarget): Verdict {
    const { host, nat } = this.#rules
    const tracking = trackingOf(this.#passage)
    const range = natRange(host, target, this.packet, this.#passage)
    if (range === undefined || tracking === undefined) {
      host.drop(this.packet, 'netfilter-drop')
      return 'dropped'
    }
    nat.bind(tracking.entry, range, target.kind === 'masquerade' || target.kind === 'snat' ? 'source' : 'destination')
    return 'accept'
  }
}

function nameOf(target: RuleTarget): string {
  return target.kind === 'jump' || target.kind === 'goto' ? target.chain : target.kind.toUpperCase()
}

function explain(host: Host, packet: IpPacket, rule: RulePlace, target: string): void {
  const { table, chain, number } = rule
  const text = number === 0 ? `${table} ${chain} policy ${target}` : `${table} ${chain} rule ${number}: ${target}`
  host.trace?.decision(host, packet, { by: 'netfilter', text, rule })
}
