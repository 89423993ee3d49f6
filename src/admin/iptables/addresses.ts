/**
 * Addresses on the command line of iptables: numbers with fewer than four parts, masks of both kinds, names, and how they
 * are printed.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import { formatIpv4, isIpv6, parseIpv4, prefixMask, type IpAddr } from '../../wire/address.ts'
import { hostsEntries } from '../names.ts'
import { problem, type Complaint } from './complaint.ts'
import { parseInteger } from './names.ts'

/** An address under its mask. */
export interface MaskedAddress {
  readonly addr: IpAddr
  readonly mask: number
}

/**
 * `addr`, `addr/24`, `addr/255.255.255.0`, with a name for the address if the host knows it. The bits under the mask
 * are cleared.
 */
export function parseAddress(text: string, findHost: (name: string) => IpAddr | undefined): Result<MaskedAddress, Complaint> {
  const slash = text.lastIndexOf('/')
  const mask = slash < 0 ? 0xffffffff : parseMask(text.slice(slash + 1))
  if (mask === undefined) return problem(`invalid mask \`${text.slice(slash + 1)}' specified`)
  const name = slash < 0 ? text : text.slice(0, slash)
  const addr = parseNumericAddress(name) ?? findHost(name)
  if (addr === undefined) return problem(`host/network \`${name}' not found`)
  return ok({ addr: ((addr & mask) >>> 0) as IpAddr, mask })
}

/** Four parts or fewer, filled up with zeros at the right; or one number. */
function parseNumericAddress(text: string): IpAddr | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return parseInt(text.slice(2), 16) as IpAddr
  const parts = text.split('.')
  if (parts.length > 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined
  const filled = [...parts.map(Number), 0, 0, 0].slice(0, 4)
  return filled.reduce((sum, part) => sum * 256 + part, 0) as IpAddr
}

function parseMask(text: string): number | undefined {
  const bits = parseInteger(text)
  if (bits !== undefined) return bits <= 32 ? prefixMask(bits) : undefined
  return parseIpv4(text)
}

/** The address of a name by the lines of /etc/hosts. */
export function hostAddress(hostsFile: string, name: string): IpAddr | undefined {
  const entry = hostsEntries(hostsFile).find(({ addr, names }) => !isIpv6(addr) && names.includes(name))
  return entry?.addr ?? (name === 'localhost' ? 0x7f000001 as IpAddr : undefined)
}

/** The first name of an address by the lines of /etc/hosts. */
export function hostName(hostsFile: string, addr: IpAddr): string | undefined {
  const entry = hostsEntries(hostsFile).find((one) => one.addr === addr && one.names.length > 0)
  return entry?.names[0] ?? (addr === 0x7f000001 ? 'localhost' : undefined)
}

/** `/24`, or `/255.0.255.0` for a mask that is no prefix; nothing for a whole address (xtables_ipmask_to_numeric). */
export function maskText(mask: number): string {
  if (mask === 0xffffffff) return ''
  const length = prefixLengthOf(mask)
  return `/${length ?? formatIpv4(mask as IpAddr)}`
}

/** The prefix length of a mask; undefined when its ones are not all at the left. */
function prefixLengthOf(mask: number): number | undefined {
  for (let length = 0; length <= 32; length++) if (prefixMask(length) === mask) return length
  return undefined
}
