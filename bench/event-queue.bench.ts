/**
 * The event queue in the hold model: so many events wait, and each one taken is put back later. Nine in ten come back after
 * some 10 us (a packet), the tenth after 1..60 s (a timer). All queues must give the same order.
 * LVSIM_BENCH=large adds a million events that wait.
 * @module
 */
import { bench, describe, expect } from 'vitest'
import { type Actor, EventQueue } from '../src/sim/event-queue.ts'
import { randomStream } from '../src/sim/random.ts'
import { FourAryHeap } from '../test/support/four-ary-heap.ts'
import { type BenchQueue, ComparatorHeap, SortedArray } from './support/rivals.ts'

const HOLDS = 100_000
const SIZES = process.env['LVSIM_BENCH'] === 'large' ? [100, 10_000, 1_000_000] : [100, 10_000]

const chance = randomStream('42', 'bench:event-queue')
const DELAYS = Float64Array.from({ length: 65_536 }, () =>
  chance.unit() < 0.9 ? 1 + Math.floor(chance.exponential(10_000)) : 1e9 + chance.int(59e9))

class OurQueue implements BenchQueue, Actor {
  timeNs = 0
  readonly #queue = new EventQueue()
  #taken = 0

  push(timeNs: number, data: number): void {
    this.#queue.push(timeNs, this, data, undefined)
  }

  pop(): number {
    this.timeNs = this.#queue.nextTimeNs
    this.#queue.dispatch()
    return this.#taken
  }

  onEvent(kind: number): void {
    this.#taken = kind
  }
}

class TypedHeap implements BenchQueue {
  timeNs = 0
  readonly #heap = new FourAryHeap()

  push(timeNs: number, data: number): void {
    this.#heap.add(timeNs, data)
  }

  pop(): number {
    this.timeNs = this.#heap.nextTime
    return this.#heap.take()
  }
}

const QUEUES: readonly (readonly [string, () => BenchQueue])[] = [
  ['ladder queue (ours)', () => new OurQueue()],
  ['4-ary heap over typed arrays', () => new TypedHeap()],
  ['binary heap of objects, comparator', () => new ComparatorHeap()],
  ['sorted array', () => new SortedArray()],
]

function filled(make: () => BenchQueue, size: number): BenchQueue {
  const queue = make()
  for (let i = 0; i < size; i++) queue.push(DELAYS[i & 65_535] as number, i)
  return queue
}

/** Takes and puts back; returns a number that tells orders apart. */
function hold(queue: BenchQueue, holds: number): number {
  let order = 0
  for (let i = 0; i < holds; i++) {
    const data = queue.pop()
    order = (Math.imul(order, 31) + data) | 0
    queue.push(queue.timeNs + (DELAYS[i & 65_535] as number), data)
  }
  return order
}

describe.each(SIZES)('%i events wait, 100,000 holds (seed 42)', (size) => {
  // A splice of a million entries is not worth waiting for.
  const queues = QUEUES.filter(([name]) => name !== 'sorted array' || size <= 10_000)
  const orders = queues.map(([, make]) => hold(filled(make, size), HOLDS))
  console.log(`event queue, ${size} events: order ${orders[0]}`)
  expect(new Set(orders).size).toBe(1)
  for (const [name, make] of queues) {
    const queue = filled(make, size)
    bench(name, () => {
      hold(queue, HOLDS)
    }, { time: 500, warmupTime: 100 })
  }
})
