/**
 * A host's arptables rules: the one table `filter`, as one frozen tree, and the transactions on it. Each gives the next tree, or
 * why it cannot be, and then nothing has changed. Counters are live and are not here.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import type { IpAddr, MacAddr } from '../../wire/address.ts'
import type { ChainPolicy } from './netfilter-config.ts'
import type { AddressMatch, DeviceMatch } from './rule-config.ts'

/** A hardware address to match, under a mask. */
export interface MacMatch {
  readonly mac: MacAddr
  readonly mask: MacAddr
  readonly inverted: boolean
}

/** A number of the ARP header to match, under a mask of its width. */
export interface FieldMatch {
  readonly value: number
  readonly mask: number
  readonly inverted: boolean
}

/** What `-j mangle` puts into a packet, and what becomes of the packet then. */
export interface MangleTarget {
  readonly kind: 'mangle'
  readonly sourceIp: IpAddr | undefined
  readonly sourceMac: MacAddr | undefined
  readonly targetIp: IpAddr | undefined
  readonly targetMac: MacAddr | undefined
  readonly verdict: 'ACCEPT' | 'DROP' | 'CONTINUE'
}

/** What a rule does with what it matches. `none` only counts. */
export type ArpTarget =
  | { readonly kind: 'none' | 'accept' | 'drop' | 'return' }
  | { readonly kind: 'jump', readonly chain: string }
  | MangleTarget

/** A rule as it is asked for; an absent match matches all. Addresses are those of the ARP packet, not of its frame. */
export interface ArpRuleSpec {
  readonly source: AddressMatch | undefined
  readonly sourceMac: MacMatch | undefined
  readonly target: AddressMatch | undefined
  readonly targetMac: MacMatch | undefined
  readonly inDevice: DeviceMatch | undefined
  readonly outDevice: DeviceMatch | undefined
  readonly hardwareLength: FieldMatch | undefined
  readonly opcode: FieldMatch | undefined
  readonly hardwareType: FieldMatch | undefined
  readonly protocolType: FieldMatch | undefined
  readonly action: ArpTarget
}

/** A rule in a chain; its id is its own for ever. */
export interface ArpRule {
  readonly id: number
  readonly spec: ArpRuleSpec
}

/** One chain; without a policy, one that a user made. */
export interface ArpChain {
  readonly name: string
  readonly policy: ChainPolicy | undefined
  readonly rules: readonly ArpRule[]
}

/** The whole tree: INPUT, OUTPUT, FORWARD, then the chains of users by name. */
export interface ArpRules {
  readonly chains: readonly ArpChain[]
  readonly nextRuleId: number
}

/** Nothing but the built-in chains. No host of lvsim bridges, so that nothing ever passes FORWARD. */
export const INITIAL_ARP_RULES: ArpRules = {
  chains: ['INPUT', 'OUTPUT', 'FORWARD'].map((name) => ({ name, policy: 'ACCEPT', rules: [] })), nextRuleId: 1,
}

/** Why a change was refused. */
export type ArpRulesError =
  | 'no-chain' | 'chain-exists' | 'chain-in-use' | 'chain-not-empty' | 'built-in-chain' | 'not-built-in' | 'no-index' | 'no-rule'

/** What a transaction gives. */
export type ChangedRules = Result<ArpRules, ArpRulesError>

/** The chain of this name. */
export function findArpChain(rules: ArpRules, name: string): ArpChain | undefined {
  return rules.chains.find((chain) => chain.name === name)
}

/** How many rules jump to a chain. */
export function arpReferenceCount(rules: ArpRules, name: string): number {
  return rules.chains.flatMap((chain) => chain.rules)
    .filter(({ spec: { action } }) => action.kind === 'jump' && action.chain === name).length
}

/** Inserts a rule so that it becomes number `position` (from 1); at the end without one. */
export function addArpRule(rules: ArpRules, chainName: string, spec: ArpRuleSpec, position?: number): ChangedRules {
  return onChain({ ...rules, nextRuleId: rules.nextRuleId + 1 }, chainName, (chain) => {
    const index = position === undefined ? chain.rules.length : position - 1
    if (index > chain.rules.length) return err('no-index')
    return ok({ ...chain, rules: chain.rules.toSpliced(index, 0, { id: rules.nextRuleId, spec }) })
  })
}

/** Replaces rule number `position` (from 1). */
export function replaceArpRule(rules: ArpRules, chainName: string, spec: ArpRuleSpec, position: number): ChangedRules {
  return onChain({ ...rules, nextRuleId: rules.nextRuleId + 1 }, chainName, (chain) => {
    if (position > chain.rules.length) return err('no-index')
    return ok({ ...chain, rules: chain.rules.with(position - 1, { id: rules.nextRuleId, spec }) })
  })
}

/** Deletes rule number `position` (from 1). */
export function deleteArpRuleAt(rules: ArpRules, chainName: string, position: number): ChangedRules {
  return onChain(rules, chainName, (chain) => {
    if (position > chain.rules.length) return err('no-index')
    return ok({ ...chain, rules: chain.rules.toSpliced(position - 1, 1) })
  })
}

/** Deletes the first rule that says this. */
export function deleteArpRule(rules: ArpRules, chainName: string, spec: ArpRuleSpec): ChangedRules {
  const text = JSON.stringify(spec)
  return onChain(rules, chainName, (chain) => {
    const index = chain.rules.findIndex((rule) => JSON.stringify(rule.spec) === text)
    return index < 0 ? err('no-rule') : ok({ ...chain, rules: chain.rules.toSpliced(index, 1) })
  })
}

/** Deletes all rules of a chain. */
export function flushArpChain(rules: ArpRules, chainName: string): ChangedRules {
  return onChain(rules, chainName, (chain) => ok({ ...chain, rules: [] }))
}

/** Nothing but the built-in chains, empty; their policies stay. */
export function clearedArpRules(rules: ArpRules): ArpRules {
  return { ...rules, chains: rules.chains.filter(({ policy }) => policy !== undefined).map((chain) => ({ ...chain, rules: [] })) }
}

/** Sets the policy of a built-in chain. */
export function setArpPolicy(rules: ArpRules, chainName: string, policy: ChainPolicy): ChangedRules {
  if (findArpChain(rules, chainName)?.policy === undefined) return err('not-built-in')
  return onChain(rules, chainName, (chain) => ok({ ...chain, policy }))
}

/** Makes an empty chain. */
export function newArpChain(rules: ArpRules, chainName: string): ChangedRules {
  if (findArpChain(rules, chainName) !== undefined) return err('chain-exists')
  return ok({ ...rules, chains: withUserChain(rules.chains, { name: chainName, policy: undefined, rules: [] }) })
}

/** Deletes an empty chain that no rule refers to. */
export function deleteArpChain(rules: ArpRules, chainName: string): ChangedRules {
  const chain = findArpChain(rules, chainName)
  if (chain === undefined) return err('no-chain')
  if (chain.policy !== undefined) return err('built-in-chain')
  if (arpReferenceCount(rules, chainName) > 0) return err('chain-in-use')
  if (chain.rules.length > 0) return err('chain-not-empty')
  return ok({ ...rules, chains: rules.chains.filter((other) => other !== chain) })
}

/** Renames a chain of a user, and every reference to it. */
export function renameArpChain(rules: ArpRules, from: string, to: string): ChangedRules {
  if (findArpChain(rules, to) !== undefined) return err('chain-exists')
  const renamed = findArpChain(rules, from)
  if (renamed === undefined || renamed.policy !== undefined) return err('no-chain')
  const chains = withUserChain(rules.chains.filter((chain) => chain !== renamed), { ...renamed, name: to })
  return ok({ ...rules, chains: chains.map((chain) => ({ ...chain, rules: chain.rules.map((rule) => {
    const { action } = rule.spec
    const refers = action.kind === 'jump' && action.chain === from
    return refers ? { ...rule, spec: { ...rule.spec, action: { ...action, chain: to } } } : rule
  }) })) })
}

/** Chains of users stand behind the built-in ones, in the order of their names' bytes (alphasort in libarptc). */
function withUserChain(chains: readonly ArpChain[], added: ArpChain): readonly ArpChain[] {
  const index = chains.findIndex((chain) => chain.policy === undefined && chain.name > added.name)
  return chains.toSpliced(index < 0 ? chains.length : index, 0, added)
}

function onChain(
  rules: ArpRules, chainName: string, change: (chain: ArpChain) => Result<ArpChain, ArpRulesError>,
): ChangedRules {
  const chain = findArpChain(rules, chainName)
  if (chain === undefined) return err('no-chain')
  const changed = change(chain)
  if (!changed.ok) return changed
  return ok({ ...rules, chains: rules.chains.map((other) => (other === chain ? changed.value : other)) })
}
