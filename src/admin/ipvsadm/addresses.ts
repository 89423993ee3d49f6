/**
 * Reading addresses and numbers as the C library does: inet_aton(), inet_pton(), strtol().
 * @module
 */
import { ipv6FromWords, parseIpv4, type IpAddr } from '../../wire/address.ts'

/** A decimal integer in `min`..`max` (string_to_number of ipvsadm): blanks and a sign may stand before it. */
export function parseNumber(text: string, min: number, max: number): number | undefined {
  if (!/^\s*[+-]?\d+$/.test(text)) return undefined
  const value = Number(text)
  return value >= min && value <= max ? value : undefined
}

/** inet_aton(): one to four numbers, decimal, octal or hexadecimal; the last one fills what is left of the 32 bits. */
export function parseAton(text: string): IpAddr | undefined {
  const parts = text.trimEnd().split('.')
  if (parts.length > 4) return undefined
  const last = parts.length - 1
  let value = 0
  for (const [index, part] of parts.entries()) {
    if (!/^(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.test(part)) return undefined
    const number = /^0\d/.test(part) ? parseInt(part, 8) : Number(part)
    const room = index < last ? 256 : SIZES[last] ?? 0
    if (number >= room) return undefined
    value = value * room + number
  }
  return value as IpAddr
}

/** How many values the last of one to four numbers may have. */
const SIZES = [0x100000000, 0x1000000, 0x10000, 0x100]

/** inet_pton() for IPv6. */
export function parseIpv6(text: string): IpAddr | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]
  const word = (index: number): number => (groups[2 * index] ?? 0) * 65_536 + (groups[2 * index + 1] ?? 0)
  return ipv6FromWords(word(0), word(1), word(2), word(3))
}

/** An address of either family, in its full form. */
export function parseAddress(text: string): IpAddr | undefined {
  return parseIpv4(text) ?? (text.includes(':') ? parseIpv6(text) : undefined)
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
