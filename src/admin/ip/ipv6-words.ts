/**
 * IPv6 prefixes in the words of an `ip` command, and who is meant by one: with `-6`, or an IPv6 address among the words.
 * @module
 */
import { IPV6_ANY, parseIpv6, type IpAddr } from '../../wire/address.ts'

/** An IPv6 address with the length of its prefix. */
export interface Ipv6Prefix {
  readonly addr: IpAddr
  readonly prefixLength: number
  /** False when no length was written: then it is the whole address. */
  readonly hasLength: boolean
}

/** Reads `fd00::1`, `fd00::/64`, `default`. Undefined for any other text. */
export function parseIpv6Prefix(text: string): Ipv6Prefix | undefined {
  if (text === 'default' || text === 'any' || text === 'all') return { addr: IPV6_ANY, prefixLength: 0, hasLength: true }
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text)
  const addr = parseIpv6(match?.[1] ?? '')
  const prefixLength = match?.[2] === undefined ? 128 : Number(match[2])
  return addr === undefined || prefixLength > 128 ? undefined : { addr, prefixLength, hasLength: match?.[2] !== undefined }
}

/** True when one of the words is an IPv6 address or prefix: iproute2 then takes the command for one of IPv6. */
export function namesIpv6(words: readonly string[]): boolean {
  return words.some((word) => word.includes(':') && parseIpv6Prefix(word) !== undefined)
}
