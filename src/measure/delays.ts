/**
 * Delays of a run: their mean and their quantiles, each with a confidence interval from the batches of the run.
 * @module
 */
import { present } from '../base/assert.ts'
import { type BatchPlan, CONFIDENCE, type Estimate, meanOf } from './batches.ts'
import { Histogram } from './histogram.ts'

/** Values beyond a quantile that each batch must have, on average, before its interval is believed. */
const BEYOND_MIN = 10

/** What is known of some delays. */
export interface DelaySummary {
  /** Delays that counted. */
  readonly count: number
  readonly mean: Estimate
  readonly p50: Estimate
  readonly p99: Estimate
  readonly p999: Estimate
  /** Exact. */
  readonly max: number
}

/** Delays in whole nanoseconds, batch by batch. */
export class Delays {
  readonly #plan: BatchPlan
  readonly #batches: readonly Histogram[]

  constructor(plan: BatchPlan) {
    this.#plan = plan
    this.#batches = Array.from({ length: plan.batchCount }, () => new Histogram())
  }

  /** Takes the delay with this index in the run; they may come in any order. */
  add(index: number, delayNs: number): void {
    const batch = this.#plan.batchOf(index)
    if (batch >= 0) this.#batches[batch]?.record(delayNs)
  }

  /** Mean delay of each batch that has one. */
  get batchMeans(): number[] {
    return this.#batches.flatMap(({ mean }) => mean ?? [])
  }

  /** Undefined when nothing was delayed at all, not even for no time. */
  summary(confidence = CONFIDENCE): DelaySummary | undefined {
    const all = new Histogram()
    for (const batch of this.#batches) all.merge(batch)
    if (all.count === 0) return undefined
    const quantile = (share: number): Estimate => this.#quantile(all, share, confidence)
    const means = this.batchMeans
    return {
      count: all.count,
      mean: { value: present(all.mean, 'the mean of something'), halfWidth: meanOf(means, confidence).halfWidth },
      p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999),
      max: present(all.max, 'the largest of something'),
    }
  }

  /**
   * The quantile of all delays. The shares of the batches that lie below it tell how far off its own share may be; quantiles of
   * shares so far off are the ends of its interval, the longer side of which counts. (Quantiles of single batches would lie
   * too low, and too close to each other.)
   */
  #quantile(all: Histogram, share: number, confidence: number): Estimate {
    const value = present(all.quantile(share), 'a quantile of something')
    if (all.count < delaysNeeded(share, this.#plan.batchCount)) return { value, halfWidth: undefined }
    const shares = this.#batches.flatMap((batch) => (batch.count > 0 ? [batch.shareUpTo(value)] : []))
    const { halfWidth: offShare = 1 } = meanOf(shares, confidence)
    if (share - offShare < 0 || share + offShare > 1) return { value, halfWidth: undefined }
    const [low = value, high = value] = [all.quantile(share - offShare), all.quantile(share + offShare)]
    return { value, halfWidth: Math.max(high - value, value - low) }
  }
}

/** Delays that count which the interval of this quantile (above 0, below 1) needs at least. */
export function delaysNeeded(share: number, batchCount: number): number {
  return Math.ceil(BEYOND_MIN * batchCount / Math.min(share, 1 - share) - 1e-6)
}
