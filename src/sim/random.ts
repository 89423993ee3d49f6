/**
 * Chance: one seeded stream per component, keyed by its name and not by the order of making, so that a link added to a
 * topology moves nobody else's draws and NAT, DR and TUN meet the same arrivals.
 * @module
 */
import alea from 'seedrandom/lib/alea.js'
import { exactLn } from '../base/exact-math.ts'

/** A stream of random numbers of its own. */
export interface RandomStream {
  /** A number in [0, 1) of 32 random bits. */
  unit(): number
  /** An integer in 0..below-1. */
  int(below: number): number
  /** An exponentially distributed number with this mean. */
  exponential(mean: number): number
}

/** Opens the stream `name` of `seed`. The same pair always gives the same draws. */
export function randomStream(seed: string, name: string): RandomStream {
  const next = alea(`${seed}/${name}`)
  return {
    unit: next,
    int: (below) => Math.floor(next() * below),
    // 1 - u lies in (0, 1]: its logarithm is finite.
    exponential: (mean) => -mean * exactLn(1 - next()),
  }
}
