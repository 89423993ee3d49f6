/**
 * Schedulers that users bring to a run: what they see, plain values and text, and what stands between them and a service. One
 * that fails is let go at its first fault, and from then on nobody is picked; one that never comes back is not noticed.
 * @module
 */
import { formatIp } from '../../wire/address.ts'
import type { Destination } from '../destination.ts'
import type { Flow, Pool, Scheduler, SchedulerFactory } from './scheduler.ts'

/** A destination of the service: a real server as its director sees it. The counters are live: those of now. */
export interface UserDestination {
  /** As text: `10.0.0.11`, or `fd00::11`. */
  readonly addr: string
  readonly port: number
  /** Of `ipvsadm -w`. At 0 Linux's own schedulers do not pick it. */
  readonly weight: number
  /** Connections that are established. */
  readonly activeConns: number
  /** All others: those that close, and datagrams. */
  readonly inactiveConns: number
  /** At its upper threshold, `ipvsadm -x`: Linux's own schedulers do not pick it. */
  readonly overloaded: boolean
  /** False once it was deleted: it must not be picked any more. */
  readonly available: boolean
}

/** The packet that asks for a connection. */
export interface UserFlow {
  /** Address of the client, as text. */
  readonly src: string
  /** The virtual address, as text. */
  readonly dst: string
  /** Port of the client; 0 where the packet has no ports. */
  readonly sport: number
}

/** The service that a scheduler works for. All of it is live. */
export interface UserPool {
  /** The one added last comes first, as in the kernel. A frozen list: another one after each change. */
  readonly destinations: readonly UserDestination[]
  /** Bits 1, 2 and 4: flag-1, flag-2 and flag-3 of `ipvsadm -b`. */
  readonly schedulerFlags: number
  /** Nanoseconds since the run began. */
  readonly nowNs: number
  /** A number in [0, 1), from a stream of this service that follows from the seed; `Math.random` would spoil the replay. */
  random(): number
}

/** One scheduler at work for one service. Only `pick` must be there; nothing may return a promise. */
export interface UserScheduler {
  /** One of `pool.destinations` for a new connection; undefined or null when none can be had, and the client is refused. */
  pick(flow: UserFlow): UserDestination | null | undefined
  /** A destination was put at the head of the list. */
  added?(): void
  /** The destination that stood at `index` is gone from the list. */
  removed?(index: number): void
  /** The weight or the thresholds of a destination were changed, in its place. */
  updated?(): void
  /** The service was deleted, or took another scheduler. */
  dismissed?(): void
}

/** Begins to work for a service, which has no destinations yet unless it had another scheduler before. */
export type UserSchedulerFactory = (pool: UserPool) => UserScheduler

/** The scheduler as services take it. `onFault` hears what it did wrong, in words that follow its name. */
export function adopted(factory: UserSchedulerFactory, onFault: (what: string) => void): SchedulerFactory {
  return (pool) => new AdoptedScheduler(pool, factory, onFault)
}

class AdoptedScheduler implements Scheduler {
  readonly #pool: Pool
  readonly #onFault: (what: string) => void
  /** In the order of the pool. */
  #views: readonly UserDestination[]
  /** Undefined once it has failed. */
  #user: UserScheduler | undefined

  constructor(pool: Pool, factory: UserSchedulerFactory, onFault: (what: string) => void) {
    this.#pool = pool
    this.#onFault = onFault
    this.#views = Object.freeze(pool.destinations.map(viewOf))
    const made: unknown = this.#try(() => factory(this.#userPool()))
    if (isScheduler(made)) this.#user = made
    else if (made !== FAILED) this.#fail(`begins as ${describe(made)}, not as an object with a function \`pick\``)
  }

  pick({ src, dst, sport }: Flow): Destination | undefined {
    const user = this.#user
    if (user === undefined) return undefined
    const picked: unknown = this.#try(() => user.pick({ src: formatIp(src), dst: formatIp(dst), sport }))
    if (picked === FAILED || picked === undefined || picked === null) return undefined
    const index = this.#views.indexOf(picked as UserDestination)
    if (index < 0) this.#fail(`picked ${describe(picked)}, which is none of its destinations`)
    return this.#pool.destinations[index]
  }

  added(): void {
    this.#views = Object.freeze(this.#pool.destinations.slice(0, 1).map(viewOf).concat(this.#views))
    this.#try(() => this.#user?.added?.())
  }

  removed(index: number): void {
    this.#views = Object.freeze(this.#views.toSpliced(index, 1))
    this.#try(() => this.#user?.removed?.(index))
  }

  updated(): void {
    this.#try(() => this.#user?.updated?.())
  }

  dismissed(): void {
    this.#try(() => this.#user?.dismissed?.())
    this.#user = undefined
  }

  #userPool(): UserPool {
    const pool = this.#pool
    const views = (): readonly UserDestination[] => this.#views
    return Object.freeze({
      get destinations() { return views() },
      get schedulerFlags() { return pool.schedulerFlags },
      get nowNs() { return pool.clock.nowNs },
      random: () => pool.random.unit(),
    })
  }

  /** What the user's code comes to; FAILED when it throws, or wants to be waited for. */
  #try(call: () => unknown): unknown {
    try {
      const value = call()
      if (!(value instanceof Promise)) return value
      // What becomes of it is nobody's business any more.
      value.catch(() => {})
      this.#fail('answered with a promise, and no packet can wait for that')
    } catch (error) {
      this.#fail(`threw ${describe(error)}`)
    }
    return FAILED
  }

  #fail(what: string): void {
    this.#user = undefined
    this.#onFault(what)
  }
}

const FAILED = Symbol('failed')

function viewOf(destination: Destination): UserDestination {
  return Object.freeze({
    addr: formatIp(destination.addr),
    port: destination.port,
    get weight() { return destination.weight },
    get activeConns() { return destination.activeConns },
    get inactiveConns() { return destination.inactiveConns },
    get overloaded() { return destination.overloaded },
    get available() { return destination.available },
  })
}

function isScheduler(made: unknown): made is UserScheduler {
  return typeof made === 'object' && made !== null && 'pick' in made && typeof made.pick === 'function'
}

/** A value in a few words, whatever it is. */
function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (typeof value === 'string') return `the text '${value}'`
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`
  if (Array.isArray(value)) return 'a list'
  return value === null || value === undefined ? String(value) : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
}
