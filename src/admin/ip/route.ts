/**
 * `ip route`: show, get, add, append, change, replace, del, flush, for the main table, and show for the local one.
 * Other tables, several next hops, and metrics of routes other than their preference are not modelled.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { addRoute, removeRoute, type NewRoute } from '../../host/config/routes.ts'
import { findDeviceConfig, type RouteConfig, type RouteType } from '../../host/config/net-config.ts'
import { formatIp, networkOf, parseIpv4 } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { answered, answeredInWords, expected, incomplete, isShortFor, noDevice, parsePrefix, Words } from './words.ts'

/** Words of a route that a value follows. */
const VALUED: ReadonlySet<string> = new Set([
  'to', 'via', 'dev', 'oif', 'src', 'metric', 'preference', 'priority', 'scope', 'proto', 'protocol', 'table', 'mtu', 'advmss',
  'window', 'rtt', 'nexthop', 'tos', 'realm', 'weight', 'initcwnd',
])
const TYPES: ReadonlySet<string> = new Set(['unicast', 'blackhole', 'unreachable', 'prohibit'])

/** Runs what follows `ip route`. */
export function ipRoute(host: Host, argv: readonly string[]): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'show'
  if (isShortFor(verb, 'add') || isShortFor(verb, 'append', 2)) return add(host, words, 'add')
  if (isShortFor(verb, 'change', 2) || verb === 'chg' || isShortFor(verb, 'replace')) return add(host, words, 'replace')
  if (isShortFor(verb, 'delete')) return remove(host, words)
  if (isShortFor(verb, 'get')) return get(host, words)
  if (isShortFor(verb, 'flush')) return flush(host, words)
  if (isShortFor(verb, 'show') || isShortFor(verb, 'list') || verb === 'lst') return show(host, words)
  if (/^(save|restore|help|showdump)$/.test(verb)) return unsupported(verb, `ip route: "${verb}" is not modelled`)
  return refused(`Command "${verb}" is unknown, try "ip route help".\n`, 255)
}

/** A route, in the words that `ip route` shows it with; a blank at the end. */
export function routeText(route: RouteConfig): string {
  const type = route.type === 'unicast' ? '' : `${route.type} `
  const network = route.prefixLength === 0
    ? 'default'
    : formatIp(route.network) + (route.prefixLength === 32 ? '' : `/${route.prefixLength}`)
  return [
    type + network, route.gateway === undefined ? '' : `via ${formatIp(route.gateway)}`,
    route.device === '' ? '' : `dev ${route.device}`,
    route.origin === 'boot' ? '' : `proto ${route.origin}`, route.scope === 'global' ? '' : `scope ${route.scope}`,
    route.preferredSource === undefined ? '' : `src ${formatIp(route.preferredSource)}`,
    route.metric === 0 ? '' : `metric ${route.metric}`,
    route.onLink ? 'onlink' : '',
  ].filter((part) => part !== '').join(' ') + ' '
}

/** The main table in the order in which the kernel lists it: by network, the longest prefix first, then by metric. */
export function listedRoutes(host: Host): RouteConfig[] {
  return [...host.net.routes].sort((a, b) => a.network - b.network || b.prefixLength - a.prefixLength || a.metric - b.metric)
}

type RouteWords = { -readonly [K in keyof NewRoute]?: NewRoute[K] } & { table?: string }

/** Reads the words of a route; a ToolResult is what iproute2 says against them. */
function readRoute(words: Words): RouteWords | ToolResult {
  const read: RouteWords = {}
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (TYPES.has(word)) {
      read.type = word as RouteType
      continue
    }
    if (word === 'onlink') {
      read.onLink = true
      continue
    }
    const isValued = VALUED.has(word)
    const value = isValued ? words.take() : word
    if (value === undefined) return incomplete()
    const problem = readRouteValue(read, isValued ? word : 'to', value)
    if (problem !== undefined) return problem
  }
  return read
}

function readRouteValue(read: RouteWords, word: string, value: string): ToolResult | undefined {
  switch (word) {
    case 'to': {
      if (value.includes(':')) return unsupported(value, 'ip route: IPv6 is not modelled')
      const prefix = parsePrefix(value)
      if (prefix === undefined) return expected('any valid prefix', value)
      if (read.network !== undefined) return refused(`Error: either "to" is duplicate, or "${value}" is a garbage.\n`, 255)
      read.network = prefix.addr
      read.prefixLength = prefix.prefixLength
      return undefined
    }
    case 'via': case 'src': {
      const addr = parseIpv4(value)
      if (addr === undefined) return expected('any valid address', value)
      if (word === 'via') read.gateway = addr
      else read.preferredSource = addr
      return undefined
    }
    case 'dev': case 'oif':
      read.device = value
      return undefined
    case 'metric': case 'preference': case 'priority':
      if (!/^\d+$/.test(value)) return refused(`Error: argument "${value}" is wrong: "metric" value is invalid\n\n`, 255)
      read.metric = Number(value)
      return undefined
    case 'scope':
      if (value !== 'link' && value !== 'host' && value !== 'global') {
        return refused(`Error: argument "${value}" is wrong: invalid "scope" value\n\n`, 255)
      }
      read.scope = value
      return undefined
    case 'proto': case 'protocol':
      if (value !== 'static' && value !== 'kernel' && value !== 'boot') {
        return unsupported(value, `ip route: protocol "${value}" is not modelled`)
      }
      read.origin = value
      return undefined
    case 'table':
      read.table = value
      return undefined
    default: return unsupported(word, `ip route: "${word}" is not modelled`)
  }
}

function add(host: Host, words: Words, verb: 'add' | 'replace'): ToolResult {
  const read = readRoute(words)
  if ('exitCode' in read) return read
  const { table, network, prefixLength, ...rest } = read
  const refusal = refusalOf(host, table, rest.device)
  if (refusal !== undefined) return refusal
  if (network === undefined || prefixLength === undefined) return incomplete()
  const added = addRoute(host.net, { ...rest, network, prefixLength }, { replace: verb === 'replace' })
  if (added.ok) {
    host.reconfigure(added.value)
    return printed('')
  }
  switch (added.error) {
    case 'ENETUNREACH': return answeredInWords('Nexthop has invalid gateway')
    case 'ENETDOWN': return answeredInWords('Device for nexthop is not up')
    case 'EINVAL':
      return answeredInWords(
        rest.preferredSource === undefined ? 'Invalid prefix for given prefix length' : 'Invalid prefsrc address',
      )
    default: return answered(added.error)
  }
}

/** Why neither adding nor removing can go on: another table than the main one, or a device that is not there. */
function refusalOf(host: Host, table: string | undefined, device: string | undefined): ToolResult | undefined {
  if (table !== undefined && table !== 'main' && table !== '254') {
    return unsupported(table, `ip route: table ${table} is not modelled`)
  }
  return device !== undefined && findDeviceConfig(host.net, device) === undefined ? noDevice(device) : undefined
}

function remove(host: Host, words: Words): ToolResult {
  const read = readRoute(words)
  if ('exitCode' in read) return read
  const { table, network, prefixLength, ...rest } = read
  const refusal = refusalOf(host, table, rest.device)
  if (refusal !== undefined) return refusal
  if (network === undefined || prefixLength === undefined) return incomplete()
  const removed = removeRoute(host.net, { ...rest, network, prefixLength })
  if (!removed.ok) return answered(removed.error)
  host.reconfigure(removed.value)
  return printed('')
}

function flush(host: Host, words: Words): ToolResult {
  if (words.isEmpty) return refused('"ip route flush" requires arguments.\n', 255)
  if (words.peek() === 'cache') {
    // What ICMP has taught: path MTUs and redirects.
    host.paths.flush()
    host.routing.forgetRedirects()
    return printed('')
  }
  const read = readRoute(words)
  if ('exitCode' in read) return read
  const { table, device, network, prefixLength } = read
  if (table !== undefined && table !== 'main') return unsupported(table, `ip route: table ${table} is not modelled`)
  for (const route of host.net.routes) {
    if (device !== undefined && route.device !== device) continue
    if (network !== undefined && (route.network !== network || route.prefixLength !== prefixLength)) continue
    const removed = removeRoute(host.net, route)
    if (removed.ok) host.reconfigure(removed.value)
  }
  return printed('')
}

function show(host: Host, words: Words): ToolResult {
  const isRoot = words.takeIf('root') || words.takeIf('match')
  if (isRoot) return unsupported('root', 'ip route: "root" and "match" are not modelled')
  words.takeIf('exact')
  const read = readRoute(words)
  if ('exitCode' in read) return read
  const { table, device, network, prefixLength } = read
  if (table === 'local' || table === '255') return printed(localTable(host))
  if (table !== undefined && table !== 'main' && table !== '254') {
    return unsupported(table, `ip route: table ${table} is not modelled`)
  }
  if (device !== undefined && findDeviceConfig(host.net, device) === undefined) return noDevice(device)
  const shown = listedRoutes(host).filter((route) => (device === undefined || route.device === device)
    && (network === undefined || (route.network === network && route.prefixLength === prefixLength))
    && (read.gateway === undefined || route.gateway === read.gateway)
    && (read.origin === undefined || route.origin === read.origin))
  // A device that was asked for is not named again.
  const text = shown.map((route) => (device === undefined ? routeText(route) : routeText(route).replace(` dev ${device} `, ' ')))
  return printed(text.map((line) => `${line}\n`).join(''))
}

/** The local table: own addresses and broadcast addresses. */
function localTable(host: Host): string {
  const rows: { readonly key: number, readonly text: string }[] = []
  for (const device of host.net.devices) {
    for (const address of device.addresses) {
      if (!address.inLocalTable) continue
      const src = formatIp(address.addr)
      if (device.kind === 'loopback' && address.prefixLength < 32) {
        const network = networkOf(address.addr, address.prefixLength)
        const text = `local ${formatIp(network)}/${address.prefixLength} dev lo proto kernel scope host src ${src} `
        rows.push({ key: network, text })
      }
      rows.push({ key: address.addr, text: `local ${src} dev ${device.name} proto kernel scope host src ${src} ` })
      if (address.broadcast !== undefined && device.isUp) {
        const text = `broadcast ${formatIp(address.broadcast)} dev ${device.name} proto kernel scope link src ${src} `
        rows.push({ key: address.broadcast, text })
      }
    }
  }
  return rows.sort((a, b) => a.key - b.key).map((row) => `${row.text}\n`).join('')
}

function get(host: Host, words: Words): ToolResult {
  words.takeIf('to')
  const text = words.take()
  if (text === undefined) return refused('need at least a destination address\n', 1)
  const dst = parseIpv4(text.split('/')[0] ?? '')
  if (dst === undefined) return expected('any valid prefix', text)
  const rest = words.take()
  if (rest !== undefined) return unsupported(rest, `ip route get: "${rest}" is not modelled`)
  const route = host.findOutputRoute(dst)
  if (route === undefined) return answered('ENETUNREACH')
  if (route.type === 'blackhole') return answered('EINVAL')
  if (route.type === 'prohibit') return answered('EACCES')
  if (route.type === 'unreachable') return answered('EHOSTUNREACH')
  const type = route.type === 'unicast' ? '' : `${route.type} `
  const via = route.gateway === undefined ? '' : `via ${formatIp(route.gateway)} `
  const flags = route.type === 'local' ? '<local> ' : route.type === 'broadcast' ? '<local,brd> ' : ''
  const mtuBytes = host.pathMtuBytes(dst)
  const mtu = route.type === 'unicast' && mtuBytes < route.device.config.mtuBytes ? `mtu ${mtuBytes} ` : ''
  const first = `${type}${formatIp(dst)} ${via}dev ${route.device.name} src ${formatIp(route.source)} uid 0 `
  return printed(`${first}\n    cache ${flags}${mtu}\n`)
}
