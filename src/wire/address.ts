/**
 * Addresses as numbers. A MAC address is its 48-bit value. An IPv4 address is its 32-bit value, 0..2^32-1. An IPv6 address is
 * 2^32 plus its index in a table of interned addresses, so that a packet, a route and a table key hold one number for either
 * family and compare it with `===`. The index never reaches an output, an order or a hash: `ipWords` gives the address itself.
 * @module
 */

/** An IP address of either family. Compare with `===`; order and hash by `ipWords`. */
export type IpAddr = number & { readonly __ip: never }
/** A 48-bit Ethernet address. */
export type MacAddr = number & { readonly __mac: never }

/** 0.0.0.0: no address. */
export const IPV4_ANY = 0 as IpAddr
/** 255.255.255.255. */
export const IPV4_BROADCAST = 0xffffffff as IpAddr
/** ff:ff:ff:ff:ff:ff. */
export const MAC_BROADCAST = 0xffffffffffff as MacAddr
/** 00:00:00:00:00:00: in an ARP request, the address asked for. */
export const MAC_ZERO = 0 as MacAddr

/** First number that stands for an IPv6 address. */
const IPV6_BASE = 0x100000000
const ipv6Words: (readonly [number, number, number, number])[] = []
const ipv6Index = new Map<string, number>()

/** True for an address of the IPv6 family. */
export function isIpv6(addr: IpAddr): boolean {
  return addr >= IPV6_BASE
}

/** The IPv6 address of these four 32-bit words, most significant first. The same words always give the same number. */
export function ipv6FromWords(a: number, b: number, c: number, d: number): IpAddr {
  const key = `${a >>> 0}:${b >>> 0}:${c >>> 0}:${d >>> 0}`
  let index = ipv6Index.get(key)
  if (index === undefined) {
    index = ipv6Words.push([a >>> 0, b >>> 0, c >>> 0, d >>> 0]) - 1
    ipv6Index.set(key, index)
  }
  return (IPV6_BASE + index) as IpAddr
}

/** The address as 32-bit words, most significant first: one for IPv4, four for IPv6. */
export function ipWords(addr: IpAddr): readonly number[] {
  return addr < IPV6_BASE ? [addr] : (ipv6Words[addr - IPV6_BASE] ?? [])
}

/** The IPv4 address in dotted form. `formatIp` prints either family. */
export function formatIpv4(addr: IpAddr): string {
  return `${addr >>> 24}.${(addr >>> 16) & 255}.${(addr >>> 8) & 255}.${addr & 255}`
}

/** The address as a tool prints it; IPv6 in the canonical form of RFC 5952. */
export function formatIp(addr: IpAddr): string {
  return addr < IPV6_BASE ? formatIpv4(addr) : formatIpv6Words(ipWords(addr))
}

/** Reads four decimal numbers 0..255 with dots between; no leading zeros, nothing else. Undefined for any other text. */
export function parseIpv4(text: string): IpAddr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  let value = 0
  for (let i = 1; i <= 4; i++) {
    const part = match[i] ?? ''
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return undefined
    value = value * 256 + Number(part)
  }
  return value as IpAddr
}

/** Reads `02:00:00:00:01:00`. Undefined for any other text. */
export function parseMac(text: string): MacAddr | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined
  return parseInt(text.replaceAll(':', ''), 16) as MacAddr
}

/** The MAC address as six pairs of lower-case hex digits. */
export function formatMac(mac: MacAddr): string {
  return mac.toString(16).padStart(12, '0').replace(/..(?!$)/g, '$&:')
}

/** The IPv4 network mask of a prefix length 0..32. */
export function prefixMask(prefixLength: number): number {
  return prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0
}

/** True when both IPv4 addresses lie in one network of this prefix length. */
export function inPrefix(addr: IpAddr, network: IpAddr, prefixLength: number): boolean {
  return ((addr ^ network) & prefixMask(prefixLength)) === 0
}

/** The first address of the IPv4 network that `addr` lies in. */
export function networkOf(addr: IpAddr, prefixLength: number): IpAddr {
  return ((addr & prefixMask(prefixLength)) >>> 0) as IpAddr
}

/** The last address of the IPv4 network that `addr` lies in: its directed broadcast address. */
export function broadcastOf(addr: IpAddr, prefixLength: number): IpAddr {
  return ((addr | ~prefixMask(prefixLength)) >>> 0) as IpAddr
}

/** True for 224.0.0.0/4. */
export function isMulticast(addr: IpAddr): boolean {
  return addr < IPV6_BASE && addr >>> 28 === 14
}

/** True for 127.0.0.0/8. */
export function isLoopback(addr: IpAddr): boolean {
  return addr < IPV6_BASE && addr >>> 24 === 127
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first on a tie) as `::`. */
function formatIpv6Words(words: readonly number[]): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  let best = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > bestLength) [best, bestLength] = [start, length]
  }
  const hex = groups.map((group) => group.toString(16))
  if (best < 0) return hex.join(':')
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`
}
