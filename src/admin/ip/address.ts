/**
 * `ip address`: show, add, change, replace, del, flush. Lifetimes and peers are not modelled.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { ipv6AddressesOf, type Ipv6AddressConfig } from '../../host/config/ipv6-config.ts'
import { addAddress, flushAddresses, removeAddress, type NewAddress } from '../../host/config/addresses.ts'
import { findDeviceConfig, type AddressConfig, type DeviceConfig, type Scope } from '../../host/config/net-config.ts'
import { broadcastOf, formatIp, inPrefix, parseIpv4, type IpAddr } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { counterLines, deviceHead, deviceName, deviceState, linkAddress, queueLength } from './device-text.ts'
import { changeIpv6Address, flushIpv6Addresses, ipv6AddressLines } from './ipv6-address.ts'
import { namesIpv6, parseIpv6Prefix } from './ipv6-words.ts'
import type { IpOptions } from './options.ts'
import { answered, expected, incomplete, isShortFor, noDevice, parsePrefix, Words, type Prefix } from './words.ts'

/** Runs what follows `ip address`. */
export function ipAddress(host: Host, argv: readonly string[], options: IpOptions): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'show'
  const isIpv6 = options.family === 6 || (options.family === undefined && namesIpv6(argv))
  const changed = isIpv6 ? changeIpv6Address : change
  if (isShortFor(verb, 'add')) return changed(host, words, 'add')
  if (isShortFor(verb, 'change', 2) || isShortFor(verb, 'chg', 3) || isShortFor(verb, 'replace')) {
    return changed(host, words, 'replace')
  }
  if (isShortFor(verb, 'delete')) return changed(host, words, 'del')
  if (isShortFor(verb, 'flush')) return flush(host, words, options.family)
  if (isShortFor(verb, 'show') || isShortFor(verb, 'list') || verb === 'lst') return show(host, words, options)
  if (isShortFor(verb, 'save') || isShortFor(verb, 'restore') || verb === 'help') {
    return unsupported(verb, `ip address: "${verb}" is not modelled`)
  }
  return refused(`Command "${verb}" is unknown, try "ip address help".\n`, 255)
}

interface AddressWords {
  prefix?: Prefix
  device?: string
  label?: string
  broadcast?: IpAddr | '+' | '-'
  scope?: Scope
}

function change(host: Host, words: Words, verb: 'add' | 'replace' | 'del'): ToolResult {
  const read: AddressWords = {}
  while (!words.isEmpty) {
    const problem = readAddressWord(words, read)
    if (problem !== undefined) return problem
  }
  const { prefix, device: name } = read
  if (name === undefined) return refused('Not enough information: "dev" argument is required.\n', 1)
  const device = findDeviceConfig(host.net, name)
  if (device === undefined) return noDevice(name)
  if (prefix === undefined) return answered('EINVAL')
  if (verb === 'del') {
    const length = prefix.hasLength ? prefix.prefixLength : undefined
    const removed = removeAddress(host.net, name, { addr: prefix.addr, prefixLength: length })
    if (!removed.ok) return answered(removed.error)
    host.reconfigure(removed.value)
    return printed('')
  }
  const label = read.label
  if (label !== undefined && label !== name && !label.startsWith(`${name}:`)) {
    return refused(`"dev" (${name}) must match "label" (${label}).\n`, 255)
  }
  const added = addAddress(host.net, name, newAddress(read, prefix))
  if (added.ok) host.reconfigure(added.value)
  else if (verb === 'add' || added.error !== 'EEXIST') return answered(added.error)
  return printed('')
}

function newAddress(read: AddressWords, prefix: Prefix): NewAddress {
  const { broadcast } = read
  const computed = broadcast === '+' ? (prefix.prefixLength <= 30 ? broadcastOf(prefix.addr, prefix.prefixLength) : undefined)
    : broadcast === '-' ? undefined : broadcast
  return {
    addr: prefix.addr, prefixLength: prefix.prefixLength, broadcast: computed,
    ...(read.scope === undefined ? {} : { scope: read.scope }), ...(read.label === undefined ? {} : { label: read.label }),
  }
}

/** Reads one word with its value; returns what iproute2 says when it does not like it. */
function readAddressWord(words: Words, read: AddressWords): ToolResult | undefined {
  const word = words.take() ?? ''
  const isValued = ['dev', 'label', 'broadcast', 'brd', 'scope', 'local'].some(
    (full) => isShortFor(word, full, full === 'local' ? 2 : 3) || word === full,
  )
  const value = isValued ? words.take() : word
  if (value === undefined) return incomplete()
  if (word === 'dev') read.device = value
  else if (word === 'label') read.label = value
  else if (word === 'brd' || isShortFor(word, 'broadcast', 3)) {
    const addr = parseIpv4(value)
    if (value !== '+' && value !== '-' && addr === undefined) return expected('inet address', value)
    read.broadcast = value === '+' || value === '-' ? value : addr as IpAddr
  } else if (isShortFor(word, 'scope', 3)) {
    const scope = scopeOf(value)
    if (scope === undefined) return refused(`Error: argument "${value}" is wrong: invalid scope value.\n\n`, 255)
    read.scope = scope
  } else if (/^(peer|valid_lft|preferred_lft|metric|noprefixroute|nodad|home|mngtmpaddr|autojoin|proto|anycast)$/.test(word)) {
    return unsupported(word, `ip address: "${word}" is not modelled`)
  } else {
    if (read.prefix !== undefined) return refused(`Error: either "local" is duplicate, or "${value}" is a garbage.\n`, 255)
    const prefix = parsePrefix(value)
    if (prefix === undefined) return expected('any valid prefix', value)
    read.prefix = prefix
  }
  return undefined
}

function scopeOf(text: string): Scope | undefined {
  if (text === 'global' || text === 'universe' || text === '0') return 'global'
  if (text === 'link' || text === '253') return 'link'
  return text === 'host' || text === '254' ? 'host' : undefined
}

function flush(host: Host, words: Words, family: 4 | 6 | undefined): ToolResult {
  const filter = readFilter(words)
  if ('exitCode' in filter) return filter
  if (filter.device === undefined && filter.prefix === undefined && filter.scope === undefined && filter.label === undefined) {
    return refused('Flush requires arguments.\n', 1)
  }
  const { device } = filter
  if (device !== undefined && findDeviceConfig(host.net, device) === undefined) return noDevice(device)
  if (family !== 4) flushIpv6Addresses(host, (address) => (device ?? address.device) === address.device && fits(address, filter))
  if (family === 6) return printed('')
  for (const config of host.net.devices) {
    if (device !== undefined && config.name !== device) continue
    if (filter.prefix === undefined && filter.scope === undefined && filter.label === undefined) {
      const flushed = flushAddresses(host.net, config.name)
      if (flushed.ok) host.reconfigure(flushed.value)
      continue
    }
    for (const address of config.addresses) {
      if (!fits(address, filter)) continue
      const removed = removeAddress(host.net, config.name, address)
      if (removed.ok) host.reconfigure(removed.value)
    }
  }
  return printed('')
}

interface Filter {
  device?: string
  prefix?: Prefix
  scope?: Scope
  label?: string
  onlyUp?: boolean
}

function readFilter(words: Words): Filter | ToolResult {
  const filter: Filter = {}
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (word === 'up') {
      filter.onlyUp = true
      continue
    }
    if (word === 'primary' || word === 'secondary' || word === 'type' || word === 'master' || word === 'vrf') {
      return unsupported(word, `ip address: filter "${word}" is not modelled`)
    }
    const isValued = word === 'dev' || word === 'to' || word === 'label' || word === 'scope'
    const value = isValued ? words.take() : word
    if (value === undefined) return incomplete()
    if (word === 'to') {
      const prefix = value.includes(':') ? parseIpv6Prefix(value) : parsePrefix(value)
      if (prefix === undefined) return expected('any valid prefix', value)
      filter.prefix = prefix
    } else if (word === 'label') {
      filter.label = value
    } else if (word === 'scope') {
      const scope = scopeOf(value)
      if (scope !== undefined) filter.scope = scope
    } else if (filter.device !== undefined) {
      return refused(`Error: either "dev" is duplicate, or "${value}" is a garbage.\n`, 255)
    } else {
      filter.device = value
    }
  }
  return filter
}

function fits(address: AddressConfig | Ipv6AddressConfig, filter: Filter): boolean {
  const { prefix } = filter
  if (filter.scope !== undefined && address.scope !== filter.scope) return false
  if (filter.label !== undefined && (!('label' in address) || address.label !== filter.label)) return false
  if (prefix === undefined) return true
  return prefix.prefixLength <= address.prefixLength && inPrefix(address.addr, prefix.addr, prefix.prefixLength)
}

function show(host: Host, words: Words, options: IpOptions): ToolResult {
  const filter = readFilter(words)
  if ('exitCode' in filter) return filter
  const { device: name } = filter
  if (name !== undefined && findDeviceConfig(host.net, name) === undefined) {
    return refused(`Device "${name}" does not exist.\n`, 1)
  }
  let text = ''
  for (const config of host.net.devices) {
    if (name !== undefined && config.name !== name) continue
    if (filter.onlyUp === true && !config.isUp) continue
    const addresses = options.family === 6 ? [] : config.addresses.filter((address) => fits(address, filter))
    const ipv6 = options.family === 4 ? [] : ipv6AddressesOf(host.net, config.name).filter((address) => fits(address, filter))
    const isFiltered = filter.prefix !== undefined || filter.scope !== undefined || filter.label !== undefined
      || options.family !== undefined
    if (isFiltered && addresses.length === 0 && ipv6.length === 0) continue
    text += options.brief
      ? briefLine(config, [...addresses, ...ipv6])
      : options.oneLine ? oneLiners(config, [...addresses.map(addressLines), ...ipv6.map(ipv6AddressLines)])
        : entry(host, config, [...addresses.map(addressLines), ...ipv6.map(ipv6AddressLines)], options)
  }
  return printed(text)
}

/** An address and its lifetimes: two lines of a listing, or one. */
type AddressLines = readonly [string, string]

function addressLines(address: AddressConfig): AddressLines {
  return [addressText(address), 'valid_lft forever preferred_lft forever']
}

function entry(host: Host, config: DeviceConfig, addresses: readonly AddressLines[], options: IpOptions): string {
  const link = options.family !== undefined ? '' : `    ${linkAddress(config)}\n`
  // IPv6 answers for devices itself, and knows less of them (inet6_fill_ifinfo).
  const known = options.family === 6 ? deviceHead(config).replace(/ qdisc \S+/, '') : `${deviceHead(config)}group default `
  const head = `${known}qlen ${queueLength(config)}\n${link}`
  const device = options.statistics ? host.findDevice(config.name) : undefined
  const lines = addresses.map(([address, lifetimes]) => `    ${address}\n       ${lifetimes}\n`)
  return head + (device === undefined ? '' : counterLines(device)) + lines.join('')
}

function oneLiners(config: DeviceConfig, addresses: readonly AddressLines[]): string {
  return addresses.map(
    ([address, lifetimes]) => `${config.ifindex}: ${config.name}    ${address}\\       ${lifetimes}\n`,
  ).join('')
}

function briefLine(config: DeviceConfig, addresses: readonly Pick<AddressConfig, 'addr' | 'prefixLength'>[]): string {
  const name = deviceName(config)
  const list = addresses.map((address) => `${formatIp(address.addr)}/${address.prefixLength} `).join('')
  return `${name.padEnd(16)} ${deviceState(config).padEnd(14)} ${list}\n`
}

function addressText(address: AddressConfig): string {
  const broadcast = address.broadcast === undefined ? '' : ` brd ${formatIp(address.broadcast)}`
  const secondary = address.secondary ? ' secondary' : ''
  return `inet ${formatIp(address.addr)}/${address.prefixLength}${broadcast} scope ${address.scope}${secondary} ${address.label}`
}
