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
  /** What every frame asks of the options. */
  #delayNs = 0
  #queueFramesMax = 1
  /** Nanoseconds per byte, as a fraction in lowest terms: exact, and most often the divisor is 1. 0: sending takes no time. */
  #byteNs = 0
  #byteNsDivisor = 1
  /** What framing adds to the bytes of a frame, and the fewest that it takes as such. */
  #overheadBytes = 0
  #frameBytesMin = 0
  /** Nothing is left to chance. */
  #isFaultless = true
  readonly #from: LinkEnd
  readonly #to: LinkEnd
  readonly #chance: RandomStream
  /** When the transmitter gets free, and what is left of a nanosecond then, in units of one part in `byteNsDivisor`. */
  #busyUntilNs = 0
  #remainder = 0
  /** Frames in the queue, and a ring of their departure times but the last, which is `busyUntilNs`: most often there are none. */
  #queued = 0
  #departures = new Float64Array(16)
  #head = 0

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
    const { framing, lossProbability, duplicateProbability, reorderProbability } = options
    this.#delayNs = options.delayNs
    this.#queueFramesMax = options.queueFramesMax
    this.#overheadBytes = framing === 'ethernet' ? ETHERNET_OVERHEAD_BYTES : 0
    this.#frameBytesMin = framing === 'ethernet' ? ETHERNET_FRAME_BYTES_MIN : 0
    this.#isFaultless = lossProbability === 0 && duplicateProbability === 0 && reorderProbability === 0
    const divisor = rate === Infinity ? Infinity : greatestCommonDivisor([BITS_NS, rate])
    this.#byteNs = BITS_NS / divisor
    this.#byteNsDivisor = rate === Infinity ? 1 : rate / divisor
  }

  /** Frames that wait or are being sent now. */
  get queuedFrames(): number {
    this.#forgetDeparted(this.#sim.nowNs)
    return this.#queued
  }

  /** Takes a frame to send. It arrives later, or is lost; in both cases it is accounted for. */
  send(frame: Frame): void {
    this.#frames.sent++
    this.sentFrames++
    this.sentBytes += frame.bytes
    // On the way of each packet such fields are compared: V8 does not know them to be booleans, and tests them by many steps.
    if (this.isUp === false || this.#from.isUp === false || this.#to.isUp === false) return this.#lose(frame, 'link-down')
    let departureNs = this.#sim.nowNs
    if (this.#byteNs !== 0) {
      this.#forgetDeparted(departureNs)
      if (this.#queued >= this.#queueFramesMax) return this.#lose(frame, 'queue-full')
      departureNs = this.#serialise(departureNs, frame.bytes)
    }
    if (this.#isFaultless === true) this.#launch(departureNs + this.#delayNs, frame)
    else this.#launchByChance(departureNs + this.#delayNs, frame)
  }

  /** Sends a frame on its way, or not, or late, or twice. */
  #launchByChance(dueNs: number, frame: Frame): void {
    const options = this.#options
    if (options.lossProbability > 0 && this.#chance.unit() < options.lossProbability) return this.#lose(frame, 'loss')
    let arrivalNs = dueNs
    if (options.reorderProbability > 0 && this.#chance.unit() < options.reorderProbability) arrivalNs += options.reorderDelayNs
    this.#launch(arrivalNs, frame)
    if (options.duplicateProbability > 0 && this.#chance.unit() < options.duplicateProbability) {
      this.#frames.duplicated++
      this.#launch(arrivalNs, frame)
    }
  }

  /** The simulator's call: a frame reaches the far end. */
  onEvent(_kind: number, data: unknown): void {
    const frames = this.#frames
    frames.inFlight--
    this.#sim.livePackets--
    if (this.isUp === false || this.#to.isUp === false) return this.#lose(data as Frame, 'link-down')
    frames.delivered++
    this.deliveredFrames++
    this.#to.arrive(data as Frame)
  }

  #lose(frame: Frame, reason: LossReason): void {
    this.lostFrames++
    const { lost } = this.#frames
    if (reason === 'loss') lost.loss++
    else if (reason === 'queue-full') lost.queueFull++
    else lost.linkDown++
    this.lossTap?.onLoss(this, frame, reason)
  }

  #launch(arrivalNs: number, frame: Frame): void {
    this.#frames.inFlight++
    this.#sim.livePackets++
    this.#sim.schedule(arrivalNs, this, 0, frame)
  }

  /** When the last bit of a frame of `bytes` leaves, if it is handed over now. Keeps the ring of departures. */
  #serialise(nowNs: number, bytes: number): number {
    const wireBytes = Math.max(bytes, this.#frameBytesMin) + this.#overheadBytes
    let startNs = this.#busyUntilNs
    if (startNs < nowNs) {
      startNs = nowNs
      this.#remainder = 0
    }
    let wholeNs = wireBytes * this.#byteNs
    if (this.#byteNsDivisor > 1) wholeNs = this.#divide(wholeNs)
    const departureNs = startNs + wholeNs
    this.busyNs += wholeNs
    if (this.#queued > 0) this.#addDeparture(this.#busyUntilNs)
    this.#queued++
    this.#busyUntilNs = departureNs
    return departureNs
  }

  /** The frame that was the last in the queue is so no more. */
  #addDeparture(departureNs: number): void {
    const count = this.#queued - 1
    if (count === this.#departures.length) this.#growRing()
    this.#departures[(this.#head + count) & (this.#departures.length - 1)] = departureNs
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
    while (this.#queued > 1 && (ring[this.#head & mask] as number) <= nowNs) {
      this.#head = (this.#head + 1) & mask
      this.#queued--
    }
  }

  #growRing(): void {
    const before = this.#departures
    const ring = new Float64Array(before.length * 2)
    for (let i = 0; i < before.length; i++) ring[i] = before[(this.#head + i) & (before.length - 1)] as number
    this.#departures = ring
    this.#head = 0
  }
}
