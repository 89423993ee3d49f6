/**
 * Batches of IPv4 keys in large arrays of slots: by instructions of WebAssembly that take four words at once, which JavaScript
 * does not have. The program is `ipv4-batch.wat`. Where it cannot run (on a page that forbids it, say, or while the slots are in
 * two arrays because they grow), `Ipv4Index` does the same itself, in about twice the time.
 * @module
 */
import { BATCH_KEY_WORDS } from './ipv4-finder.ts'
import { IPV4_BATCH_PROGRAM } from './ipv4-batch-program.ts'
import type { SlotMemory, Slots } from './slots.ts'

/** Keys of one call, at most. */
export const BATCH_KEYS_MAX = 1024
/** Where the program has the numbers of what it found. */
const FOUND_AT = 16_384

interface Exports {
  findBatch(count: number, seed: number, slotsPerHash: number, end: number): void
}

// Of the standard, but not in the library of ECMAScript.
declare const WebAssembly: {
  readonly Module: new (program: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports }
}

/** Finds keys in one array of slots. */
export class Ipv4Batch {
  readonly #slotsPerHash: number
  readonly #keys: Int32Array
  readonly #found: Int32Array
  readonly #exports: Exports
  readonly #end: number

  private constructor(slots: Slots, memory: SlotMemory, exports: Exports) {
    this.#slotsPerHash = slots.slotsPerHash
    this.#keys = new Int32Array(memory.buffer, 0, BATCH_KEYS_MAX * BATCH_KEY_WORDS)
    this.#found = new Int32Array(memory.buffer, FOUND_AT, BATCH_KEYS_MAX)
    this.#exports = exports
    this.#end = slots.words.byteOffset + slots.words.byteLength
  }

  /** For these slots; undefined when they have no memory of WebAssembly, or it cannot be used here. */
  static make(slots: Slots): Ipv4Batch | undefined {
    const { memory } = slots
    if (memory === undefined) return undefined
    try {
      const program = new WebAssembly.Module(IPV4_BATCH_PROGRAM)
      return new Ipv4Batch(slots, memory, new WebAssembly.Instance(program, { slots: { memory } }).exports)
    } catch {
      return undefined
    }
  }

  /** The newest entries of 1 to `BATCH_KEYS_MAX` of the keys, those from number `from` on, into `found`. */
  find(keys: Int32Array, from: number, count: number, found: Int32Array, seed: number): void {
    this.#keys.set(keys.subarray(from * BATCH_KEY_WORDS, (from + count) * BATCH_KEY_WORDS))
    this.#exports.findBatch(count, seed, this.#slotsPerHash, this.#end)
    found.set(count === BATCH_KEYS_MAX ? this.#found : this.#found.subarray(0, count), from)
  }
}
