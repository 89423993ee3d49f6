/**
 * What an application has written and the peer has not acknowledged: chunks of bytes by position. Nothing is
 * copied, except where a segment spans two writes. There is no limit: a writer is never blocked. Like Linux,
 * which keeps what is written in buffers of a limited size, it remembers the seams between them: no burst of
 * segments goes across one.
 * @module
 */
import { assert } from '../../base/assert.ts'
import { NO_DATA } from '../../wire/tcp-segment.ts'

/** One write, in a list by position. */
interface Chunk {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  next: Chunk | undefined
}

/** The bytes of one direction of a connection; positions as in `sequence.ts`. */
export class SendBuffer {
  #first: Chunk | undefined = undefined
  #last: Chunk | undefined = undefined
  /** The chunk that was asked for last: the next question is most often about it or the one after it. */
  #cursor: Chunk | undefined = undefined
  /** Seams that were not passed yet, ascending; few connections have any. */
  #seams: number[] | undefined = undefined
  /** The last seam that was made; 1 before the first. Live. */
  lastSeam = 1
  /** Position after the last byte written. Live. */
  written = 1
  /** Position after the last byte that may be sent: what lies behind is still being copied by the writer. Live. */
  end = 1

  /** Adds a write. The bytes belong to the buffer from now on: the caller must not change them. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const start = this.written
    this.written += bytes.length
    const chunk: Chunk = { bytes, start, end: this.written, next: undefined }
    if (this.#last === undefined) this.#first = this.#cursor = chunk
    else this.#last.next = chunk
    this.#last = chunk
  }

  /** The next `bytes` bytes of what was written may be sent. */
  expose(bytes: number): void {
    assert(this.end + bytes <= this.written, 'only what was written can be sent')
    this.end += bytes
  }

  /** Makes a seam at the end: the next byte goes into another buffer. */
  seal(): void {
    this.lastSeam = this.end
    this.#seams ??= []
    this.#seams.push(this.end)
  }

  /** The end of the buffer that the byte at `position` lies in. */
  bufferEnd(position: number): number {
    const seams = this.#seams
    if (seams === undefined) return this.end
    while ((seams[0] ?? Infinity) <= position) seams.shift()
    return seams[0] ?? this.end
  }

  /** The bytes from `start` (included) to `end` (excluded), which must be there. */
  slice(start: number, end: number): Uint8Array {
    if (start === end) return NO_DATA
    const chunk = this.#find(start)
    if (end > chunk.end) return gather(chunk, start, end)
    return start === chunk.start && end === chunk.end ? chunk.bytes : chunk.bytes.subarray(start - chunk.start, end - chunk.start)
  }

  /** True when a write ends within the bytes from `start` to `end`, the last byte included: the segment is to be pushed. */
  endsWrite(start: number, end: number): boolean {
    return this.#find(start).end <= end
  }

  /** Forgets the writes that lie wholly before `position`. */
  release(position: number): void {
    let first = this.#first
    while (first !== undefined && first.end <= position) first = first.next
    this.#first = first
    if (first === undefined) this.#last = this.#cursor = undefined
    else if (this.#cursor === undefined || this.#cursor.start < first.start) this.#cursor = first
  }

  #find(position: number): Chunk {
    let chunk = this.#cursor
    if (chunk === undefined || chunk.start > position) chunk = this.#first
    assert(chunk !== undefined && chunk.start <= position, 'the position lies in the send buffer')
    while (chunk.next !== undefined && chunk.next.start <= position) chunk = chunk.next
    this.#cursor = chunk
    return chunk
  }
}

/** Bytes of more than one write, from `start` in the first of them. */
function gather(first: Chunk, start: number, end: number): Uint8Array {
  const gathered = new Uint8Array(end - start)
  let chunk: Chunk | undefined = first
  for (let position = start; position < end;) {
    assert(chunk !== undefined, 'the bytes are in the send buffer')
    const piece = chunk.bytes.subarray(position - chunk.start, Math.min(chunk.end, end) - chunk.start)
    gathered.set(piece, position - start)
    position += piece.length
    chunk = chunk.next
  }
  return gathered
}
