/**
 * The routes that a host has looked up, by destination: while no rules decide nothing else counts. A place has two words, and
 * what leads the same way shares one route, so that all that packets of many destinations meet stays near.
 * @module
 */
import { spread32 } from '../base/hash.ts'
import type { IpAddr } from '../wire/address.ts'
import type { Route } from './routing.ts'

// A place: destination, number of its route + 1. An empty one has 0 for a number.
const PLACE_WORDS = 2
/** Powers of two. */
const WORDS_MIN = 32
const WORDS_MAX = 1_048_576

/** The routes of one host. */
export class RouteCache {
  /** Open addressing, at most half full. */
  #words = new Int32Array(WORDS_MIN)
  #count = 0
  /** Each once, however many destinations it leads to. */
  readonly #routes: Route[] = []
  readonly #numbers = new Map<Route, number>()

  /** The route to a destination, if it is known. */
  find(dst: IpAddr): Route | undefined {
    const words = this.#words, key = dst | 0, last = words.length - PLACE_WORDS
    for (let at = spread32(key) & last; ; at = at + PLACE_WORDS & last) {
      const numberPlus1 = words[at | 1] as number
      if (numberPlus1 === 0) return undefined
      if (words[at] === key) return this.#routes[numberPlus1 - 1]
    }
  }

  /** Takes note of the route to a destination that is not known yet. A cache that can grow no more begins anew. */
  add(dst: IpAddr, route: Route): void {
    if ((this.#count + 1) * PLACE_WORDS * 2 > this.#words.length) {
      if (this.#words.length === WORDS_MAX) this.clear()
      else this.#grow()
    }
    let number = this.#numbers.get(route)
    if (number === undefined) this.#numbers.set(route, number = this.#routes.push(route) - 1)
    this.#put(dst | 0, number + 1)
    this.#count++
  }

  /** Forgets all. */
  clear(): void {
    if (this.#count === 0) return
    this.#words = new Int32Array(WORDS_MIN)
    this.#count = 0
    this.#routes.length = 0
    this.#numbers.clear()
  }

  #put(key: number, numberPlus1: number): void {
    const words = this.#words, last = words.length - PLACE_WORDS
    let at = spread32(key) & last
    while (words[at | 1] !== 0) at = at + PLACE_WORDS & last
    words[at] = key
    words[at | 1] = numberPlus1
  }

  #grow(): void {
    const before = this.#words
    this.#words = new Int32Array(before.length * 2)
    for (let at = 0; at < before.length; at += PLACE_WORDS) {
      const numberPlus1 = before[at | 1] as number
      if (numberPlus1 !== 0) this.#put(before[at] as number, numberPlus1)
    }
  }
}
