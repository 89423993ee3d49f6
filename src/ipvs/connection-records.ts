/**
 * What is kept of the connections of a director by their numbers. What a packet may need of one lies in one record of twelve
 * words (see `Connection`), next to each other; there may be millions. Records are in pieces, so that more are added without
 * moving one, and a piece is made when a number of it is first used.
 * @module
 */
import { present } from '../base/assert.ts'
import type { Connection } from './connection.ts'
import type { Destination } from './destination.ts'
import type { EngineData } from './persistence-engine.ts'

/** Words of a record. */
export const RECORD_WORDS = 12

const PIECE_BITS = 12
const PIECE_MASK = 0xfff

/** What only templates and their connections have. */
export class Persistence {
  /** The template, for a connection that has one. */
  control: Connection | undefined = undefined
  /** How many connections a template controls. */
  controlledCount = 0
  /** Of a template of a service with a persistence engine: what the engine has read. */
  readonly engineData: EngineData | undefined

  constructor(engineData: EngineData | undefined) {
    this.engineData = engineData
  }
}

/** The records of one director. */
export class ConnectionRecords {
  /** What only persistent services need, of the few connections that have it. */
  readonly persistence = new Map<number, Persistence>()
  readonly #pieces: Int32Array[] = []
  /** Those that connections are bound to, by number - 1. */
  readonly #destinations: (Destination | undefined)[] = []

  /** The words among which the record of a connection is. */
  pieceOf(number: number): Int32Array {
    return this.#pieces[number >> PIECE_BITS] ?? this.#addPieces(number >> PIECE_BITS)
  }

  /** The first word of the record of a connection, in its piece. */
  wordOf(number: number): number {
    return (number & PIECE_MASK) * RECORD_WORDS
  }

  /** The destination of a number; none for 0. */
  destinationOf(number: number): Destination | undefined {
    return number === 0 ? undefined : this.#destinations[number - 1]
  }

  /** The number of a destination, 1 or more; it has the same until it is released. */
  numberOf(destination: Destination): number {
    const { number } = destination
    if (number !== 0 && this.#destinations[number - 1] === destination) return number
    const free = this.#destinations.indexOf(undefined)
    const index = free < 0 ? this.#destinations.length : free
    this.#destinations[index] = destination
    return destination.number = index + 1
  }

  /** Takes the number back from a destination that no connection is bound to. */
  release(destination: Destination): void {
    if (this.#destinations[destination.number - 1] === destination) this.#destinations[destination.number - 1] = undefined
  }

  #addPieces(last: number): Int32Array {
    for (let i = this.#pieces.length; i <= last; i++) this.#pieces.push(new Int32Array(RECORD_WORDS << PIECE_BITS))
    return present(this.#pieces[last], 'a piece')
  }
}
