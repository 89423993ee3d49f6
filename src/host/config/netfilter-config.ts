/**
 * A host's netfilter rules: tables of chains of rules, as one frozen tree. Changes go through `netfilter-changes.ts`.
 * Counters and conntrack entries are live and are not here. IPv6 rules and the security table are not modelled.
 * @module
 */
import type { HookPoint } from '../hooks.ts'
import type { RuleConfig } from './rule-config.ts'

/** A table by name. */
export type TableName = 'filter' | 'nat' | 'mangle' | 'raw'

/** What becomes of a packet that reaches the end of a built-in chain. */
export type ChainPolicy = 'ACCEPT' | 'DROP'

/** One chain. */
export interface ChainConfig {
  readonly name: string
  /** Undefined for a chain that a user made. */
  readonly policy: ChainPolicy | undefined
  readonly rules: readonly RuleConfig[]
}

/** One table. */
export interface TableConfig {
  readonly name: TableName
  /** The built-in chains in the order of the hooks, then those of users by name. */
  readonly chains: readonly ChainConfig[]
}

/** The whole tree. */
export interface NetfilterConfig {
  /** In the order in which they were first used; a table that nobody used is not there, and costs packets nothing. */
  readonly tables: readonly TableConfig[]
  readonly nextRuleId: number
}

/** No tables. */
export const INITIAL_NETFILTER_CONFIG: NetfilterConfig = { tables: [], nextRuleId: 1 }

/** The built-in chain of each hook. */
export const CHAIN_OF_HOOK: Record<HookPoint, string> = {
  prerouting: 'PREROUTING', localIn: 'INPUT', forward: 'FORWARD', localOut: 'OUTPUT', postrouting: 'POSTROUTING',
}

/** The hooks that a table sees, in the order in which its chains are listed. */
export const HOOKS_OF_TABLE: Record<TableName, readonly HookPoint[]> = {
  filter: ['localIn', 'forward', 'localOut'],
  nat: ['prerouting', 'localIn', 'localOut', 'postrouting'],
  mangle: ['prerouting', 'localIn', 'forward', 'localOut', 'postrouting'],
  raw: ['prerouting', 'localOut'],
}

/** True for the name of a table. */
export function isTableName(name: string): name is TableName {
  return Object.hasOwn(HOOKS_OF_TABLE, name)
}

/** The table, when somebody has used it. */
export function findTable(config: NetfilterConfig, name: TableName): TableConfig | undefined {
  return config.tables.find((table) => table.name === name)
}

/** The chain of this name. */
export function findChain(table: TableConfig, name: string): ChainConfig | undefined {
  return table.chains.find((chain) => chain.name === name)
}

/** How many rules jump or go to a chain. */
export function referenceCount(table: TableConfig, name: string): number {
  let count = 0
  for (const chain of table.chains) {
    for (const { spec: { target } } of chain.rules) {
      if ((target.kind === 'jump' || target.kind === 'goto') && target.chain === name) count++
    }
  }
  return count
}
