/**
 * `ip -6 route`: show, get, add, append, change, replace, del, flush, for the main table. Other tables, several next hops and
 * metrics of routes other than their preference are not modelled.
 * @module
 */
import type { Host } from '../../host/host.ts'
import {
  addIpv6Route, METRIC_OF_USER, removeIpv6Route, type Ipv6RouteConfig, type NewIpv6Route,
} from '../../host/config/ipv6-config.ts'
import { findDeviceConfig } from '../../host/config/net-config.ts'
import type { Errno } from '../../host/errno.ts'
import { formatIp, inPrefix, ipWords, isLinkLocal, isMulticast, networkOf, parseIpv6 } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { parseIpv6Prefix, type Ipv6Prefix } from './ipv6-words.ts'
import { answered, answeredInWords, expected, incomplete, isShortFor, noDevice, parseNumber, wrong, Words } from './words.ts'

const TYPES: ReadonlySet<string> = new Set(['unicast', 'blackhole', 'unreachable', 'prohibit'])
const OTHER_WORDS = /^(mtu|advmss|nexthop|table|tos|realms?|encap|expires|pref|hoplimit|initcwnd|window|nhid|from|scope|proto)$/

/** Runs what follows `ip -6 route`. */
export function ipv6Route(host: Host, argv: readonly string[]): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'show'
  if (isShortFor(verb, 'add')) return add(host, words, 'add')
  if (isShortFor(verb, 'append', 2)) return add(host, words, 'append')
  if (isShortFor(verb, 'change', 2) || verb === 'chg') return add(host, words, 'change')
  if (isShortFor(verb, 'replace')) return add(host, words, 'replace')
  if (isShortFor(verb, 'delete')) return remove(host, words)
  if (isShortFor(verb, 'get')) return get(host, words)
  if (isShortFor(verb, 'flush')) return flush(host, words)
  if (isShortFor(verb, 'show') || isShortFor(verb, 'list') || verb === 'lst') return show(host, words)
  if (/^(save|restore|help|showdump)$/.test(verb)) return unsupported(verb, `ip route: "${verb}" is not modelled`)
  return refused(`Command "${verb}" is unknown, try "ip route help".\n`, 255)
}

type RouteWords = { -readonly [K in keyof NewIpv6Route]?: NewIpv6Route[K] }

function readRoute(words: Words): RouteWords | ToolResult {
  const read: RouteWords = {}
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (TYPES.has(word)) read.type = word as Ipv6RouteConfig['type']
    else if (word === 'onlink') read.onLink = true
    else {
      const problem = readValue(read, word, words)
      if (problem !== undefined) return problem
    }
  }
  return read
}

function readValue(read: RouteWords, word: string, words: Words): ToolResult | undefined {
  const isValued = /^(to|via|dev|oif|src|metric|priority|preference|protocol|proto)$/.test(word)
  const value = isValued ? words.take() : word
  if (value === undefined) return incomplete()
  switch (word) {
    case 'via': case 'src': {
      const addr = parseIpv6(word === 'via' && value === 'inet6' ? words.take() ?? '' : value)
      if (addr === undefined) return expected('inet6 address', value)
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
    case 'proto': case 'protocol':
      if (value !== 'static' && value !== 'kernel' && value !== 'boot') {
        return unsupported(value, `ip route: protocol "${value}" is not modelled`)
      }
      read.origin = value
      return undefined
    default: {
      if (OTHER_WORDS.test(word)) return unsupported(word, `ip route: "${word}" is not modelled for IPv6`)
      if (read.network !== undefined) return refused(`Error: either "to" is duplicate, or "${value}" is a garbage.\n`, 255)
      const prefix = parseIpv6Prefix(value)
      if (prefix === undefined) return expected('inet6 prefix', value)
      // What stands behind the prefix does not count (ip6_route_info_create), other than in IPv4.
      read.network = networkOf(prefix.addr, prefix.prefixLength)
      read.prefixLength = prefix.prefixLength
      return undefined
    }
  }
}

function add(host: Host, words: Words, verb: 'add' | 'append' | 'change' | 'replace'): ToolResult {
  const read = readRoute(words)
  if ('exitCode' in read) return read
  const { network, prefixLength, device } = read
  if (device !== undefined && findDeviceConfig(host.net, device) === undefined) return noDevice(device)
  if (network === undefined || prefixLength === undefined) return incomplete()
  const twins = host.net.ipv6.routes.filter((route) => route.network === network && route.prefixLength === prefixLength)
  if (verb === 'change') {
    if (twins.length === 0) return answeredInWords('Can not replace route - no match found')
    if (!twins.some(({ metric }) => metric === (read.metric ?? METRIC_OF_USER))) return answered('ENOENT')
  }
  const added = addIpv6Route(host.net, { ...read, network, prefixLength }, { replace: verb === 'change' || verb === 'replace' })
  if (!added.ok) {
    if (verb !== 'append' || added.error !== 'EEXIST') return refusedRoute(host, read, added.error)
    return unsupported(verb, 'ip route: several next hops of one route are not modelled for IPv6')
  }
  host.reconfigure(added.value)
  return printed('')
}

/** What the kernel says of an errno, in words of its own where it has some (fib6_nh_init, ip6_validate_gw). */
function refusedRoute(host: Host, { gateway, device }: RouteWords, errno: Errno): ToolResult {
  if (errno === 'ENETDOWN') return answeredInWords('Nexthop device is not up')
  if (errno === 'EACCES') return answeredInWords('IPv6 is disabled on nexthop device')
  if (errno !== 'EINVAL') return answered(errno)
  if (gateway !== undefined && host.isLocalAddress(gateway)) return answeredInWords('Gateway can not be a local address')
  if (gateway !== undefined && isMulticast(gateway)) return answeredInWords('Invalid gateway address')
  if (gateway !== undefined && isLinkLocal(gateway) && device === undefined) return answeredInWords('Egress device not specified')
  return answeredInWords('Invalid source address')
}

function remove(host: Host, words: Words): ToolResult {
  const read = readRoute(words)
  if ('exitCode' in read) return read
  const { network, prefixLength, device } = read
  if (device !== undefined && findDeviceConfig(host.net, device) === undefined) return noDevice(device)
  if (network === undefined || prefixLength === undefined) return incomplete()
  const removed = removeIpv6Route(host.net, { ...read, network, prefixLength })
  if (!removed.ok) return answered(removed.error)
  host.reconfigure(removed.value)
  return printed('')
}

interface Filter {
  prefix?: Ipv6Prefix
  /** `to` and `exact`: just that network; `root`: those inside; `match`: those around. */
  how: 'root' | 'match' | 'exact'
  device?: string
}

function readFilter(words: Words): Filter | ToolResult {
  const filter: Filter = { how: 'exact' }
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    const isValued = /^(to|root|exact|match|dev|oif)$/.test(word)
    let value = isValued ? words.take() : word
    const how = word === 'to' ? value : word
    if (how === 'root' || how === 'match' || how === 'exact') {
      filter.how = how
      if (word === 'to') value = words.take()
    }
    if (value === undefined) return incomplete()
    if (word === 'dev' || word === 'oif') filter.device = value
    else if (OTHER_WORDS.test(word) || word === 'via' || word === 'cache') {
      const isMain = word === 'table' && words.takeIf('main')
      if (!isMain) return unsupported(word, `ip route: filter "${word}" is not modelled for IPv6`)
    } else {
      const prefix = parseIpv6Prefix(value)
      if (prefix === undefined) return expected('inet6 prefix', value)
      filter.prefix = prefix
    }
  }
  return filter
}

function fits({ device, network, prefixLength }: Ipv6RouteConfig, { prefix, how, device: wanted }: Filter): boolean {
  if (wanted !== undefined && device !== wanted) return false
  if (prefix === undefined) return true
  const isInside = prefixLength >= prefix.prefixLength && inPrefix(network, prefix.addr, prefix.prefixLength)
  const isAround = prefixLength <= prefix.prefixLength && inPrefix(prefix.addr, network, prefixLength)
  return (how === 'match' || isInside) && (how === 'root' || isAround)
}

function show(host: Host, words: Words): ToolResult {
  const filter = readFilter(words)
  if ('exitCode' in filter) return filter
  if (filter.device !== undefined && findDeviceConfig(host.net, filter.device) === undefined) return noDevice(filter.device)
  const lines = listedIpv6Routes(host).filter((route) => fits(route, filter))
  return printed(lines.map((route) => `${routeText(route, filter.device !== undefined)}pref medium\n`).join(''))
}

function flush(host: Host, words: Words): ToolResult {
  if (words.isEmpty) return refused('"ip route flush" requires arguments.\n', 1)
  if (words.takeIf('cache')) {
    host.paths.flush(6)
    return printed('')
  }
  const filter = readFilter(words)
  if ('exitCode' in filter) return filter
  host.reconfigure({
    ...host.net, ipv6: { ...host.net.ipv6, routes: host.net.ipv6.routes.filter((route) => !fits(route, filter)) },
  })
  return printed('')
}

function get(host: Host, words: Words): ToolResult {
  const text = words.takeIf('to') ? words.take() : words.take()
  if (text === undefined) return refused('need at least a destination address\n', 1)
  const dst = parseIpv6(text)
  if (dst === undefined) return expected('inet6 prefix', text)
  let device
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    const value = words.take()
    if (word !== 'oif' && word !== 'dev') return unsupported(word, `ip route get: "${word}" is not modelled for IPv6`)
    if (value === undefined) return incomplete()
    device = host.findDevice(value)
    if (device === undefined) return noDevice(value)
  }
  const route = host.ipv6.routing.lookup(dst, device)
  if (route.type === 'unicast' && device !== undefined && device !== route.device) {
    return unsupported('oif', 'ip route get: "oif" is modelled for IPv6 only where it is the way')
  }
  switch (route.type) {
    case 'none': case 'unreachable': return answered(route.type === 'none' ? 'ENETUNREACH' : 'EHOSTUNREACH')
    case 'blackhole': return answered('EINVAL')
    case 'prohibit': return answered('EACCES')
    default:
  }
  const gateway = route.gateway === undefined ? '' : ` via ${formatIp(route.gateway)}`
  const via = host.net.ipv6.routes.find((config) => config === route.via)
  const kind = isMulticast(dst) ? 'multicast ' : route.type === 'local' ? 'local ' : ''
  const by = via === undefined ? 'kernel' : via.origin
  const origin = `${kind === '' ? '' : ' table local'}${by === 'boot' ? '' : ` proto ${by}`}`
  const metric = route.type === 'local' ? 0 : via?.metric ?? 256
  return printed(`${kind}${formatIp(dst)} from ::${gateway} dev ${route.device.name}${origin} src ${formatIp(route.source)} `
    + `metric ${metric} pref medium\n`)
}

/** The main table in the order in which the kernel's tree gives it: by network, the narrower first where one holds another. */
function listedIpv6Routes({ net }: Host): Ipv6RouteConfig[] {
  return [...net.ipv6.routes].sort((a, b) => {
    const shorter = Math.min(a.prefixLength, b.prefixLength)
    if (inPrefix(a.network, b.network, shorter)) return b.prefixLength - a.prefixLength || a.metric - b.metric
    const [left, right] = [ipWords(a.network), ipWords(b.network)]
    const index = left.findIndex((word, at) => word !== right[at])
    return (left[index] ?? 0) - (right[index] ?? 0)
  })
}

function routeText(route: Ipv6RouteConfig, hidesDevice: boolean): string {
  const network = route.prefixLength === 0 ? 'default'
    : formatIp(route.network) + (route.prefixLength === 128 ? '' : `/${route.prefixLength}`)
  return [
    route.type === 'unicast' ? network : `${route.type} ${network}`,
    route.gateway === undefined ? '' : `via ${formatIp(route.gateway)}`, hidesDevice ? '' : `dev ${route.device}`,
    route.origin === 'boot' ? '' : `proto ${route.origin}`,
    route.preferredSource === undefined ? '' : `src ${formatIp(route.preferredSource)}`, `metric ${route.metric}`,
    route.onLink ? 'onlink' : '',
  ].filter((part) => part !== '').join(' ') + ' '
}
