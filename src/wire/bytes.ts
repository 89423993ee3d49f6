/**
 * Big-endian integers in byte arrays, as protocols have them. Reads and writes past the end are the caller's to avoid:
 * a read gives zeros there, a write does nothing.
 * @module
 */
import { ipv6FromWords, ipWords, type IpAddr } from './address.ts'

/** The 16-bit number at `at`. */
export function get16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

/** The 32-bit number at `at`, unsigned. */
export function get32(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 0x10000 + get16(bytes, at + 2)
}

/** The 48-bit number at `at`: a MAC address. */
export function get48(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 0x100000000 + get32(bytes, at + 2)
}

/** The IPv6 address at `at`. */
export function getIpv6(bytes: Uint8Array, at: number): IpAddr {
  return ipv6FromWords(get32(bytes, at), get32(bytes, at + 4), get32(bytes, at + 8), get32(bytes, at + 12))
}

/** Writes `value` modulo 2^16. */
export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

/** Writes `value`, 0..2^32-1. */
export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16)
  put16(bytes, at + 2, value & 0xffff)
}

/** Writes an IPv6 address. */
export function putIpv6(bytes: Uint8Array, at: number, addr: IpAddr): void {
  for (const [index, word] of ipWords(addr).entries()) put32(bytes, at + 4 * index, word)
}

/** Writes `value`, 0..2^48-1. */
export function put48(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, Math.floor(value / 0x100000000))
  put32(bytes, at + 2, value % 0x100000000)
}

/** True when both have the same length and bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false
  }
  return true
}

/** The parts one after the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
