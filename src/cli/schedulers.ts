/**
 * `--scheduler FILE`: JavaScript modules with schedulers of the user's own, which run with all the rights of lvsim itself.
 * @module
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { err, ok, type Result } from '../base/result.ts'
import { problemsOfSchedulers, type UserSchedulers } from '../scenario/user-schedulers.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { showProblems } from './load.ts'
import { say } from './terminal.ts'

/** What every verb takes that reads a scenario. */
export interface SchedulerOptions {
  readonly scheduler?: readonly string[]
  readonly json?: boolean
  readonly jsonl?: boolean
}

/**
 * The schedulers of the modules that were named, relative to the folder the command runs in: each exports them by name, as
 * `schedulers` or by default. On failure everything has been said.
 */
export async function loadSchedulers(options: SchedulerOptions): Promise<Result<UserSchedulers, ExitCode>> {
  const { scheduler: paths = [], json, jsonl } = options
  const loaded = new Map<string, UserSchedulers[string]>()
  for (const path of paths) {
    const read = await readModule(path)
    if (!read.ok) return read
    for (const [name, factory] of Object.entries(read.value)) {
      if (loaded.has(name)) {
        say(`lvsim: ${path}: a scheduler ${name} was brought before`)
        return err(EXIT.invalid)
      }
      loaded.set(name, factory)
    }
    const problems = problemsOfSchedulers(read.value).map((problem) => ({ ...problem, file: path }))
    if (problems.length > 0) return err(await showProblems(problems, json === true || jsonl === true))
  }
  return ok(Object.fromEntries(loaded))
}

async function readModule(path: string): Promise<Result<UserSchedulers, ExitCode>> {
  const full = resolve(path)
  if (!existsSync(full)) {
    say(`lvsim: ${path}: no such file or directory`)
    return err(EXIT.io)
  }
  let found: { readonly schedulers?: unknown, readonly default?: unknown }
  try {
    found = await import(pathToFileURL(full).href) as typeof found
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : 'it threw something that is no error'
    say(`lvsim: ${path}: ${what} (node ${path} shows where)`)
    return err(EXIT.invalid)
  }
  const schedulers = found.schedulers ?? found.default
  if (typeof schedulers === 'object' && schedulers !== null && Object.keys(schedulers).length > 0) {
    return ok(schedulers as UserSchedulers)
  }
  say(`lvsim: ${path}: exports no schedulers, such as: export const schedulers = { mine: (pool) => ({ pick(flow) { ... } }) }`)
  return err(EXIT.invalid)
}
