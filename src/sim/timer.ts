/**
 * Timers that can be moved and cancelled for the price of a store: the deadline sits in the timer, and the event that is
 * already queued re-arms itself when it fires too early.
 * @module
 */
import type { Actor } from './event-queue.ts'
import type { Simulator } from './simulator.ts'

/** A timer that is not armed. */
const NEVER = Infinity

/** One timer of one owner. It calls `owner.onEvent(kind, data)` once per arming, unless moved or cancelled before. */
export class Timer implements Actor {
  readonly #sim: Simulator
  readonly #owner: Actor
  readonly #kind: number
  readonly #data: unknown
  #deadlineNs = NEVER
  /** Time of the earliest event in the queue for this timer; NEVER when there is none. */
  #queuedNs = NEVER

  constructor(sim: Simulator, owner: Actor, kind: number, data: unknown) {
    this.#sim = sim
    this.#owner = owner
    this.#kind = kind
    this.#data = data
  }

  /** When it will fire; Infinity when it is not armed. */
  get deadlineNs(): number {
    return this.#deadlineNs
  }

  /** True while it is to fire. */
  get isArmed(): boolean {
    return this.#deadlineNs !== NEVER
  }

  /** Sets the deadline, whatever it was before. */
  armAt(deadlineNs: number): void {
    this.#deadlineNs = deadlineNs
    // A queued event that is early enough will re-arm; one that is too late is joined by an earlier one and then ignored.
    if (deadlineNs < this.#queuedNs) {
      this.#queuedNs = deadlineNs
      this.#sim.schedule(deadlineNs, this, 0, undefined)
    }
  }

  /** Sets the deadline this long from now. */
  armIn(delayNs: number): void {
    this.armAt(this.#sim.nowNs + delayNs)
  }

  /** Forgets the deadline. */
  cancel(): void {
    this.#deadlineNs = NEVER
  }

  /** The simulator's call. */
  onEvent(): void {
    // An event that an earlier one has joined is not the one that counts.
    if (this.#sim.nowNs !== this.#queuedNs) return
    this.#queuedNs = NEVER
    if (this.#deadlineNs === NEVER) return
    if (this.#deadlineNs > this.#sim.nowNs) {
      this.#queuedNs = this.#deadlineNs
      this.#sim.schedule(this.#deadlineNs, this, 0, undefined)
      return
    }
    this.#deadlineNs = NEVER
    this.#owner.onEvent(this.#kind, this.#data)
  }
}
