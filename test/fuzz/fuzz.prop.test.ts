/**
 * Random packets and random changes of configuration while traffic runs: no invariant breaks, and the same plan
 * always ends in
 * the same hash. FUZZ_RUNS says how many runs there are, FUZZ_FROM the number of the first, FC_SEED the seed of all.
 * A failing
 * plan is made smaller by leaving out steps, and printed.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { seed } from '../support/seed.ts'
import { FAULTS } from './faults.ts'
import { planOf, play, shrink } from './run.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300)
const FROM = Number(process.env['FUZZ_FROM'] ?? 0)
/** Runs among which each planted fault must be found: the default number, however many others there are. */
const FAULT_RUNS = 300
/** One run in so many is played twice, to see that it is the same. */
const REPEAT_EVERY = 4
const HOURS = 3_600_000

describe(`packets and changes at random (seed ${seed}, runs ${FROM} to ${FROM + RUNS - 1})`, () => {
  it('never break an invariant', () => {
    for (let number = FROM; number < FROM + RUNS; number++) {
      const plan = planOf(seed, number)
      const { violations, hash, events } = play(plan)
      if (violations.length > 0) expect.fail(report(number))
      if (number % REPEAT_EVERY !== 0) continue
      const again = play(plan)
      expect([again.hash, again.events], `run ${number}, played twice`).toEqual([hash, events])
    }
  }, 24 * HOURS)
})

describe(`a planted fault (seed ${seed}, at most ${FAULT_RUNS} runs)`, () => {
  it.each(FAULTS)('is found: $name', ({ complaint, plant }) => {
    let found: readonly string[] = []
    for (let number = 0; number < FAULT_RUNS && found.length === 0; number++) {
      found = play(planOf(seed, number), plant).violations.filter((violation) => violation.includes(complaint))
    }
    expect(found).not.toEqual([])
  }, HOURS)
})

/** What is wrong with a run, and the smallest plan of it that still is. */
function report(number: number): string {
  const small = shrink(planOf(seed, number), (plan) => play(plan).violations.length > 0)
  const { violations } = play(small)
  return [`run ${number} (FC_SEED=${seed} FUZZ_FROM=${number} FUZZ_RUNS=1)`, ...violations, JSON.stringify(small)].join('\n')
}
