/**
 * The run's hash: a rolling 64-bit value over integers that tells two runs apart, always on.
 * The same scenario, seed and version give the same hash on every engine.
 * @module
 */

/** Mixes integers in the order they come. Holds two 32-bit lanes that feed each other. */
export class RunHash {
  #a = 0x9e3779b9 | 0
  #b = 0x7f4a7c15 | 0

  /** Takes in one integer; of a larger one, the low 32 bits. */
  add(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x85ebca6b)
    this.#a ^= this.#a >>> 15
    this.#b = Math.imul(this.#b + this.#a, 0xc2b2ae35)
    this.#b ^= this.#b >>> 13
  }

  /** Takes in seven integers: what seven times `add` does, with less traffic to memory, for what is hashed per frame. */
  addSeven(first: number, second: number, third: number, fourth: number, fifth: number, sixth: number, seventh: number): void {
    let a = Math.imul(this.#a ^ first, 0x85ebca6b)
    a ^= a >>> 15
    let b = Math.imul(this.#b + a, 0xc2b2ae35)
    b ^= b >>> 13
    a = Math.imul(a ^ second, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b + a, 0xc2b2ae35)
    b ^= b >>> 13
    a = Math.imul(a ^ third, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b + a, 0xc2b2ae35)
    b ^= b >>> 13
    a = Math.imul(a ^ fourth, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b + a, 0xc2b2ae35)
    b ^= b >>> 13
    a = Math.imul(a ^ fifth, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b + a, 0xc2b2ae35)
    b ^= b >>> 13
    a = Math.imul(a ^ sixth, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b + a, 0xc2b2ae35)
    b ^= b >>> 13
    a = Math.imul(a ^ seventh, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b + a, 0xc2b2ae35)
    b ^= b >>> 13
    this.#a = a
    this.#b = b
  }

  /** Takes in a time of up to 2^53 ns, whole. */
  addTime(timeNs: number): void {
    this.add(timeNs)
    this.add(timeNs / 0x100000000)
  }

  /** Sixteen hex digits. */
  digest(): string {
    return (this.#a >>> 0).toString(16).padStart(8, '0') + (this.#b >>> 0).toString(16).padStart(8, '0')
  }
}
