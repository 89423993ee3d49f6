/**
 * Transactions on netfilter rules: each gives the next tree, or why it cannot be, and then nothing has changed. Follows libiptc.
 * What only the kernel refuses, `netfilter-check.ts` says of the tree as a whole.
 * @module
 */
import { produce, type Draft } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import {
  CHAIN_OF_HOOK, findChain, findTable, HOOKS_OF_TABLE, referenceCount,
  type ChainConfig, type ChainPolicy, type NetfilterConfig, type TableConfig, type TableName,
} from './netfilter-config.ts'
import { sameSpec, type RuleSpec } from './rule-config.ts'

/** Why a change was refused. */
export type NetfilterError =
  | 'no-chain' | 'chain-exists' | 'chain-in-use' | 'chain-not-empty' | 'built-in-chain' | 'not-built-in' | 'no-index' | 'no-rule'

/** A chain of a table. */
export interface ChainPlace {
  readonly table: TableName
  readonly chain: string
}

/** Makes a table come into being with empty chains and policy ACCEPT, as its first use does. The same tree when it is there. */
export function useTable(config: NetfilterConfig, name: TableName): NetfilterConfig {
  if (findTable(config, name) !== undefined) return config
  const chains = HOOKS_OF_TABLE[name].map((hook): ChainConfig => ({ name: CHAIN_OF_HOOK[hook], policy: 'ACCEPT', rules: [] }))
  return produce(config, (draft) => {
    draft.tables.push({ name, chains: chains as Draft<ChainConfig>[] })
  })
}

/** Inserts a rule so that it becomes number `position` (from 1); at the end without one. */
export function addRule(
  config: NetfilterConfig,
  place: ChainPlace,
  spec: RuleSpec,
  position?: number,
): Result<NetfilterConfig, NetfilterError> {
  return onChain(config, place, (chain, ids) => {
    const index = position === undefined ? chain.rules.length : position - 1
    if (index > chain.rules.length) return err('no-index')
    return ok({ ...chain, rules: chain.rules.toSpliced(index, 0, { id: ids.next(), spec }) })
  })
}

/** Replaces rule number `position` (from 1). */
export function replaceRule(
  config: NetfilterConfig,
  place: ChainPlace,
  spec: RuleSpec,
  position: number,
): Result<NetfilterConfig, NetfilterError> {
  return onChain(config, place, (chain, ids) => {
    if (position > chain.rules.length) return err('no-index')
    return ok({ ...chain, rules: chain.rules.with(position - 1, { id: ids.next(), spec }) })
  })
}

/** Deletes rule number `position` (from 1). */
export function deleteRuleAt(
  config: NetfilterConfig,
  place: ChainPlace,
  position: number,
): Result<NetfilterConfig, NetfilterError> {
  return onChain(config, place, (chain) => {
    if (position > chain.rules.length) return err('no-index')
    return ok({ ...chain, rules: chain.rules.toSpliced(position - 1, 1) })
  })
}

/** Deletes the first rule that says this. */
export function deleteRule(config: NetfilterConfig, place: ChainPlace, spec: RuleSpec): Result<NetfilterConfig, NetfilterError> {
  return onChain(config, place, (chain) => {
    const index = chain.rules.findIndex((rule) => sameSpec(rule.spec, spec))
    return index < 0 ? err('no-rule') : ok({ ...chain, rules: chain.rules.toSpliced(index, 1) })
  })
}

/** Deletes all rules of a chain. */
export function flushChain(config: NetfilterConfig, place: ChainPlace): Result<NetfilterConfig, NetfilterError> {
  return onChain(config, place, (chain) => ok(chain.rules.length === 0 ? chain : { ...chain, rules: [] }))
}

/** Leaves a table with its built-in chains, empty; their policies stay. */
export function clearTable(config: NetfilterConfig, name: TableName): NetfilterConfig {
  return produce(config, (draft) => {
    const table = draft.tables.find((other) => other.name === name)
    if (table === undefined) return
    table.chains = table.chains.filter(({ policy }) => policy !== undefined)
    for (const chain of table.chains) chain.rules = []
  })
}

/** Sets the policy of a built-in chain. */
export function setPolicy(
  config: NetfilterConfig,
  place: ChainPlace,
  policy: ChainPolicy,
): Result<NetfilterConfig, NetfilterError> {
  const chain = chainAt(config, place)
  if (chain?.policy === undefined) return err('not-built-in')
  return onChain(config, place, (current) => ok({ ...current, policy }))
}

/** Makes an empty chain. */
export function newChain(config: NetfilterConfig, place: ChainPlace): Result<NetfilterConfig, NetfilterError> {
  if (chainAt(config, place) !== undefined) return err('chain-exists')
  return onTable(config, place.table, (table) => withUserChain(table.chains, { name: place.chain, policy: undefined, rules: [] }))
}

/** Deletes an empty chain that no rule refers to. */
export function deleteChain(config: NetfilterConfig, place: ChainPlace): Result<NetfilterConfig, NetfilterError> {
  const table = findTable(config, place.table)
  const chain = chainAt(config, place)
  if (table === undefined || chain === undefined) return err('no-chain')
  if (chain.policy !== undefined) return err('built-in-chain')
  if (referenceCount(table, place.chain) > 0) return err('chain-in-use')
  if (chain.rules.length > 0) return err('chain-not-empty')
  return onTable(config, place.table, ({ chains }) => chains.filter((other) => other !== chain))
}

/** Renames a chain of a user, and every reference to it. */
export function renameChain(config: NetfilterConfig, place: ChainPlace, name: string): Result<NetfilterConfig, NetfilterError> {
  if (chainAt(config, { table: place.table, chain: name }) !== undefined) return err('chain-exists')
  const chain = chainAt(config, place)
  if (chain === undefined) return err('no-chain')
  if (chain.policy !== undefined) return err('built-in-chain')
  return onTable(config, place.table, ({ chains }) => {
    const others = chains.filter((other) => other !== chain)
    return withUserChain(others, { ...chain, name }).map((other) => withReferences(other, place.chain, name))
  })
}

function withReferences(chain: ChainConfig, from: string, to: string): ChainConfig {
  const rules = chain.rules.map((rule) => {
    const { target } = rule.spec
    const refers = (target.kind === 'jump' || target.kind === 'goto') && target.chain === from
    return refers ? { ...rule, spec: { ...rule.spec, target: { ...target, chain: to } } } : rule
  })
  return { ...chain, rules }
}

/** libiptc keeps the chains of users in the order of their names' bytes, behind the built-in ones. */
function withUserChain(chains: readonly ChainConfig[], added: ChainConfig): ChainConfig[] {
  const index = chains.findIndex((chain) => chain.policy === undefined && chain.name > added.name)
  return chains.toSpliced(index < 0 ? chains.length : index, 0, added)
}

function chainAt(config: NetfilterConfig, place: ChainPlace): ChainConfig | undefined {
  const table = findTable(config, place.table)
  return table === undefined ? undefined : findChain(table, place.chain)
}

function onChain(
  config: NetfilterConfig, place: ChainPlace,
  change: (chain: ChainConfig, ids: { next(): number }) => Result<ChainConfig, NetfilterError>,
): Result<NetfilterConfig, NetfilterError> {
  const chain = chainAt(config, place)
  if (chain === undefined) return err('no-chain')
  let nextRuleId = config.nextRuleId
  const changed = change(chain, { next: () => nextRuleId++ })
  if (!changed.ok) return changed
  if (changed.value === chain) return ok(config)
  return onTable({ ...config, nextRuleId }, place.table, ({ chains }) => {
    return chains.map((other) => (other === chain ? changed.value : other))
  })
}

/** Puts other chains into a table. */
function onTable(
  config: NetfilterConfig, name: TableName, change: (table: TableConfig) => readonly ChainConfig[],
): Result<NetfilterConfig, NetfilterError> {
  const table = findTable(config, name)
  if (table === undefined) return err('no-chain')
  const chains = change(table)
  return ok(produce(config, (draft) => {
    const drafted = draft.tables.find((other) => other.name === name)
    if (drafted !== undefined) drafted.chains = chains as Draft<ChainConfig>[]
  }))
}
