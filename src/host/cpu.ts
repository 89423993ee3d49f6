/**
 * The CPU of a host as one server with a queue: every frame that comes in costs time, and waits its turn.
 * Costs of what the host sends by itself are not modelled.
 * @module
 */
import type { Actor } from '../sim/event-queue.ts'
import type { Simulator } from '../sim/simulator.ts'
import { payloadBytesOf, type Frame } from '../wire/frame.ts'
import type { Nic } from '../link/nic.ts'

/** What a frame costs. */
export interface CpuOptions {
  readonly packetNs: number
  /** Per byte of the packet, header included; may be a fraction. */
  readonly byteNs: number
  /** Frames that wait or are being worked on; one more is dropped. */
  readonly queueFramesMax: number
}

interface Waiting {
  readonly nic: Nic
  readonly frame: Frame
}

/** The queue of one host. */
export class Cpu implements Actor {
  /** Time spent on frames so far, and the longest queue seen. Live. */
  busyNs = 0
  queuedFramesPeak = 0
  droppedFrames = 0
  readonly #sim: Simulator
  readonly #options: CpuOptions
  readonly #done: (nic: Nic, frame: Frame) => void
  #freeAtNs = 0
  #queued = 0

  constructor(sim: Simulator, options: CpuOptions, done: (nic: Nic, frame: Frame) => void) {
    this.#sim = sim
    this.#options = options
    this.#done = done
  }

  /** Takes a frame to work on. False when the queue is full. */
  take(nic: Nic, frame: Frame): boolean {
    if (this.#queued >= this.#options.queueFramesMax) {
      this.droppedFrames++
      return false
    }
    this.#queued++
    if (this.#queued > this.queuedFramesPeak) this.queuedFramesPeak = this.#queued
    const costNs = Math.round(this.#options.packetNs + payloadBytesOf(frame.payload) * this.#options.byteNs)
    this.busyNs += costNs
    this.#freeAtNs = Math.max(this.#freeAtNs, this.#sim.nowNs) + costNs
    this.#sim.schedule(this.#freeAtNs, this, 0, { nic, frame } satisfies Waiting)
    return true
  }

  /** The work on a frame is done. */
  onEvent(_kind: number, data: unknown): void {
    this.#queued--
    const { nic, frame } = data as Waiting
    this.#done(nic, frame)
  }
}
