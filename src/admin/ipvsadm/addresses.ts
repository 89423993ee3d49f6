/**
 * Reading addresses and numbers as the C library does: inet_aton(), strtol().
 * @module
 */
import type { IpAddr } from '../../wire/address.ts'

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
