/**
 * Chance: one seeded stream per component, keyed by its name and not by the order of making, so that a link added to a
 * topology moves nobody else's draws and NAT, DR and TUN meet the same arrivals.
 * @module
 */
import alea from 'seedrandom/lib/alea.js'
import { exactExp, exactLn } from '../base/exact-math.ts'

/** A stream of random numbers of its own. */
export interface RandomStream {
  /** A number in [0, 1) of 32 random bits. */
  unit(): number
  /** An integer in 0..below-1. */
  int(below: number): number
  /** An exponentially distributed number with this mean. */
  exponential(mean: number): number
  /**
   * A number of Pareto's law (type I) with this mean, which is above 0, and this shape, which is above 1: none is below
   * mean (shape - 1) / shape, and more than x, from there on, comes with a chance that falls as x to the power of -shape.
   */
  pareto(mean: number, shape: number): number
}

/** One step of the 32 bits of a draw. */
const DRAW_STEP = 1 / 0x100000000

/** Opens the stream `name` of `seed`. The same pair always gives the same draws. */
export function randomStream(seed: string, name: string): RandomStream {
  const next = alea(`${seed}/${name}`)
  return {
    unit: next,
    int: (below) => Math.floor(next() * below),
    // 1 - u lies in (0, 1]: its logarithm is finite.
    exponential: (mean) => -mean * exactLn(1 - next()),
    // Two draws, as the longest numbers carry much of the mean: 32 bits alone would cut them off. It lies in (0, 1] too.
    pareto: (mean, shape) => mean * (shape - 1) / shape * exactExp(-exactLn(1 - next() - next() * DRAW_STEP) / shape),
  }
}
