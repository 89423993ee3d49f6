import { describe, expect, it } from 'vitest'
import { seed } from '../support/seed.ts'
import { SCHEDULER_MODELS } from './models.ts'
import { stepsAsked } from './steps.ts'
import { SCHEDULING, Walk } from './walk.ts'

const STEPS_OF_A_WALK = 2_000
/** The hashes of mh are slow. */
const SLOWER: Readonly<Record<string, number>> = { mh: 5 }

describe(`a director and the second model of its scheduler always agree (seed ${seed})`, () => {
  it.each(Object.keys(SCHEDULER_MODELS))('%s', (scheduler) => {
    const steps = Math.ceil(stepsAsked(20_000) / (SLOWER[scheduler] ?? 1))
    let taken = 0
    for (let walk = 0; taken < steps; walk++) {
      const length = Math.min(STEPS_OF_A_WALK, steps - taken)
      new Walk({
        name: `${scheduler}/${walk}`, seed, shares: SCHEDULING, scheduler, flags: walk & 3, isUdp: walk % 5 === 4,
        // What is asked for matters to dh, lblc and lblcr: a service of a mark is asked for any address.
        isMarked: walk % 3 !== 0, method: (['nat', 'dr', 'tun', 'nat'] as const)[walk & 3] ?? 'nat',
      }).take(length)
      taken += length
    }
    expect(taken).toBe(steps)
  }, 3_600_000)
})
