/**
 * The schedulers that a user brings to a run: whether their names will do, their modules `ip_vs_NAME`, and the first fault.
 * @module
 */
import { findWord } from '../admin/shell/script-position.ts'
import type { Host } from '../host/host.ts'
import { SCHEDULERS } from '../ipvs/scheduler/registry.ts'
import type { SchedulerFactory } from '../ipvs/scheduler/scheduler.ts'
import { adopted, type UserSchedulerFactory } from '../ipvs/scheduler/user-scheduler.ts'
import type { Problem } from './problems.ts'
import type { Scenario } from './scenario.ts'

/** Schedulers by the names that `ipvsadm -s` will know them by. */
export type UserSchedulers = Readonly<Record<string, UserSchedulerFactory>>

/** What the kernel has room for (IP_VS_SCHEDNAME_MAXLEN), in the letters that its names are made of. */
const NAME = /^[a-z0-9_]{1,15}$/

/** What is wrong with the names and the values, in their order. A name that Linux has is not to be had. */
export function problemsOfSchedulers(schedulers: UserSchedulers): Problem[] {
  return Object.entries(schedulers).flatMap(([name, factory]: [string, unknown]): Problem[] => {
    if (!NAME.test(name)) {
      return [problemOf(name, `\`${name}\` is no name for a scheduler`, '1 to 15 characters of a-z, 0-9 and _')]
    }
    if (SCHEDULERS.has(name)) return [problemOf(name, `Linux has a scheduler ${name} of its own`, 'another name')]
    if (typeof factory !== 'function') {
      return [problemOf(name, `the scheduler ${name} is no function`, 'a function that takes the pool and gives { pick }')]
    }
    return []
  })
}

function problemOf(name: string, message: string, expected: string): Problem {
  const endColumn = Math.max(1, Array.from(name).length) + 1
  return { code: 'LVS1065', file: 'schedulers', line: 1, column: 1, endColumn, message, expected, sourceLine: name }
}

/** The user's schedulers in one run, whose names are right. */
export class SchedulersOfRun {
  readonly #schedulers: UserSchedulers
  #fault: { readonly host: string, readonly name: string, readonly what: string } | undefined

  constructor(schedulers: UserSchedulers = {}) {
    this.#schedulers = schedulers
  }

  /** Kernel modules that every host has for their sake. */
  get modules(): string[] {
    return Object.keys(this.#schedulers).map((name) => `ip_vs_${name}`)
  }

  /** The schedulers of a host: Linux's and the user's. One that fails stops the simulator. */
  of(host: Host): ReadonlyMap<string, SchedulerFactory> {
    const { sim } = host
    const own = Object.entries(this.#schedulers).map(([name, factory]): [string, SchedulerFactory] => [
      name, adopted(factory, (what) => {
        this.#fault ??= { host: host.name, name, what }
        // It may have failed in a command: the simulator stands still then, and is stopped when it goes on.
        sim.schedule(sim.nowNs, { onEvent: () => sim.stop() }, 0, undefined)
      }),
    ])
    return new Map([...SCHEDULERS, ...own])
  }

  /** The fault that ends the run, where the file names the scheduler. */
  problemIn({ source, hosts }: Scenario): Problem | undefined {
    if (this.#fault === undefined) return undefined
    const { host, name, what } = this.#fault
    const text = { code: 'LVS1066', message: `${host}: the scheduler ${name} ${what}` } as const
    const spec = hosts.get(host)
    const setup = [...(spec?.path ?? []), 'setup']
    const { line, column } = findWord(spec?.setup ?? '', 'ipvsadm', name)
    const places = [['cluster', 'scheduler'], setup].filter((path) => source.has(path))
    const problems = places.map((path) => (
      source.problemAt(path === setup ? source.scriptAt(path, line, column) : source.at(path), text)
    ))
    return problems.find(({ sourceLine }) => sourceLine.includes(name)) ?? source.problem([], text)
  }
}
