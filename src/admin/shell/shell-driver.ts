/**
 * Runs the shells of all hosts in simulated time. The protocol: the simulator stands still while a shell thinks, and no shell
 * thinks while the simulator moves. A shell thinks until it parks in a Waiter, ends, or meets something that lvsim does not
 * model; only then is the next one resumed, in the order in which the simulation woke them. A handshake of promises alone: no
 * clock of the machine is involved, so that a run is the same every time.
 * @module
 */
import { assert } from '../../base/assert.ts'
import type { Actor } from '../../sim/event-queue.ts'
import type { RunEnd, Simulator } from '../../sim/simulator.ts'
import type { Unsupported, Waiter } from '../tool.ts'

/** How a shell came to its end. */
export interface ShellResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Thrown out of a wait that `timeout` cut short, or that was killed. The tool's wrapper turns it into an exit code. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** One shell in flight: what it is doing, and at last what it came to. */
export class ShellTask implements Waiter {
  /** Names the shell where its fate is reported. */
  readonly name: string
  readonly startedNs: number
  /** Live: when it ended. */
  endedNs: number | undefined
  /** Live: its result, once it has ended. */
  result: ShellResult | undefined
  /** Live: what it met that lvsim does not model. It never goes on from there. */
  unsupported: Unsupported | undefined
  /** Live: waits are cut short at this time (`timeout`); Infinity for none. */
  deadlineNs = Infinity
  /** Live: it was killed; every wait ends at once. */
  isKilled = false
  readonly #driver: ShellDriver
  #parked: (() => void) | undefined
  #settle: (() => void) | undefined

  constructor(driver: ShellDriver, name: string) {
    this.#driver = driver
    this.name = name
    this.startedNs = driver.sim.nowNs
  }

  /** See Waiter. Rejects with Interrupted when `timeout` or `kill` ends the wait. */
  async waitNs(ns: number): Promise<void> {
    await this.waitFor(() => {}, ns)
  }

  /** See Waiter. Rejects with Interrupted when `timeout` or `kill` ends the wait. */
  async waitFor(register: (resume: () => void) => void, timeoutNs: number): Promise<'resumed' | 'timeout'> {
    const { sim } = this.#driver
    if (this.isKilled) throw new Interrupted('killed')
    const untilNs = sim.nowNs + timeoutNs
    const limitNs = Math.min(untilNs, this.deadlineNs)
    const wakeup = new Wakeup(this)
    register(() => {
      wakeup.fire('resumed')
    })
    if (limitNs < Infinity) sim.schedule(Math.max(limitNs, sim.nowNs), wakeup, 0, undefined)
    await this.#park()
    wakeup.isOver = true
    if (this.isKilled) throw new Interrupted('killed')
    if (wakeup.outcome !== 'resumed' && untilNs > limitNs) throw new Interrupted('deadline')
    return wakeup.outcome
  }

  /** Stops the shell for good, at a word that lvsim does not model. The promise never settles. */
  stopUnsupported(unsupported: Unsupported): Promise<never> {
    this.unsupported = unsupported
    this.#settle?.()
    return new Promise<never>(() => {})
  }

  /** Ends what the shell waits for, and every wait to come. */
  kill(): void {
    if (this.result !== undefined || this.isKilled) return
    this.isKilled = true
    if (this.#parked !== undefined) this.#driver.wake(this)
  }

  /** The driver's call: goes on, and resolves when the shell has parked, ended or stopped. */
  goOn(): Promise<void> {
    const settled = new Promise<void>((resolve) => {
      this.#settle = resolve
    })
    const resume = this.#parked
    this.#parked = undefined
    assert(resume !== undefined, 'only a parked shell is resumed')
    resume()
    return settled
  }

  /** The driver's call, once: parks before the first line, then runs `work` to its end. */
  begin(work: () => Promise<ShellResult>): void {
    void this.#park().then(work).then((result) => {
      this.result = result
      this.endedNs = this.#driver.sim.nowNs
      this.#settle?.()
    }, (error: unknown) => {
      this.#driver.fail(error)
      this.#settle?.()
    })
  }

  #park(): Promise<void> {
    assert(this.#parked === undefined, 'a shell waits for one thing at a time')
    return new Promise((resolve) => {
      this.#parked = resolve
      this.#settle?.()
    })
  }

  /** The wakeup's call: the driver is to resume this shell. */
  wakened(): void {
    this.#driver.wake(this)
  }
}

/** What ends one wait: an event of the simulator, or the thing waited for; whichever comes first. */
class Wakeup implements Actor {
  /** Live: the wait has ended; whatever comes now is too late. */
  isOver = false
  /** Live. */
  outcome: 'resumed' | 'timeout' = 'timeout'
  readonly #task: ShellTask

  constructor(task: ShellTask) {
    this.#task = task
  }

  fire(outcome: 'resumed' | 'timeout'): void {
    if (this.isOver) return
    this.isOver = true
    this.outcome = outcome
    this.#task.wakened()
  }

  onEvent(): void {
    this.fire('timeout')
  }
}

/** Runs shells and simulator in turn. */
export class ShellDriver {
  readonly sim: Simulator
  /** All shells, in the order in which they were started. */
  readonly tasks: ShellTask[] = []
  readonly #ready: ShellTask[] = []
  #failure: { readonly error: unknown } | undefined

  constructor(sim: Simulator) {
    this.sim = sim
  }

  /**
   * Begins a shell now: `work` is called (with its task) when the driver runs next, after the shells that were ready before.
   * May be called from within an event.
   */
  start(name: string, work: (task: ShellTask) => Promise<ShellResult>): ShellTask {
    const task = new ShellTask(this, name)
    this.tasks.push(task)
    task.begin(() => work(task))
    this.wake(task)
    return task
  }

  /** The shell that stopped at something lvsim does not model, if one did. */
  get stoppedTask(): ShellTask | undefined {
    return this.tasks.find((task) => task.unsupported !== undefined)
  }

  /**
   * Runs everything up to and including `untilNs`. Comes back as the simulator does ('stopped': somebody called `sim.stop()`),
   * with 'unsupported' as soon as a shell met something that lvsim does not model (see `stoppedTask`), or with 'done' as soon
   * as `task`, when one is given, has ended.
   */
  async runUntil(untilNs: number, task?: ShellTask): Promise<RunEnd | 'unsupported' | 'done'> {
    for (;;) {
      for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
        await next.goOn()
        if (this.#failure !== undefined) throw this.#failure.error
        if (next.unsupported !== undefined) return 'unsupported'
      }
      if (task?.result !== undefined) return 'done'
      const end = this.sim.run(untilNs)
      if (end === 'limit' || this.#ready.length === 0) return end
    }
  }

  /** A task's call: it is to go on. The simulator comes back after the event that is being handled. */
  wake(task: ShellTask): void {
    if (!this.#ready.includes(task)) this.#ready.push(task)
    this.sim.stop()
  }

  /** A task's call: a broken invariant came up inside a shell; `runUntil` throws it. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }
}
