/**
 * Integer hashing for names and keys. 32-bit, exact on every engine; not for security.
 * @module
 */

/** Spreads the bits of a 32-bit integer over all 32 (the finalizer of MurmurHash3). */
export function mix32(value: number): number {
  let h = value | 0
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}

/** Spreads an integer's bits by one multiplication: enough for places of addresses in a table of 2^n of them. 32 bits, signed. */
export function spread32(value: number): number {
  const h = Math.imul(value, 0x9e3779b1)
  return h ^ h >>> 15
}

/** FNV-1a over the UTF-16 code units of `text`: 0..2^32-1. A host's share in the run's hash, independent of its position. */
export function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    h = Math.imul(h ^ (unit & 0xff), 0x01000193)
    h = Math.imul(h ^ (unit >>> 8), 0x01000193)
  }
  return h >>> 0
}
