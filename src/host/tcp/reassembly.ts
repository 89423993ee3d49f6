/**
 * Data that arrived ahead of a gap, in order of position and without overlaps, and the SACK blocks that tell of it (RFC 2018).
 * Duplicate SACK (RFC 2883) is not modelled.
 * @module
 */

/** A run of bytes received; `left` included, `right` excluded. */
export interface ByteRange {
  readonly left: number
  readonly right: number
}

interface Piece {
  readonly start: number
  readonly data: Uint8Array
}

/** The out-of-order queue of one endpoint. */
export class Reassembly {
  #pieces: Piece[] = []
  /** The blocks, the one that grew last first (RFC 2018 4). */
  #blocks: ByteRange[] = []
  /** Bytes held. Live. */
  bytes = 0

  /** True when nothing is held. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** Keeps what is new of `data`, which begins at `start`. */
  insert(start: number, data: Uint8Array): void {
    let position = start
    const end = start + data.length
    const merged: Piece[] = []
    for (const piece of this.#pieces) {
      const pieceEnd = piece.start + piece.data.length
      if (piece.start >= end || pieceEnd <= position) {
        if (piece.start >= end) position = this.#add(merged, start, data, position, end)
        merged.push(piece)
        continue
      }
      if (position < piece.start) this.#add(merged, start, data, position, piece.start)
      merged.push(piece)
      position = pieceEnd
    }
    this.#add(merged, start, data, position, end)
    this.#pieces = merged
    this.#noteBlock(start)
  }

  /** Takes the next bytes at `position`, once the gap before them is filled; undefined while it is not. */
  take(position: number): Uint8Array | undefined {
    for (;;) {
      const first = this.#pieces[0]
      if (first === undefined || first.start > position) return undefined
      this.#pieces.shift()
      this.bytes -= first.data.length
      if (first.start + first.data.length > position) {
        this.#blocks = this.#blocks.filter((block) => block.left > first.start)
        return first.data.subarray(position - first.start)
      }
    }
  }

  /** At most `count` blocks, the latest first; only those beyond `position`. */
  blocks(position: number, count: number): readonly ByteRange[] {
    return this.#blocks.filter((block) => block.right > position).slice(0, count)
  }

  #add(to: Piece[], start: number, data: Uint8Array, from: number, until: number): number {
    if (from >= until) return from
    to.push({ start: from, data: data.subarray(from - start, until - start) })
    this.bytes += until - from
    return until
  }

  /** The block that `position` lies in goes to the front, and swallows those that it has met. */
  #noteBlock(position: number): void {
    let left = -1
    let right = -1
    for (const piece of this.#pieces) {
      if (piece.start !== right) {
        if (right > position) break
        left = piece.start
      }
      right = piece.start + piece.data.length
    }
    const block = { left, right }
    this.#blocks = [block, ...this.#blocks.filter((other) => other.right < left || other.left > right)].slice(0, 4)
  }
}
