/**
 * The IPv4 addresses of a host: whether an address is one of its own is asked for each packet, of its source as of its
 * destination.
 * @module
 */
import { spread32 } from '../base/hash.ts'
import type { IpAddr } from '../wire/address.ts'

/** Places to begin with, a power of two. */
const PLACES_MIN = 16

/** A set of IPv4 addresses but 0.0.0.0. */
export class AddressSet {
  /** Open addressing, at most half full; 0 is an empty place. */
  #places = new Int32Array(PLACES_MIN)
  #count = 0

  /** True for an address that was added. */
  has(addr: IpAddr): boolean {
    const places = this.#places, key = addr | 0, last = places.length - 1
    for (let at = spread32(key) & last; ; at = at + 1 & last) {
      const there = places[at]
      if (there === 0) return false
      if (there === key) return true
    }
  }

  /** Adds an address that may be there already. */
  add(addr: IpAddr): void {
    if (addr === 0 || this.has(addr)) return
    if (++this.#count * 2 > this.#places.length) this.#grow()
    this.#put(addr | 0)
  }

  /** Takes all out. */
  clear(): void {
    this.#places = new Int32Array(PLACES_MIN)
    this.#count = 0
  }

  #put(key: number): void {
    const places = this.#places, last = places.length - 1
    let at = spread32(key) & last
    while (places[at] !== 0) at = at + 1 & last
    places[at] = key
  }

  #grow(): void {
    const before = this.#places
    this.#places = new Int32Array(before.length * 2)
    for (const key of before) if (key !== 0) this.#put(key)
  }
}
