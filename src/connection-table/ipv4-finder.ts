/**
 * What the layouts of IPv4 entries have in common. An entry's key is read from its record.
 * @module
 */

/** Words of a key in a batch: client, ports, the other address, the wanted code. */
export const BATCH_KEY_WORDS = 4

/** What finds IPv4 entries by their keys. */
export interface Ipv4Finder {
  /** True while entries are being moved to a larger array. */
  readonly isGrowing: boolean
  /** Bytes that the index takes. */
  readonly bytes: number
  /** The newest entry of this key, -1 when there is none. `wanted` is a word as `wantedByRequest` makes it. */
  find(caddr: number, ports: number, other: number, wanted: number): number
  /** The same for the keys of a batch, each of `BATCH_KEY_WORDS` words; the numbers are put into `found`. */
  findBatch(keys: Int32Array, count: number, found: Int32Array): void
  /** How many places `find` looks at for this key. */
  probesOf(caddr: number, ports: number, other: number, wanted: number): number
  /** Adds an entry, which has its record already. */
  add(id: number): void
  /** Takes an entry out, which still has its record. */
  drop(id: number): void
}

/** Looks for the keys of a batch one after the other. */
export function findEach(finder: Ipv4Finder, keys: Int32Array, count: number, found: Int32Array): void {
  for (let i = 0; i < count; i++) {
    const at = i * BATCH_KEY_WORDS
    found[i] = finder.find(keys[at] as number, keys[at + 1] as number, keys[at + 2] as number, keys[at + 3] as number)
  }
}
