/**
 * Round robin: walks the list from the destination picked last. Weights other than 0 do not matter.
 * Follows ip_vs_rr_schedule() and ip_vs_rr_del_dest() in ip_vs_rr.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'
import type { Pool, Scheduler } from './scheduler.ts'

/** Works round robin. */
export class RoundRobin implements Scheduler {
  readonly #pool: Pool
  /** Index of the destination picked last; -1 for the head of the list. */
  #position = -1

  constructor(pool: Pool) {
    this.#pool = pool
  }

  pick(): Destination | undefined {
    const { destinations } = this.#pool
    const count = destinations.length
    // From the one after the last pick round to the last pick itself; from the head, through the whole list.
    for (let step = 1; step <= count; step++) {
      const index = (this.#position + step) % count
      const destination = destinations[index]
      if (destination !== undefined && accepts(destination)) {
        this.#position = index
        return destination
      }
    }
    return undefined
  }

  added(): void {
    if (this.#position >= 0) this.#position++
  }

  removed(index: number): void {
    // The place of a removed destination passes to the one before it.
    if (index <= this.#position) this.#position--
  }
}
