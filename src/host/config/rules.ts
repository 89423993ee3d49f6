/**
 * The rules of policy routing: which tables a packet's route is looked for in, and in what order, with their transactions.
 * Follows net/core/fib_rules.c and net/ipv4/fib_rules.c. Not modelled as selectors: TOS, ports and protocols, users, VRFs and
 * tunnel keys; as actions: goto and nop.
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import type { IpAddr } from '../../wire/address.ts'
import type { Errno } from '../errno.ts'
import type { NetConfig } from './net-config.ts'

/** The tables that every host knows by name (enum rt_class_t). */
export const TABLE_DEFAULT = 253
/** See `TABLE_DEFAULT`. */
export const TABLE_MAIN = 254
/** See `TABLE_DEFAULT`. */
export const TABLE_LOCAL = 255

/** A mask that compares all bits of a mark. */
export const MARK_MASK_ALL = 0xffffffff

/** An address with the length of its prefix; what stands behind the prefix does not count. */
export interface RulePrefix {
  readonly addr: IpAddr
  /** 0..32. */
  readonly prefixLength: number
}

/** One rule. What is absent selects everything. */
export interface PolicyRule {
  /** The smallest comes first. */
  readonly priority: number
  /** It holds for all that its selectors do not select. */
  readonly isInverted?: boolean
  readonly from?: RulePrefix
  readonly to?: RulePrefix
  /** `lo` for what the host itself sends. */
  readonly inDevice?: string
  readonly outDevice?: string
  readonly mark?: { readonly value: number, readonly mask: number }
  readonly action: 'table' | 'blackhole' | 'unreachable' | 'prohibit'
  /** The table to look in; 0 without one. */
  readonly table: number
  /** Routes with a prefix of this length or a shorter one count as not found. */
  readonly suppressPrefixLength?: number
}

/** Policy routing of one host. */
export interface PolicyConfig {
  /** By priority; among equals the older comes first. */
  readonly rules: readonly PolicyRule[]
  /**
   * True once a rule was added or removed, and ever after. Until then the tables `local` and `main` are one, in which the
   * longest prefix wins (fib_unmerge).
   */
  readonly isCustom: boolean
  /** True once an admin has added a route of type `local`, and ever after (fib_has_custom_local_routes). */
  readonly hasLocalRoutes: boolean
  /** The tables that exist beside `main` and `local`: each since its first route, and ever after. */
  readonly tables: readonly number[]
}

/** The rules that every host begins with. */
export const INITIAL_POLICY: PolicyConfig = {
  rules: [
    { priority: 0, action: 'table', table: TABLE_LOCAL }, { priority: 32_766, action: 'table', table: TABLE_MAIN },
    { priority: 32_767, action: 'table', table: TABLE_DEFAULT },
  ],
  isCustom: false, hasLocalRoutes: false, tables: [],
}

/** What a rule is added with. */
export type NewPolicyRule = Omit<PolicyRule, 'priority'> & { readonly priority?: number }

/**
 * Adds a rule behind those of its priority; without one, it gets the next before all but the first (fib_default_rule_pref).
 * EEXIST when there is just such a rule of the same priority.
 */
export function addRule(config: NetConfig, rule: NewPolicyRule): Result<NetConfig, Errno> {
  const { rules } = config.policy
  const second = rules[1]?.priority ?? 0
  const added: PolicyRule = { ...rule, priority: rule.priority ?? (second === 0 ? 0 : second - 1) }
  if (rules.some((other) => other.priority === added.priority && fits(other, added) && fits(added, other))) return err('EEXIST')
  const next = rules.findIndex((other) => other.priority > added.priority)
  return ok(withRules(config, rules.toSpliced(next < 0 ? rules.length : next, 0, added)))
}

/** What a rule to be removed must have. */
export type WantedRule = Partial<PolicyRule>

/** Removes the first rule that has all that is wanted. ENOENT when there is none. */
export function removeRule(config: NetConfig, wanted: WantedRule): Result<NetConfig, Errno> {
  const { rules } = config.policy
  const index = rules.findIndex((rule) => fits(rule, wanted))
  return index < 0 ? err('ENOENT') : ok(withRules(config, rules.toSpliced(index, 1)))
}

/** rule_find(): what is not wanted does not count, nor does an inversion. */
function fits(rule: PolicyRule, wanted: WantedRule): boolean {
  return (wanted.priority === undefined || rule.priority === wanted.priority)
    && (wanted.action === undefined || rule.action === wanted.action)
    && (wanted.table === undefined || wanted.table === 0 || rule.table === wanted.table)
    && (wanted.inDevice === undefined || rule.inDevice === wanted.inDevice)
    && (wanted.outDevice === undefined || rule.outDevice === wanted.outDevice)
    && (wanted.suppressPrefixLength === undefined || rule.suppressPrefixLength === wanted.suppressPrefixLength)
    && (wanted.mark === undefined || (rule.mark?.value === wanted.mark.value && rule.mark.mask === wanted.mark.mask))
    && hasPrefix(rule.from, wanted.from) && hasPrefix(rule.to, wanted.to)
}

function hasPrefix(prefix: RulePrefix | undefined, wanted: RulePrefix | undefined): boolean {
  return wanted === undefined || wanted.prefixLength === 0
    || (prefix?.prefixLength === wanted.prefixLength && prefix.addr === wanted.addr)
}

function withRules(config: NetConfig, rules: readonly PolicyRule[]): NetConfig {
  return produce(config, (draft) => {
    draft.policy.rules = [...rules]
    draft.policy.isCustom = true
  })
}
