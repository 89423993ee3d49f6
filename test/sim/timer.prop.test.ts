/**
 * Timers against a model that keeps nothing but deadlines.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Simulator } from '../../src/sim/simulator.ts'
import { Timer } from '../../src/sim/timer.ts'
import { seed } from '../support/seed.ts'

const TIMERS = 4
const step = fc.record({
  atNs: fc.integer({ min: 0, max: 60 }),
  timer: fc.integer({ min: 0, max: TIMERS - 1 }),
  delayNs: fc.option(fc.integer({ min: 0, max: 30 }), { nil: 'cancel' as const }),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** When each timer fires, worked out by walking over the instants: what is due fires before what is done at that instant. */
function expectedFirings(steps: readonly Step[]): string[] {
  const deadlines = new Map<number, number>()
  const fired: string[] = []
  const fire = (nowNs: number): void => {
    for (let timer = 0; timer < TIMERS; timer++) {
      if (deadlines.get(timer) !== nowNs) continue
      deadlines.delete(timer)
      fired.push(`${nowNs}:${timer}`)
    }
  }
  for (let nowNs = 0; nowNs <= 100; nowNs++) {
    fire(nowNs)
    for (const { timer, delayNs } of steps.filter(({ atNs }) => atNs === nowNs)) {
      if (delayNs === 'cancel') deadlines.delete(timer)
      else deadlines.set(timer, nowNs + delayNs)
    }
    fire(nowNs)
  }
  return fired.sort()
}

describe(`timers (seed ${seed})`, () => {
  it('always fire once per deadline that was neither moved nor cancelled in time', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const sim = new Simulator('42')
      const fired: string[] = []
      const timers = Array.from({ length: TIMERS }, (_, timer) =>
        new Timer(sim, { onEvent: () => fired.push(`${sim.nowNs}:${timer}`) }, 0, undefined))
      for (let nowNs = 0; nowNs <= 100; nowNs++) {
        sim.run(nowNs)
        for (const { timer, delayNs } of steps.filter(({ atNs }) => atNs === nowNs)) {
          if (delayNs === 'cancel') timers[timer]?.cancel()
          else timers[timer]?.armIn(delayNs)
        }
      }
      sim.run(Infinity)
      expect(fired.sort()).toEqual(expectedFirings(steps))
    }), { seed, numRuns: 300 })
  })
})
