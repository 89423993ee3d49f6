/**
 * Carries out an iptables command on a host: a transaction on its rules, then what is printed. A refused command changes nothing.
 * @module
 */
import { ok, err, type Result } from '../../base/result.ts'
import {
  addRule, deleteChain, deleteRule, deleteRuleAt, flushChain, newChain, renameChain, replaceRule, setPolicy, useTable,
  type ChainPlace, type NetfilterError,
} from '../../host/config/netfilter-changes.ts'
import type { KernelRefusal } from '../../host/config/netfilter-check.ts'
import {
  findChain,
  findTable,
  type ChainConfig,
  type NetfilterConfig,
  type TableConfig,
  type TableName,
} from '../../host/config/netfilter-config.ts'
import { sameSpec } from '../../host/config/rule-config.ts'
import type { RuleCounters } from '../../host/netfilter/rule-counters.ts'
import { printed, refused, type ToolResult } from '../tool.ts'
import type { Command } from './command.ts'
import { complaintResult, type Complaint } from './complaint.ts'
import { describeRule, listChains, listCommands, listRule } from './list-text.ts'

/** What the rules are changed in: a host's, or a restore's that is not yet committed. */
export interface RuleStore {
  readonly config: NetfilterConfig
  readonly counters: RuleCounters
  /** Puts rules into force, or says why the kernel refuses. */
  reconfigure(next: NetfilterConfig): KernelRefusal | undefined
}

/** A command on a table that exists. */
interface Job {
  readonly command: Command
  readonly table: TableName
  readonly store: RuleStore
  readonly hostsFile: string
}

/** Does a command. The table must be one of Linux's. */
export function execute(command: Command, table: TableName, store: RuleStore, hostsFile: string): ToolResult {
  const job: Job = { command, table, store, hostsFile }
  store.reconfigure(useTable(store.config, table))
  const result = command.verb === 'L' || command.verb === 'S' ? list(job) : change(job)
  return command.warnings === '' ? result : { ...result, stderr: command.warnings + result.stderr }
}

function change(job: Job): ToolResult {
  switch (job.command.verb) {
    case 'A': case 'I': case 'R': case 'D': return changeRules(job)
    case 'C': return check(job)
    case 'Z': return zero(job)
    case 'F': return eachChain(job, () => true, 'Flushing', flushChain)
    case 'X': return eachChain(job, (chain) => chain.policy === undefined, 'Deleting', deleteChain)
    case 'N': return committed(job, named(newChain(job.store.config, placeOf(job)), 'chain-exists', 'Chain already exists'))
    case 'E': return committed(job, renameChain(job.store.config, placeOf(job), job.command.newName ?? ''))
    default: return changePolicy(job)
  }
}

function changeRules(job: Job): ToolResult {
  const { command, store } = job
  const place = placeOf(job)
  let config: Result<NetfilterConfig, NetfilterError> = ok(store.config)
  if (command.verb === 'D' && command.position !== undefined)
    return committed(job, deleteRuleAt(store.config, place, command.position), 'delete')
  const addedIds: number[] = []
  for (const spec of command.specs) {
    if (!config.ok) break
    addedIds.push(config.value.nextRuleId)
    switch (command.verb) {
      case 'A': config = addRule(config.value, place, spec); break
      case 'I': config = addRule(config.value, place, spec, command.position); break
      case 'R': config = replaceRule(config.value, place, spec, command.position ?? 1); break
      default: config = deleteRule(config.value, place, spec)
    }
  }
  const result = committed(job, config, command.verb === 'I' ? 'insert' : command.verb === 'R' ? 'replace' : 'other')
  if (result.exitCode === 0 && command.counters !== undefined && command.verb !== 'D') {
    for (const id of addedIds) Object.assign(store.counters.rule(id), command.counters)
  }
  return described(job, result)
}

function check(job: Job): ToolResult {
  const chain = findChain(tableOf(job), job.command.chain ?? '')
  if (chain === undefined) return kernelSays('no-chain')
  const isThere = job.command.specs.every((spec) => chain.rules.some((rule) => sameSpec(rule.spec, spec)))
  return isThere ? described(job, printed('')) : described(job, kernelSays('no-rule'))
}

function described({ command }: Job, result: ToolResult): ToolResult {
  if (!command.verbose || result.unsupported !== undefined) return result
  return { ...result, stdout: command.specs.map(describeRule).join('') + result.stdout }
}

function changePolicy(job: Job): ToolResult {
  const { command, store } = job
  const place = placeOf(job)
  const policy = command.policy
  if (findChain(tableOf(job), place.chain)?.policy === undefined) return kernelSays('not-built-in')
  if (policy !== 'ACCEPT' && policy !== 'DROP')
    return refused("iptables: Bad policy name. Run `dmesg' for more information.\n", 1)
  const result = committed(job, setPolicy(store.config, place, policy))
  Object.assign(store.counters.policy(place), command.counters ?? { packets: 0, bytes: 0 })
  return result
}

/** Does something to one chain, or to all of a kind; to none if one refuses, and then the last refusal is told. */
function eachChain(
  job: Job, isMeant: (chain: ChainConfig) => boolean, doing: string,
  act: (config: NetfilterConfig, place: ChainPlace) => Result<NetfilterConfig, NetfilterError>,
): ToolResult {
  const { command, store } = job
  const names = command.chain === undefined ? tableOf(job).chains.filter(isMeant).map(({ name }) => name) : [command.chain]
  let config = store.config
  let refusal: NetfilterError | undefined
  let stdout = ''
  for (const chain of names) {
    if (command.verbose) stdout += `${doing} chain \`${chain}'\n`
    const next = act(config, { table: job.table, chain })
    if (next.ok) config = next.value
    else refusal = next.error
  }
  return { ...committed(job, refusal === undefined ? ok(config) : err(refusal)), stdout }
}

function zero(job: Job): ToolResult {
  const { command, store } = job
  const table = tableOf(job)
  const one = command.chain === undefined ? undefined : findChain(table, command.chain)
  if (command.chain !== undefined && one === undefined) return kernelSays('no-chain')
  if (command.position !== undefined && one !== undefined) {
    const rule = one.rules[command.position - 1]
    if (rule === undefined) return complaintResult({ kind: 'kernel', error: 'no-counter-index', action: 'other' })
    Object.assign(store.counters.rule(rule.id), { packets: 0, bytes: 0 })
    return printed('')
  }
  const chains = one === undefined ? table.chains : [one]
  for (const chain of chains) {
    Object.assign(store.counters.policy({ table: job.table, chain: chain.name }), { packets: 0, bytes: 0 })
    for (const rule of chain.rules) Object.assign(store.counters.rule(rule.id), { packets: 0, bytes: 0 })
  }
  return printed(command.verbose ? chains.map(({ name }) => `Zeroing chain \`${name}'\n`).join('') : '')
}

function list(job: Job): ToolResult {
  const { command, store, hostsFile } = job
  const table = tableOf(job)
  const one = command.chain === undefined ? undefined : findChain(table, command.chain)
  if (command.chain !== undefined && one === undefined) return kernelSays('no-chain')
  const chains = one === undefined ? table.chains : [one]
  const listing = { table, counters: store.counters }
  const { verbose, position, numeric, exact, lineNumbers } = command
  const style = { numeric, verbose, exact, lineNumbers, hostsFile }
  let stdout: string
  if (command.verb === 'S') stdout = listCommands(listing, chains, { verbose, position })
  else if (position !== undefined && one !== undefined) stdout = listRule(listing, one, position, style)
  else stdout = listChains(listing, chains, style)
  if (!command.zeroes) return printed(stdout)
  const zeroed = zero({ ...job, command: { ...command, position: undefined } })
  return { ...zeroed, stdout: stdout + zeroed.stdout }
}

function committed(
  { store }: Job, config: Result<NetfilterConfig, NetfilterError | NamedError>,
  action: (Complaint & { kind: 'kernel' })['action'] = 'other',
): ToolResult {
  if (config.ok) {
    const refusal = store.reconfigure(config.value)
    return refusal === undefined ? printed('') : complaintResult({ kind: 'kernel', error: refusal, action })
  }
  if (typeof config.error === 'object') return refused(`iptables: ${config.error.text}.\n`, 1)
  return complaintResult({ kind: 'kernel', error: config.error, action })
}

interface NamedError {
  readonly text: string
}

/** iptc_strerror() has another text for some errors of some functions. */
function named(
  config: Result<NetfilterConfig, NetfilterError>,
  error: NetfilterError,
  text: string,
): Result<NetfilterConfig, NetfilterError | NamedError> {
  return !config.ok && config.error === error ? err({ text }) : config
}

function kernelSays(error: NetfilterError): ToolResult {
  return complaintResult({ kind: 'kernel', error, action: 'other' })
}

function placeOf({ command, table }: Job): ChainPlace {
  return { table, chain: command.chain ?? '' }
}

function tableOf({ store, table }: Job): TableConfig {
  return findTable(useTable(store.config, table), table) ?? { name: table, chains: [] }
}
