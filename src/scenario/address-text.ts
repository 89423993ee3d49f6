/**
 * Prefixes, endpoints and URLs as a scenario writes them; addresses are read by `wire/address.ts`. Names are not resolved here.
 * @module
 */
import { type IpAddr, ipv6FromWords, ipWords, isIpv6, parseIp, parseIpv4, parseIpv6 } from '../wire/address.ts'

/** An address with the length of its network, as in `10.0.0.1/24`. */
export interface AddressPrefix {
  readonly address: IpAddr
  readonly prefixLength: number
}

/** Where a client connects to. */
export interface Endpoint {
  readonly address: IpAddr
  /** 1..65535. */
  readonly port: number
}

/** An endpoint and the page asked for there. */
export interface HttpUrl extends Endpoint {
  /** Begins with `/`. */
  readonly path: string
}

/** Reads `10.0.0.1/24` or `fd00::1/64`. The prefix length is required. Undefined for any other text. */
export function parsePrefix(text: string): AddressPrefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text)
  const address = parseIp(match?.[1] ?? '')
  const prefixLength = Number(match?.[2])
  if (address === undefined || prefixLength > (isIpv6(address) ? 128 : 32)) return undefined
  return { address, prefixLength }
}

/** Reads a port 1..65535 in plain decimal. Undefined for any other text. */
export function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : NaN
  return port <= 65_535 ? port : undefined
}

/** Reads `10.0.0.100:80` or `[fd00::1]:80`. Undefined for any other text. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text)
  const address = match?.[1] !== undefined ? parseIpv6(match[1]) : parseIpv4(match?.[2] ?? '')
  const port = parsePort(match?.[3] ?? '')
  return address === undefined || port === undefined ? undefined : { address, port }
}

/** Reads `http://10.0.0.100/`, `http://10.0.0.100:8080/big`; port 80 and path `/` unless given. Undefined for any other text. */
export function parseHttpUrl(text: string): HttpUrl | undefined {
  const match = /^http:\/\/([^/?#\s]+)(\/[^\s#]*)?$/.exec(text)
  const authority = match?.[1] ?? ''
  const endpoint = parseEndpoint(/:\d+$/.test(authority.replace(/^\[.*\]/, '')) ? authority : `${authority}:80`)
  return endpoint === undefined ? undefined : { ...endpoint, path: match?.[2] ?? '/' }
}

/** The address `count` further on; undefined when that leaves the lowest 32 bits. */
export function addressPlus(address: IpAddr, count: number): IpAddr | undefined {
  const words = ipWords(address)
  const low = (words.at(-1) ?? 0) + count
  if (low > 0xffffffff) return undefined
  return isIpv6(address) ? ipv6FromWords(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, low) : (low as IpAddr)
}
