/**
 * Load: many requests of many clients, begun by a law of arrivals, each with its record. What a request is, a
 * starter says; those of the kinds of traffic are in `requests.ts`.
 * @module
 */
import { assert } from '../base/assert.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { RandomStream } from '../sim/random.ts'
import type { AppHost } from './app-host.ts'
import type { RequestRecord } from './outcome.ts'

/** When requests begin. */
export type Arrivals =
  /** The next one when the one before is over; one at a time over all clients. */
  | { readonly law: 'in-turn' }
  /** Every client by itself: its next one this long after the one before was over (a closed loop). */
  | { readonly law: 'closed', readonly thinkNs: number }
  /** The first at the start, then at this distance. */
  | { readonly law: 'constant', readonly everyNs: number }
  /** Independent, at this mean distance, the first after one of them. */
  | { readonly law: 'poisson', readonly everyNs: number }
  /** Independent, at this mean distance by Pareto's law: mostly close together, now and then very far apart. Shape above 1. */
  | { readonly law: 'pareto', readonly everyNs: number, readonly shape: number }
  /** Each so long after the start, in this order, by the client of its source: one source stays with one client. */
  | { readonly law: 'recorded', readonly requests: readonly { readonly afterNs: number, readonly source: number }[] }

/** Begins request number `index` (from 0) of `client`, and calls `done` once, when it is over. */
export type StartRequest = (client: AppHost, index: number, done: (record: RequestRecord) => void) => void

/** What to do. */
export interface LoadOptions {
  /** Unique in a run: names the random stream. */
  readonly name: string
  /** At least one; they take turns. */
  readonly clients: readonly AppHost[]
  /** Requests in all. */
  readonly count: number
  readonly arrivals: Arrivals
  readonly start: StartRequest
  /** Called when the last request is over. */
  readonly onOver?: () => void
}

const KIND_ARRIVAL = 0
const KIND_NEXT_OF_CLIENT = 1

/** A running load. */
export class Load implements Actor {
  readonly #options: LoadOptions
  readonly #first: AppHost
  readonly #stream: RandomStream
  readonly #records: (RequestRecord | undefined)[] = []
  #beganNs = 0
  #begun = 0
  #over = 0

  constructor(options: LoadOptions) {
    const [first] = options.clients
    assert(first !== undefined, 'a load has at least one client')
    this.#options = options
    this.#first = first
    this.#stream = first.sim.stream(`load:${options.name}:arrivals`)
  }

  /** True when every request is over. */
  get isOver(): boolean {
    return this.#over === this.#options.count
  }

  /** Requests begun so far. */
  get begunCount(): number {
    return this.#begun
  }

  /** Records of the requests that are over, in the order in which they began. */
  get records(): RequestRecord[] {
    return this.#records.filter((record) => record !== undefined)
  }

  /** Begins at `atNs`, which must not lie in the past. */
  begin(atNs: number): void {
    const { arrivals, clients, count } = this.#options
    this.#beganNs = atNs
    if (arrivals.law === 'closed') {
      const loops = Math.min(clients.length, count)
      for (let i = 0; i < loops; i++) this.#first.sim.schedule(atNs, this, KIND_NEXT_OF_CLIENT, clients[i])
    } else {
      this.#scheduleArrival(arrivals.law === 'in-turn' || arrivals.law === 'constant' ? atNs : this.#nextNs(atNs))
    }
  }

  /** A request begins. */
  onEvent(kind: number, data: unknown): void {
    const { arrivals, clients, count } = this.#options
    if (this.#begun === count) return
    if (kind === KIND_NEXT_OF_CLIENT) {
      this.#start(data as AppHost)
      return
    }
    const turn = arrivals.law === 'recorded' ? arrivals.requests[this.#begun]?.source ?? 0 : this.#begun
    const client = clients[turn % clients.length] as AppHost
    this.#start(client)
    if (arrivals.law !== 'in-turn' && this.#begun < count) this.#scheduleArrival(this.#nextNs(client.sim.nowNs))
  }

  #start(client: AppHost): void {
    const index = this.#begun++
    this.#records.push(undefined)
    this.#options.start(client, index, (record) => {
      this.#records[index] = record
      this.#over++
      if (this.isOver) this.#options.onOver?.()
      else this.#goOn(client)
    })
  }

  #goOn(client: AppHost): void {
    const { arrivals, count } = this.#options
    if (this.#begun === count) return
    const { sim } = client
    if (arrivals.law === 'in-turn') this.#scheduleArrival(sim.nowNs)
    else if (arrivals.law === 'closed') sim.schedule(sim.nowNs + arrivals.thinkNs, this, KIND_NEXT_OF_CLIENT, client)
  }

  /** When the next request arrives, seen from `fromNs`, when the one before did. */
  #nextNs(fromNs: number): number {
    const { arrivals } = this.#options
    switch (arrivals.law) {
      case 'constant': return fromNs + arrivals.everyNs
      case 'poisson': return fromNs + Math.round(this.#stream.exponential(arrivals.everyNs))
      case 'pareto': return fromNs + Math.round(this.#stream.pareto(arrivals.everyNs, arrivals.shape))
      case 'recorded': return this.#beganNs + (arrivals.requests[this.#begun]?.afterNs ?? 0)
      default: return fromNs
    }
  }

  #scheduleArrival(atNs: number): void {
    this.#first.sim.schedule(atNs, this, KIND_ARRIVAL, undefined)
  }
}
