/**
 * `ip -6 address`: add, change, replace, del, flush, and the lines of `show`. Of the lifetimes only `preferred_lft 0` is
 * modelled, which makes an address a source of last resort; of the flags, `nodad`.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { addIpv6Address, IPV6_MTU_BYTES_MIN, removeIpv6Address, type Ipv6AddressConfig } from '../../host/config/ipv6-config.ts'
import { findDeviceConfig } from '../../host/config/net-config.ts'
import { formatIp } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { parseIpv6Prefix, type Ipv6Prefix } from './ipv6-words.ts'
import { answered, expected, incomplete, noDevice, wrong, type Words } from './words.ts'

interface AddressWords {
  prefix?: Ipv6Prefix
  device?: string
  nodad: boolean
  isDeprecated: boolean
}

/** Runs `ip -6 address add` and its kin. */
export function changeIpv6Address(host: Host, words: Words, verb: 'add' | 'replace' | 'del'): ToolResult {
  const read: AddressWords = { nodad: false, isDeprecated: false }
  while (!words.isEmpty) {
    const problem = readWord(words, read)
    if (problem !== undefined) return problem
  }
  const { prefix, device: name } = read
  if (name === undefined) return refused('Not enough information: "dev" argument is required.\n', 1)
  if (findDeviceConfig(host.net, name) === undefined) return noDevice(name)
  if (prefix === undefined) return answered('EINVAL')
  const { addr, prefixLength, hasLength } = prefix
  if (verb === 'del') {
    const removed = removeIpv6Address(host.net, name, { addr, prefixLength: hasLength ? prefixLength : undefined })
    if (!removed.ok) return answered(removed.error)
    host.reconfigure(removed.value)
    return printed('')
  }
  // A device whose link is too narrow for IPv6 has none of it (ipv6_add_dev).
  if ((findDeviceConfig(host.net, name)?.mtuBytes ?? 0) < IPV6_MTU_BYTES_MIN) return answered('EINVAL')
  const { nodad, isDeprecated } = read
  const added = addIpv6Address(host.net, name, { addr, prefixLength, nodad, isDeprecated }, { replace: verb === 'replace' })
  if (!added.ok) return answered(added.error)
  host.reconfigure(added.value)
  return printed('')
}

/** Removes the IPv6 addresses that are meant. */
export function flushIpv6Addresses(host: Host, isMeant: (address: Ipv6AddressConfig) => boolean): void {
  for (const address of host.net.ipv6.addresses) {
    if (!isMeant(address)) continue
    const removed = removeIpv6Address(host.net, address.device, { addr: address.addr })
    if (removed.ok) host.reconfigure(removed.value)
  }
}

/** An address and its lifetimes, as `ip address` lists them, without indent. */
export function ipv6AddressLines(address: Ipv6AddressConfig): readonly [string, string] {
  return [addressText(address), `valid_lft forever preferred_lft ${address.isDeprecated ? '0sec' : 'forever'}`]
}

function readWord(words: Words, read: AddressWords): ToolResult | undefined {
  const word = words.take() ?? ''
  if (word === 'nodad') {
    read.nodad = true
    return undefined
  }
  const isValued = /^(dev|preferred_lft|valid_lft|scope|local|broadcast|brd|label)$/.test(word)
  const value = isValued ? words.take() : word
  if (value === undefined) return incomplete()
  if (word === 'dev') read.device = value
  else if (word === 'preferred_lft') {
    if (value !== '0' && value !== 'forever') return unsupported(value, `ip address: preferred lifetime ${value} is not modelled`)
    read.isDeprecated = value === '0'
  } else if (word === 'valid_lft') {
    if (value !== 'forever') return unsupported(value, `ip address: a valid lifetime of ${value} is not modelled`)
  } else if (word === 'scope') {
    // The kernel knows the scope of an IPv6 address by itself.
    if (!/^(global|link|host|site)$/.test(value)) return wrong(value, 'invalid scope value.\n')
  } else if (word === 'label' || word === 'broadcast' || word === 'brd') {
    return refused(`Error: argument "${value}" is wrong: "${word}" is not for IPv6.\n\n`, 255)
  } else if (isOtherWord(word)) {
    return unsupported(word, `ip address: "${word}" is not modelled`)
  } else {
    if (read.prefix !== undefined) return refused(`Error: either "local" is duplicate, or "${value}" is a garbage.\n`, 255)
    const prefix = parseIpv6Prefix(value)
    if (prefix === undefined) return expected('inet6 prefix', value)
    read.prefix = prefix
  }
  return undefined
}

function isOtherWord(word: string): boolean {
  return /^(peer|metric|noprefixroute|home|mngtmpaddr|autojoin|proto|anycast|optimistic|temporary)$/.test(word)
}

function addressText(address: Ipv6AddressConfig): string {
  // In the order of iproute2's table of flags.
  const flags = [
    address.isUnasked ? ' nodad' : '', address.state === 'failed' ? ' dadfailed' : '', address.isDeprecated ? ' deprecated' : '',
    address.state === 'valid' ? '' : ' tentative',
  ].join('')
  return `inet6 ${formatIp(address.addr)}/${address.prefixLength} scope ${address.scope}${flags} `
}
