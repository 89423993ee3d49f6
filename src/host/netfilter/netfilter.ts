/**
 * netfilter on one host: the rules in force, their counters, conntrack and NAT, put together and hung into the hooks.
 * A table that nobody has used has no hooks, and conntrack runs only while a rule needs it, as in Linux. IPv4 only.
 * @module
 */
import { kernelRefusal, type KernelRefusal } from '../config/netfilter-check.ts'
import {
  INITIAL_NETFILTER_CONFIG,
  HOOKS_OF_TABLE,
  findTable,
  type NetfilterConfig,
  type TableName,
} from '../config/netfilter-config.ts'
import type { RuleSpec, RuleTarget } from '../config/rule-config.ts'
import { HOOK_PRIORITY, type HookFunction, type HookPoint, type Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import { Conntrack } from './conntrack.ts'
import { Nat } from './nat.ts'
import { RuleCounters } from './rule-counters.ts'
import type { IpvsLookup } from './rule-match.ts'
import { walkTable, type RuleSet } from './table-walk.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'

/** The targets whose checkentry function switches conntrack on. */
const TRACKING_TARGETS: ReadonlySet<RuleTarget['kind']> = new Set(['masquerade', 'redirect', 'snat', 'dnat', 'notrack'])

/** The netfilter of one host. */
export class Netfilter {
  readonly counters = new RuleCounters()
  readonly conntrack: Conntrack
  /** Whom `-m ipvs` asks; set by IPVS. */
  ipvs: IpvsLookup | undefined
  readonly #host: Host
  readonly #nat: Nat
  #config = INITIAL_NETFILTER_CONFIG

  constructor(host: Host) {
    this.#host = host
    this.conntrack = new Conntrack(host)
    this.#nat = new Nat(host, this.conntrack)
  }

  /** The rules in force. */
  get config(): NetfilterConfig {
    return this.#config
  }

  /**
   * Puts rules into force, or says why the kernel refuses them, and then nothing has changed. Counters of rules that
   * stay go on.
   */
  reconfigure(next: NetfilterConfig): KernelRefusal | undefined {
    const refusal = kernelRefusal(next)
    if (refusal !== undefined) return refusal
    const isNew = next.tables.filter(({ name }) => findTable(this.#config, name) === undefined)
    this.#config = next
    for (const { name } of isNew) this.#hook(name)
    const rules = next.tables.flatMap((table) => table.chains.flatMap((chain) => chain.rules))
    this.counters.keepRules(new Set(rules.map((rule) => rule.id)))
    this.conntrack.setActive(rules.some((rule) => needsTracking(rule.spec)))
    return undefined
  }

  #hook(name: TableName): void {
    for (const hook of HOOKS_OF_TABLE[name]) {
      const owner = `iptable_${name}`
      const walk = (packet: IpPacket, passage: Passage): IpPacket | undefined => this.#walk(name, packet, passage, hook)
      if (name === 'mangle' && hook === 'localOut') this.#host.hooks.register(hook, owner, HOOK_PRIORITY[name], rerouting(walk))
      else if (name !== 'nat') this.#host.hooks.register(hook, owner, HOOK_PRIORITY[name], walk)
      else
        this.#host.hooks.register(hook, owner, natPriority(hook), (packet, passage) =>
          this.#nat.run(packet, passage, hook, walk),
        )
    }
  }

  #walk(name: TableName, packet: IpPacket, passage: Passage, hook: HookPoint): IpPacket | undefined {
    const table = findTable(this.#config, name)
    return table === undefined ? packet : walkTable(this.#ruleSet(), table, hook, packet, passage)
  }

  #ruleSet(): RuleSet {
    return { host: this.#host, counters: this.counters, nat: this.#nat, tracks: this.conntrack.isActive, ipvs: this.ipvs }
  }
}

/** ipt_mangle_out(): a packet of the host itself whose mark or addresses have changed may have another way. */
function rerouting(walk: HookFunction): HookFunction {
  return (packet, passage) => {
    const passed = walk(packet, passage)
    if (passed === undefined) return undefined
    if (passed.mark !== packet.mark || passed.src !== packet.src || passed.dst !== packet.dst) passage.reroutes = true
    return passed
  }
}

function natPriority(hook: HookPoint): number {
  return hook === 'prerouting' || hook === 'localOut' ? HOOK_PRIORITY.natDst : HOOK_PRIORITY.natSrc
}

function needsTracking(spec: RuleSpec): boolean {
  return TRACKING_TARGETS.has(spec.target.kind) || spec.matches.some((match) => {
    return match.kind === 'conntrack' || (match.kind === 'ipvs' && match.direction !== undefined)
  })
}
