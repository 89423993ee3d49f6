/**
 * `ip rule`: list, add, del, flush. What rules select by beside addresses, devices and marks is not modelled, nor is jumping from
 * rule to rule.
 * @module
 */
import { findDeviceConfig } from '../../host/config/net-config.ts'
import {
  addRule, MARK_MASK_ALL, removeRule, TABLE_MAIN, type PolicyRule, type RulePrefix, type WantedRule,
} from '../../host/config/rules.ts'
import type { Host } from '../../host/host.ts'
import { formatIp } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { RULE_USAGE } from './route-usage.ts'
import { tableNumber, tableText } from './tables.ts'
import { answered, expected, incomplete, isShortFor, parseNumber, parsePrefix, Words, wrong } from './words.ts'

const ACTIONS: ReadonlySet<string> = new Set(['blackhole', 'unreachable', 'prohibit'])
const OTHER_ACTIONS: ReadonlySet<string> = new Set([
  'unicast', 'local', 'nat', 'broadcast', 'brd', 'anycast', 'multicast', 'throw', 'xresolve',
])

/** Runs what follows `ip rule`. */
export function ipRule(host: Host, argv: readonly string[]): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'list'
  if (isShortFor(verb, 'list') || verb === 'lst' || isShortFor(verb, 'show')) return list(host, words)
  if (isShortFor(verb, 'save') || isShortFor(verb, 'restore')) return unsupported(verb, `ip rule: "${verb}" is not modelled`)
  if (isShortFor(verb, 'add')) return add(host, words)
  if (isShortFor(verb, 'delete')) return remove(host, words)
  if (isShortFor(verb, 'flush')) return flush(host, words)
  if (isShortFor(verb, 'help')) return refused(RULE_USAGE, 255)
  return refused(`Command "${verb}" is unknown, try "ip rule help".\n`, 255)
}

type RuleWords = { -readonly [K in keyof PolicyRule]?: PolicyRule[K] }

/** The words in iproute2's order; a dot marks those that may not be cut short. */
const WORDS: readonly string[] = [
  'not.', 'from.', 'to.', 'preference', 'order', 'priority', 'tos.', 'dsfield', 'fwmark.', 'realms', 'protocol', 'tun_id',
  'table', 'lookup.', 'suppress_prefixlength', 'sup_pl.', 'suppress_ifgroup', 'sup_group.', 'dev.', 'iif.', 'oif.', 'l3mdev.',
  'uidrange.',
  'nat.', 'map-to', 'ipproto.', 'sport.', 'dport.',
]

/** Reads selectors and an action; a ToolResult is what iproute2 says against them. */
function readRule(host: Host, words: Words, mayBeShort: readonly string[] = []): RuleWords | ToolResult {
  const read: RuleWords = {}
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    const short = mayBeShort.find((full) => isShortFor(word, full))
    const found = WORDS.find((known) => (known.endsWith('.') ? known === `${word}.` : isShortFor(word, known)))?.replace('.', '')
    const full = found ?? short
    const problem = full === undefined ? readAction(read, word, words) : readSelector(host, read, { full, typed: word }, words)
    if (problem !== undefined) return problem
  }
  return read
}

function readSelector(
  host: Host, read: RuleWords, { full, typed }: { full: string, typed: string }, words: Words,
): ToolResult | undefined {
  if (full === 'not') {
    read.isInverted = true
    return undefined
  }
  if (full === 'l3mdev') return unsupported(typed, 'ip rule: "l3mdev" is not modelled')
  const value = words.take()
  if (value === undefined) return incomplete()
  switch (full) {
    case 'from': case 'to': {
      const prefix = parsePrefix(value)
      if (value.includes(':')) return unsupported(value, 'ip rule: IPv6 is not modelled')
      if (prefix === undefined) return expected('any valid prefix', value)
      if (prefix.prefixLength > 0) read[full] = { addr: prefix.addr, prefixLength: prefix.prefixLength }
      return undefined
    }
    case 'preference': case 'order': case 'priority': {
      const priority = parseNumber(value)
      if (priority === undefined) return wrong(value, 'preference value is invalid\n')
      read.priority = priority
      return undefined
    }
    case 'fwmark': return readMark(read, value)
    case 'table': case 'lookup': {
      const table = tableNumber(host, value)
      if (table === undefined) return wrong(value, 'invalid table ID\n')
      if (table === 0) return unsupported(value, 'ip rule: a table that the kernel chooses is not modelled')
      read.table = table
      return undefined
    }
    case 'suppress_prefixlength': case 'sup_pl': {
      const length = parseNumber(value)
      if (length === undefined || length > 0x7fffffff) return wrong(value, 'suppress_prefixlength value is invalid\n')
      read.suppressPrefixLength = length
      return undefined
    }
    case 'dev': case 'iif': case 'oif': {
      const isName = value.length < 16 && !/[/\s]/.test(value)
      if (!isName) return wrong(value, full === 'oif' ? '"oif" not a valid ifname' : '"iif"/"dev" not a valid ifname')
      read[full === 'oif' ? 'outDevice' : 'inDevice'] = value
      return undefined
    }
    default: return unsupported(typed, `ip rule: "${full}" is not modelled`)
  }
}

function readMark(read: RuleWords, text: string): ToolResult | undefined {
  const [valueText = '', maskText] = text.split('/')
  const value = parseNumber(valueText)
  if (value === undefined) return wrong(valueText, 'fwmark value is invalid\n')
  const mask = maskText === undefined ? (value === 0 ? 0 : MARK_MASK_ALL) : parseNumber(maskText)
  if (mask === undefined) return wrong(maskText ?? '', 'fwmask value is invalid\n')
  // A mark of 0 without a mask compares no bit.
  if (value !== 0 || mask !== 0) read.mark = { value, mask }
  return undefined
}

function readAction(read: RuleWords, first: string, words: Words): ToolResult | undefined {
  const word = first === 'type' ? words.take() : first
  if (word === undefined) return incomplete()
  if (isShortFor(word, 'help')) return refused(RULE_USAGE, 255)
  if (isShortFor(word, 'goto') || isShortFor(word, 'nop') || OTHER_ACTIONS.has(word)) {
    return unsupported(word, `ip rule: "${word}" is not modelled`)
  }
  if (!ACTIONS.has(word)) return wrong(word, 'Failed to parse rule type')
  read.action = word as PolicyRule['action']
  return undefined
}

function add(host: Host, words: Words): ToolResult {
  if (words.isEmpty) return refused('"ip rule add" requires arguments.\n', 1)
  const read = readRule(host, words)
  if ('exitCode' in read) return read
  const action = read.action ?? 'table'
  const added = addRule(host.net, { ...read, action, table: read.table ?? (action === 'table' ? TABLE_MAIN : 0) })
  if (!added.ok) return answered(added.error)
  host.reconfigure(added.value)
  return printed('')
}

function remove(host: Host, words: Words): ToolResult {
  if (words.isEmpty) return refused('"ip rule del" requires arguments.\n', 1)
  const read = readRule(host, words)
  if ('exitCode' in read) return read
  const removed = removeRule(host.net, read)
  if (!removed.ok) return answered(removed.error)
  host.reconfigure(removed.value)
  return printed('')
}

/** All but those of priority 0 go, which the kernel tells without a priority: `main` and `default`, too. */
function flush(host: Host, words: Words): ToolResult {
  const filter = readRule(host, words, ['lookup', 'src'])
  if ('exitCode' in filter) return filter
  for (const rule of host.net.policy.rules) {
    if (rule.priority === 0 || !isAsked(rule, filter)) continue
    const removed = removeRule(host.net, rule)
    if (removed.ok) host.reconfigure(removed.value)
  }
  return printed('')
}

function list(host: Host, words: Words): ToolResult {
  const filter = readRule(host, words, ['lookup'])
  if ('exitCode' in filter) return filter
  const shown = host.net.policy.rules.filter((rule) => isAsked(rule, filter))
  return printed(shown.map((rule) => `${ruleText(host, rule)}\n`).join(''))
}

function isAsked(rule: PolicyRule, asked: WantedRule): boolean {
  const isSame = (a: RulePrefix | undefined, b: RulePrefix | undefined): boolean => b === undefined
    || (a?.addr === b.addr && a.prefixLength === b.prefixLength)
  return (asked.priority === undefined || rule.priority === asked.priority)
    && (asked.table === undefined || rule.table === asked.table) && (asked.isInverted !== true || rule.isInverted === true)
    && (asked.mark === undefined || rule.mark?.value === asked.mark.value)
    && (asked.inDevice === undefined || rule.inDevice === asked.inDevice)
    && (asked.outDevice === undefined || rule.outDevice === asked.outDevice)
    && isSame(rule.from, asked.from) && isSame(rule.to, asked.to)
}

function ruleText(host: Host, rule: PolicyRule): string {
  const { from, to, mark, inDevice, outDevice, suppressPrefixLength } = rule
  const hex = (number: number): string => number === 0 ? '0' : `0x${number.toString(16)}`
  const detached = (name: string): string => findDeviceConfig(host.net, name) === undefined ? ' [detached]' : ''
  const parts = [
    `from ${from === undefined ? 'all' : prefixText(from)}`, to === undefined ? '' : `to ${prefixText(to)}`,
    mark === undefined ? '' : `fwmark ${hex(mark.value)}${mark.mask === MARK_MASK_ALL ? '' : `/${hex(mark.mask)}`}`,
    inDevice === undefined ? '' : `iif ${inDevice}${detached(inDevice)}`,
    outDevice === undefined ? '' : `oif ${outDevice}${detached(outDevice)}`,
    rule.table === 0 ? '' : `lookup ${tableText(host, rule.table)}`,
    suppressPrefixLength === undefined ? '' : `suppress_prefixlength ${suppressPrefixLength}`,
    rule.action === 'table' ? '' : rule.action,
  ]
  return `${rule.priority}:\t${rule.isInverted === true ? 'not ' : ''}${parts.filter((part) => part !== '').join(' ')}`
}

function prefixText({ addr, prefixLength }: RulePrefix): string {
  return formatIp(addr) + (prefixLength === 32 ? '' : `/${prefixLength}`)
}
