/**
 * Weighted round robin: sweeps the list for weights that reach a level, and lowers the level after each sweep.
 * Any change of the list puts the walk back to its head, but keeps the level: after adding servers the first sweep usually runs
 * at a low one. Follows ip_vs_wrr_schedule() and ip_vs_wrr_dest_changed() in ip_vs_wrr.c.
 * @module
 */
import type { Destination } from '../destination.ts'
import { greatestCommonDivisor } from '../../base/gcd.ts'
import type { Pool, Scheduler } from './scheduler.ts'

/** Works weighted round robin. */
export class WeightedRoundRobin implements Scheduler {
  readonly #pool: Pool
  /** Index of the destination picked last; -1 for the head of the list. */
  #position = -1
  #level: number
  #step: number
  #levelMax: number

  constructor(pool: Pool) {
    this.#pool = pool
    this.#step = greatestCommonDivisor(pool.destinations.map((destination) => destination.weight)) || 1
    this.#levelMax = this.#highestWeight() - (this.#step - 1)
    this.#level = this.#levelMax
  }

  pick(): Destination | undefined {
    if (this.#levelMax <= 0) return undefined
    const found = this.#sweep()
    if (found !== undefined) return found
    let highest = 0
    for (const destination of this.#pool.destinations) {
      if (!destination.overloaded) highest = Math.max(highest, destination.weight)
    }
    if (highest === 0) return this.#giveUp()
    this.#position = -1
    // Down from level to level, as far as somebody can be found; from the top again where the bottom is passed.
    this.#lower(this.#level - this.#step)
    if (this.#level > highest) this.#lower(this.#level - Math.ceil((this.#level - highest) / this.#step) * this.#step)
    return this.#sweep()
  }

  added(): void {
    this.#changed()
  }

  removed(): void {
    this.#changed()
  }

  updated(): void {
    this.#changed()
  }

  /** The next destination of this level, from the one after the last pick to the end of the list. */
  #sweep(): Destination | undefined {
    const { destinations } = this.#pool
    for (let index = this.#position + 1; index < destinations.length; index++) {
      const destination = destinations[index]
      if (destination === undefined || destination.overloaded || destination.weight < this.#level) continue
      this.#position = index
      return destination
    }
    return undefined
  }

  #lower(level: number): void {
    this.#level = level > 0 ? level : this.#levelMax
  }

  /** Everybody is overloaded: where the walk stops depends on where it began. */
  #giveUp(): undefined {
    if (this.#level <= this.#step && this.#position >= 0) return undefined
    this.#position = -1
    this.#level = this.#levelMax
    return undefined
  }

  #changed(): void {
    this.#position = -1
    this.#step = greatestCommonDivisor(this.#pool.destinations.map((destination) => destination.weight)) || 1
    this.#levelMax = this.#highestWeight() - (this.#step - 1)
    if (this.#level > this.#levelMax || this.#level === 0) this.#level = this.#levelMax
    else if (this.#step > 1) this.#level = Math.floor(this.#level / this.#step) * this.#step + 1
  }

  #highestWeight(): number {
    let highest = 0
    for (const destination of this.#pool.destinations) highest = Math.max(highest, destination.weight)
    return highest
  }
}
