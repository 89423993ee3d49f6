/**
 * A virtual service while it lives: its rule, its destinations in the kernel's order, its scheduler and its counters
 * (struct ip_vs_service).
 * @module
 */
import { present } from '../base/assert.ts'
import { type IpAddr } from '../wire/address.ts'
import { serviceKey, type DestinationRule, type ServiceId, type ServiceOptions } from './control/rules.ts'
import { Destination } from './destination.ts'
import { SCHEDULERS } from './scheduler/registry.ts'
import type { Pool, Scheduler, SchedulerClock } from './scheduler/scheduler.ts'
import { Stats, type EstimatorClock } from './stats.ts'

/** Time, for all that a service remembers. */
export type ServiceClock = SchedulerClock & EstimatorClock

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

  constructor(id: ServiceId, options: ServiceOptions, clock: ServiceClock) {
    this.id = id
    this.key = serviceKey(id)
    this.clock = clock
    this.stats = new Stats(clock)
    this.options = options
    this.scheduler = this.#begin()
  }

  get schedulerFlags(): number {
    return this.options.schedulerFlags
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
    return present(SCHEDULERS.get(this.options.scheduler), `scheduler ${this.options.scheduler}`)(this)
  }
}
