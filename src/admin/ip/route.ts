/**
 * `ip route`: show, add, append, prepend, change, replace, del, flush, of any table. The routes of the local table that
 * come with addresses cannot be removed.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { findDeviceConfig, type RouteConfig } from '../../host/config/net-config.ts'
import { addRouteOrExplain, isWanted, localRoutes, removeRoute, type AddMode } from '../../host/config/routes.ts'
import { TABLE_LOCAL, TABLE_MAIN } from '../../host/config/rules.ts'
import { inPrefix } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { getRoute } from './route-get.ts'
import { listedRoutes, listedTables, routeText, type HiddenPart } from './route-text.ts'
import { ROUTE_USAGE } from './route-usage.ts'
import { originNamed, readAddress, readRoute, ROUTE_TYPES, scopeNamed } from './route-words.ts'
import { tableNumber } from './tables.ts'
import {
  answered, answeredInWords, expected, incomplete, isShortFor, noDevice, parseNumber, parsePrefix, Words, wrong, type Prefix,
} from './words.ts'

/** Runs what follows `ip route`. */
export function ipRoute(host: Host, argv: readonly string[]): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'show'
  if (isShortFor(verb, 'list') || isShortFor(verb, 'show') || verb === 'lst') return show(host, words)
  if (isShortFor(verb, 'get')) return getRoute(host, words)
  if (isShortFor(verb, 'add')) return add(host, words, 'add')
  if (isShortFor(verb, 'change') || verb === 'chg') return add(host, words, 'change')
  if (isShortFor(verb, 'replace')) return add(host, words, 'replace')
  if (isShortFor(verb, 'prepend')) return add(host, words, 'prepend')
  if (isShortFor(verb, 'append')) return add(host, words, 'append')
  if (verb === 'test') return unsupported(verb, 'ip route: "test" is not modelled')
  if (isShortFor(verb, 'delete')) return remove(host, words)
  if (isShortFor(verb, 'flush')) return flush(host, words)
  if (/^(save|restore|showdump)$/.test(verb)) return unsupported(verb, `ip route: "${verb}" is not modelled`)
  if (isShortFor(verb, 'help')) return refused(ROUTE_USAGE, 255)
  return refused(`Command "${verb}" is unknown, try "ip route help".\n`, 255)
}

function add(host: Host, words: Words, mode: AddMode): ToolResult {
  const read = readRoute(host, words)
  if ('exitCode' in read) return read
  const { network, prefixLength, ...rest } = read
  if (network === undefined || prefixLength === undefined) return refused(ROUTE_USAGE, 255)
  if (rest.device !== undefined && findDeviceConfig(host.net, rest.device) === undefined) return noDevice(rest.device)
  const added = addRouteOrExplain(host.net, { ...rest, network, prefixLength }, mode)
  if (!added.ok) {
    const { errno, words: explanation } = added.error
    return explanation === undefined ? answered(errno) : answeredInWords(explanation)
  }
  host.reconfigure(added.value)
  return printed('')
}

function remove(host: Host, words: Words): ToolResult {
  const read = readRoute(host, words)
  if ('exitCode' in read) return read
  const { network, prefixLength, ...rest } = read
  if (network === undefined || prefixLength === undefined) return refused(ROUTE_USAGE, 255)
  if (rest.device !== undefined && findDeviceConfig(host.net, rest.device) === undefined) return noDevice(rest.device)
  const wanted = { ...rest, network, prefixLength }
  const removed = removeRoute(host.net, wanted)
  if (!removed.ok && localRoutes(host.net).some((route) => isWanted(route, wanted))) {
    return unsupported('route', 'ip route: removing what an address has brought to the local table is not modelled')
  }
  if (!removed.ok) return answered(removed.error)
  host.reconfigure(removed.value)
  return printed('')
}

/** What `show` and `flush` look for. */
interface Filter {
  /** Undefined for all of them. */
  table: number | undefined
  isCache: boolean
  hidden: Set<HiddenPart>
  conditions: ((route: RouteConfig) => boolean)[]
}

function readFilter(host: Host, words: Words): Filter | ToolResult {
  const filter: Filter = { table: TABLE_MAIN, isCache: false, hidden: new Set(), conditions: [] }
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (isShortFor(word, 'cached') || isShortFor(word, 'cloned')) filter.isCache = true
    else if (/^(tos|iif|mark|vrf|nhid)$/.test(word) || isShortFor(word, 'dsfield') || isShortFor(word, 'from')
      || isShortFor(word, 'realms')) return unsupported(word, `ip route: filter "${word}" is not modelled`)
    else {
      const problem = readCondition(host, filter, word, words)
      if (problem !== undefined) return problem
    }
  }
  return filter
}

function readCondition(host: Host, filter: Filter, word: string, words: Words): ToolResult | undefined {
  const { hidden, conditions } = filter
  const isKnown = isShortFor(word, 'table') || isShortFor(word, 'protocol') || isShortFor(word, 'type')
    || isShortFor(word, 'metric') || /^(scope|dev|oif|via|src)$/.test(word)
  if (!isKnown) return readPrefixes(filter, word, words)
  const value = words.take()
  if (value === undefined) return incomplete()
  if (isShortFor(word, 'table')) return readTable(host, filter, value)
  if (isShortFor(word, 'protocol') || word === 'scope') {
    const part = word === 'scope' ? 'scope' : 'proto'
    hidden.add(part)
    if (value === 'all') hidden.delete(part)
    const scope = scopeNamed(value)
    const origin = originNamed(value)
    if (value !== 'all' && (part === 'scope' ? scope : origin) === undefined) {
      return wrong(value, `invalid "${part === 'scope' ? 'scope' : 'protocol'}"\n`)
    }
    if (value !== 'all') conditions.push((route) => (part === 'scope' ? route.scope === scope : route.origin === origin))
  } else if (isShortFor(word, 'type')) {
    if (!ROUTE_TYPES.has(value)) return wrong(value, 'node type value is invalid\n')
    conditions.push((route) => route.type === value)
  } else if (isShortFor(word, 'metric')) {
    const metric = parseNumber(value)
    if (metric === undefined) return wrong(value, '"metric" value is invalid\n')
    hidden.add('metric')
    conditions.push((route) => route.metric === metric)
  } else if (word === 'via' || word === 'src') {
    const addr = readAddress(value, false)
    if (typeof addr === 'object') return addr
    hidden.add(word)
    conditions.push((route) => (word === 'via' ? route.gateway : route.preferredSource) === addr)
  } else {
    if (findDeviceConfig(host.net, value) === undefined) return noDevice(value)
    hidden.add('dev')
    conditions.push((route) => route.device === value)
  }
  return undefined
}

function readTable(host: Host, filter: Filter, value: string): ToolResult | undefined {
  const table = tableNumber(host, value)
  if (value === 'cache') filter.isCache = true
  else if (value === 'help') return refused(ROUTE_USAGE, 255)
  else if (table === undefined && value !== 'all') return wrong(value, 'table id value is invalid\n')
  else filter.table = table === 0 ? undefined : table
  return undefined
}

/** `to PREFIX` and `exact PREFIX`: just that network; `root`: those inside; `match`: those around. */
function readPrefixes({ conditions }: Filter, first: string, words: Words): ToolResult | undefined {
  let word: string | undefined = isShortFor(first, 'to') ? words.take() : first
  const how = ['root', 'match', 'exact'].find((full) => word !== undefined && isShortFor(word, full)) ?? 'exact'
  if (word !== undefined && isShortFor(word, how)) word = words.take()
  if (word === undefined) return incomplete()
  if (isShortFor(word, 'help')) return refused(ROUTE_USAGE, 255)
  const prefix = parsePrefix(word)
  if (prefix === undefined) return expected('any valid prefix', word)
  if (how !== 'match') conditions.push((route) => isInside(route, prefix))
  if (how !== 'root') conditions.push((route) => isAround(route, prefix))
  return undefined
}

function isInside(route: RouteConfig, { addr, prefixLength }: Prefix): boolean {
  return route.prefixLength >= prefixLength && inPrefix(route.network, addr, prefixLength)
}

function isAround(route: RouteConfig, { addr, prefixLength }: Prefix): boolean {
  return route.prefixLength <= prefixLength && inPrefix(addr, route.network, route.prefixLength)
}

/** True for a table that was ever used (fib_get_table). */
function exists(host: Host, table: number): boolean {
  return table === TABLE_MAIN || table === TABLE_LOCAL || host.net.policy.tables.includes(table)
}

function flush(host: Host, words: Words): ToolResult {
  if (words.isEmpty) return refused('"ip route flush" requires arguments.\n', 1)
  const filter = readFilter(host, words)
  if ('exitCode' in filter) return filter
  const { table, conditions } = filter
  if (filter.isCache) {
    // What ICMP has taught: path MTUs and redirects.
    host.paths.flush(4)
    host.routing.forgetRedirects()
    return printed('')
  }
  if (table !== undefined && !exists(host, table)) return missingTable('Flush')
  if (table === undefined || table === TABLE_LOCAL) {
    return unsupported(table === undefined ? 'all' : 'local', 'ip route: flushing the local table is not modelled')
  }
  for (const route of host.net.routes) {
    if (route.table !== table || !conditions.every((holds) => holds(route))) continue
    const removed = removeRoute(host.net, route)
    if (removed.ok) host.reconfigure(removed.value)
  }
  return printed('')
}

function show(host: Host, words: Words): ToolResult {
  const filter = readFilter(host, words)
  if ('exitCode' in filter) return filter
  const { table, conditions, hidden } = filter
  // There is no route cache to list since Linux 3.6.
  if (filter.isCache) return printed('')
  if (table !== undefined && !exists(host, table)) return missingTable('Dump')
  const routes = (table === undefined ? listedTables(host.net) : [table]).flatMap((one) => listedRoutes(host, one))
  const shown = routes.filter((route) => conditions.every((holds) => holds(route)))
  return printed(shown.map((route) => `${routeText(host, route, hidden, table === undefined)}\n`).join(''))
}

function missingTable(what: 'Dump' | 'Flush'): ToolResult {
  return refused(`Error: ipv4: FIB table does not exist.\n${what} terminated\n`, 2)
}
