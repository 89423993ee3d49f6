/**
 * The event queue against a list that is searched for the earliest.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Actor, EventQueue } from '../../src/sim/event-queue.ts'
import { seed } from '../support/seed.ts'

/** Push at a time, or dispatch. Few different times, so that ties are common. */
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) },
  { weight: 2, arbitrary: fc.constant('dispatch' as const) },
)

interface Waiting {
  readonly timeNs: number
  readonly label: number
}

/** What comes next, by looking at all of them: the earliest, and of these the one pushed first. */
function takeEarliest(waiting: Waiting[]): Waiting | undefined {
  let best = 0
  for (let i = 1; i < waiting.length; i++) if ((waiting[i] as Waiting).timeNs < (waiting[best] as Waiting).timeNs) best = i
  return waiting.splice(best, 1)[0]
}

describe(`the event queue (seed ${seed})`, () => {
  it('always hands the earliest event to its actor, and of several the one pushed first', () => {
    fc.assert(fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const queue = new EventQueue()
      const waiting: Waiting[] = []
      const seen: unknown[] = []
      const actors: Actor[] = [0, 1, 2].map((who) => ({ onEvent: (kind, data) => seen.push([who, kind, data]) }))
      operations.forEach((what, label) => {
        if (what !== 'dispatch') {
          queue.push(what, actors[label % 3] as Actor, label % 7, label)
          waiting.push({ timeNs: what, label })
        } else if (waiting.length > 0) {
          const expected = takeEarliest(waiting) as Waiting
          queue.dispatch()
          expect(seen.pop()).toEqual([expected.label % 3, expected.label % 7, expected.label])
        }
        expect(queue.size).toBe(waiting.length)
        expect(queue.nextTimeNs).toBe(Math.min(Infinity, ...waiting.map(({ timeNs }) => timeNs)))
      })
      expect(seen).toEqual([])
    }), { seed, numRuns: 300 })
  })

  it('takes what an actor pushes while its event is handled', () => {
    const queue = new EventQueue()
    const seen: unknown[] = []
    const actor: Actor = {
      onEvent: (kind, data) => {
        seen.push([kind, data])
        if (kind < 3) queue.push(kind, actor, kind + 1, `after ${String(data)}`)
      },
    }
    queue.push(1, actor, 1, 'a')
    queue.push(1, actor, 5, 'b')
    while (queue.size > 0) queue.dispatch()
    expect(seen).toEqual([[1, 'a'], [5, 'b'], [2, 'after a'], [3, 'after after a']])
  })
})
