/**
 * From the words of a command line to a scenario that can run, or to an exit code after saying what is wrong.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { jsonText, problemsDocument } from '../report/json.ts'
import { expandCluster } from '../scenario/expand-cluster.ts'
import { parseScenario } from '../scenario/parse.ts'
import { renderProblem, type Problem } from '../scenario/problems.ts'
import { FILES_BYTES_MAX, filesOf, withFiles } from '../scenario/replay-files.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { MODES, type Mode } from '../scenario/schema-check.ts'
import { parseDuration } from '../scenario/units-text.ts'
import type { UserSchedulers } from '../scenario/user-schedulers.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readBeside, readText } from './files.ts'
import { print, say } from './terminal.ts'

/** A wrong word of the command line. */
export function badUsage(message: string): ExitCode {
  say(`lvsim: ${message}`)
  return EXIT.usage
}

/** Shows what is wrong with an input: as text on stderr, or as a JSON document on stdout. */
export async function showProblems(problems: readonly Problem[], asJson: boolean): Promise<ExitCode> {
  if (asJson) await print(jsonText(problemsDocument(problems, false)))
  else for (const problem of problems) say(renderProblem(problem))
  return EXIT.invalid
}

/** A scenario with what its files hold, and what is to be said of those. */
interface ReadScenario {
  readonly scenario: Scenario
  readonly notes: readonly string[]
}

/**
 * Reads a scenario file and the files that it names. Says so when it cannot be read; its problems are for the caller to show.
 * `schedulers` are the names that it may use beside Linux's.
 */
export function readScenario(
  path: string, schedulers: readonly string[],
): Result<Result<ReadScenario, readonly Problem[]>, ExitCode> {
  const text = readText(path)
  if (!text.ok) {
    say(`lvsim: ${text.error.path}: ${text.error.message}`)
    return err(EXIT.io)
  }
  const parsed = parseScenario(text.value, path, schedulers)
  if (!parsed.ok) return ok(parsed)
  const files = new Map<string, Result<Uint8Array, string>>()
  let bytesLeft = FILES_BYTES_MAX
  for (const name of filesOf(parsed.value)) {
    const file = readBeside(path, name, bytesLeft)
    if (file.ok) bytesLeft -= file.value.length
    files.set(name, file.ok ? file : err(file.error.message))
  }
  return ok(withFiles(parsed.value, files))
}

/** Reads a scenario file. On failure everything has been said; what was used of the files it names is said unless `isQuiet`. */
export async function loadScenario(
  path: string, asJson: boolean, isQuiet = false, schedulers: UserSchedulers = {},
): Promise<Result<Scenario, ExitCode>> {
  const read = readScenario(path, Object.keys(schedulers))
  if (!read.ok) return read
  if (!read.value.ok) return err(await showProblems(read.value.error, asJson))
  const { scenario, notes } = read.value.value
  if (!isQuiet) for (const note of notes) say(note)
  return ok(scenario)
}

/** The mode named on the command line; undefined for none. */
export function parseMode(word: string | undefined): Result<Mode | undefined, ExitCode> {
  if (word === undefined) return ok(undefined)
  const mode = MODES.find((one) => one === word)
  return mode === undefined ? err(badUsage(`--mode is one of ${MODES.join(', ')}, not ${word}`)) : ok(mode)
}

/** A duration named on the command line. */
export function parseTime(option: string, word: string): Result<number, ExitCode> {
  const ns = parseDuration(word)
  return ns === undefined ? err(badUsage(`${option} is a duration such as 2s or 250ms, not ${word}`)) : ok(ns)
}

/** The scenario as it runs: its cluster expanded for `mode`, for the mode that the file names unless given. */
export function inMode(scenario: Scenario, mode: Mode | undefined): Result<Scenario, ExitCode> {
  if (scenario.cluster === undefined) {
    return mode === undefined
      ? ok(scenario)
      : err(badUsage(`${scenario.source.fileName} has no cluster, so it has no --mode`))
  }
  return ok(expandCluster(scenario, mode ?? scenario.cluster.mode))
}
