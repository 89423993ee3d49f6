/**
 * Buckets with chains of nodes, as the kernel's hash lists: a new node becomes the first of its bucket, and any node can be
 * unlinked. Nodes are numbers of the caller's.
 * @module
 */

/** No node. */
export const NO_NODE = -1

const PIECE_BITS = 16
const PIECE_MASK = 0xffff
// Words of a node: the next of its bucket, the previous one, the hash; the fourth keeps nodes within one line of memory.
const WORDS = 4
const NEXT = 0
const PREVIOUS = 1
const HASH = 2

/** The nodes of a table: kept in pieces, so that more of them are added without moving one. */
export class ChainNodes {
  readonly #pieces: Int32Array[] = []

  /** Bytes that the nodes take. */
  get bytes(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
  }

  /** The node behind this one. */
  next(node: number): number {
    return this.#piece(node)[(node & PIECE_MASK) * WORDS + NEXT] as number
  }

  /** The node before this one. */
  previous(node: number): number {
    return this.#piece(node)[(node & PIECE_MASK) * WORDS + PREVIOUS] as number
  }

  /** The hash that the node was pushed with. */
  hash(node: number): number {
    return this.#piece(node)[(node & PIECE_MASK) * WORDS + HASH] as number
  }

  /** Makes a node the first of a bucket. */
  push(heads: Int32Array, bucket: number, node: number, hash: number): void {
    while (node >>> PIECE_BITS >= this.#pieces.length) this.#pieces.push(new Int32Array(WORDS << PIECE_BITS))
    const first = heads[bucket] as number
    const piece = this.#piece(node)
    const at = (node & PIECE_MASK) * WORDS
    piece[at + NEXT] = first
    piece[at + PREVIOUS] = NO_NODE
    piece[at + HASH] = hash
    if (first !== NO_NODE) this.#piece(first)[(first & PIECE_MASK) * WORDS + PREVIOUS] = node
    heads[bucket] = node
  }

  /** Takes a node out of its bucket. */
  unlink(heads: Int32Array, bucket: number, node: number): void {
    const next = this.next(node)
    const previous = this.previous(node)
    if (next !== NO_NODE) this.#piece(next)[(next & PIECE_MASK) * WORDS + PREVIOUS] = previous
    if (previous === NO_NODE) heads[bucket] = next
    else this.#piece(previous)[(previous & PIECE_MASK) * WORDS + NEXT] = next
  }

  #piece(node: number): Int32Array {
    return this.#pieces[node >>> PIECE_BITS] as Int32Array
  }
}

/** So many empty buckets. */
export function makeHeads(bits: number): Int32Array {
  return new Int32Array(1 << bits).fill(NO_NODE)
}
