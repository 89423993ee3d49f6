/**
 * A link as simulators usually make it: a queue of frames, and two events for each: its last bit leaves, and it arrives.
 * It rounds each serialisation down to whole nanoseconds, carries nothing over, and has no faults.
 * @module
 */
import type { Actor } from '../../src/sim/event-queue.ts'
import type { Simulator } from '../../src/sim/simulator.ts'
import type { Frame } from '../../src/wire/frame.ts'

const LEFT = 0
const ARRIVED = 1

interface Options {
  readonly rateBitsPerSecond: number
  readonly delayNs: number
  readonly queueFramesMax: number
}

/** One direction, without framing overhead. */
export class TwoEventLink implements Actor {
  lostFrames = 0
  readonly #sim: Simulator
  readonly #options: Options
  readonly #arrive: (frame: Frame) => void
  readonly #queue: Frame[] = []

  constructor(sim: Simulator, options: Options, arrive: (frame: Frame) => void) {
    this.#sim = sim
    this.#options = options
    this.#arrive = arrive
  }

  send(frame: Frame): void {
    if (this.#queue.length >= this.#options.queueFramesMax) {
      this.lostFrames++
      return
    }
    this.#queue.push(frame)
    if (this.#queue.length === 1) this.#transmit(frame)
  }

  onEvent(kind: number, data: unknown): void {
    if (kind === ARRIVED) return this.#arrive(data as Frame)
    this.#queue.shift()
    const next = this.#queue[0]
    if (next !== undefined) this.#transmit(next)
  }

  #transmit(frame: Frame): void {
    const sim = this.#sim, { rateBitsPerSecond, delayNs } = this.#options
    const departureNs = sim.nowNs + Math.floor(frame.bytes * 8 * 1e9 / rateBitsPerSecond)
    sim.schedule(departureNs, this, LEFT, undefined)
    sim.schedule(departureNs + delayNs, this, ARRIVED, frame)
  }
}
