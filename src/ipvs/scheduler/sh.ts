/**
 * Source hashing: a table of 256 slots over the client's address (and port with sh-port), in which each server takes as many
 * slots in a row as its weight. Without sh-fallback a slot whose server cannot take a connection gives none. Follows ip_vs_sh.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'
import { foldAddress, hash32 } from './hash.ts'
import type { Flow, Pool, Scheduler } from './scheduler.ts'

const SLOT_BITS = 8
const SLOTS = 256
/** flag-1 and flag-2 of `ipvsadm -b`. */
const FALLBACK = 1
const USE_PORT = 2

/** Works by source hashing. */
export class SourceHashing implements Scheduler {
  readonly #pool: Pool
  #slots: (Destination | undefined)[] = []

  constructor(pool: Pool) {
    this.#pool = pool
    this.updated()
  }

  pick(flow: Flow): Destination | undefined {
    const flags = this.#pool.schedulerFlags
    const key = foldAddress(flow.src) + ((flags & USE_PORT) === 0 ? 0 : flow.sport)
    const home = hash32(key, SLOT_BITS)
    const first = this.#slots[home]
    if (first === undefined || accepts(first)) return first
    if ((flags & FALLBACK) === 0) return undefined
    for (let k = 0; k < SLOTS; k++) {
      // The hash itself is added to an offset that begins at the hash.
      const other = this.#slots[(((k + home) % SLOTS) + home) % SLOTS]
      if (other !== undefined && accepts(other)) return other
    }
    return undefined
  }

  added(): void {
    this.updated()
  }

  removed(): void {
    this.updated()
  }

  updated(): void {
    const { destinations } = this.#pool
    const slots: (Destination | undefined)[] = []
    let index = 0
    let taken = 0
    while (slots.length < SLOTS) {
      const destination = destinations[index]
      slots.push(destination)
      // Weight 0 takes one slot all the same.
      if (destination !== undefined && ++taken >= destination.weight) {
        index = (index + 1) % destinations.length
        taken = 0
      }
    }
    this.#slots = slots
  }
}
