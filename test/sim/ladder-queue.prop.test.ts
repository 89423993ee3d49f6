/**
 * The ladder queue against a 4-ary heap: whatever is added and taken, both give the same order.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LadderQueue } from '../../src/sim/ladder-queue.ts'
import { FourAryHeap } from '../support/four-ary-heap.ts'
import { seed } from '../support/seed.ts'

/** Both queues, fed the same, and compared at each step. */
class Pair {
  /** Time of the item taken last. */
  nowNs = 0
  readonly #ladder = new LadderQueue()
  readonly #heap = new FourAryHeap()
  /** Per slot, what the heap knows its item by; undefined for a slot that is free. */
  readonly #items: (number | undefined)[] = []
  #added = 0

  get size(): number {
    return this.#heap.size
  }

  add(timeNs: number): void {
    const slot = this.#ladder.add(timeNs)
    if (this.#items[slot] !== undefined) throw new Error(`slot ${slot} was given out twice`)
    this.#items[slot] = this.#added
    this.#heap.add(timeNs, this.#added++)
    this.#compare(this.#ladder.size, this.#heap.size)
  }

  take(): void {
    const nextNs = this.#heap.nextTime
    this.#compare(this.#ladder.nextTime, nextNs)
    const slot = this.#ladder.take()
    this.#compare(this.#items[slot], this.#heap.take())
    this.#compare(this.#ladder.size, this.#heap.size)
    this.#items[slot] = undefined
    this.nowNs = nextNs
  }

  takeAll(): void {
    while (this.size > 0) this.take()
    this.#compare(this.#ladder.nextTime, Infinity)
  }

  /** Quicker than expect, which tens of thousands of steps would feel. */
  #compare(ladder: unknown, heap: unknown): void {
    if (ladder !== heap) expect(ladder).toBe(heap)
  }
}

/** How long an event lies ahead: now, a packet, a burst of one time, a timer, and what only a limit of time ends. */
const delay = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 2, arbitrary: fc.constant(50_433) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 60 }).map((seconds) => seconds * 1e9) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 50 }).map((bits) => 2 ** bits) },
)
/** So many new items, at this time from now or spread evenly up to it; and so many are taken. */
const few = fc.integer({ min: 0, max: 3 })
const many = fc.integer({ min: 0, max: 300 })
const step = fc.record({
  count: fc.oneof({ weight: 9, arbitrary: few }, { weight: 1, arbitrary: many }),
  delayNs: delay,
  isSpread: fc.boolean(),
  taken: fc.oneof({ weight: 9, arbitrary: few }, { weight: 1, arbitrary: many }),
})

describe(`the ladder queue (seed ${seed})`, () => {
  it('gives the order of a heap when nothing is added before the item taken last, as a simulation does', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const pair = new Pair()
      for (const { count, delayNs, isSpread, taken } of steps) {
        for (let i = 1; i <= count; i++) pair.add(pair.nowNs + (isSpread ? Math.floor(delayNs * i / count) : delayNs))
        for (let i = 0; i < taken && pair.size > 0; i++) pair.take()
      }
      pair.takeAll()
    }), { seed, numRuns: 300 })
  })

  it('gives the order of a heap when items come in any order, fractions and negative times too', () => {
    const time = fc.oneof(fc.integer({ min: -6, max: 6 }), fc.double({ min: -1e6, max: 1e15, noNaN: true }), fc.maxSafeInteger())
    const operation = fc.option(time, { freq: 3, nil: 'take' as const })
    fc.assert(fc.property(fc.array(operation, { maxLength: 400, size: 'max' }), (operations) => {
      const pair = new Pair()
      for (const what of operations) {
        if (what !== 'take') pair.add(what)
        else if (pair.size > 0) pair.take()
      }
      pair.takeAll()
    }), { seed, numRuns: 300 })
  })

  it.each([
    ['evenly spread', (draw: number) => Math.floor(draw * 2_000_000)],
    ['nine packets and a timer', (draw: number) => draw < 0.9 ? Math.floor(draw * 20_000) : Math.floor(draw * 60e9)],
    ['crowded ever closer to now', (draw: number) => Math.floor(2 ** (draw * 50))],
    ['of few different lengths', (draw: number) => [0, 14_336, 50_433, 1e9][Math.floor(draw * 4)] as number],
  ])('gives the order of a heap of 5,000 that wait, with delays %s', (_name, delayOf) => {
    fc.assert(fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (draws) => {
      const pair = new Pair()
      let left = 15_000
      for (const draw of draws) {
        if (pair.size === 5_000) pair.take()
        pair.add(pair.nowNs + delayOf(draw))
        if (--left === 0) break
      }
      pair.takeAll()
    }), { seed, numRuns: 3 })
  })

  it('takes 50,000 items of one instant, each of which adds another at it, in no more steps than their number asks for', () => {
    const ladder = new LadderQueue()
    const slots: number[] = []
    for (let i = 0; i < 50_000; i++) slots.push(ladder.add(7))
    let inOrder = 0
    for (let i = 0; i < 50_000; i++) {
      if (ladder.take() === slots[i]) inOrder++
      ladder.add(7)
    }
    expect([inOrder, ladder.size, ladder.nextTime]).toEqual([50_000, 50_000, 7])
  }, 2_000)
})
