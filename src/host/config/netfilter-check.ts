/**
 * What the kernel checks of a table before it takes it: targets only where they belong, matches only with their protocol,
 * no loops. Follows mark_source_chains() in ip_tables.c and the checkentry functions of the extensions.
 * @module
 */
import type { HookPoint } from '../hooks.ts'
import {
  CHAIN_OF_HOOK,
  findChain,
  HOOKS_OF_TABLE,
  type ChainConfig,
  type NetfilterConfig,
  type TableConfig,
  type TableName,
} from './netfilter-config.ts'
import type { RuleMatch, RuleSpec, RuleTarget } from './rule-config.ts'
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'

/** Where a target may be; a kind that is not listed may be anywhere. */
const TARGET_PLACES: Partial<Record<RuleTarget['kind'], { readonly table: TableName, readonly hooks: readonly HookPoint[] }>> = {
  reject: { table: 'filter', hooks: ['localIn', 'forward', 'localOut'] },
  masquerade: { table: 'nat', hooks: ['postrouting'] },
  snat: { table: 'nat', hooks: ['postrouting', 'localIn'] },
  dnat: { table: 'nat', hooks: ['prerouting', 'localOut'] },
  redirect: { table: 'nat', hooks: ['prerouting', 'localOut'] },
  notrack: { table: 'raw', hooks: ['prerouting', 'localOut'] },
}

const SYN_FLAG = 0x02

/** Why the kernel refuses rules: EINVAL for a target or match that does not belong where it is, ELOOP. */
export type KernelRefusal = 'invalid' | 'loop'

/** Why the kernel would refuse these rules; undefined when it would take them. */
export function kernelRefusal(config: NetfilterConfig): KernelRefusal | undefined {
  for (const table of config.tables) {
    const refusal = tableRefusal(table)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function tableRefusal(table: TableConfig): KernelRefusal | undefined {
  if (table.chains.some((chain) => chain.rules.some(({ spec: { target } }) => jumpsToBuiltIn(table, target)))) return 'invalid'
  const hooksOf = new Map<string, Set<HookPoint>>()
  for (const hook of HOOKS_OF_TABLE[table.name]) {
    const chain = findChain(table, CHAIN_OF_HOOK[hook])
    if (chain !== undefined && !reach(table, chain, hook, hooksOf, new Set())) return 'loop'
  }
  for (const chain of table.chains) {
    const hooks = hooksOf.get(chain.name) ?? new Set()
    for (const { spec } of chain.rules) if (!isAllowed(spec, table, hooks)) return 'invalid'
  }
  return undefined
}

/** Notes what chains a hook reaches; false on a loop. */
function reach(
  table: TableConfig,
  chain: ChainConfig,
  hook: HookPoint,
  hooksOf: Map<string, Set<HookPoint>>,
  above: Set<string>,
): boolean {
  if (above.has(chain.name)) return false
  const seen = hooksOf.get(chain.name) ?? new Set()
  if (seen.has(hook)) return true
  hooksOf.set(chain.name, seen)
  above.add(chain.name)
  for (const {
    spec: { target },
  } of chain.rules) {
    if (target.kind !== 'jump' && target.kind !== 'goto') continue
    const next = findChain(table, target.chain)
    if (next !== undefined && !reach(table, next, hook, hooksOf, above)) return false
  }
  above.delete(chain.name)
  seen.add(hook)
  return true
}

function jumpsToBuiltIn(table: TableConfig, target: RuleTarget): boolean {
  return (target.kind === 'jump' || target.kind === 'goto') && findChain(table, target.chain)?.policy !== undefined
}

function isAllowed(spec: RuleSpec, table: TableConfig, hooks: ReadonlySet<HookPoint>): boolean {
  const { target } = spec
  const place = TARGET_PLACES[target.kind]
  if (place !== undefined && (place.table !== table.name || ![...hooks].every((hook) => place.hooks.includes(hook)))) return false
  if (target.kind === 'reject' && target.answer === 'tcp-reset' && !isOnly(spec, IPPROTO_TCP)) return false
  if (target.kind === 'tcpmss' && !allowsMss(spec, target.mssBytes, hooks)) return false
  return spec.matches.every((match) => fitsProtocol(match, spec))
}

/** TCPMSS wants to see nothing but SYNs, and a path's MTU is known only where there is a route out. */
function allowsMss(spec: RuleSpec, mss: number | 'path-mtu', hooks: ReadonlySet<HookPoint>): boolean {
  if (mss === 'path-mtu' && (hooks.has('prerouting') || hooks.has('localIn'))) return false
  return isOnly(spec, IPPROTO_TCP) && spec.matches.some((match) => {
    return match.kind === 'tcp' && match.flags !== undefined && !match.flags.inverted && (match.flags.set & SYN_FLAG) !== 0
  })
}

function fitsProtocol(match: RuleMatch, spec: RuleSpec): boolean {
  switch (match.kind) {
    case 'tcp': return isOnly(spec, IPPROTO_TCP)
    case 'udp': return isOnly(spec, IPPROTO_UDP)
    case 'icmp': return isOnly(spec, IPPROTO_ICMP)
    default: return true
  }
}

function isOnly(spec: RuleSpec, protocol: number): boolean {
  return spec.protocol !== undefined && !spec.protocol.inverted && spec.protocol.number === protocol
}
