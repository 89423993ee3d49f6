/**
 * The hash functions of the hash schedulers: golden-ratio multiplication for dh and sh, SipHash-1-3 for mh.
 * Follows hash_32() in linux/hash.h and hsiphash_1u32() in lib/siphash.c as on a 64-bit machine.
 * @module
 */
import { ipWords, type IpAddr } from '../../wire/address.ts'

const GOLDEN_RATIO_32 = 0x61c88647
const MASK_64 = 0xffffffffffffffffn

/** The top `bits` (1..32) of a 32-bit product. */
export function hash32(value: number, bits: number): number {
  return Math.imul(value, GOLDEN_RATIO_32) >>> (32 - bits)
}

/** An address as 32 bits: an IPv6 one by the xor of its words. */
export function foldAddress(addr: IpAddr): number {
  return ipWords(addr).reduce((folded, word) => (folded ^ word) >>> 0, 0)
}

/** SipHash-1-3 of a 32-bit value as four little-endian bytes, the low 32 bits. Both words of the key are `key`. */
export function hsiphash(value: number, key: number): number {
  const k = BigInt(key)
  const state: SipState = {
    v0: 0x736f6d6570736575n ^ k, v1: 0x646f72616e646f6dn ^ k, v2: 0x6c7967656e657261n ^ k,
    v3: 0x7465646279746573n ^ k,
  }
  const block = (4n << 56n) | BigInt(value >>> 0)
  state.v3 ^= block
  sipRound(state)
  state.v0 ^= block
  state.v2 ^= 0xffn
  sipRound(state)
  sipRound(state)
  sipRound(state)
  return Number((state.v0 ^ state.v1 ^ state.v2 ^ state.v3) & 0xffffffffn)
}

interface SipState {
  v0: bigint
  v1: bigint
  v2: bigint
  v3: bigint
}

function sipRound(s: SipState): void {
  s.v0 = (s.v0 + s.v1) & MASK_64
  s.v1 = rotate(s.v1, 13n) ^ s.v0
  s.v0 = rotate(s.v0, 32n)
  s.v2 = (s.v2 + s.v3) & MASK_64
  s.v3 = rotate(s.v3, 16n) ^ s.v2
  s.v0 = (s.v0 + s.v3) & MASK_64
  s.v3 = rotate(s.v3, 21n) ^ s.v0
  s.v2 = (s.v2 + s.v1) & MASK_64
  s.v1 = rotate(s.v1, 17n) ^ s.v2
  s.v2 = rotate(s.v2, 32n)
}

function rotate(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (64n - bits))) & MASK_64
}
