/**
 * SipHash-1-3 (Aumasson and Bernstein, 2012) of a message that fits into one word, with big integers.
 * @module
 */

const WORD = 0xffffffffffffffffn

function rotate(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (64n - bits))) & WORD
}

/** The hash of a message of `bytes` bytes (0..7), which is given as a little-endian number. */
export function sipHash13(message: bigint, bytes: number, key0: bigint, key1: bigint): bigint {
  let [a, b, c, d] = [
    key0 ^ 0x736f6d6570736575n, key1 ^ 0x646f72616e646f6dn, key0 ^ 0x6c7967656e657261n, key1 ^ 0x7465646279746573n,
  ]
  const round = (): void => {
    a = (a + b) & WORD
    b = rotate(b, 13n) ^ a
    a = rotate(a, 32n)
    c = (c + d) & WORD
    d = rotate(d, 16n) ^ c
    a = (a + d) & WORD
    d = rotate(d, 21n) ^ a
    c = (c + b) & WORD
    b = rotate(b, 17n) ^ c
    c = rotate(c, 32n)
  }
  const block = message | (BigInt(bytes) << 56n)
  d ^= block
  round()
  a ^= block
  c ^= 0xffn
  round()
  round()
  round()
  return a ^ b ^ c ^ d
}
