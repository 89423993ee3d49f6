/**
 * Named streams of chance: what a draw costs, and that a stream added to a run moves no other stream's draws.
 * @module
 */
import { createRequire } from 'node:module'
import { bench, describe, expect } from 'vitest'
import { randomStream } from '../src/sim/random.ts'
import { Simulator } from '../src/sim/simulator.ts'

const DRAWS = 100_000

function sumOf(unit: () => number): number {
  let sum = 0
  for (let i = 0; i < DRAWS; i++) sum += unit()
  return sum
}

/** Draws of one link, in a run that has these other streams too. */
function lossDraws(others: readonly string[]): number[] {
  const sim = new Simulator('42')
  for (const name of others) sim.stream(name).unit()
  return Array.from({ length: 4 }, () => sim.stream('link:lan0:loss').int(1_000_000))
}

describe('100,000 draws (seed 42)', () => {
  const alone = lossDraws([])
  console.log(`random: link:lan0:loss draws ${alone.join(' ')}`)
  expect(alone).toEqual([519_883, 969_719, 815_411, 565_616])
  expect(lossDraws(['link:lan1:loss', 'client:3:arrivals'])).toEqual(alone)

  const stream = randomStream('42', 'bench')
  bench('alea, a named stream (ours)', () => {
    sumOf(stream.unit)
  }, { time: 500, warmupTime: 100 })
  // seedrandom's own default generator; the package brings no types.
  const arc4 = (createRequire(import.meta.url)('seedrandom') as (seed: string) => () => number)('42')
  bench('ARC4, seedrandom\'s default', () => {
    sumOf(arc4)
  }, { time: 500, warmupTime: 100 })
  bench('Math.random, which no seed reaches', () => {
    sumOf(Math.random)
  }, { time: 500, warmupTime: 100 })
})
