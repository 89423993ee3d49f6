/**
 * The event queue against a sorted list.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Actor, EventQueue } from '../../src/sim/event-queue.ts'
import { seed } from '../support/seed.ts'

const nobody: Actor = { onEvent: () => undefined }

/** Push at a time, or pop. Few different times, so that ties are common. */
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) },
  { weight: 2, arbitrary: fc.constant('pop' as const) },
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
  it('always gives out the earliest event, and of several the one pushed first', () => {
    fc.assert(fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const queue = new EventQueue()
      const waiting: Waiting[] = []
      operations.forEach((what, label) => {
        if (what !== 'pop') {
          queue.push(what, nobody, label % 7, label)
          waiting.push({ timeNs: what, label })
        } else {
          const expected = takeEarliest(waiting)
          expect(queue.pop()).toBe(expected !== undefined)
          if (expected === undefined) return
          expect([queue.timeNs, queue.data, queue.kind, queue.actor])
            .toEqual([expected.timeNs, expected.label, expected.label % 7, nobody])
        }
        expect(queue.size).toBe(waiting.length)
        expect(queue.nextTimeNs).toBe(Math.min(Infinity, ...waiting.map(({ timeNs }) => timeNs)))
      })
    }), { seed, numRuns: 300 })
  })

  it('gives out 5,000 events in the order of (time, sequence), grown beyond its first capacity', () => {
    fc.assert(fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 700 })), (times) => {
      const queue = new EventQueue()
      const pushed: Waiting[] = []
      for (const timeNs of times) {
        pushed.push({ timeNs, label: pushed.length })
        queue.push(timeNs, nobody, 0, pushed.length - 1)
        if (pushed.length === 5_000) break
      }
      const sorted = [...pushed].sort((a, b) => a.timeNs - b.timeNs || a.label - b.label)
      const popped: Waiting[] = []
      while (queue.pop()) popped.push({ timeNs: queue.timeNs, label: queue.seq })
      expect(popped).toEqual(sorted)
    }), { seed, numRuns: 5 })
  })
})
