/**
 * Connections by chance: arrivals, clients and work, each from a stream of its own that follows from the seed alone. So every
 * scheduler meets the same connections, and a change of one law moves nothing of the others.
 * @module
 */
import { type RandomStream, randomStream } from '../sim/random.ts'
import { clientAddress } from './addresses.ts'
import { type Distribution, drawNs } from './distribution.ts'
import type { ConnectionSource, NextConnection } from './simulator.ts'

/** What connections come. */
export interface RandomSourceOptions {
  readonly seed: string
  /** Connections in all. */
  readonly count: number
  /** Times from one arrival to the next. */
  readonly gaps: Distribution
  /** Work of each. */
  readonly work: Distribution
  /** Addresses that connections come from, each time one of them with the same chance. */
  readonly clients: number
}

/** Connections by chance. */
export class RandomSource implements ConnectionSource {
  readonly #options: RandomSourceOptions
  readonly #gaps: RandomStream
  readonly #work: RandomStream
  readonly #clients: RandomStream
  #made = 0
  #lastNs = 0

  constructor(options: RandomSourceOptions) {
    this.#options = options
    this.#gaps = randomStream(options.seed, 'arrivals')
    this.#work = randomStream(options.seed, 'work')
    this.#clients = randomStream(options.seed, 'clients')
  }

  next(): NextConnection | undefined {
    const { count, gaps, work, clients } = this.#options
    if (this.#made === count) return undefined
    this.#made++
    this.#lastNs += drawNs(gaps, this.#gaps)
    return {
      arrivalNs: this.#lastNs, client: clientAddress(this.#clients.int(clients)), workNs: drawNs(work, this.#work),
    }
  }
}
