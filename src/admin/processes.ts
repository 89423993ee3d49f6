/**
 * The processes of a host that an admin can see or signal: background jobs and daemons. They do no work here: each has a
 * function that its owner gave, called when a signal ends it.
 * @module
 */
import type { Host } from '../host/host.ts'

/** Signals that `kill` may send; `HUP` asks a daemon to read its configuration again. */
export type Signal = 'TERM' | 'KILL' | 'HUP' | 'INT' | 'USR1' | 'USR2'

/** One process. */
export interface HostProcess {
  readonly pid: number
  readonly name: string
  readonly onSignal: (signal: Signal) => void
}

/** First process number that is given out. */
const FIRST_PID = 1000

/** The processes of one host, in the order in which they started. */
export class ProcessTable {
  readonly #processes = new Map<number, HostProcess>()
  #nextPid = FIRST_PID

  /** A number that no process of this host has had. */
  takePid(): number {
    return this.#nextPid++
  }

  /** Enters a process, under a number from `takePid` or a new one. `onSignal` must call `end` when the process ends of it. */
  start(name: string, onSignal: (signal: Signal) => void, pid = this.takePid()): HostProcess {
    const entry = { pid, name, onSignal }
    this.#processes.set(pid, entry)
    return entry
  }

  /** The process is no more. */
  end(pid: number): void {
    this.#processes.delete(pid)
  }

  /** The process of this number. */
  find(pid: number): HostProcess | undefined {
    return this.#processes.get(pid)
  }

  /** All of this name, or all. */
  list(name?: string): HostProcess[] {
    return [...this.#processes.values()].filter((entry) => name === undefined || entry.name === name)
  }
}

const tables = new WeakMap<Host, ProcessTable>()

/** The processes of a host; the same table each time. */
export function processesOf(host: Host): ProcessTable {
  let table = tables.get(host)
  if (table === undefined) tables.set(host, table = new ProcessTable())
  return table
}
