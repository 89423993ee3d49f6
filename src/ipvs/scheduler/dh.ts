/**
 * Destination hashing: a table of 256 slots over the destination address, filled round robin whatever the weights.
 * A slot whose server cannot take a connection gives none: there is no second choice. Follows ip_vs_dh.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'
import { foldAddress, hash32 } from './hash.ts'
import type { Flow, Pool, Scheduler } from './scheduler.ts'

const SLOT_BITS = 8
const SLOTS = 256

/** Works by destination hashing. */
export class DestinationHashing implements Scheduler {
  readonly #pool: Pool
  #slots: (Destination | undefined)[] = []

  constructor(pool: Pool) {
    this.#pool = pool
    this.updated()
  }

  pick(flow: Flow): Destination | undefined {
    const destination = this.#slots[hash32(foldAddress(flow.dst), SLOT_BITS)]
    return destination !== undefined && accepts(destination) ? destination : undefined
  }

  added(): void {
    this.updated()
  }

  removed(): void {
    this.updated()
  }

  updated(): void {
    const { destinations } = this.#pool
    this.#slots = Array.from({ length: SLOTS }, (_, slot) => destinations[slot % destinations.length])
  }
}
