/**
 * A link: two directions, each with its rate, delay, queue and faults. One event per frame: its arrival at the far end.
 * The fraction of a nanosecond that a serialisation leaves over is carried to the next frame of a busy period.
 * Modelled as in Ethernet: 24 bytes of preamble, check sequence and gap beside each frame, and no frame under 60 bytes.
 * Corruption is not modelled: a frame arrives whole or not at all.
 * @module
 */
import { assert } from '../base/assert.ts'
import { greatestCommonDivisor } from '../base/gcd.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { FrameLedger } from '../sim/ledger.ts'
import type { RandomStream } from '../sim/random.ts'
import type { Simulator } from '../sim/simulator.ts'
import type { Frame } from '../wire/frame.ts'

/** What sits at the end of a link: a nic, or a port of a bridge. */
export interface LinkEnd {
  /** False: frames to and from here are lost. */
  readonly isUp: boolean
  arrive(frame: Frame): void
}

/** Why a frame ended on a link. */
export type LossReason = 'loss' | 'queue-full' | 'link-down'

/** Someone who wants to know of every frame that a link loses. */
export interface LossTap {
  onLoss(link: LinkDirection, frame: Frame, reason: LossReason): void
}

/** How a link treats frames. Probabilities are 0..1. */
export interface LinkOptions {
  /** Infinity: serialisation takes no time, and nothing queues. A whole number otherwise. */
  readonly rateBitsPerSecond: number
  readonly delayNs: number
  /** Frames that wait or are being sent; one more is lost. At least 1. */
  readonly queueFramesMax: number
  readonly lossProbability: number
  readonly duplicateProbability: number
  /** This share of the frames is held back by `reorderDelayNs`, so that later ones overtake. */
  readonly reorderProbability: number
  readonly reorderDelayNs: number
  /** `ethernet` has minimum frames and 24 bytes between them; `ppp` has neither. */
  readonly framing: 'ethernet' | 'ppp'
}

/** A perfect cable of a LAN. */
export const DEFAULT_LINK: LinkOptions = {
  rateBitsPerSecond: 1_000_000_000, delayNs: 5_000, queueFramesMax: 1000, lossProbability: 0, duplicateProbability: 0,
  reorderProbability: 0, reorderDelayNs: 1_000_000, framing: 'ethernet',
}

const ETHERNET_OVERHEAD_BYTES = 24
const ETHERNET_FRAME_BYTES_MIN = 60
const BITS_NS = 8 * 1_000_000_000

/** One direction of a link. */
export class LinkDirection implements Actor {
  readonly name: string
  /** Frames that were handed over, arrived, or were lost here. Live. */
  sentFrames = 0
  sentBytes = 0
  deliveredFrames = 0
  lostFrames = 0
  /** Time spent sending bits. Live. */
  busyNs = 0
  /** Administratively up. Live. */
  isUp = true
  /** Set while someone listens for losses. */
  lossTap: LossTap | undefined
  readonly #sim: Simulator
  readonly #frames: FrameLedger
  #options: LinkOptions
  /** Nanoseconds per byte, as a fraction in lowest terms: exact, and most often the divisor is 1. */
  #byteNs = 0
  #byteNsDivisor = 1
  readonly #from: LinkEnd
  readonly #to: LinkEnd
  readonly #chance: RandomStream
  /** When the transmitter gets free, and what is left of a nanosecond then, in units of one part in `byteNsDivisor`. */
  #busyUntilNs = 0
  #remainder = 0
  /** Departure times of the frames in the queue: a ring. */
  #departures = new Float64Array(16)
  #head = 0
  #queued = 0

  constructor(sim: Simulator, name: string, ends: { readonly from: LinkEnd, readonly to: LinkEnd }, options: LinkOptions) {
    this.#sim = sim
    this.#frames = sim.frames
    this.name = name
    this.#from = ends.from
    this.#to = ends.to
    this.#chance = sim.stream(`link:${name}`)
    this.#options = options
    this.setOptions(options)
  }

  /** The options in force. */
  get options(): LinkOptions {
    return this.#options
  }

  /** Changes how the link treats frames from now on; those under way are not touched. */
  setOptions(options: LinkOptions): void {
    assert(options.queueFramesMax >= 1, 'a link queues at least one frame')
    const rate = options.rateBitsPerSecond
    // The remainder counts in units of the old rate.
    if (rate !== this.#options.rateBitsPerSecond) this.#remainder = 0
    this.#options = options
    if (rate === Infinity) return
    const divisor = greatestCommonDivisor([BITS_NS, rate])
    this.#byteNs = BITS_NS / divisor
    this.#byteNsDivisor = rate / divisor
  }

  /** Frames that wait or are being sent now. */
  get queuedFrames(): number {
    this.#forgetDeparted(this.#sim.nowNs)
    return this.#queued
  }

  /** Takes a frame to send. It arrives later, or is lost; in both cases it is accounted for. */
  send(frame: Frame): void {
    const frames = this.#frames, options = this.#options
    frames.sent++
    this.sentFrames++
    this.sentBytes += frame.bytes
    if (!this.isUp || !this.#from.isUp || !this.#to.isUp) {
      frames.lost.linkDown++
      return this.#lose(frame, 'link-down')
    }
    let departureNs = this.#sim.nowNs
    if (options.rateBitsPerSecond !== Infinity) {
      this.#forgetDeparted(departureNs)
      if (this.#queued >= options.queueFramesMax) {
        frames.lost.queueFull++
        return this.#lose(frame, 'queue-full')
      }
      departureNs = this.#serialise(departureNs, frame.bytes)
    }
    if (options.lossProbability > 0 && this.#chance.unit() < options.lossProbability) {
      frames.lost.loss++
      return this.#lose(frame, 'loss')
    }
    let arrivalNs = departureNs + options.delayNs
    if (options.reorderProbability > 0 && this.#chance.unit() < options.reorderProbability) arrivalNs += options.reorderDelayNs
    this.#launch(arrivalNs, frame)
    if (options.duplicateProbability > 0 && this.#chance.unit() < options.duplicateProbability) {
      frames.duplicated++
      this.#launch(arrivalNs, frame)
    }
  }

  /** The simulator's call: a frame reaches the far end. */
  onEvent(_kind: number, data: unknown): void {
    const frames = this.#frames
    frames.inFlight--
    this.#sim.livePackets--
    if (!this.isUp || !this.#to.isUp) {
      frames.lost.linkDown++
      return this.#lose(data as Frame, 'link-down')
    }
    frames.delivered++
    this.deliveredFrames++
    this.#to.arrive(data as Frame)
  }

  #lose(frame: Frame, reason: LossReason): void {
    this.lostFrames++
    this.lossTap?.onLoss(this, frame, reason)
  }

  #launch(arrivalNs: number, frame: Frame): void {
    this.#frames.inFlight++
    this.#sim.livePackets++
    this.#sim.schedule(arrivalNs, this, 0, frame)
  }

  /** When the last bit of a frame of `bytes` leaves, if it is handed over now. Keeps the ring of departures. */
  #serialise(nowNs: number, bytes: number): number {
    let wireBytes = bytes
    if (this.#options.framing === 'ethernet') wireBytes = Math.max(bytes, ETHERNET_FRAME_BYTES_MIN) + ETHERNET_OVERHEAD_BYTES
    let startNs = this.#busyUntilNs
    if (startNs < nowNs) {
      startNs = nowNs
      this.#remainder = 0
    }
    let wholeNs = wireBytes * this.#byteNs
    if (this.#byteNsDivisor > 1) wholeNs = this.#divide(wholeNs)
    const departureNs = startNs + wholeNs
    this.#busyUntilNs = departureNs
    this.busyNs += wholeNs
    if (this.#queued === this.#departures.length) this.#growRing()
    this.#departures[(this.#head + this.#queued++) & (this.#departures.length - 1)] = departureNs
    return departureNs
  }

  /** Whole nanoseconds of `parts`, and keeps the remainder for the next frame. */
  #divide(parts: number): number {
    // Exact: every operand is an integer below 2^53 (65,600 bytes give 5.3e14).
    const divisor = this.#byteNsDivisor, total = parts + this.#remainder
    let wholeNs = Math.floor(total / divisor)
    let remainder = total - wholeNs * divisor
    if (remainder < 0) {
      wholeNs--
      remainder += divisor
    }
    this.#remainder = remainder
    return wholeNs
  }

  #forgetDeparted(nowNs: number): void {
    if (this.#busyUntilNs <= nowNs) {
      this.#queued = 0
      return
    }
    const ring = this.#departures, mask = ring.length - 1
    while (this.#queued > 0 && (ring[this.#head & mask] as number) <= nowNs) {
      this.#head = (this.#head + 1) & mask
      this.#queued--
    }
  }

  #growRing(): void {
    const ring = new Float64Array(this.#departures.length * 2)
    for (let i = 0; i < this.#queued; i++) ring[i] = this.#departures[(this.#head + i) & (this.#departures.length - 1)] as number
    this.#departures = ring
    this.#head = 0
  }
}
