/**
 * route(8) of net-tools 2.10 with `-6` or `-A inet6`: add and del. The listing, which shows use counts of the kernel's own
 * routes, is not modelled; `ip -6 route` shows the table.
 * @module
 */
import { addIpv6Route, removeIpv6Route, type NewIpv6Route } from '../host/config/ipv6-config.ts'
import { findDeviceConfig } from '../host/config/net-config.ts'
import { errnoText, type Errno } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import { networkOf } from '../wire/address.ts'
import { parseIpv6Prefix } from './ip/ipv6-words.ts'
import { resolve } from './names.ts'
import { printed, refused, unsupported, type ToolResult } from './tool.ts'

/** Exit codes: an ioctl failed (E_SOCK), a name was not found (E_LOOKUP), the words make no sense (E_USAGE). */
const FAILED = 7
const UNKNOWN = 6
const MISUSED = 4
/** What net-tools gives a route that is given no metric; the kernel then removes only routes of that metric. */
const METRIC = 1

/** Runs what follows the options; `usage` is what the tool says to words that it does not know. */
export function route6(host: Host, words: readonly string[], usage: string): ToolResult {
  const [verb, ...rest] = words
  if (verb === undefined) return unsupported('route', 'route: the table of IPv6 is not modelled, use `ip -6 route`')
  if (verb === 'flush') return unsupported(verb, 'route: "flush" is not modelled')
  if (verb !== 'add' && verb !== 'del' && verb !== 'delete') return refused(usage, MISUSED)
  const read = readRoute(host, rest, usage)
  if ('exitCode' in read) return read
  const isAdding = verb === 'add'
  const failed = (errno: Errno): ToolResult => refused(`${isAdding ? 'SIOCADDRT' : 'SIOCDELRT'}: ${errnoText(errno)}\n`, FAILED)
  if (read.device !== undefined && findDeviceConfig(host.net, read.device) === undefined) return failed('ENODEV')
  const changed = isAdding ? addIpv6Route(host.net, read) : removeIpv6Route(host.net, read)
  if (!changed.ok) return failed(changed.error)
  host.reconfigure(changed.value)
  return printed('')
}

type RouteWords = { -readonly [K in keyof NewIpv6Route]: NewIpv6Route[K] }

function readRoute(host: Host, [target, ...rest]: readonly string[], usage: string): RouteWords | ToolResult {
  if (target === undefined) return refused(usage, MISUSED)
  const addr = resolve(host, target, 6)
  const prefix = parseIpv6Prefix(target) ?? (addr === undefined ? undefined : { addr, prefixLength: 128 })
  if (prefix === undefined) return refused(`${target}: Unknown host\n`, UNKNOWN)
  const { prefixLength } = prefix
  const read: RouteWords = { network: networkOf(prefix.addr, prefixLength), prefixLength, metric: METRIC }
  while (rest.length > 0) {
    const word = rest.shift() ?? ''
    const isValued = /^(gw|gateway|metric|dev|device)$/.test(word)
    // A lone word at the end is the device.
    if (!isValued && rest.length > 0) return refused(usage, MISUSED)
    const value = isValued ? rest.shift() : word
    if (value === undefined) return refused(usage, MISUSED)
    if (word === 'gw' || word === 'gateway') {
      const gateway = resolve(host, value, 6)
      if (gateway === undefined) return refused(`${value}: Unknown host\n`, UNKNOWN)
      read.gateway = gateway
    } else if (word === 'metric') {
      if (!/^\d{1,9}$/.test(value)) return refused(usage, MISUSED)
      read.metric = Number(value)
    } else {
      read.device = value
    }
  }
  return read
}
