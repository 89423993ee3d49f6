/**
 * What `iptables -L` and `-S` print: chains, columns and their widths (print_header, print_rule_details in xshared.c, 1.8.9).
 * @module
 */
import { referenceCount, type ChainConfig, type TableConfig } from '../../host/config/netfilter-config.ts'
import type { AddressMatch, RuleConfig, RuleSpec } from '../../host/config/rule-config.ts'
import type { Counter, RuleCounters } from '../../host/netfilter/rule-counters.ts'
import { formatIpv4, type IpAddr } from '../../wire/address.ts'
import { hostName, maskText } from './addresses.ts'
import { rounded } from './count-text.ts'
import { protocolName } from './names.ts'
import { listedMatch, listedTarget, portProtocol, savedMatch, savedTarget, targetName } from './rule-text.ts'

/** How a listing is wanted. */
export interface ListStyle {
  /** -n: no names. */
  readonly numeric: boolean
  /** -v: counters and devices. */
  readonly verbose: boolean
  /** -x: counters in full. */
  readonly exact: boolean
  readonly lineNumbers: boolean
  /** The text of /etc/hosts, where names come from. */
  readonly hostsFile: string
}

/** A table to be listed, with its counts. */
export interface Listing {
  readonly table: TableConfig
  readonly counters: RuleCounters
}

/** `-L`: the chain, or all of them with empty lines between. */
export function listChains({ table, counters }: Listing, chains: readonly ChainConfig[], style: ListStyle): string {
  return chains.map((chain) => {
    const rows = chain.rules.map((rule, i) => ruleRow(rule, i + 1, counters.rule(rule.id), style))
    return `${chainLine({ table, counters }, chain, style)}${columnLine(style)}${rows.join('')}`
  }).join('\n')
}

/** `-L CHAIN NUMBER`: that rule alone; nothing when there is none. */
export function listRule({ counters }: Listing, chain: ChainConfig, position: number, style: ListStyle): string {
  const rule = chain.rules[position - 1]
  return rule === undefined ? '' : ruleRow(rule, position, counters.rule(rule.id), style)
}

/** `-S`: chains and rules as commands; `-S CHAIN NUMBER` the one rule. With `-v`, counters as well. */
export function listCommands(
  { table, counters }: Listing, chains: readonly ChainConfig[],
  options: { readonly verbose: boolean, readonly position: number | undefined },
): string {
  const { verbose, position } = options
  const counts = (counter: Counter): string => (verbose ? ` -c ${counter.packets} ${counter.bytes}` : '')
  let text = ''
  if (position === undefined) {
    for (const chain of chains) {
      const counter = counters.policy({ table: table.name, chain: chain.name })
      text += chain.policy === undefined ? `-N ${chain.name}\n` : `-P ${chain.name} ${chain.policy}${counts(counter)}\n`
    }
  }
  for (const chain of chains) {
    chain.rules.forEach((rule, i) => {
      if (position === undefined || position === i + 1)
        text += `${savedRule(chain.name, rule.spec, counts(counters.rule(rule.id)))}\n`
    })
  }
  return text
}

/** A rule as the command that makes it. `counts` goes before the target. */
export function savedRule(chain: string, spec: RuleSpec, counts: string): string {
  const not = (match: { readonly inverted: boolean }): string => (match.inverted ? ' !' : '')
  let text = `-A ${chain}`
  if (spec.src !== undefined) text += `${not(spec.src)} -s ${savedAddress(spec.src)}`
  if (spec.dst !== undefined) text += `${not(spec.dst)} -d ${savedAddress(spec.dst)}`
  if (spec.inDevice !== undefined) text += `${not(spec.inDevice)} -i ${spec.inDevice.name}`
  if (spec.outDevice !== undefined) text += `${not(spec.outDevice)} -o ${spec.outDevice.name}`
  if (spec.protocol !== undefined) text += `${not(spec.protocol)} -p ${protocolName(spec.protocol.number)}`
  if (spec.fragment !== undefined) text += `${not(spec.fragment)} -f`
  return text + spec.matches.map(savedMatch).join('') + counts + savedTarget(spec.target)
}

/** What `-v` says of a rule that is added, deleted or looked for. */
export function describeRule(spec: RuleSpec): string {
  const not = (match: { readonly inverted: boolean } | undefined): string => (match?.inverted === true ? '!' : ' ')
  const address = (match: AddressMatch | undefined): string => addressText(match, { numeric: true, hostsFile: '' })
  const device = (match: RuleSpec['inDevice']): string =>
    match === undefined ? '*' : `${match.inverted ? '!' : ''}${match.name}`
  const protocol = portProtocol(spec.protocol)
  return (
    `${targetName(spec.target)} ${not(spec.protocol)}${protocolName(spec.protocol?.number ?? 0)} opt ${fragmentText(spec)} `
    + `in ${device(spec.inDevice)} out ${device(spec.outDevice)} `
    + `${not(spec.src)}${address(spec.src)} ${not(spec.dst)}-> ${address(spec.dst)}  `
    + `${spec.target.kind === 'goto' ? '[goto] ' : ''}${spec.matches.map((match) => listedMatch(match, protocol, true)).join('')}`
    + `${listedTarget(spec.target, true)}\n`
  )
}

function chainLine({ table, counters }: Listing, chain: ChainConfig, { verbose, exact }: ListStyle): string {
  if (chain.policy === undefined) return `Chain ${chain.name} (${referenceCount(table, chain.name)} references)\n`
  if (!verbose) return `Chain ${chain.name} (policy ${chain.policy})\n`
  const { packets, bytes } = counters.policy({ table: table.name, chain: chain.name })
  const number = (value: number): string => (exact ? String(value) : rounded(value))
  return `Chain ${chain.name} (policy ${chain.policy} ${number(packets)} packets, ${number(bytes)} bytes)\n`
}

function columnLine({ verbose, exact, lineNumbers }: ListStyle): string {
  const number = lineNumbers ? 'num  ' : ''
  if (!verbose) return `${number}target     prot opt source               destination         \n`
  const counts = exact ? '    pkts      bytes ' : ' pkts bytes '
  return `${number}${counts}target     prot opt in     out     source               destination         \n`
}

function ruleRow({ spec }: RuleConfig, position: number, counter: Counter, style: ListStyle): string {
  const { numeric, verbose, exact } = style
  let row = style.lineNumbers ? `${String(position).padEnd(4)} ` : ''
  if (verbose) {
    row += exact
      ? `${String(counter.packets).padStart(8)} ${String(counter.bytes).padStart(8)} `
      : `${rounded(counter.packets).padStart(5)} ${rounded(counter.bytes).padStart(5)} `
  }
  const number = spec.protocol?.number ?? 0
  const protocol = numeric ? String(number) : protocolName(number)
  row += `${targetName(spec.target).padEnd(9)} `
  row += `${spec.protocol?.inverted === true ? '!' : ' '}${protocol.padEnd(4)} ${fragmentText(spec)} `
  if (verbose) row += ` ${deviceText(spec.inDevice).padEnd(6)} ${deviceText(spec.outDevice).padEnd(6)} `
  row += `${spec.src?.inverted === true ? '!' : ' '}${addressText(spec.src, style).padEnd(19)} `
  row += `${spec.dst?.inverted === true ? '!' : ' '}${addressText(spec.dst, style).padEnd(19)} `
  if (spec.target.kind === 'goto') row += '[goto] '
  const ports = portProtocol(spec.protocol)
  const matches = spec.matches.map((match) => listedMatch(match, ports, numeric)).join('')
  return `${row}${matches}${listedTarget(spec.target, numeric)}\n`
}

function fragmentText(spec: RuleSpec): string {
  if (spec.fragment === undefined) return '--'
  return spec.fragment.inverted ? '!f' : '-f'
}

function deviceText(match: RuleSpec['inDevice']): string {
  return match === undefined ? '*' : `${match.inverted ? '!' : ''}${match.name}`
}

function addressText(
  match: AddressMatch | undefined,
  { numeric, hostsFile }: { readonly numeric: boolean; readonly hostsFile: string },
): string {
  if (match === undefined || match.mask === 0) return numeric ? '0.0.0.0/0' : 'anywhere'
  const name = numeric ? undefined : hostName(hostsFile, match.addr)
  return `${name ?? formatIpv4(match.addr)}${maskText(match.mask)}`
}

function savedAddress({ addr, mask }: AddressMatch): string {
  return `${formatIpv4(addr as IpAddr)}${mask === 0xffffffff ? '/32' : maskText(mask)}`
}
