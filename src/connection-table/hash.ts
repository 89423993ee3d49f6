/**
 * Where in an index a key belongs: 32 bits from its words and the seed of the table. The places of an index are taken from the
 * upper bits, which every bit of the key reaches. Not a defence: who knows the seed can make keys that collide.
 * @module
 */

/** Hashes the key of an IPv4 connection: 32 bits, signed. The address that differs least between keys comes last. */
export function hashIpv4(seed: number, caddr: number, ports: number, vaddr: number): number {
  let h = Math.imul(caddr ^ seed, 0x9e3779b1)
  h = Math.imul(h ^ h >>> 15 ^ ports, 0x85ebca6b)
  h = Math.imul(h ^ h >>> 13 ^ vaddr, 0xc2b2ae35)
  return h ^ h >>> 16
}

/** Hashes nine words from `words[at]` on, the key of an IPv6 connection: 32 bits, signed. */
export function hashIpv6(seed: number, words: Int32Array, at: number): number {
  let h = seed
  for (let i = at; i < at + 9; i++) {
    h = Math.imul(h ^ (words[i] as number), 0x9e3779b1)
    h ^= h >>> 15
  }
  h = Math.imul(h, 0x85ebca6b)
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35)
  return h ^ h >>> 16
}
