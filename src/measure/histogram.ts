/**
 * Counts of whole numbers in buckets that grow with the numbers: any amount of them in some kilobytes, two histograms added
 * exactly, and quantiles whose error is bounded: at most ERROR_SHARE_MAX of the value. Values below 512 are kept as they are.
 * @module
 */
import { assert } from '../base/assert.ts'

/** Each doubling of the value is cut into 2^8 buckets of one width. */
const BUCKET_BITS = 8
const BUCKETS = 256
const TWO_32 = 4_294_967_296
/** Octaves of bit 8 to bit 52, and the numbers below them. */
const INDEX_MAX = (52 - BUCKET_BITS) * BUCKETS + 2 * BUCKETS - 1

/** A quantile differs from the exact one by at most this share of it: half a bucket of 1/256 of the value. */
export const ERROR_SHARE_MAX = 1 / 512

/** Counts of integers 0..2^53-1. */
export class Histogram {
  #counts = new Float64Array(4 * BUCKETS)
  #count = 0
  #sum = 0
  #min = Infinity
  #max = -Infinity

  /** How many numbers there are. */
  get count(): number {
    return this.#count
  }

  /** The smallest number, exactly. Undefined for none. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min
  }

  /** The largest number, exactly. Undefined for none. */
  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max
  }

  /** The arithmetic mean: exact as long as the numbers sum up to less than 2^53. Undefined for none. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count
  }

  /** Counts a number. */
  record(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a histogram counts whole numbers from 0 on')
    const index = indexOf(value)
    if (index >= this.#counts.length) this.#grow(index)
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#count++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  /** Counts all that the other one has counted. The order of merging changes nothing but the last bits of a huge mean. */
  merge(other: Histogram): void {
    if (other.#count === 0) return
    this.#grow(indexOf(other.#max))
    for (let i = 0; i < other.#counts.length; i++) {
      const count = other.#counts[i] as number
      if (count > 0) this.#counts[i] = (this.#counts[i] as number) + count
    }
    this.#count += other.#count
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  /**
   * The nearest-rank quantile of a share 0..1, as `Sample.quantile` has it, to within ERROR_SHARE_MAX of it; exact below 512,
   * and for shares 0 and 1. Undefined for none.
   */
  quantile(share: number): number | undefined {
    assert(share >= 0 && share <= 1, 'a quantile lies between 0 and 1')
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(share * this.#count))
    if (rank === 1) return this.#min
    if (rank === this.#count) return this.#max
    let index = -1
    for (let seen = 0; seen < rank;) seen += this.#counts[++index] as number
    return Math.min(this.#max, Math.max(this.#min, middleOf(index)))
  }

  /** Share of the numbers that are not above this one, 0 or more, its whole bucket among them. 0 for none. */
  shareUpTo(value: number): number {
    const last = Math.min(indexOf(value), this.#counts.length - 1)
    let seen = 0
    for (let index = 0; index <= last; index++) seen += this.#counts[index] as number
    return this.#count === 0 ? 0 : seen / this.#count
  }

  /** Makes room for the bucket of this index. */
  #grow(index: number): void {
    let length = this.#counts.length
    while (length <= index) length *= 2
    if (length === this.#counts.length) return
    const counts = new Float64Array(Math.min(length, INDEX_MAX + 1))
    counts.set(this.#counts)
    this.#counts = counts
  }
}

/** The bucket of a value: its octave, and its highest nine bits. */
function indexOf(value: number): number {
  if (value < 2 * BUCKETS) return value
  const high = Math.floor(value / TWO_32)
  const octave = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value)
  const shift = octave - BUCKET_BITS
  return shift * BUCKETS + Math.floor(value / widthOf(shift))
}

/** The whole number in the middle of a bucket: no value of the bucket is further from it than half its width. */
function middleOf(index: number): number {
  if (index < 2 * BUCKETS) return index
  const shift = Math.floor(index / BUCKETS) - 1
  return (index - shift * BUCKETS) * widthOf(shift) + widthOf(shift) / 2
}

/** 2^shift, 0..44. */
function widthOf(shift: number): number {
  return shift < 31 ? 1 << shift : (1 << (shift - 30)) * (1 << 30)
}
