/**
 * A timer of an endpoint, lazy like `Timer`: moving and cancelling it is a store, and the queued event re-arms itself when it
 * fires too early. Unlike `Timer` it exists only while an event is queued for it, and lets go of its endpoint when the connection
 * is over: a timeout that is still queued then keeps none of it in memory.
 * @module
 */
import type { Actor } from '../../sim/event-queue.ts'
import type { TcpEndpoint } from './endpoint.ts'

/** A timer that is not armed. */
const NEVER = Infinity

/** One timer; `kind` says which of the endpoint's. */
export class EndpointTimer implements Actor {
  #endpoint: TcpEndpoint | undefined
  readonly #kind: number
  #deadlineNs = NEVER
  /** Time of the earliest event in the queue for this timer; NEVER when there is none. */
  #queuedNs = NEVER

  constructor(endpoint: TcpEndpoint, kind: number) {
    this.#endpoint = endpoint
    this.#kind = kind
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
    if (deadlineNs >= this.#queuedNs || this.#endpoint === undefined) return
    this.#queuedNs = deadlineNs
    this.#endpoint.stack.ip.sim.schedule(deadlineNs, this, 0, undefined)
  }

  /** Forgets the deadline. */
  cancel(): void {
    this.#deadlineNs = NEVER
  }

  /** Is of no more use: an event that is still queued will do nothing. */
  release(): void {
    this.#deadlineNs = NEVER
    this.#endpoint = undefined
  }

  /** The simulator's call. */
  onEvent(): void {
    const endpoint = this.#endpoint
    if (endpoint === undefined) return
    const { nowNs } = endpoint.stack.ip.sim
    if (nowNs !== this.#queuedNs) return
    this.#queuedNs = NEVER
    const deadlineNs = this.#deadlineNs
    if (deadlineNs > nowNs && deadlineNs !== NEVER) {
      this.armAt(deadlineNs)
      return
    }
    this.release()
    endpoint.timerOver(this.#kind, deadlineNs !== NEVER)
  }
}
