/**
 * Real servers as queues: first come, first served by a number of workers, or all at once with the speed shared among them.
 * Work is in nanoseconds of a server of speed 1. Memory, the network and connections that are given up are not modelled.
 * @module
 */
import { present } from '../base/assert.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { Simulator } from '../sim/simulator.ts'
import { Timer } from '../sim/timer.ts'
import type { SimulatedConnection } from './connection.ts'

/** How a server works. */
export interface ServerQueueOptions {
  /** Work done in a nanosecond by one worker, above 0. */
  readonly speed: number
  /** Connections that are worked on at full speed at once, at least one; Infinity for a server at which nobody waits. */
  readonly workers: number
}

/** A server that takes connections and, when its work on one is done, says so. */
export interface ServerQueue {
  /** Takes a connection, now. */
  take(connection: SimulatedConnection): void
}

/** Is told about a connection whose work is done. */
export type Done = (connection: SimulatedConnection) => void

/**
 * First come, first served: when a connection begins and ends is known as soon as it comes, because nobody who comes later is
 * served before it.
 */
export class FcfsQueue implements ServerQueue, Actor {
  readonly #sim: Simulator
  readonly #speed: number
  /** When each worker is free; none where there is no bound. */
  readonly #freeAtNs: Float64Array
  readonly #done: Done

  constructor(sim: Simulator, { speed, workers }: ServerQueueOptions, done: Done) {
    this.#sim = sim
    this.#speed = speed
    this.#freeAtNs = new Float64Array(workers === Infinity ? 0 : workers)
    this.#done = done
  }

  take(connection: SimulatedConnection): void {
    const free = this.#freeAtNs
    const { nowNs } = this.#sim
    const serviceNs = Math.round(connection.workNs / this.#speed)
    let startNs = nowNs
    if (free.length > 0) {
      let first = 0
      for (let worker = 1; worker < free.length; worker++) {
        if ((free[worker] as number) < (free[first] as number)) first = worker
      }
      startNs = Math.max(nowNs, free[first] as number)
      free[first] = startNs + serviceNs
    }
    connection.waitNs = startNs - nowNs
    this.#sim.schedule(startNs + serviceNs, this, 0, connection)
  }

  /** The work on a connection is done. */
  onEvent(_kind: number, data: unknown): void {
    this.#done(data as SimulatedConnection)
  }
}

/**
 * Processor sharing: all connections are worked on at once; beyond the number of workers, each gets an equal part of their speed.
 * A virtual clock runs at the speed that each connection gets: who came when it showed v is done when it shows v + work.
 */
export class SharedQueue implements ServerQueue, Actor {
  readonly #sim: Simulator
  readonly #speed: number
  readonly #workers: number
  readonly #done: Done
  readonly #timer: Timer
  /** Those at work, as a binary heap by when they are done. */
  readonly #heap: SimulatedConnection[] = []
  #virtualNs = 0
  #lookedAtNs = 0

  constructor(sim: Simulator, { speed, workers }: ServerQueueOptions, done: Done) {
    this.#sim = sim
    this.#speed = speed
    this.#workers = workers
    this.#done = done
    this.#timer = new Timer(sim, this, 0, undefined)
  }

  take(connection: SimulatedConnection): void {
    this.#advance()
    connection.doneAtVirtualNs = this.#virtualNs + connection.workNs
    this.#push(connection)
    this.#arm()
  }

  /** The connection at the root is done, and whoever is at the same time. */
  onEvent(): void {
    this.#advance()
    // The timer was rounded up to whole nanoseconds, but the clock may lag by its last bit.
    this.#virtualNs = Math.max(this.#virtualNs, (this.#heap[0] as SimulatedConnection).doneAtVirtualNs)
    for (let first = this.#heap[0]; first !== undefined && first.doneAtVirtualNs <= this.#virtualNs; first = this.#heap[0]) {
      this.#pop()
      first.waitNs = Math.max(0, this.#sim.nowNs - first.arrivalNs - Math.round(first.workNs / this.#speed))
      this.#done(first)
    }
    // An idle server begins anew, so that the virtual clock keeps its precision.
    if (this.#heap.length === 0) this.#virtualNs = 0
    else this.#arm()
  }

  /** Virtual time that passes in a nanosecond. */
  get #rate(): number {
    const count = this.#heap.length
    return count <= this.#workers ? this.#speed : this.#speed * this.#workers / count
  }

  #advance(): void {
    const { nowNs } = this.#sim
    if (this.#heap.length > 0) this.#virtualNs += (nowNs - this.#lookedAtNs) * this.#rate
    this.#lookedAtNs = nowNs
  }

  #arm(): void {
    const leftNs = (present(this.#heap[0], 'somebody at work').doneAtVirtualNs - this.#virtualNs) / this.#rate
    this.#timer.armAt(this.#sim.nowNs + Math.max(0, Math.ceil(leftNs)))
  }

  #push(connection: SimulatedConnection): void {
    const heap = this.#heap
    let hole = heap.length
    heap.push(connection)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = heap[parent] as SimulatedConnection
      if (!isDoneBefore(connection, above)) break
      heap[hole] = above
      hole = parent
    }
    heap[hole] = connection
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as SimulatedConnection
    const count = heap.length
    if (count === 0) return
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= count) break
      if (child + 1 < count && isDoneBefore(heap[child + 1] as SimulatedConnection, heap[child] as SimulatedConnection)) child++
      if (!isDoneBefore(heap[child] as SimulatedConnection, last)) break
      heap[hole] = heap[child] as SimulatedConnection
      hole = child
    }
    heap[hole] = last
  }
}

/** A total order: no two connections have one index. */
function isDoneBefore(a: SimulatedConnection, b: SimulatedConnection): boolean {
  return a.doneAtVirtualNs !== b.doneAtVirtualNs ? a.doneAtVirtualNs < b.doneAtVirtualNs : a.index < b.index
}
