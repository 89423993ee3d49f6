/**
 * Laws of times: how far apart connections arrive, and how much work each of them is.
 * @module
 */
import { exactExp, exactLn } from '../base/exact-math.ts'
import type { RandomStream } from '../sim/random.ts'

/** A law of times in nanoseconds. */
export type Distribution =
  | { readonly law: 'constant' | 'exponential', readonly meanNs: number }
  /** Equally likely from `fromNs` to `toNs`. */
  | { readonly law: 'uniform', readonly fromNs: number, readonly toNs: number }
  /** Pareto's law, type I; shape above 1. From 2 down its variance is infinite. */
  | { readonly law: 'pareto', readonly meanNs: number, readonly shape: number }
  /** The logarithm is normal; `cv` is the coefficient of variation, standard deviation over mean, above 0. */
  | { readonly law: 'lognormal', readonly meanNs: number, readonly cv: number }

/** The mean. */
export function meanNsOf(distribution: Distribution): number {
  return distribution.law === 'uniform' ? (distribution.fromNs + distribution.toNs) / 2 : distribution.meanNs
}

/** Variance over the square of the mean: 0 for a constant, 1 for the exponential law; Infinity where there is none. */
export function squaredVariationOf(distribution: Distribution): number {
  switch (distribution.law) {
    case 'constant': return 0
    case 'exponential': return 1
    case 'uniform': {
      const width = (distribution.toNs - distribution.fromNs) / meanNsOf(distribution)
      return width * width / 12
    }
    case 'pareto': return distribution.shape > 2 ? 1 / (distribution.shape * (distribution.shape - 2)) : Infinity
    case 'lognormal': return distribution.cv * distribution.cv
  }
}

/** Draws a time in whole nanoseconds; a constant draws nothing from the stream. */
export function drawNs(distribution: Distribution, stream: RandomStream): number {
  switch (distribution.law) {
    case 'constant': return Math.round(distribution.meanNs)
    case 'exponential': return Math.round(stream.exponential(distribution.meanNs))
    case 'uniform': return Math.round(distribution.fromNs + stream.unit() * (distribution.toNs - distribution.fromNs))
    case 'pareto': return Math.round(stream.pareto(distribution.meanNs, distribution.shape))
    case 'lognormal': return Math.round(drawLognormal(distribution.meanNs, distribution.cv, stream))
  }
}

/** ln X is normal with variance ln(1 + cv^2), and its mean is half of that below ln mean, so that X has this mean. */
function drawLognormal(mean: number, cv: number, stream: RandomStream): number {
  const variance = exactLn(1 + cv * cv)
  return mean * exactExp(Math.sqrt(variance) * drawNormal(stream) - variance / 2)
}

/** A standard normal number by Marsaglia's polar method, whose second number is thrown away. */
function drawNormal(stream: RandomStream): number {
  for (;;) {
    const x = 2 * stream.unit() - 1
    const y = 2 * stream.unit() - 1
    const square = x * x + y * y
    if (square > 0 && square < 1) return x * Math.sqrt(-2 * exactLn(square) / square)
  }
}
