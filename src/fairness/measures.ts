/**
 * What is kept of a run of one scheduler, on whatever level it ran, and what it comes to.
 * @module
 */
import { type Estimate, meanOf, serialCorrelation } from '../measure/batches.ts'
import { Delays } from '../measure/delays.ts'
import { jainIndex, maxOverMean } from '../measure/fairness-index.ts'
import { PickWindows } from '../measure/pick-windows.ts'
import type { FairnessPlan, PlannedServer } from './options.ts'
import type { SchedulerFairness, ServerFairness } from './result.ts'

/** Takes the connections of a run, by their index in the order of arrival. */
export class FairnessMeasures {
  readonly #plan: FairnessPlan
  readonly #scheduler: string
  readonly #windows: PickWindows
  readonly #waits: Delays
  readonly #responses: Delays
  /** Per batch, then per server: picks, and their work in nanoseconds of its workers. */
  readonly #picks: readonly Float64Array[]
  readonly #work: readonly Float64Array[]
  /** When each batch began, and last of all when the last connection came. */
  readonly #beginsNs: number[] = []
  #refused = 0
  #lastArrivalNs = 0

  constructor(plan: FairnessPlan, scheduler: string) {
    const { batches, servers, windowPicks } = plan
    this.#plan = plan
    this.#scheduler = scheduler
    this.#windows = new PickWindows(windowPicks, servers.map(({ targetShare }) => targetShare))
    this.#waits = new Delays(batches)
    this.#responses = new Delays(batches)
    const perServer = (): Float64Array[] => Array.from({ length: batches.batchCount }, () => new Float64Array(servers.length))
    this.#picks = perServer()
    this.#work = perServer()
  }

  /** Mean response of each batch. */
  get responseMeans(): number[] {
    return this.#responses.batchMeans
  }

  /** The connections come in order: who got this one (undefined: nobody), when it came, and its work where that is known. */
  arrived(index: number, { server, arrivalNs, workNs }: {
    readonly server: number | undefined, readonly arrivalNs: number, readonly workNs: number,
  }): void {
    const batch = this.#plan.batches.batchOf(index)
    if (batch < 0) return
    this.#beginsNs[batch] ??= arrivalNs
    this.#lastArrivalNs = arrivalNs
    if (server === undefined) {
      this.#refused++
      return
    }
    this.#windows.add(server)
    const picks = this.#picks[batch] as Float64Array
    picks[server] = (picks[server] as number) + 1
    const { speed, workers } = this.#plan.servers[server] as PlannedServer
    const work = this.#work[batch] as Float64Array
    work[server] = (work[server] as number) + workNs / speed / workers
  }

  /** A connection was served. */
  served(index: number, { waitNs, responseNs }: { readonly waitNs: number | undefined, readonly responseNs: number }): void {
    if (waitNs !== undefined) this.#waits.add(index, waitNs)
    this.#responses.add(index, responseNs)
  }

  /** What it came to. */
  result(): SchedulerFairness {
    const { servers: planned } = this.#plan
    const servers = planned.map((_, index) => this.#serverOf(index))
    const forWeight = servers.flatMap(({ picks, weight }) => (weight > 0 ? [picks / weight] : []))
    const means = this.responseMeans
    return {
      scheduler: this.#scheduler, picked: servers.reduce((sum, { picks }) => sum + picks, 0), refused: this.#refused, servers,
      jain: jainIndex(forWeight), maxOverMean: maxOverMean(forWeight),
      most: this.#windows.most, least: this.#windows.least,
      wait: this.#waits.summary(), response: this.#responses.summary(),
      overloaded: servers.filter(({ load }) => isAboveOne(load)).map(({ name }) => name),
      isSettled: means.length < 2 || serialCorrelation(means) <= 2 / Math.sqrt(means.length),
    }
  }

  #serverOf(index: number): ServerFairness {
    const { name, weight, speed, targetShare, workers } = this.#plan.servers[index] as PlannedServer
    const shares = this.#picks.flatMap((picks) => {
      const total = picks.reduce((a, b) => a + b, 0)
      return total > 0 ? [(picks[index] as number) / total] : []
    })
    return {
      name, weight, speed, targetShare,
      picks: this.#picks.reduce((sum, picks) => sum + (picks[index] as number), 0),
      share: shares.length === 0 ? { value: 0, halfWidth: undefined } : meanOf(shares),
      load: workers === Infinity ? undefined : this.#loadOf(index),
    }
  }

  #loadOf(index: number): Estimate | undefined {
    const loads = this.#work.flatMap((work, batch) => {
      const durationNs = (this.#beginsNs[batch + 1] ?? this.#lastArrivalNs) - (this.#beginsNs[batch] ?? 0)
      return durationNs > 0 ? [(work[index] as number) / durationNs] : []
    })
    return loads.length === 0 ? undefined : meanOf(loads)
  }
}

/** True when the whole interval is above 1. */
function isAboveOne(load: Estimate | undefined): boolean {
  return load !== undefined && load.value - (load.halfWidth ?? 0) > 1
}
