/**
 * `ip neigh`: show, add, replace, change, del, flush. Proxies and states other than reachable, stale and permanent are not
 * settable.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { findDeviceConfig } from '../../host/config/net-config.ts'
import type { Neighbor } from '../../host/neighbor-table.ts'
import { formatIp, formatMac, parseIpv4, parseMac, type IpAddr, type MacAddr } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { answered, expected, incomplete, isShortFor, noDevice, parsePrefix, Words, type Prefix } from './words.ts'

/** Runs what follows `ip neigh`. */
export function ipNeigh(host: Host, argv: readonly string[]): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'show'
  if (isShortFor(verb, 'add')) return set(host, words, 'add')
  if (isShortFor(verb, 'replace') || isShortFor(verb, 'change', 2) || verb === 'chg') return set(host, words, 'replace')
  if (isShortFor(verb, 'delete')) return remove(host, words)
  if (isShortFor(verb, 'flush')) return flush(host, words)
  if (isShortFor(verb, 'show') || isShortFor(verb, 'list') || verb === 'lst') return show(host, words)
  if (isShortFor(verb, 'get')) return unsupported(verb, 'ip neigh: "get" is not modelled')
  return refused(`Command "${verb}" is unknown, try "ip neigh help".\n`, 255)
}

interface NeighborWords {
  addr?: IpAddr
  mac?: MacAddr
  device?: string
  state: 'permanent' | 'reachable' | 'stale'
}

function readNeighbor(words: Words): NeighborWords | ToolResult {
  const read: NeighborWords = { state: 'permanent' }
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (word === 'proxy' || word === 'router' || word === 'extern_learn') {
      return unsupported(word, `ip neigh: "${word}" is not modelled`)
    }
    const value = /^(lladdr|dev|nud|to)$/.test(word) ? words.take() : word
    if (value === undefined) return incomplete()
    if (word === 'lladdr') {
      const mac = parseMac(value)
      if (mac === undefined) return refused(`"${value}" is invalid lladdr.\n`, 255)
      read.mac = mac
    } else if (word === 'dev') {
      read.device = value
    } else if (word === 'nud') {
      if (value !== 'permanent' && value !== 'reachable' && value !== 'stale') {
        return unsupported(value, `ip neigh: state ${value} cannot be set`)
      }
      read.state = value
    } else {
      const addr = parseIpv4(value)
      if (addr === undefined) return expected('inet address', value)
      read.addr = addr
    }
  }
  return read
}

function set(host: Host, words: Words, verb: 'add' | 'replace'): ToolResult {
  const read = readNeighbor(words)
  if ('exitCode' in read) return read
  if (read.device === undefined || read.addr === undefined) {
    return refused('Device and destination are required arguments.\n', 255)
  }
  const neighbors = host.findDevice(read.device)?.neighbors
  if (findDeviceConfig(host.net, read.device) === undefined) return noDevice(read.device)
  if (neighbors === undefined || read.mac === undefined) return answered('EINVAL')
  const known = neighbors.find(read.addr)
  if (verb === 'add' && known !== undefined && known.isValid) return answered('EEXIST')
  neighbors.set(read.addr, read.mac, read.state)
  return printed('')
}

function remove(host: Host, words: Words): ToolResult {
  const read = readNeighbor(words)
  if ('exitCode' in read) return read
  if (read.device === undefined || read.addr === undefined) {
    return refused('Device and destination are required arguments.\n', 255)
  }
  if (findDeviceConfig(host.net, read.device) === undefined) return noDevice(read.device)
  return host.findDevice(read.device)?.neighbors?.remove(read.addr) === true ? printed('') : answered('ENOENT')
}

interface Filter {
  prefix?: Prefix
  device?: string
  state?: string
}

function readFilter(words: Words): Filter | ToolResult {
  const filter: Filter = {}
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    const value = /^(to|dev|nud)$/.test(word) ? words.take() : word
    if (value === undefined) return incomplete()
    if (word === 'dev') filter.device = value
    else if (word === 'nud') filter.state = value
    else if (value !== 'all') {
      const prefix = parsePrefix(value)
      if (prefix === undefined) return expected('any valid prefix', value)
      filter.prefix = prefix
    }
  }
  return filter
}

function matching(host: Host, filter: Filter): { readonly device: string, readonly neighbor: Neighbor }[] {
  const found: { device: string, neighbor: Neighbor }[] = []
  for (const device of host.devices) {
    if (filter.device !== undefined && device.name !== filter.device) continue
    for (const neighbor of device.neighbors?.entries() ?? []) {
      if (neighbor.state === 'none'
        || (filter.state !== undefined && filter.state !== 'all' && neighbor.state !== filter.state)) continue
      const { prefix } = filter
      const isInside = prefix === undefined || prefix.prefixLength === 0
        || neighbor.addr >>> (32 - prefix.prefixLength) === prefix.addr >>> (32 - prefix.prefixLength)
      if (isInside) found.push({ device: device.name, neighbor })
    }
  }
  return found
}

function flush(host: Host, words: Words): ToolResult {
  if (words.isEmpty) return refused('Flush requires arguments.\n', 255)
  const filter = readFilter(words)
  if ('exitCode' in filter) return filter
  if (filter.device !== undefined && findDeviceConfig(host.net, filter.device) === undefined) return noDevice(filter.device)
  for (const { device, neighbor } of matching(host, filter)) {
    // Entries that an admin made stay, unless asked for by state.
    if (neighbor.state === 'permanent' && filter.state === undefined) continue
    host.findDevice(device)?.neighbors?.remove(neighbor.addr)
  }
  return printed('')
}

function show(host: Host, words: Words): ToolResult {
  const filter = readFilter(words)
  if ('exitCode' in filter) return filter
  if (filter.device !== undefined && findDeviceConfig(host.net, filter.device) === undefined) return noDevice(filter.device)
  const lines = matching(host, filter).map(({ device, neighbor }) => {
    const dev = filter.device === undefined ? `dev ${device} ` : ''
    const address = neighbor.isValid ? `lladdr ${formatMac(neighbor.mac)} ` : ''
    return `${formatIp(neighbor.addr)} ${dev}${address}${neighbor.state.toUpperCase()} \n`
  })
  return printed(lines.join(''))
}
