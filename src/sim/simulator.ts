/**
 * The simulator: one clock, one event queue, and what every run carries: limits, hash, ledgers, streams of chance,
 * packet numbers.
 * Pure: it knows no wall clock; it runs until it is told to stop, nothing is left to do, or a limit is met.
 * @module
 */
import { assert, InvariantError } from '../base/assert.ts'
import { type Actor, EventQueue } from './event-queue.ts'
import { FrameLedger } from './ledger.ts'
import { DEFAULT_LIMITS, type LimitReached, type RunLimits } from './limits.ts'
import { randomStream, type RandomStream } from './random.ts'
import { RunHash } from './run-hash.ts'

/** Events from one checkpoint to the next. */
const CHECKPOINT_EVENTS = 65_536

/** Why `run` came back. */
export type RunEnd = 'idle' | 'time' | 'stopped' | 'limit'

/** One run's clock and queue. */
export class Simulator {
  readonly seed: string
  readonly limits: RunLimits
  readonly hash = new RunHash()
  readonly frames = new FrameLedger()
  /** Now, in integer nanoseconds since the start. Live. */
  nowNs = 0
  /** Events handled so far. Live. */
  eventCount = 0
  /** Packets alive: on links, in queues, held by hosts. Their owners keep it. Live. */
  livePackets = 0
  /** Called between two events, each time CHECKPOINT_EVENTS more have been handled: where invariants of the whole are checked. */
  checkpoint: () => void = () => {}
  /** The limit that ended the run, once it did. */
  limitReached: LimitReached | undefined
  readonly #queue = new EventQueue()
  #stopRequested = false
  /** Events handled before the clock came to where it stands. */
  #eventsBeforeInstant = 0
  #nextUid = 1
  readonly #streams = new Map<string, RandomStream>()

  constructor(seed: string, limits: RunLimits = DEFAULT_LIMITS) {
    this.seed = seed
    this.limits = limits
  }

  /** Queues an event for `actor` at `timeNs`, which must not lie in the past. */
  schedule(timeNs: number, actor: Actor, kind: number, data: unknown): void {
    if (!(timeNs >= this.nowNs)) throw noFutureTime(timeNs, this.nowNs)
    this.#queue.push(timeNs, actor, kind, data)
  }

  /** The next packet number, from 1 on. */
  nextPacketUid(): number {
    return this.#nextUid++
  }

  /** The random stream of this name; the same object each time. */
  stream(name: string): RandomStream {
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = randomStream(this.seed, name)
      this.#streams.set(name, stream)
    }
    return stream
  }

  /** Makes `run` come back after the event that is being handled. */
  stop(): void {
    this.#stopRequested = true
  }

  /**
   * Handles events up to and including `untilNs`, which is not before now. On `time` the clock stands at `untilNs`;
   * on `idle` (no event is left at all) and `stopped` it stands at the last event; on `limit`, `limitReached` says
   * which.
   */
  run(untilNs: number): RunEnd {
    const { eventsMax, timeNsMax } = this.limits
    assert(untilNs >= this.nowNs, 'a run does not end before now')
    if (this.limitReached !== undefined) return 'limit'
    this.#stopRequested = false
    // Finite, so that an empty queue lies beyond it.
    const lastNs = Math.min(untilNs, timeNsMax, Number.MAX_VALUE)
    for (;;) {
      const checkpointCount = this.eventCount - this.eventCount % CHECKPOINT_EVENTS + CHECKPOINT_EVENTS
      const end = this.#handleEvents(lastNs, Math.min(checkpointCount, eventsMax))
      if (end !== undefined) return end
      const nextNs = this.nextTimeNs
      if (nextNs > lastNs) return this.#endOfTime(nextNs, untilNs)
      if (this.eventCount >= eventsMax) return this.#reach('events', eventsMax)
      this.checkpoint()
    }
  }

  /** Handles events up to `lastNs`, and until there were `countMax` in all. Says if one of them has ended the run. */
  #handleEvents(lastNs: number, countMax: number): RunEnd | undefined {
    const queue = this.#queue
    const { eventsAtOneInstantMax, livePacketsMax } = this.limits
    while (this.eventCount < countMax) {
      const nextNs = queue.nextTimeNs
      if (nextNs > lastNs) return undefined
      if (nextNs !== this.nowNs) this.#moveClock(nextNs)
      else if (this.eventCount - this.#eventsBeforeInstant >= eventsAtOneInstantMax) {
        return this.#reach('events at one instant', eventsAtOneInstantMax)
      }
      this.eventCount++
      queue.dispatch()
      if (this.livePackets > livePacketsMax) return this.#reach('live packets', livePacketsMax)
      if (this.#stopRequested) return 'stopped'
    }
    return undefined
  }

  /** Time of the next event; Infinity when nothing is left to do. */
  get nextTimeNs(): number {
    return this.#queue.nextTimeNs
  }

  /** What it means that the next event, if there is one, lies beyond the end of the run or the limit of time. */
  #endOfTime(nextNs: number, untilNs: number): RunEnd {
    const { timeNsMax } = this.limits
    if (nextNs === Infinity && untilNs === Infinity) return 'idle'
    if (nextNs > timeNsMax && untilNs > timeNsMax) return this.#reach('time', timeNsMax)
    if (untilNs !== this.nowNs) this.#moveClock(untilNs)
    return 'time'
  }

  #moveClock(timeNs: number): void {
    this.nowNs = timeNs
    this.#eventsBeforeInstant = this.eventCount
  }

  #reach(limit: LimitReached['limit'], bound: number): RunEnd {
    this.limitReached = { limit, bound, timeNs: this.nowNs }
    return 'limit'
  }
}

function noFutureTime(timeNs: number, nowNs: number): InvariantError {
  return new InvariantError(`event at ${timeNs} ns lies before ${nowNs} ns, or is no time`)
}
