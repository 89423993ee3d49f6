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
/** 00:00:00:00:00:00: in an ARP request, the address asked for; in a frame, that of no device. */
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

/** `::`: no address. */
export const IPV6_ANY = ipv6FromWords(0, 0, 0, 0)
/** `::1`. */
export const IPV6_LOOPBACK = ipv6FromWords(0, 0, 0, 1)
/** `ff02::1`: every host of the link. */
export const IPV6_ALL_HOSTS = ipv6FromWords(0xff020000, 0, 0, 1)

/** True for 0.0.0.0 and `::`, which stand for no address or for all. */
export function isAnyAddress(addr: IpAddr): boolean {
  return addr === IPV4_ANY || addr === IPV6_ANY
}

/** The address as 32-bit words, most significant first: one for IPv4, four for IPv6. */
export function ipWords(addr: IpAddr): readonly number[] {
  return addr < IPV6_BASE ? [addr] : (ipv6Words[addr - IPV6_BASE] ?? [])
}

/** The IPv4 address in dotted form. `formatIp` prints either family. */
export function formatIpv4(addr: IpAddr): string {
  return `${addr >>> 24}.${(addr >>> 16) & 255}.${(addr >>> 8) & 255}.${addr & 255}`
}

/** The address as a tool prints it; IPv6 in the canonical form of RFC 5952, as inet_ntop(3) has it. */
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

/** Reads an IPv6 address as inet_pton() does: no zone, no prefix length. Undefined for any other text. */
export function parseIpv6(text: string): IpAddr | undefined {
  const halves = text.split('::')
  if (!text.includes(':') || halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]
  const word = (index: number): number => (groups[2 * index] ?? 0) * 65_536 + (groups[2 * index + 1] ?? 0)
  return ipv6FromWords(word(0), word(1), word(2), word(3))
}

/** Reads an address of either family, in its full form. Undefined for any other text. */
export function parseIp(text: string): IpAddr | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
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

/** True when both addresses are of one family and lie in one network of this prefix length. */
export function inPrefix(addr: IpAddr, network: IpAddr, prefixLength: number): boolean {
  if (addr < IPV6_BASE && network < IPV6_BASE) return ((addr ^ network) & prefixMask(prefixLength)) === 0
  if (!isIpv6(addr) || !isIpv6(network)) return false
  const [left, right] = [ipWords(addr), ipWords(network)]
  for (let index = 0; index < 4; index++) {
    if ((((left[index] ?? 0) ^ (right[index] ?? 0)) & wordMask(index, prefixLength)) !== 0) return false
  }
  return true
}

/** The first address of the network that `addr` lies in. */
export function networkOf(addr: IpAddr, prefixLength: number): IpAddr {
  if (addr < IPV6_BASE) return ((addr & prefixMask(prefixLength)) >>> 0) as IpAddr
  const [a = 0, b = 0, c = 0, d = 0] = ipWords(addr)
  const mask = (index: number): number => wordMask(index, prefixLength)
  return ipv6FromWords(a & mask(0), b & mask(1), c & mask(2), d & mask(3))
}

/** What of the word at this index belongs to a prefix. */
function wordMask(index: number, prefixLength: number): number {
  return prefixMask(Math.min(Math.max(prefixLength - 32 * index, 0), 32))
}

/** The last address of the IPv4 network that `addr` lies in: its directed broadcast address. */
export function broadcastOf(addr: IpAddr, prefixLength: number): IpAddr {
  return ((addr | ~prefixMask(prefixLength)) >>> 0) as IpAddr
}

/** True for 224.0.0.0/4 and ff00::/8. */
export function isMulticast(addr: IpAddr): boolean {
  return addr < IPV6_BASE ? addr >>> 28 === 14 : (ipWords(addr)[0] ?? 0) >>> 24 === 0xff
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(addr: IpAddr): boolean {
  return addr < IPV6_BASE ? addr >>> 24 === 127 : addr === IPV6_LOOPBACK
}

/** True for fe80::/10. */
export function isLinkLocal(addr: IpAddr): boolean {
  return isIpv6(addr) && (ipWords(addr)[0] ?? 0) >>> 22 === 0xfe80 >>> 6
}

/** The link-local address that follows from a MAC address (RFC 4291 appendix A, modified EUI-64). */
export function linkLocalOf(mac: MacAddr): IpAddr {
  const high = Math.floor(mac / 0x1000000)
  const low = mac % 0x1000000
  return ipv6FromWords(0xfe800000, 0, ((high ^ 0x020000) * 0x100 + 0xff), 0xfe000000 + low)
}

/** The multicast group in which a host hears who asks for this IPv6 address (RFC 4291 2.7.1). */
export function solicitedNodeOf(addr: IpAddr): IpAddr {
  return ipv6FromWords(0xff020000, 0, 1, 0xff000000 + ((ipWords(addr)[3] ?? 0) & 0xffffff))
}

/** The Ethernet address of an IPv6 multicast group: 33:33 and its last 32 bits (RFC 2464 7). */
export function multicastMacOf(group: IpAddr): MacAddr {
  return (0x333300000000 + (ipWords(group)[3] ?? 0)) as MacAddr
}

/** The 16-bit groups of one side of `::`; an IPv4 address may stand for the last two. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const embedded = index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined
    if (embedded !== undefined) groups.push(Math.floor(embedded / 65_536), embedded % 65_536)
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(parseInt(part, 16))
    else return undefined
  }
  return groups
}

/**
 * RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first on a tie) as `::`; the IPv4
 * address in ::/96 and ::ffff:0:0/96 in its own form (inet_ntop(3)).
 */
function formatIpv6Words(words: readonly number[]): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  let best = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > bestLength) [best, bestLength] = [start, length]
  }
  if (best === 0 && (bestLength === 6 || (bestLength === 5 && groups[5] === 0xffff))) {
    return `${bestLength === 6 ? '::' : '::ffff:'}${formatIpv4((words[3] ?? 0) as IpAddr)}`
  }
  const hex = groups.map((group) => group.toString(16))
  if (best < 0) return hex.join(':')
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`
}
