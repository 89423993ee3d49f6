/**
 * One shell in flight: it thinks, waits in simulated time, is woken, and ends. See shell-driver.ts for the protocol.
 * @module
 */
import { assert } from '../../base/assert.ts'
import type { Actor } from '../../sim/event-queue.ts'
import type { Simulator } from '../../sim/simulator.ts'
import type { Unsupported, Waiter } from '../tool.ts'

/** How a shell came to its end. */
export interface ShellResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Something that lvsim does not model, and the command it was asked of. */
export interface ShellStop extends Unsupported {
  readonly command: string
  /** True for a script that ran into a limit of the shell: it asked for nothing that is missing, but for too much. */
  readonly isLimit?: boolean
}

/** Thrown out of a wait that `timeout` or `kill` cut short. A tool may catch it to print what it has so far. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** What a tool said on its standard error, and the command as the shell had expanded it. */
export interface Complaint {
  readonly command: string
  readonly text: string
}

/** Who cuts a wait short, when, and what becomes of what the tool had printed until then. */
export interface Deadline {
  readonly timeNs: number
  readonly abandon: (partial: ShellResult) => void
}

/** What a task asks of its driver. */
export interface TaskOwner {
  readonly sim: Simulator
  /** The task is to go on. */
  wake(task: ShellTask): void
  /** A broken invariant came up inside the shell. */
  fail(error: unknown): void
}

/** One shell. */
export class ShellTask implements Waiter {
  /** Names the shell where its fate is reported. */
  readonly name: string
  readonly startedNs: number
  /** Live: when it ended. */
  endedNs: number | undefined
  /** Live: what it met that lvsim does not model. It never goes on from there. */
  stop: ShellStop | undefined
  /** Live: what its tools complained about, in order; also what a script threw away by `2>/dev/null`. */
  readonly complaints: Complaint[] = []
  /** Live: what cuts waits short (`timeout`). */
  deadline: Deadline | undefined
  readonly #owner: TaskOwner
  #result: ShellResult | undefined
  #parked: (() => void) | undefined
  #settle: (() => void) | undefined
  #interruption: Deadline | undefined
  readonly #onEnd: (() => void)[] = []

  constructor(owner: TaskOwner, name: string) {
    this.#owner = owner
    this.name = name
    this.startedNs = owner.sim.nowNs
  }

  /** What it came to, once it has ended. */
  get result(): ShellResult | undefined {
    return this.#result
  }

  /** Simulated time. */
  get nowNs(): number {
    return this.#owner.sim.nowNs
  }

  /** See Waiter. Rejects with Interrupted when `timeout` or `kill` ends the wait. */
  async waitNs(ns: number): Promise<void> {
    await this.waitFor(() => {}, ns)
  }

  /** See Waiter. Rejects with Interrupted when `timeout` or `kill` ends the wait. */
  async waitFor(register: (resume: () => void) => void, timeoutNs: number): Promise<'resumed' | 'timeout'> {
    const { sim } = this.#owner
    if (this.#interruption !== undefined) throw new Interrupted('interrupted')
    const untilNs = sim.nowNs + timeoutNs
    const { deadline } = this
    const cut = deadline !== undefined && deadline.timeNs < untilNs ? deadline : undefined
    const wakeup = new Wakeup(() => this.#owner.wake(this))
    register(() => {
      wakeup.fire('resumed')
    })
    const limitNs = Math.max(cut?.timeNs ?? untilNs, sim.nowNs)
    if (limitNs < Infinity) sim.schedule(limitNs, wakeup, 0, undefined)
    await this.#park()
    // A kill, too, wakes it before the wakeup is over.
    wakeup.isOver = true
    if (wakeup.outcome !== 'resumed' && cut !== undefined) this.#interruption ??= cut
    if (this.#interruption !== undefined) throw new Interrupted('interrupted')
    return wakeup.outcome
  }

  /** Resolves when the task has ended, at the latest after `timeoutNs`; `other` is the task that waits. */
  whenEnded(resume: () => void): void {
    if (this.#result === undefined) this.#onEnd.push(resume)
    else resume()
  }

  /** Stops the shell for good at what lvsim does not model. The promise never settles. */
  stopAt(stop: ShellStop): Promise<never> {
    this.stop = stop
    return this.#forever()
  }

  /** Stops the shell for good at a broken invariant. The promise never settles. */
  failWith(error: unknown): Promise<never> {
    this.#owner.fail(error)
    return this.#forever()
  }

  /**
   * After a tool ended: when it had been interrupted, hands what it printed to who did that, and gives a promise that never
   * settles, so that nothing more of the script runs. Undefined when nothing has happened.
   */
  abandon(partial: ShellResult): Promise<never> | undefined {
    const interruption = this.#interruption
    if (interruption === undefined) return undefined
    if (interruption === this.deadline) this.#interruption = undefined
    interruption.abandon(partial)
    return new Promise<never>(() => {})
  }

  /** Ends the shell with this exit code (143 for SIGTERM), as soon as it waits. */
  kill(exitCode: number): void {
    if (this.#result !== undefined) return
    this.#interruption = { timeNs: this.nowNs, abandon: (partial) => this.#end({ ...partial, exitCode }) }
    if (this.#parked !== undefined) this.#owner.wake(this)
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
      this.#end(result)
    }, (error: unknown) => this.failWith(error))
  }

  #end(result: ShellResult): void {
    this.#result = result
    this.endedNs = this.nowNs
    for (const resume of this.#onEnd.splice(0)) resume()
    this.#settle?.()
  }

  #park(): Promise<void> {
    assert(this.#parked === undefined, 'a shell waits for one thing at a time')
    return new Promise((resolve) => {
      this.#parked = resolve
      this.#settle?.()
    })
  }

  #forever(): Promise<never> {
    this.#settle?.()
    return new Promise<never>(() => {})
  }
}

/** What ends one wait: an event of the simulator, or the thing waited for; whichever comes first. */
class Wakeup implements Actor {
  /** Live: the wait has ended; whatever comes now is too late. */
  isOver = false
  /** Live. */
  outcome: 'resumed' | 'timeout' = 'timeout'
  readonly #wake: () => void

  constructor(wake: () => void) {
    this.#wake = wake
  }

  fire(outcome: 'resumed' | 'timeout'): void {
    if (this.isOver) return
    this.isOver = true
    this.outcome = outcome
    this.#wake()
  }

  onEvent(): void {
    this.fire('timeout')
  }
}
