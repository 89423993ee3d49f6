/**
 * arptables 0.0.5 (legacy): ARP rules of a host from the command line. The kernel's counting, walking and mangling is in
 * `host/arp-filter.ts`. Targets CLASSIFY, MARK and QUEUE are not modelled.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import {
  addArpRule, deleteArpChain, deleteArpRule, deleteArpRuleAt, findArpChain, flushArpChain, newArpChain, renameArpChain,
  replaceArpRule, setArpPolicy, type ArpChain, type ArpRules, type ArpRulesError, type ChangedRules,
} from '../../host/config/arp-rules.ts'
import type { Host } from '../../host/host.ts'
import { hostAddress } from '../iptables/addresses.ts'
import { printed, type Tool, type ToolContext, type ToolResult } from '../tool.ts'
import type { Command } from './command.ts'
import { complaintResult, refusalText, VERSION } from './complaint.ts'
import { chainLine, ruleLine, RULE_STYLE } from './list-text.ts'
import { parseCommand } from './parse-command.ts'

/** The tool. */
export const arptables: Tool = (context) => runCommand(context, context.argv)

/** Does what one command line says, be it a shell's or one of a file of rules. */
export function runCommand(context: ToolContext, argv: readonly string[]): ToolResult {
  const { host } = context
  const hostsFile = context.readFile('/etc/hosts') ?? ''
  const request = parseCommand({
    argv, isChain: (name) => findArpChain(host.arp.filter.rules, name) !== undefined,
    findHost: (name) => hostAddress(hostsFile, name),
  })
  if (!request.ok) return complaintResult(request.error)
  if (request.value.kind === 'version') return printed(`arptables ${VERSION}\n`)
  const { command } = request.value
  switch (command.verb) {
    case 'L': return list(host, command, hostsFile)
    case 'Z': return zero(host, command)
    default: return change(host, command)
  }
}

/** A change of the rules, and what -v says on the way, whether it succeeds or not. */
function change(host: Host, command: Command): ToolResult {
  const { filter } = host.arp
  const { stdout, changed } = changedRules(filter.rules, command)
  const refuse = (error: Parameters<typeof refusalText>[1]): ToolResult => {
    const verb = command.verb === 'D' && command.position !== undefined ? 'D by number' : command.verb
    return { ...complaintResult({ kind: 'refusal', text: refusalText(verb, error) }), stdout }
  }
  if (!changed.ok) return refuse(changed.error)
  const added = filter.rules.nextRuleId
  const refusal = filter.reconfigure(changed.value)
  if (refusal !== undefined) return refuse(refusal)
  if (changed.value.nextRuleId > added && command.counters !== undefined) {
    Object.assign(filter.counters.rule(added), command.counters)
  }
  if (command.verb === 'P') Object.assign(filter.counters.policy({ table: 'filter', chain: command.chain ?? '' }), NO_COUNTS)
  return printed(stdout)
}

const NO_COUNTS = { packets: 0, bytes: 0 }

function changedRules(
  rules: ArpRules, command: Command,
): { readonly stdout: string, readonly changed: Result<ArpRules, ArpRulesError | 'bad-policy'> } {
  const { verb, spec, position, verbose, policy, newName, chain = '' } = command
  const said = verbose && (position === undefined || verb !== 'D') ? ruleLine(spec, RULE_STYLE) : ''
  switch (verb) {
    case 'A': return { stdout: said, changed: addArpRule(rules, chain, spec) }
    case 'I': return { stdout: said, changed: addArpRule(rules, chain, spec, position) }
    case 'R': return { stdout: said, changed: replaceArpRule(rules, chain, spec, position ?? 1) }
    case 'D': return {
      stdout: said,
      changed: position === undefined ? deleteArpRule(rules, chain, spec) : deleteArpRuleAt(rules, chain, position),
    }
    case 'F': return eachChain(rules, command, 'Flushing', flushArpChain)
    case 'X': return eachChain(rules, command, 'Deleting', deleteArpChain)
    case 'N': return { stdout: '', changed: newArpChain(rules, chain) }
    case 'E': return { stdout: '', changed: renameArpChain(rules, chain, newName ?? '') }
    default: {
      if (policy === 'ACCEPT' || policy === 'DROP') return { stdout: '', changed: setArpPolicy(rules, chain, policy) }
      const isBuiltIn = findArpChain(rules, chain)?.policy !== undefined
      return { stdout: '', changed: err(isBuiltIn ? 'bad-policy' : 'not-built-in') }
    }
  }
}

/** Does something to one chain, or to all (-X: of users); to none if one refuses, and then the last refusal is told. */
function eachChain(
  rules: ArpRules, { chain, verb, verbose }: Command, doing: string, act: (rules: ArpRules, chain: string) => ChangedRules,
): { readonly stdout: string, readonly changed: ChangedRules } {
  const isMeant = (one: ArpChain): boolean => verb !== 'X' || one.policy === undefined
  const names = chain === undefined ? rules.chains.filter(isMeant).map(({ name }) => name) : [chain]
  let current = rules
  let refusal: ArpRulesError | undefined
  for (const name of names) {
    const next = act(current, name)
    if (next.ok) current = next.value
    else refusal = next.error
  }
  const stdout = verbose ? names.map((name) => `${doing} chain \`${name}'\n`).join('') : ''
  return { stdout, changed: refusal === undefined ? ok(current) : err(refusal) }
}

/** The chains that -L and -Z are about; undefined when the one that was named is not there. */
function chainsOf(host: Host, name: string | undefined): readonly ArpChain[] | undefined {
  const { rules } = host.arp.filter
  if (name === undefined) return rules.chains
  const chain = findArpChain(rules, name)
  return chain === undefined ? undefined : [chain]
}

function zero(host: Host, { chain, verbose }: Command): ToolResult {
  const chains = chainsOf(host, chain)
  if (chains === undefined) return complaintResult({ kind: 'refusal', text: refusalText('Z', 'no-chain') })
  const { counters } = host.arp.filter
  for (const { name, policy, rules } of chains) {
    if (policy !== undefined) Object.assign(counters.policy({ table: 'filter', chain: name }), NO_COUNTS)
    for (const { id } of rules) Object.assign(counters.rule(id), NO_COUNTS)
  }
  return printed(verbose ? chains.map(({ name }) => `Zeroing chain \`${name}'\n`).join('') : '')
}

function list(host: Host, command: Command, hostsFile: string): ToolResult {
  const chains = chainsOf(host, command.chain)
  if (chains === undefined) return complaintResult({ kind: 'refusal', text: refusalText('L', 'no-chain') })
  const { rules, counters } = host.arp.filter
  const { verbose, numeric, lineNumbers } = command
  const style = { numeric, withDevices: verbose, hostsFile }
  const stdout = chains.map((chain) => {
    const lines = chain.rules.map(({ id, spec }, i) => {
      return `${lineNumbers ? `${i + 1} ` : ''}${ruleLine(spec, style, verbose ? counters.rule(id) : undefined)}`
    })
    return chainLine(rules, chain, verbose ? counters : undefined) + lines.join('')
  }).join('\n')
  return printed(command.zeroes ? stdout + zero(host, command).stdout : stdout)
}
