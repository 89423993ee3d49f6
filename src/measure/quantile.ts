/**
 * Exact quantiles of whole samples.
 * @module
 */
import { assert } from '../base/assert.ts'

/** Numbers in order, for asking several quantiles of them. */
export class Sample {
  readonly #sorted: Float64Array

  constructor(values: Iterable<number>) {
    this.#sorted = Float64Array.from(values).sort()
  }

  /** How many numbers there are. */
  get count(): number {
    return this.#sorted.length
  }

  /** The smallest number that at least `share` (0..1, included) of the numbers do not pass: nearest rank. Undefined for none. */
  quantile(share: number): number | undefined {
    assert(share >= 0 && share <= 1, 'a quantile lies between 0 and 1')
    const rank = Math.max(1, Math.ceil(share * this.count))
    return this.#sorted[rank - 1]
  }

  /** The arithmetic mean. Undefined for none. */
  mean(): number | undefined {
    if (this.count === 0) return undefined
    let sum = 0
    for (const value of this.#sorted) sum += value
    return sum / this.count
  }
}
