/**
 * What an application has written and the peer has not acknowledged: chunks of bytes by position. Nothing is
 * copied, except where a segment spans two writes. There is no limit: a writer is never blocked. Like Linux,
 * which keeps what is written in buffers of a limited size, it remembers the seams between them: no burst of
 * segments goes across one.
 * @module
 */
import { assert } from '../../base/assert.ts'
import { NO_DATA } from '../../wire/tcp-segment.ts'

/** The bytes of one direction of a connection; positions as in `sequence.ts`. */
export class SendBuffer {
  #chunks: Uint8Array[] = []
  #starts: number[] = []
  /** Index of the chunk that was asked for last: the next question is most often about it or the one after it. */
  #cursor = 0
  /** Seams that were not passed yet, ascending. */
  readonly #seams: number[] = []
  /** The last seam that was made; 1 before the first. Live. */
  lastSeam = 1
  /** Position after the last byte written. Live. */
  written = 1
  /** Position after the last byte that may be sent: what lies behind is still being copied by the writer. Live. */
  end = 1

  /** Adds a write. The bytes belong to the buffer from now on: the caller must not change them. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#starts.push(this.written)
    this.written += bytes.length
  }

  /** The next `bytes` bytes of what was written may be sent. */
  expose(bytes: number): void {
    assert(this.end + bytes <= this.written, 'only what was written can be sent')
    this.end += bytes
  }

  /** Makes a seam at the end: the next byte goes into another buffer. */
  seal(): void {
    this.lastSeam = this.end
    this.#seams.push(this.end)
  }

  /** The end of the buffer that the byte at `position` lies in. */
  bufferEnd(position: number): number {
    while ((this.#seams[0] ?? Infinity) <= position) this.#seams.shift()
    return this.#seams[0] ?? this.end
  }

  /** The bytes from `start` (included) to `end` (excluded), which must be there. */
  slice(start: number, end: number): Uint8Array {
    if (start === end) return NO_DATA
    const index = this.#indexOf(start)
    const chunk = this.#chunks[index] as Uint8Array
    const offset = start - (this.#starts[index] as number)
    if (offset + end - start <= chunk.length) return chunk.subarray(offset, offset + end - start)
    return this.#gather(index, offset, end - start)
  }

  /** True when a write ends within the bytes from `start` to `end`, the last byte included: the segment is to be pushed. */
  endsWrite(start: number, end: number): boolean {
    const index = this.#indexOf(start)
    return this.#endOf(index) <= end
  }

  /** Forgets the writes that lie wholly before `position`. */
  release(position: number): void {
    let count = 0
    while (count < this.#chunks.length && this.#endOf(count) <= position) count++
    // Small heads are left in place: shifting a long array for every acknowledgement would cost more than it frees.
    if (count === this.#chunks.length || count >= 32) {
      this.#chunks = this.#chunks.slice(count)
      this.#starts = this.#starts.slice(count)
      this.#cursor = 0
    }
  }

  #endOf(index: number): number {
    return (this.#starts[index] as number) + (this.#chunks[index] as Uint8Array).length
  }

  #indexOf(position: number): number {
    let index = (this.#starts[this.#cursor] as number) <= position ? this.#cursor : 0
    assert(index < this.#chunks.length, 'the position lies in the send buffer')
    while (index + 1 < this.#chunks.length && (this.#starts[index + 1] as number) <= position) index++
    this.#cursor = index
    return index
  }

  #gather(first: number, offset: number, bytes: number): Uint8Array {
    const gathered = new Uint8Array(bytes)
    let filled = 0
    let skip = offset
    for (let index = first; filled < bytes; index++) {
      const chunk = this.#chunks[index]
      assert(chunk !== undefined, 'the bytes are in the send buffer')
      const piece = chunk.subarray(skip, Math.min(chunk.length, skip + bytes - filled))
      gathered.set(piece, filled)
      filled += piece.length
      skip = 0
    }
    return gathered
  }
}
