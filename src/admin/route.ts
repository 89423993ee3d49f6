/**
 * route(8) of net-tools 2.10: show (-n, -e), add, del; -net, -host, default, netmask, gw, metric, dev, reject;
 * for IPv6 (-6, -A inet6) see `route6.ts`.
 * Of the metrics of a route, window and round-trip time are not modelled.
 * @module
 */
import { addRoute, removeRoute, type NewRoute } from '../host/config/routes.ts'
import { findDeviceConfig } from '../host/config/net-config.ts'
import { errnoText, type Errno } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import { formatIp, networkOf, parseIpv4, prefixMask, type IpAddr } from '../wire/address.ts'
import { listedRoutes } from './ip/route-text.ts'
import { MSS_OVERHEAD_BYTES, routeMss } from './proc-net.ts'
import { maskLength } from './ip/words.ts'
import { resolve } from './names.ts'
import { route6 } from './route6.ts'
import { printed, refused, unsupported, type Tool, type ToolResult } from './tool.ts'

/** Exit code when an ioctl failed (E_SOCK). */
const FAILED = 7

/** The tool. */
export const route: Tool = ({ host, argv }) => {
  let numeric = false
  const words: string[] = []
  let isIpv6 = false
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (words.length > 0 || !word.startsWith('-')) words.push(word)
    else if (word === '-6' || word === '--inet6') isIpv6 = true
    else if (word === '-A' && /^inet6?$/.test(argv[index + 1] ?? '')) isIpv6 = argv[++index] === 'inet6'
    else if (word === '-n') numeric = true
    else if (word !== '-e' && word !== '-v' && word !== '-4' && word !== '-F') {
      return unsupported(word, `route: option ${word} is not modelled`)
    }
  }
  if (isIpv6) return route6(host, words, USAGE)
  const [verb, ...rest] = words
  if (verb === undefined) return printed(routeTable(host, numeric))
  if (verb === 'add') return change(host, rest, 'add')
  if (verb === 'del' || verb === 'delete') return change(host, rest, 'del')
  if (verb === 'flush') return unsupported(verb, 'route: "flush" is not modelled')
  return refused(USAGE, 4)
}

/** The table that `route -n` and `netstat -rn` print. */
export function routeTable(host: Host, isNumeric: boolean, isNetstat = false): string {
  const metricHead = isNetstat ? '  MSS Window  irtt' : 'Metric Ref    Use'
  const lines = listedRoutes(host).map((entry) => {
    const network = !isNumeric && entry.prefixLength === 0 ? 'default' : formatIp(entry.network)
    const isReject = entry.type !== 'unicast'
    const gateway = isReject ? '-' : formatIp(entry.gateway ?? 0 as IpAddr)
    const flags = isReject
      ? `!${entry.prefixLength === 32 ? 'H' : ''}`
      : `U${entry.gateway === undefined ? '' : 'G'}${entry.prefixLength === 32 ? 'H' : ''}`
    const numbers = isNetstat
      ? `${String(routeMss(entry)).padStart(5)} ${'0'.padEnd(6)} ${'0'.padStart(5)}`
      : `${String(entry.metric).padEnd(6)} ${(isReject ? '-' : '0').padEnd(2)} ${'0'.padStart(7)}`
    const mask = formatIp(prefixMask(entry.prefixLength) as IpAddr)
    const addresses = [network, gateway, mask].map((text) => text.padEnd(15)).join(' ')
    return `${addresses} ${flags.padEnd(5)} ${numbers} ${entry.device === '' ? '-' : entry.device}\n`
  })
  return `Kernel IP routing table\nDestination     Gateway         Genmask         Flags ${metricHead} Iface\n${lines.join('')}`
}

interface RouteWords {
  network: IpAddr
  prefixLength: number | undefined
  gateway?: IpAddr
  device?: string
  metric?: number
  isReject?: boolean
  mtuBytes?: number
}

function change(host: Host, words: readonly string[], verb: 'add' | 'del'): ToolResult {
  const read = readRoute(host, [...words])
  if ('exitCode' in read) return read
  const call = verb === 'add' ? 'SIOCADDRT' : 'SIOCDELRT'
  const failed = (errno: Errno): ToolResult => refused(`${call}: ${errnoText(errno)}\n`, FAILED)
  const prefixLength = read.prefixLength ?? 32
  if (networkOf(read.network, prefixLength) !== read.network) {
    return refused(`route: netmask doesn't match route address\n${USAGE}`, 4)
  }
  if (verb === 'add' && read.gateway === undefined && read.device === undefined && read.isReject !== true) return failed('ENODEV')
  const device = read.device === undefined ? undefined : deviceOf(host, read.device)
  if (read.device !== undefined && device === undefined) return failed('ENODEV')
  const wanted: NewRoute = {
    network: read.network, prefixLength, gateway: read.gateway, device: device?.name,
    type: read.isReject === true ? 'unreachable' : 'unicast',
    ...(verb === 'add' ? { preferredSource: device?.source } : {}), ...(read.metric === undefined ? {} : { metric: read.metric }),
    // The kernel keeps what is left without headers (rtentry_to_fib_config).
    ...(read.mtuBytes === undefined ? {} : { advertisedMss: read.mtuBytes - MSS_OVERHEAD_BYTES }),
  }
  const changed = verb === 'add' ? addRoute(host.net, wanted) : removeRoute(host.net, wanted)
  if (!changed.ok) return failed(changed.error)
  host.reconfigure(changed.value)
  return printed('')
}

/**
 * A device by name; an alias such as `lo:0` stands for its device and makes its address the preferred source
 * (fib_frontend.c).
 */
function deviceOf(host: Host, name: string): { readonly name: string, readonly source: IpAddr | undefined } | undefined {
  const config = findDeviceConfig(host.net, name.split(':')[0] ?? '')
  if (config === undefined) return undefined
  if (!name.includes(':')) return { name: config.name, source: undefined }
  const alias = config.addresses.find((address) => address.label === name)
  return alias === undefined ? undefined : { name: config.name, source: alias.addr }
}

function readRoute(host: Host, words: string[]): RouteWords | ToolResult {
  let kind: 'net' | 'host' | undefined
  while (words[0] === '-net' || words[0] === '-host') kind = words.shift() === '-net' ? 'net' : 'host'
  const target = words.shift()
  if (target === undefined) return refused(USAGE, 4)
  const [text = '', length] = target.split('/')
  const isDefault = text === 'default'
  const network = isDefault ? 0 as IpAddr : shortNetwork(text) ?? resolve(host, text, 4)
  if (network === undefined) return refused(`${target}: Unknown host\n`, 6)
  const read: RouteWords = { network, prefixLength: isDefault ? 0 : length === undefined ? undefined : Number(length) }
  while (words.length > 0) {
    const problem = readWord(host, read, words)
    if (problem !== undefined) return problem
  }
  if (read.prefixLength !== undefined && read.prefixLength < 32 && kind === 'host') {
    const mask = prefixMask(read.prefixLength).toString(16).padStart(8, '0')
    return refused(`route: netmask ${mask} doesn't make sense with host route\n${USAGE}`, 4)
  }
  if (read.prefixLength === undefined) {
    read.prefixLength = kind === 'host' ? 32 : kind === 'net' ? classLength(network) : guessedLength(network)
  }
  return read
}

function readWord(host: Host, read: RouteWords, words: string[]): ToolResult | undefined {
  const word = words.shift() ?? ''
  switch (word) {
    case 'reject':
      read.isReject = true
      return undefined
    case 'netmask': {
      const mask = parseIpv4(words.shift() ?? '')
      const length = mask === undefined ? undefined : maskLength(mask)
      if (length === undefined) return refused(`route: bogus netmask\n${USAGE}`, 4)
      read.prefixLength = length
      return undefined
    }
    case 'gw': case 'gateway': {
      const text = words.shift() ?? ''
      const gateway = resolve(host, text, 4)
      if (gateway === undefined) return refused(`${text}: Unknown host\n`, 6)
      read.gateway = gateway
      return undefined
    }
    case 'metric':
      read.metric = Number(words.shift())
      return undefined
    case 'dev': case 'device': {
      const device = words.shift()
      if (device !== undefined) read.device = device
      return undefined
    }
    case 'mss': {
      const mtuBytes = Number(words.shift())
      if (!(mtuBytes >= 64 && mtuBytes <= 65_536)) return refused('route: Invalid MSS/MTU.\n', 3)
      read.mtuBytes = mtuBytes
      return undefined
    }
    case 'window': case 'irtt': case 'mod': case 'dyn': case 'reinstate':
      return unsupported(word, `route: "${word}" is not modelled`)
    default:
      // A lone word at the end is the device.
      if (words.length > 0) return refused(USAGE, 4)
      read.device = word
      return undefined
  }
}

/** `10.0.0` and `10` stand for networks with zeros behind. */
function shortNetwork(text: string): IpAddr | undefined {
  return /^\d+(\.\d+){0,2}$/.test(text) ? parseIpv4(text + '.0'.repeat(4 - text.split('.').length)) : undefined
}

/** The mask of the address's class; all of it when there are bits behind that. */
function guessedLength(network: IpAddr): number {
  const length = classLength(network)
  return networkOf(network, length) === network ? length : 32
}

function classLength(network: IpAddr): number {
  const first = network >>> 24
  return network === 0 ? 0 : first < 128 ? 8 : first < 192 ? 16 : 24
}

const USAGE = `Usage: route [-nNvee] [-FC] [<AF>]           List kernel routing tables
       route [-v] [-FC] {add|del|flush} ...  Modify routing table for AF.

       route {-h|--help} [<AF>]              Detailed usage syntax for specified AF.
       route {-V|--version}                  Display version/author and exit.
`
