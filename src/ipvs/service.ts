/**
 * A virtual service while it lives: its rule, its destinations in the kernel's order, its scheduler and its counters
 * (struct ip_vs_service).
 * @module
 */
import { present } from '../base/assert.ts'
import type { RandomStream } from '../sim/random.ts'
import { type IpAddr } from '../wire/address.ts'
import { serviceKey, type DestinationRule, type ServiceId, type ServiceOptions } from './control/rules.ts'
import { Destination } from './destination.ts'
import type { Pool, Scheduler, SchedulerClock, SchedulerFactory } from './scheduler/scheduler.ts'
import { Stats, type EstimatorClock } from './stats.ts'

/** Time, for all that a service remembers. */
export type ServiceClock = SchedulerClock & EstimatorClock

/** Where a service gets its scheduler from, and the scheduler its chance. */
export interface SchedulerSource {
  readonly schedulers: ReadonlyMap<string, SchedulerFactory>
  /** The stream of this service. */
  readonly random: (id: ServiceId) => RandomStream
}

/** One service. Live. */
export class Service implements Pool {
  readonly id: ServiceId
  readonly key: string
  readonly clock: ServiceClock
  readonly stats: Stats
  /** The newest first. Live; changed by this class only. */
  readonly destinations: Destination[] = []
  options: ServiceOptions
  scheduler: Scheduler
  readonly #source: SchedulerSource

  constructor(id: ServiceId, options: ServiceOptions, clock: ServiceClock, source: SchedulerSource) {
    this.id = id
    this.key = serviceKey(id)
    this.clock = clock
    this.stats = new Stats(clock)
    this.options = options
    this.#source = source
    this.scheduler = this.#begin()
  }

  get schedulerFlags(): number {
    return this.options.schedulerFlags
  }

  get random(): RandomStream {
    return this.#source.random(this.id)
  }

  /** Takes over new options; a scheduler that stays the same keeps what it remembers (ip_vs_edit_service). */
  edit(options: ServiceOptions): void {
    const isNew = options.scheduler !== this.options.scheduler
    this.options = options
    if (!isNew) return
    this.scheduler.dismissed?.()
    this.scheduler = this.#begin()
  }

  /** Puts a destination at the head of the list. */
  add(destination: Destination): void {
    this.destinations.unshift(destination)
    this.scheduler.added?.()
  }

  /** Changes a destination in its place. */
  update(destination: Destination, rule: DestinationRule): void {
    destination.update(rule, false)
    this.scheduler.updated?.()
  }

  /** Takes a destination off the list. */
  remove(destination: Destination): void {
    const index = this.destinations.indexOf(destination)
    this.destinations.splice(index, 1)
    destination.available = false
    this.scheduler.removed?.(index)
  }

  /** Takes all destinations off the list; the scheduler is let go before (__ip_vs_del_service). */
  dismantle(): readonly Destination[] {
    this.scheduler.dismissed?.()
    const gone = this.destinations.splice(0)
    for (const destination of gone) destination.available = false
    return gone
  }

  /** The destination of this address and port. */
  find(addr: IpAddr, port: number): Destination | undefined {
    return this.destinations.find((destination) => destination.addr === addr && destination.port === port)
  }

  #begin(): Scheduler {
    return present(this.#source.schedulers.get(this.options.scheduler), `scheduler ${this.options.scheduler}`)(this)
  }
}
