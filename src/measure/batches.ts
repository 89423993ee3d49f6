/**
 * Batch means: a long run of values that depend on each other is cut into batches so long that their means hardly do, and the
 * spread of these means gives the confidence interval that the spread of the values cannot (Law and Kelton, method of batch
 * means). The beginning of the run, while queues fill up, is left out.
 * @module
 */
import { assert } from '../base/assert.ts'
import { studentT } from './student-t.ts'

/** Batches unless another number is asked for. */
export const BATCH_COUNT = 20
/** Share of the values that are left out at the beginning unless another one is asked for. */
export const WARM_UP_SHARE = 0.1
/** Confidence of intervals unless another one is asked for. */
export const CONFIDENCE = 0.95

/** A value with what is known of its error. */
export interface Estimate {
  readonly value: number
  /** Half the width of the confidence interval around it; undefined where there are too few values to say. */
  readonly halfWidth: number | undefined
}

/** Which values count, and in which batch. */
export class BatchPlan {
  /** Values in all, and those left out at the beginning. */
  readonly count: number
  readonly warmUpCount: number
  readonly batchCount: number

  /** `warmUpShare` is 0..0.9; what is left holds at least one value for each batch. */
  constructor(
    { count, warmUpShare = WARM_UP_SHARE, batchCount = BATCH_COUNT }: {
      readonly count: number, readonly warmUpShare?: number, readonly batchCount?: number,
    },
  ) {
    this.count = count
    this.warmUpCount = Math.floor(count * warmUpShare)
    this.batchCount = batchCount
    assert(batchCount >= 2, 'one batch has no spread')
    assert(count - this.warmUpCount >= batchCount, 'each batch has a value')
  }

  /** Values that count. */
  get measuredCount(): number {
    return this.count - this.warmUpCount
  }

  /** Batch 0..batchCount-1 of the value with this index 0..count-1; -1 for one that is left out. Sizes differ by one at most. */
  batchOf(index: number): number {
    const measured = index - this.warmUpCount
    return measured < 0 ? -1 : Math.floor(measured * this.batchCount / this.measuredCount)
  }
}

/** The mean of each batch of a run of numbers of any kind; for delays with their quantiles there is `Delays`. */
export class BatchMeans {
  readonly #plan: BatchPlan
  readonly #sums: Float64Array
  readonly #counts: Float64Array

  constructor(plan: BatchPlan) {
    this.#plan = plan
    this.#sums = new Float64Array(plan.batchCount)
    this.#counts = new Float64Array(plan.batchCount)
  }

  /** Takes the value with this index; values may come in any order. */
  add(index: number, value: number): void {
    const batch = this.#plan.batchOf(index)
    if (batch < 0) return
    this.#sums[batch] = (this.#sums[batch] as number) + value
    this.#counts[batch] = (this.#counts[batch] as number) + 1
  }

  /** The means, batch by batch, of batches with at least one value. */
  get means(): number[] {
    return [...this.#sums].flatMap((sum, i) => (this.#counts[i] === 0 ? [] : [sum / (this.#counts[i] as number)]))
  }
}

/** The mean of independent numbers with its interval. At least one number; of one alone nothing is known of the error. */
export function meanOf(numbers: readonly number[], confidence = CONFIDENCE): Estimate {
  const { length } = numbers
  assert(length > 0, 'no numbers have no mean')
  const value = numbers.reduce((sum, number) => sum + number, 0) / length
  if (length === 1) return { value, halfWidth: undefined }
  const squares = numbers.reduce((sum, number) => sum + (number - value) * (number - value), 0)
  return { value, halfWidth: studentT(length - 1, confidence) * Math.sqrt(squares / (length - 1) / length) }
}

/**
 * The mean difference of two runs that met the same chance: batch by batch, so that what happened to both cancels out.
 * Undefined where they have not the same number of batches.
 */
export function differenceOf(
  numbers: readonly number[], others: readonly number[], confidence = CONFIDENCE,
): Estimate | undefined {
  if (numbers.length !== others.length || numbers.length === 0) return undefined
  return meanOf(numbers.map((number, i) => number - (others[i] as number)), confidence)
}

/**
 * Correlation of each number with the next one, -1..1; 0 where they are all the same. Beyond 2 / sqrt(n), batches are too short
 * for their means to be independent, or the run has not settled: intervals from them are too narrow.
 */
export function serialCorrelation(numbers: readonly number[]): number {
  const { value } = meanOf(numbers)
  let [products, squares] = [0, 0]
  for (const [i, number] of numbers.entries()) {
    squares += (number - value) * (number - value)
    if (i > 0) products += (number - value) * ((numbers[i - 1] as number) - value)
  }
  return squares === 0 ? 0 : products / squares
}
