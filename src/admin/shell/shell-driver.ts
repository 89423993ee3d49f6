/**
 * Runs the shells of all hosts in simulated time. The protocol: the simulator stands still while a shell thinks, and no shell
 * thinks while the simulator moves. A shell thinks until it parks in a Waiter, ends, or meets something that lvsim does not
 * model; only then is the next one resumed, in the order in which the simulation woke them. A handshake of promises alone: no
 * clock of the machine is involved, so that a run is the same every time.
 * @module
 */
import type { RunEnd, Simulator } from '../../sim/simulator.ts'
import { ShellTask, type ShellResult, type TaskOwner } from './shell-task.ts'

/** What a tool of a host warned of, and the command as the shell had expanded it. */
export interface Warning {
  readonly host: string
  readonly command: string
  readonly text: string
}

/** Runs shells and simulator in turn. */
export class ShellDriver implements TaskOwner {
  readonly sim: Simulator
  /** Live: warnings of all tools, in order; each once for a command. */
  readonly warnings: Warning[] = []
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

  /** A shell's call: one of its tools warns. */
  warn(warning: Warning): void {
    const { host, command, text } = warning
    const isKnown = this.warnings.some((one) => one.host === host && one.command === command && one.text === text)
    if (!isKnown) this.warnings.push(warning)
  }

  /** The shell that stopped at something lvsim does not model, if one did. */
  get stoppedTask(): ShellTask | undefined {
    return this.tasks.find((task) => task.stop !== undefined)
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
        if (next.stop !== undefined) return 'unsupported'
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
