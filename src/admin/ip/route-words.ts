/**
 * The words of a route, as `ip route add` and its kin read them. Of the metrics of a route only its MTU and MSS are modelled, and
 * neither may be locked; nor are several next hops, TOS, encapsulations, realms, and protocols other than kernel, boot, static.
 * @module
 */
import type { RouteOrigin, RouteType, Scope } from '../../host/config/net-config.ts'
import type { NewRoute } from '../../host/config/routes.ts'
import type { Host } from '../../host/host.ts'
import { parseIpv4, type IpAddr } from '../../wire/address.ts'
import { refused, unsupported, type ToolResult } from '../tool.ts'
import { tableNumber } from './tables.ts'
import { expected, incomplete, isShortFor, parseNumber, parsePrefix, wrong, type Words } from './words.ts'

/** Types by their names. */
export const ROUTE_TYPES: ReadonlySet<string> = new Set<RouteType>([
  'unicast', 'local', 'broadcast', 'blackhole', 'unreachable', 'prohibit', 'throw',
])
const OTHER_TYPES: ReadonlySet<string> = new Set(['nat', 'anycast', 'multicast', 'xresolve'])
const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ['global', 'global'], ['0', 'global'], ['link', 'link'], ['253', 'link'], ['host', 'host'], ['254', 'host'],
])
const ORIGINS: ReadonlyMap<string, RouteOrigin> = new Map([
  ['kernel', 'kernel'], ['2', 'kernel'], ['boot', 'boot'], ['3', 'boot'], ['static', 'static'], ['4', 'static'],
])

/** Numbers, and names of scopes and protocols that iproute2 knows beside these. */
const OTHER_NAMES = new RegExp(
  '^(\\d+|site|nowhere|redirect|mrt|zebra|bird|babel|dhcp|bgp|isis|ospf|rip|eigrp|ra|ntk|xorp|dnrouted|keepalived|openr)$',
)

/** The words in iproute2's order, which decides what a short form means; a dot marks those that may not be cut short. */
const WORDS: readonly string[] = [
  'src.', 'as.', 'via.', 'from.', 'tos.', 'dsfield', 'expires.', 'metric', 'priority', 'preference.', 'scope.',
  'mtu.', 'hoplimit.', 'advmss.', 'reordering', 'rtt.', 'rto_min.', 'window', 'cwnd', 'initcwnd', 'initrwnd',
  'features', 'quickack', 'congctl', 'rttvar', 'ssthresh', 'realms', 'onlink.', 'nexthop.', 'nhid.', 'protocol', 'table', 'dev.',
  'oif.', 'pref', 'encap.',
  'ttl-propagate.', 'fastopen_no_cookie.',
]

/** What was read. */
export type RouteWords = { -readonly [K in keyof NewRoute]?: NewRoute[K] }

/** The scope or the protocol that a word names. */
export function scopeNamed(word: string): Scope | undefined {
  return SCOPES.get(word)
}

/** See `scopeNamed`. */
export function originNamed(word: string): RouteOrigin | undefined {
  return ORIGINS.get(word)
}

/** Reads the words of a route; a ToolResult is what iproute2 says against them. */
export function readRoute(host: Host, words: Words): RouteWords | ToolResult {
  const read: RouteWords = {}
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    const found = WORDS.find((known) => (known.endsWith('.') ? known === `${word}.` : isShortFor(word, known)))
    const problem = found === undefined ? readDestination(read, word, words)
      : readWord(host, read, { full: found.replace('.', ''), typed: word }, words)
    if (problem !== undefined) return problem
  }
  return read
}

/** Reads an address; until it is known that all is IPv4, iproute2 would take any family. */
export function readAddress(text: string, isFamilyKnown: boolean): IpAddr | ToolResult {
  const addr = parseIpv4(text)
  if (addr !== undefined) return addr
  if (text.includes(':') && !isFamilyKnown) return unsupported(text, 'ip route: IPv6 addresses are not modelled here')
  return expected(isFamilyKnown ? 'inet address' : 'any valid address', text)
}

function readDestination(read: RouteWords, first: string, words: Words): ToolResult | undefined {
  let word: string | undefined = first === 'to' ? words.take() : first
  if (word !== undefined && OTHER_TYPES.has(word)) return unsupported(word, `ip route: type ${word} is not modelled`)
  if (word !== undefined && (ROUTE_TYPES.has(word) || word === 'brd')) {
    read.type = word === 'brd' ? 'broadcast' : word as RouteType
    word = words.take()
  }
  if (word === undefined) return incomplete()
  if (read.network !== undefined) return refused(`Error: either "to" is duplicate, or "${word}" is a garbage.\n`, 255)
  if (word.includes(':')) return unsupported(word, 'ip route: IPv6 addresses are not modelled here')
  const prefix = parsePrefix(word)
  if (prefix === undefined) return expected(isInet(read) ? 'inet prefix' : 'any valid prefix', word)
  read.network = prefix.addr
  read.prefixLength = prefix.prefixLength
  return undefined
}

function isInet(read: RouteWords): boolean {
  return read.gateway !== undefined || read.preferredSource !== undefined || (read.prefixLength ?? 0) > 0
}

function readWord(
  host: Host, read: RouteWords, { full: word, typed }: { full: string, typed: string }, words: Words,
): ToolResult | undefined {
  if (word === 'onlink') {
    read.onLink = true
    return undefined
  }
  if (word === 'nexthop') return unsupported(typed, 'ip route: several next hops are not modelled')
  const value = words.take()
  if (value === undefined) return incomplete()
  switch (word) {
    case 'via': case 'src': {
      if (word === 'via' && read.gateway !== undefined) return wrong(value, 'use nexthop syntax to specify multiple via\n')
      if (word === 'via' && value === 'inet6') return unsupported(value, 'ip route: IPv6 gateways are not modelled')
      const addr = readAddress(word === 'via' && value === 'inet' ? words.take() ?? '' : value, isInet(read))
      if (typeof addr === 'object') return addr
      read[word === 'via' ? 'gateway' : 'preferredSource'] = addr
      return undefined
    }
    case 'dev': case 'oif':
      read.device = value
      return undefined
    case 'metric': case 'priority': case 'preference': {
      const metric = parseNumber(value)
      if (metric === undefined) return wrong(value, '"metric" value is invalid\n')
      read.metric = metric
      return undefined
    }
    case 'scope': {
      const scope = scopeNamed(value)
      if (scope === undefined) return unknown(value, 'scope', 'invalid "scope" value\n')
      read.scope = scope
      return undefined
    }
    case 'protocol': {
      const origin = originNamed(value)
      if (origin === undefined) return unknown(value, 'protocol', '"protocol" value is invalid\n')
      read.origin = origin
      return undefined
    }
    case 'table':
      read.table = tableNumber(host, value)
      return read.table === undefined ? wrong(value, '"table" value is invalid\n') : undefined
    case 'mtu': case 'advmss': {
      if (value === 'lock') return unsupported(value, `ip route: a locked ${word} is not modelled`)
      const number = parseNumber(value)
      if (number === undefined) return wrong(value, `"${word === 'mtu' ? 'mtu' : 'mss'}" value is invalid\n`)
      read[word === 'mtu' ? 'mtuBytes' : 'advertisedMss'] = number
      return undefined
    }
    default: return unsupported(typed, `ip route: "${word}" is not modelled`)
  }
}

/** A name that Linux may know, and lvsim does not, or one that nobody does. */
function unknown(value: string, what: string, complaint: string): ToolResult {
  return OTHER_NAMES.test(value) ? unsupported(value, `ip route: ${what} "${value}" is not modelled`) : wrong(value, complaint)
}
