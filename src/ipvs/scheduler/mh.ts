/**
 * Maglev hashing: a table of 4093 slots, filled by the servers in turn, each along a permutation of its own, so that few clients
 * move when a server comes or goes. Weights are those before a server was drained. Follows ip_vs_mh.c.
 * @module
 */
import { accepts, type Destination } from '../destination.ts'
import { greatestCommonDivisor } from '../../base/gcd.ts'
import { foldAddress, hsiphash } from './hash.ts'
import type { Flow, Pool, Scheduler } from './scheduler.ts'

/** The prime of CONFIG_IP_VS_MH_TAB_INDEX=12. */
const SLOTS = 4093
/** Turns of the heaviest server fit in so many bits. */
const TURN_BITS = 6
const KEY_OFFSET = 2_654_435_761
const KEY_SKIP = 2_654_446_892
/** flag-1 and flag-2 of `ipvsadm -b`. */
const FALLBACK = 1
const USE_PORT = 2

/** One server's way through the table. */
interface Walk {
  readonly destination: Destination
  readonly skip: number
  readonly turns: number
  slot: number
}

/** Works by Maglev hashing. */
export class MaglevHashing implements Scheduler {
  readonly #pool: Pool
  #slots: readonly Destination[] = []

  constructor(pool: Pool) {
    this.#pool = pool
    this.updated()
  }

  pick(flow: Flow): Destination | undefined {
    const flags = this.#pool.schedulerFlags
    const key = foldAddress(flow.src) + ((flags & USE_PORT) === 0 ? 0 : flow.sport)
    const home = hsiphash(key, KEY_OFFSET) % SLOTS
    const first = this.#slots[home]
    if (first === undefined || accepts(first)) return first
    // Where nobody is free, 4093 more hashes would find nobody.
    if ((flags & FALLBACK) === 0 || !this.#pool.destinations.some(accepts)) return undefined
    for (let k = 0; k < SLOTS; k++) {
      const other = this.#slots[hsiphash(key + ((k + home) % SLOTS), KEY_OFFSET) % SLOTS]
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
    const weights = destinations.map((destination) => destination.lastWeight)
    const divisor = greatestCommonDivisor(weights)
    this.#slots = divisor === 0 ? [] : fill(
      destinations.map((destination) => walkOf(destination, divisor, turnShift(weights, divisor)))
    )
  }
}

/** By how many bits turns are cut down, so that those of the heaviest server fit. */
function turnShift(weights: readonly number[], divisor: number): number {
  const turnsMax = Math.floor(weights.reduce((a, b) => Math.max(a, b), 0) / divisor)
  return Math.max(0, 32 - Math.clz32(turnsMax) - TURN_BITS)
}

function walkOf(destination: Destination, divisor: number, shift: number): Walk {
  const key = foldAddress(destination.addr) + destination.port
  const turns = Math.floor(destination.lastWeight / divisor) >>> shift
  return {
    destination, slot: hsiphash(key, KEY_OFFSET) % SLOTS, skip: hsiphash(key, KEY_SKIP) % (SLOTS - 1) + 1,
    turns: turns > 0 ? turns : Math.min(1, destination.lastWeight),
  }
}

function fill(walks: readonly Walk[]): Destination[] {
  const slots = new Array<Destination | undefined>(SLOTS)
  let left = SLOTS
  while (left > 0) {
    for (const walk of walks) {
      for (let turn = 0; turn < walk.turns && left > 0; turn++) {
        while (slots[walk.slot] !== undefined) walk.slot = (walk.slot + walk.skip) % SLOTS
        slots[walk.slot] = walk.destination
        left--
      }
    }
  }
  return slots as Destination[]
}
