/**
 * From the text of a scenario file to results: the door for programs. What the command line does beyond this is files and text.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { expandCluster } from './expand-cluster.ts'
import { parseScenario } from './parse.ts'
import type { Problem } from './problems.ts'
import { withFiles } from './replay-files.ts'
import type { RunResult } from './result.ts'
import { runScenario, type RunOptions } from './run.ts'
import type { Mode } from './schema-check.ts'
import type { Scenario } from './scenario.ts'
import { problemsOfSchedulers, type UserSchedulers } from './user-schedulers.ts'

/** What to simulate. */
export interface SimulateOptions {
  /** The name that problems give to the text. Nothing is read from it. */
  readonly fileName: string
  /** Instead of the seed of the file. */
  readonly seed?: string
  /** The bytes of the files that the text names, such as captures to replay, by the names that it gives them. */
  readonly files?: Readonly<Record<string, Uint8Array>>
  /** Schedulers of your own, which every director of the run has: `ipvsadm -s NAME`, or `scheduler: NAME` in a cluster. */
  readonly schedulers?: UserSchedulers
}

/** Runs a scenario; its cluster, if it has one, in `mode` or in the one that the file names. Refused with all problems. */
export async function runScenarioText(
  text: string,
  options: SimulateOptions & { readonly mode?: Mode },
): Promise<Result<RunResult, readonly Problem[]>> {
  const read = readScenarioText(text, options)
  if (!read.ok) return read
  const scenario = read.value
  const { cluster } = scenario
  const expanded = cluster === undefined ? scenario : expandCluster(scenario, options.mode ?? cluster.mode)
  return runScenario(expanded, runOptions(options))
}

/**
 * Every problem of the text of a scenario file, in the order of the file; none when it is fine. With `files` and `schedulers`, of
 * these too.
 */
export function validateScenarioText(text: string, options: Omit<SimulateOptions, 'seed'>): readonly Problem[] {
  const read = options.files === undefined ? parseWith(text, options) : readScenarioText(text, options)
  return read.ok ? [] : read.error
}

/** Runs the cluster of a scenario in each of the modes it compares: the same traffic and the same seed. */
export async function compareScenarioText(
  text: string,
  options: SimulateOptions,
): Promise<Result<RunResult[], readonly Problem[]>> {
  const read = readScenarioText(text, options)
  return read.ok ? compareModes(read.value, () => runOptions(options)) : read
}

/** Runs each of the modes of a scenario, one after the other; `optionsFor` is asked before each. */
export async function compareModes(
  scenario: Scenario,
  optionsFor: (mode: Mode) => RunOptions,
): Promise<Result<RunResult[], readonly Problem[]>> {
  const results: RunResult[] = []
  for (const mode of scenario.modes) {
    const result = await runScenario(expandCluster(scenario, mode), optionsFor(mode))
    if (!result.ok) return err(result.error)
    results.push(result.value)
  }
  return ok(results)
}

/** The scenario of a text, with what its files hold. */
function readScenarioText(text: string, options: SimulateOptions): Result<Scenario, readonly Problem[]> {
  const { files = {} } = options
  const parsed = parseWith(text, options)
  if (!parsed.ok) return parsed
  const read = withFiles(parsed.value, new Map(Object.entries(files).map(([name, bytes]) => [name, ok(bytes)])))
  return read.ok ? ok(read.value.scenario) : read
}

/** The scenario of a text, which may name the schedulers that are brought; those must be right themselves. */
function parseWith(text: string, { fileName, schedulers = {} }: SimulateOptions): Result<Scenario, readonly Problem[]> {
  const wrong = problemsOfSchedulers(schedulers)
  const parsed = parseScenario(text, fileName, Object.keys(schedulers))
  return wrong.length === 0 ? parsed : err([...wrong, ...parsed.ok ? [] : parsed.error])
}

function runOptions({ seed, schedulers = {} }: SimulateOptions): RunOptions {
  return { schedulers, ...(seed === undefined ? {} : { seed }) }
}
