/**
 * The connections of a host in TIME_WAIT and the end of each. All wait equally long, so one timer serves the
 * list in order of entry; the few that segments of the old connection prolong get an event of their own.
 * @module
 */
import type { Actor } from '../../sim/event-queue.ts'
import type { Simulator } from '../../sim/simulator.ts'
import type { TimeWait } from './time-wait.ts'

const KIND_OLDEST = 0
const KIND_PROLONGED = 1

/** The list of one host. */
export class TimeWaitList implements Actor {
  readonly #sim: Simulator
  readonly #onOver: (entry: TimeWait) => void
  #list: TimeWait[] = []
  #head = 0

  /** `onOver` is called when the time of an entry is over. */
  constructor(sim: Simulator, onOver: (entry: TimeWait) => void) {
    this.#sim = sim
    this.#onOver = onOver
  }

  /** Adds an entry that has just begun to wait. */
  add(entry: TimeWait): void {
    this.#list.push(entry)
    if (this.#list.length - this.#head === 1) this.#sim.schedule(entry.dueNs, this, KIND_OLDEST, undefined)
  }

  /** The time of the oldest entry, or of a prolonged one, may be over. */
  onEvent(kind: number, data: unknown): void {
    if (kind === KIND_PROLONGED) {
      this.#check(data as TimeWait)
      return
    }
    const { nowNs } = this.#sim
    for (;;) {
      const oldest = this.#list[this.#head]
      if (oldest === undefined) break
      if (oldest.dueNs > nowNs) {
        this.#sim.schedule(oldest.dueNs, this, KIND_OLDEST, undefined)
        break
      }
      this.#head++
      this.#check(oldest)
    }
    if (this.#head === this.#list.length || this.#head >= 1024) {
      this.#list = this.#list.slice(this.#head)
      this.#head = 0
    }
  }

  #check(entry: TimeWait): void {
    if (entry.deadlineNs <= this.#sim.nowNs) this.#onOver(entry)
    else this.#sim.schedule(entry.deadlineNs, this, KIND_PROLONGED, entry)
  }
}
