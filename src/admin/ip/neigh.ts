/**
 * `ip neigh`: show, add, replace, change, del, flush, get, and proxy entries of IPv4; without -4 or -6, those of IPv4 come first.
 * Of the states all but noarp can be set; flags other than `proxy` cannot. Neighbors of devices that need none are not modelled.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { findDeviceConfig } from '../../host/config/net-config.ts'
import { addProxy, proxiesOf, removeProxy } from '../../host/config/proxies.ts'
import type { Device } from '../../host/device.ts'
import type { Neighbor, NeighborState, NeighborTable } from '../../host/neighbor-table.ts'
import { formatIp, formatMac, inPrefix, isIpv6, parseIp, parseMac, type IpAddr, type MacAddr } from '../../wire/address.ts'
import { isOfFamily, type Family } from '../names.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { parseIpv6Prefix } from './ipv6-words.ts'
import {
  answered, answeredInWords, expected, incomplete, isShortFor, noDevice, parsePrefix, Words, wrong, type Prefix,
} from './words.ts'

/** Runs what follows `ip neigh`. */
export function ipNeigh(host: Host, argv: readonly string[], family: Family | undefined): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'show'
  if (isShortFor(verb, 'add')) return modify(host, words, { change: 'add', family })
  if (isShortFor(verb, 'change') || verb === 'chg') return modify(host, words, { change: 'change', family })
  if (isShortFor(verb, 'replace')) return modify(host, words, { change: 'replace', family })
  if (isShortFor(verb, 'delete')) return modify(host, words, { change: 'delete', family })
  if (isShortFor(verb, 'get')) return get(host, words, family)
  if (isShortFor(verb, 'show') || verb === 'lst' || isShortFor(verb, 'list')) return show(host, words, family)
  if (isShortFor(verb, 'flush')) return flush(host, words, family)
  if (isShortFor(verb, 'help')) return refused(USAGE, 255)
  return refused(`Command "${verb}" is unknown, try "ip neigh help".\n`, 255)
}

const STATES: readonly NeighborState[] = ['permanent', 'reachable', 'none', 'stale', 'incomplete', 'delay', 'probe', 'failed']

/** A state by its name; three of them may be cut short. */
function stateNamed(word: string): NeighborState | 'noarp' | undefined {
  const short = ['permanent', 'reachable', 'failed'].find((full) => isShortFor(word, full))
  return word === 'noarp' ? word : STATES.find((state) => state === (short ?? word))
}

interface NeighborWords {
  addr?: IpAddr
  mac?: MacAddr
  device?: string
  isProxy: boolean
  state: NeighborState
}

function readNeighbor(words: Words, family: Family | undefined): NeighborWords | ToolResult {
  const read: NeighborWords = { state: 'permanent', isProxy: false }
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    const isLink = isShortFor(word, 'lladdr')
    const isProxy = !isLink && isShortFor(word, 'proxy')
    const isOther = isShortFor(word, 'router') || isShortFor(word, 'extern_learn') || isShortFor(word, 'protocol')
      || word === 'use' || word === 'managed'
    if (!isLink && !isProxy && isOther) return unsupported(word, `ip neigh: "${word}" is not modelled`)
    const value = isLink || isProxy || /^(dev|nud|to)$/.test(word) ? words.take() : word
    if (value === undefined) return incomplete()
    if (isProxy) read.isProxy = true
    if (isLink) {
      const mac = parseMac(value)
      if (mac === undefined && value !== 'null') return refused(`"${value}" is invalid lladdr.\n`, 255)
      if (mac !== undefined) read.mac = mac
    } else if (word === 'dev') {
      read.device = value
    } else if (word === 'nud') {
      const state = stateNamed(value)
      if (state === 'noarp') return unsupported(value, `ip neigh: state ${value} cannot be set`)
      if (state === undefined) return wrong(value, 'nud state is bad')
      read.state = state
    } else {
      if (isShortFor(value, 'help')) return refused(USAGE, 255)
      if (read.addr !== undefined) return refused(`Error: either "to" is duplicate, or "${value}" is a garbage.\n`, 255)
      const addr = parseIp(value)
      if (addr === undefined || !isOfFamily(addr, family)) return expected(`${familyText(family)} address`, value)
      read.addr = addr
    }
  }
  return read
}

function familyText(family: Family | undefined): string {
  return family === undefined ? 'any valid' : family === 6 ? 'inet6' : 'inet'
}

function tableOf(device: Device | undefined, addr: IpAddr): NeighborTable | undefined {
  return isIpv6(addr) ? device?.ipv6Neighbors : device?.neighbors
}

type Change = 'add' | 'change' | 'replace' | 'delete'

function modify(
  host: Host, words: Words, { change, family }: { readonly change: Change, readonly family: Family | undefined },
): ToolResult {
  const read = readNeighbor(words, family)
  if ('exitCode' in read) return read
  const { addr, device } = read
  if (device === undefined || addr === undefined) return refused('Device and destination are required arguments.\n', 255)
  if (findDeviceConfig(host.net, device) === undefined) return noDevice(device)
  if (read.isProxy) return changeProxy(host, device, addr, change)
  const neighbors = tableOf(host.findDevice(device), addr)
  if (neighbors === undefined) return unsupported(device, `ip neigh: ${device} has no neighbors`)
  const known = neighbors.find(addr)
  if (change === 'delete') return neighbors.remove(addr) ? printed('') : answered('ENOENT')
  if (change === 'add' && known !== undefined) return answered('EEXIST')
  if (change === 'change' && known === undefined) return answered('ENOENT')
  const { state } = read
  if (state === 'none' || state === 'incomplete' || state === 'failed') neighbors.unset(addr, state)
  else {
    const mac = read.mac ?? (known?.isValid === true ? known.mac : undefined)
    if (mac === undefined) return answeredInWords('No link layer address given')
    neighbors.set(addr, mac, state)
  }
  return printed('')
}

function changeProxy(host: Host, device: string, addr: IpAddr, change: Change): ToolResult {
  if (isIpv6(addr)) return unsupported('proxy', 'ip neigh: proxy entries of IPv6 are not modelled')
  const changed = change === 'delete' ? removeProxy(host.net, device, addr) : addProxy(host.net, device, addr)
  if (!changed.ok) return answered(changed.error)
  host.reconfigure(changed.value)
  return printed('')
}

function get(host: Host, words: Words, family: Family | undefined): ToolResult {
  const read = readNeighbor(words, family)
  if ('exitCode' in read) return read
  const { addr, device } = read
  if (device === undefined || addr === undefined) return refused('Device and destination are required arguments.\n', 255)
  if (findDeviceConfig(host.net, device) === undefined) return noDevice(device)
  if (read.isProxy) {
    const isThere = proxiesOf(host.net, device)?.includes(addr) === true
    return isThere ? printed(`${formatIp(addr)} dev ${device} proxy \n`) : answeredInWords('Proxy neighbour entry not found')
  }
  const neighbor = tableOf(host.findDevice(device), addr)?.find(addr)
  if (neighbor === undefined) return answeredInWords('Neighbour entry not found')
  return printed(`${formatIp(addr)} dev ${device} ${neighborText(neighbor)}\n`)
}

interface Filter {
  family: Family | undefined
  prefix?: Prefix
  device?: string
  isProxy: boolean
  /** Undefined until one is named. */
  states?: Set<NeighborState>
}

function readFilter(words: Words, family: Family | undefined): Filter | ToolResult {
  const filter: Filter = { isProxy: false, family }
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (word === 'proxy') {
      filter.isProxy = true
      continue
    }
    if (/^(unused|router|master|nomaster|vrf|managed|extern_learn)$/.test(word) || isShortFor(word, 'protocol')) {
      return unsupported(word, `ip neigh: filter "${word}" is not modelled`)
    }
    const value = /^(to|dev|nud)$/.test(word) ? words.take() : word
    if (value === undefined) return incomplete()
    if (word === 'dev') {
      if (filter.device !== undefined) return refused(`Error: duplicate "dev": "${value}" is the second value.\n`, 255)
      filter.device = value
    } else if (word === 'nud') {
      const state = stateNamed(value)
      if (state === undefined && value !== 'all') return wrong(value, 'nud state is bad')
      const named = state === undefined ? STATES : STATES.filter((one) => one === state)
      filter.states = new Set([...filter.states ?? [], ...named])
    } else if (isShortFor(value, 'help')) {
      return refused(USAGE, 255)
    } else {
      const prefix = value.includes(':') ? parseIpv6Prefix(value) : parsePrefix(value)
      if (prefix === undefined || !isOfFamily(prefix.addr, family)) return expected(`${familyText(family)} prefix`, value)
      filter.prefix = prefix
      filter.family = isIpv6(prefix.addr) ? 6 : 4
    }
  }
  return filter
}

function isInside(addr: IpAddr, { prefix }: Filter): boolean {
  return prefix === undefined || inPrefix(addr, prefix.addr, prefix.prefixLength)
}

interface Found {
  readonly device: string
  readonly neighbor: Neighbor
  readonly table: NeighborTable
}

/** Table by table, as the kernel gives them. */
function matching(host: Host, filter: Filter): Found[] {
  const { family } = filter
  const devices = host.devices.filter(({ name }) => filter.device === undefined || name === filter.device)
  const families: readonly Family[] = family === undefined ? [4, 6] : [family]
  return families.flatMap((one) => devices.flatMap((device) => {
    const table = one === 6 ? device.ipv6Neighbors : device.neighbors
    if (table === undefined) return []
    const right = table.entries().filter(({ addr, state }) => {
      return isInside(addr, filter) && (filter.states?.has(state) ?? state !== 'none')
    })
    return right.map((neighbor) => ({ device: device.name, neighbor, table }))
  }))
}

/** Entries that an admin made stay unless asked for by state; those that have failed stay in any case. */
function flush(host: Host, words: Words, family: Family | undefined): ToolResult {
  if (words.isEmpty) return refused('Flush requires arguments.\n', 1)
  const filter = readFilter(words, family)
  if ('exitCode' in filter) return filter
  if (filter.device !== undefined && findDeviceConfig(host.net, filter.device) === undefined) return noDevice(filter.device)
  if (filter.isProxy) return unsupported('proxy', 'ip neigh: flushing proxy entries is not modelled')
  for (const { neighbor, table } of matching(host, filter)) {
    if (neighbor.state === 'failed' || (neighbor.state === 'permanent' && filter.states === undefined)) continue
    table.remove(neighbor.addr)
  }
  return printed('')
}

function show(host: Host, words: Words, family: Family | undefined): ToolResult {
  const filter = readFilter(words, family)
  if ('exitCode' in filter) return filter
  if (filter.device !== undefined && findDeviceConfig(host.net, filter.device) === undefined) return noDevice(filter.device)
  const line = (addr: IpAddr, device: string, text: string): string => {
    return `${formatIp(addr)} ${filter.device === undefined ? `dev ${device} ` : ''}${text}\n`
  }
  if (!filter.isProxy) {
    const found = matching(host, filter)
    return printed(found.map(({ device, neighbor }) => line(neighbor.addr, device, neighborText(neighbor))).join(''))
  }
  if (filter.family === 6) return printed('')
  const devices = host.net.devices.filter(({ name }) => filter.device === undefined || name === filter.device)
  return printed(devices.flatMap(({ name, proxies = [] }) => proxies.filter((addr) => isInside(addr, filter))
    .map((addr) => line(addr, name, 'proxy '))).join(''))
}

function neighborText({ state, isValid, mac, isRouter }: Neighbor): string {
  const known = `${isValid ? `lladdr ${formatMac(mac)} ` : ''}${isRouter ? 'router ' : ''}`
  return `${known}${state === 'none' ? '' : `${state.toUpperCase()} `}`
}

const USAGE = `Usage: ip neigh { add | del | change | replace }
                { ADDR [ lladdr LLADDR ] [ nud STATE ] proxy ADDR }
                [ dev DEV ] [ router ] [ use ] [ managed ] [ extern_learn ]
                [ protocol PROTO ]

	ip neigh { show | flush } [ proxy ] [ to PREFIX ] [ dev DEV ] [ nud STATE ]
				  [ vrf NAME ] [ nomaster ]
	ip neigh get { ADDR | proxy ADDR } dev DEV

STATE := { delay | failed | incomplete | noarp | none |
           permanent | probe | reachable | stale }
`
