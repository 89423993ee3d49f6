/**
 * The event queue: a 4-ary heap over typed arrays, ordered by (time, sequence) and by nothing else.
 * An event is an actor, a small integer that tells the actor what happened, and one value.
 * @module
 */
import { assert } from '../base/assert.ts'

/** Whoever an event can be for. `kind` is a number that only the actor gives a meaning to. */
export interface Actor {
  onEvent(kind: number, data: unknown): void
}

const INITIAL_CAPACITY = 1024

/** A priority queue of events. Two events never compare equal: the sequence number of their pushing breaks ties. */
export class EventQueue {
  #times = new Float64Array(INITIAL_CAPACITY)
  #seqs = new Float64Array(INITIAL_CAPACITY)
  #slots = new Int32Array(INITIAL_CAPACITY)
  /** Per slot: who, what, with what. Slots are reused, so the heap moves three numbers and no references. */
  readonly #actors: (Actor | undefined)[] = []
  readonly #kinds: number[] = []
  readonly #data: unknown[] = []
  readonly #freeSlots: number[] = []
  #count = 0
  #seq = 0

  /** Time of the event taken last by `pop`. */
  timeNs = 0
  /** Sequence number of the event taken last. */
  seq = 0
  /** Actor of the event taken last. */
  actor: Actor | undefined
  /** Kind of the event taken last. */
  kind = 0
  /** Value of the event taken last. */
  data: unknown

  /** Events that wait. */
  get size(): number {
    return this.#count
  }

  /** Time of the next event; Infinity when there is none. */
  get nextTimeNs(): number {
    return this.#count === 0 ? Infinity : (this.#times[0] as number)
  }

  /** Adds an event. Events of one time come out in the order in which they were pushed. */
  push(timeNs: number, actor: Actor, kind: number, data: unknown): void {
    const slot = this.#freeSlots.length > 0 ? (this.#freeSlots.pop() as number) : this.#actors.length
    this.#actors[slot] = actor
    this.#kinds[slot] = kind
    this.#data[slot] = data
    if (this.#count === this.#times.length) this.#grow()
    this.#siftUp(this.#count++, timeNs, this.#seq++, slot)
  }

  /** Takes the earliest event into the fields above. False when there is none. */
  pop(): boolean {
    if (this.#count === 0) return false
    const slot = this.#slots[0] as number
    this.timeNs = this.#times[0] as number
    this.seq = this.#seqs[0] as number
    this.actor = this.#actors[slot]
    this.kind = this.#kinds[slot] as number
    this.data = this.#data[slot]
    this.#actors[slot] = undefined
    this.#data[slot] = undefined
    this.#freeSlots.push(slot)
    const last = --this.#count
    if (last > 0) this.#siftDown(this.#times[last] as number, this.#seqs[last] as number, this.#slots[last] as number)
    return true
  }

  #grow(): void {
    const capacity = this.#times.length * 2
    assert(capacity <= 1 << 26, 'the event queue holds at most 67,108,864 events')
    const [times, seqs, slots] = [new Float64Array(capacity), new Float64Array(capacity), new Int32Array(capacity)]
    times.set(this.#times)
    seqs.set(this.#seqs)
    slots.set(this.#slots)
    this.#times = times
    this.#seqs = seqs
    this.#slots = slots
  }

  /** Moves the hole at `hole` up until the event fits. A new event has the largest sequence, so equal times stay behind. */
  #siftUp(hole: number, timeNs: number, seq: number, slot: number): void {
    const times = this.#times, seqs = this.#seqs, slots = this.#slots
    while (hole > 0) {
      const parent = (hole - 1) >> 2
      const parentTime = times[parent] as number
      if (parentTime < timeNs || (parentTime === timeNs && (seqs[parent] as number) < seq)) break
      times[hole] = parentTime
      seqs[hole] = seqs[parent] as number
      slots[hole] = slots[parent] as number
      hole = parent
    }
    times[hole] = timeNs
    seqs[hole] = seq
    slots[hole] = slot
  }

  /** Sinks the hole at the root to where the event fits. */
  #siftDown(timeNs: number, seq: number, slot: number): void {
    const times = this.#times, seqs = this.#seqs, slots = this.#slots, count = this.#count
    let hole = 0
    for (;;) {
      const first = (hole << 2) + 1
      if (first >= count) break
      let best = first
      let bestTime = times[first] as number
      const end = first + 4 < count ? first + 4 : count
      for (let child = first + 1; child < end; child++) {
        const childTime = times[child] as number
        if (childTime < bestTime || (childTime === bestTime && (seqs[child] as number) < (seqs[best] as number))) {
          best = child
          bestTime = childTime
        }
      }
      if (timeNs < bestTime || (timeNs === bestTime && seq < (seqs[best] as number))) break
      times[hole] = bestTime
      seqs[hole] = seqs[best] as number
      slots[hole] = slots[best] as number
      hole = best
    }
    times[hole] = timeNs
    seqs[hole] = seq
    slots[hole] = slot
  }
}
