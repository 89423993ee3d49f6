/**
 * The event queue, ordered by (time, sequence) and by nothing else: a ladder queue of slots, and for each slot its event.
 * An event is an actor, a small integer that tells the actor what happened, and one value.
 * @module
 */
import { LadderQueue } from './ladder-queue.ts'

/** Whoever an event can be for. `kind` is a number that only the actor gives a meaning to. */
export interface Actor {
  onEvent(kind: number, data: unknown): void
}

/** A priority queue of events. */
export class EventQueue {
  readonly #ladder = new LadderQueue()
  /** Per slot: who, what, with what. Slot 0 is never given out; a free one keeps nobody alive. */
  readonly #actors: (Actor | undefined)[] = [undefined]
  readonly #kinds: number[] = [0]
  readonly #data: unknown[] = [undefined]

  /** Events that wait. */
  get size(): number {
    return this.#ladder.size
  }

  /** Time of the next event; Infinity when there is none. */
  get nextTimeNs(): number {
    return this.#ladder.nextTime
  }

  /** Adds an event. Events of one time come out in the order in which they were pushed. */
  push(timeNs: number, actor: Actor, kind: number, data: unknown): void {
    const slot = this.#ladder.add(timeNs)
    this.#actors[slot] = actor
    this.#kinds[slot] = kind
    this.#data[slot] = data
  }

  /** Takes the earliest event, which there must be, and calls its actor. */
  dispatch(): void {
    const slot = this.#ladder.take()
    const actor = this.#actors[slot] as Actor, kind = this.#kinds[slot] as number, data = this.#data[slot]
    this.#actors[slot] = undefined
    this.#data[slot] = undefined
    actor.onEvent(kind, data)
  }
}
