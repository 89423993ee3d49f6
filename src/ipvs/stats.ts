/**
 * Counters and rates of a service, a destination or the whole director. Readers see them as the estimator left them: it reads the
 * live ones every 2 s. It is not an event here: what it would have done is caught up with when somebody counts or reads.
 * Follows ip_vs_est.c of Linux 6.1; that its timer is a little late each round is not modelled.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'

/** The five counters, or their rates per second. */
export interface Counters {
  readonly conns: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
}

/** The estimator's clock. */
export interface EstimatorClock {
  /** How often it has read, had it always run. */
  readonly round: number
  /** False while run_estimation=0. */
  readonly isRunning: boolean
}

/** Between two readings. */
export const ESTIMATOR_PERIOD_NS = 2 * NS_PER_SECOND

const CONNS = 0
const IN_PACKETS = 1
const OUT_PACKETS = 2
const IN_BYTES = 3
const OUT_BYTES = 4
const COUNTERS = [CONNS, IN_PACKETS, OUT_PACKETS, IN_BYTES, OUT_BYTES]

/** One set of counters. */
export class Stats {
  readonly #clock: EstimatorClock
  /** Live. */
  readonly #counts = new Float64Array(COUNTERS.length)
  /** As last read. */
  readonly #read = [0, 0, 0, 0, 0]
  /** Where `-Z` has put zero. */
  readonly #zero = [0, 0, 0, 0, 0]
  /** Fixed point: 10 binary places, 5 for bytes. */
  readonly #rates = [0, 0, 0, 0, 0]
  #round: number

  constructor(clock: EstimatorClock) {
    this.#clock = clock
    this.#round = clock.round
  }

  /** A connection was made. */
  countConnection(): void {
    this.catchUp()
    this.#counts[CONNS] = at(this.#counts, CONNS) + 1
  }

  /** A packet went to a real server. Who counts for several asks the clock for its `round` once. */
  countIn(bytes: number, round = this.#clock.round): void {
    if (round !== this.#round) this.#catchUp(round)
    const counts = this.#counts
    counts[IN_PACKETS] = (counts[IN_PACKETS] as number) + 1
    counts[IN_BYTES] = (counts[IN_BYTES] as number) + bytes
  }

  /** A packet came back from a real server; see `countIn`. */
  countOut(bytes: number, round = this.#clock.round): void {
    if (round !== this.#round) this.#catchUp(round)
    const counts = this.#counts
    counts[OUT_PACKETS] = (counts[OUT_PACKETS] as number) + 1
    counts[OUT_BYTES] = (counts[OUT_BYTES] as number) + bytes
  }

  /** Counts since the beginning, as they are now: what `-Z` does not touch. */
  get liveCounts(): Counters {
    return named(this.#counts)
  }

  /** Counts since the last zeroing, as last read. */
  get counts(): Counters {
    this.catchUp()
    return named(COUNTERS.map((i) => at(this.#read, i) - at(this.#zero, i)))
  }

  /** Rates per second, rounded as the kernel does. */
  get rates(): Counters {
    this.catchUp()
    return named(COUNTERS.map((i) => (i < IN_BYTES ? Math.floor(
      (at(this.#rates, i) + 0x1ff) / 1024
    ) : Math.floor((at(this.#rates, i) + 0xf) / 32))))
  }

  /** What was last read becomes zero, and the rates begin anew (ip_vs_zero_stats). */
  zero(): void {
    this.catchUp()
    for (const i of COUNTERS) {
      this.#zero[i] = at(this.#read, i)
      this.#rates[i] = 0
    }
  }

  /** Does the readings that have come due. */
  catchUp(): void {
    const { round } = this.#clock
    if (round !== this.#round) this.#catchUp(round)
  }

  #catchUp(round: number): void {
    const missed = round - this.#round
    this.#round = round
    if (!this.#clock.isRunning) return
    this.#estimate(true)
    for (let i = 1; i < missed && this.#rates.some((rate) => rate !== 0); i++) this.#estimate(false)
  }

  #estimate(isFirst: boolean): void {
    for (const i of COUNTERS) {
      const delta = isFirst ? at(this.#counts, i) - at(this.#read, i) : 0
      this.#read[i] = at(this.#counts, i)
      // Scaled by 2^10 (bytes: 2^5), and halved because a round is two seconds.
      const rate = delta * (i < IN_BYTES ? 512 : 16)
      this.#rates[i] = at(this.#rates, i) + Math.floor((rate - at(this.#rates, i)) / 4)
    }
  }
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0
}

function named(values: ArrayLike<number>): Counters {
  return {
    conns: at(values, CONNS), inPackets: at(values, IN_PACKETS), outPackets: at(values, OUT_PACKETS),
    inBytes: at(values, IN_BYTES), outBytes: at(values, OUT_BYTES),
  }
}
