/**
 * The rules of policy routing at work: which route a packet gets when rules decide which tables to look in, and in what order.
 * Follows fib_rules_lookup(), fib4_rule_match() and fib4_rule_suppress().
 * @module
 */
import { inPrefix, type IpAddr } from '../wire/address.ts'
import type { RouteConfig } from './config/net-config.ts'
import type { PolicyRule } from './config/rules.ts'

/** What rules look at. */
export interface Flow {
  readonly dst: IpAddr
  /** 0.0.0.0 while there is none yet. */
  readonly src: IpAddr
  readonly mark: number
  /** The device that it came in by; `lo` for what the host itself sends. */
  readonly inDevice: string
  /** The device that it must leave by, where that is settled already. */
  readonly outDevice: string | undefined
}

/** A route, or a rule that is itself the answer; undefined when nothing leads on. */
export type Found = RouteConfig | Exclude<PolicyRule['action'], 'table'> | undefined

/** Walks through rules until one leads to a route. `look` looks for one in a table. */
export function findByRules(
  rules: readonly PolicyRule[], flow: Flow, look: (table: number) => RouteConfig | undefined,
): Found {
  for (const rule of rules) {
    if (!matches(rule, flow)) continue
    if (rule.action !== 'table') return rule.action
    const found = look(rule.table)
    if (found === undefined || found.type === 'throw') continue
    if (leadsOn(found) && found.prefixLength <= (rule.suppressPrefixLength ?? -1)) continue
    return found
  }
  return undefined
}

/** True for a route that is one, not one that refuses. */
export function leadsOn({ type }: RouteConfig): boolean {
  return type === 'unicast' || type === 'local' || type === 'broadcast'
}

/** Names what flows differ in for the rules: flows of one name and destination get the same route. */
export function flowNaming(rules: readonly PolicyRule[]): (flow: Flow) => string {
  const usesSource = rules.some((rule) => rule.from !== undefined)
  const usesMark = rules.some((rule) => rule.mark !== undefined)
  const usesDevice = rules.some((rule) => rule.inDevice !== undefined)
  return (flow) => `${usesSource ? flow.src : ''} ${usesMark ? flow.mark : ''} ${usesDevice ? flow.inDevice : ''}`
}

function matches(rule: PolicyRule, flow: Flow): boolean {
  return isSelected(rule, flow) !== (rule.isInverted ?? false)
}

function isSelected({ inDevice, outDevice, mark, from, to }: PolicyRule, flow: Flow): boolean {
  if (inDevice !== undefined && inDevice !== flow.inDevice) return false
  if (outDevice !== undefined && outDevice !== flow.outDevice) return false
  if (mark !== undefined && ((mark.value ^ flow.mark) & mark.mask) !== 0) return false
  if (from !== undefined && !inPrefix(flow.src, from.addr, from.prefixLength)) return false
  return to === undefined || inPrefix(flow.dst, to.addr, to.prefixLength)
}
