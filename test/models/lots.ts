/**
 * Chance for walks of many steps: a small generator of its own, told apart by seed and name.
 * @module
 */

/** A stream of random numbers. */
export class Lots {
  #state: number

  constructor(seed: number, name: string) {
    this.#state = [...name].reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 0x01000193), seed ^ 0x811c9dc5)
  }

  /** An integer from 0 to `below` - 1. */
  int(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor(((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000 * below)
  }

  /** One of a list that is not empty. */
  one<Item>(items: readonly Item[]): Item {
    return items[this.int(items.length)] as Item
  }
}
