/**
 * What `run` and `compare` share: a run with progress on a terminal, recorded when its frames are wanted, and what it is worth
 * as an exit code.
 * @module
 */
import { join } from 'node:path'
import type { Result } from '../base/result.ts'
import { captureFiles } from '../report/capture.ts'
import { traceLines } from '../report/trace-text.ts'
import type { TextOptions } from '../report/style.ts'
import { Recorder } from '../scenario/recorder.ts'
import type { Problem } from '../scenario/problems.ts'
import type { RunResult } from '../scenario/result.ts'
import { runScenario, type RunOptions } from '../scenario/run.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { UserSchedulers } from '../scenario/user-schedulers.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { nowRunning } from './failure.ts'
import { writeWhole } from './files.ts'
import type { SchedulerOptions } from './schedulers.ts'
import { print, say, styleFor } from './terminal.ts'

/** Options of `run` and `compare`. */
export interface SimulationOptions extends SchedulerOptions {
  readonly seed?: string
  readonly trace?: boolean
  readonly pcap?: string
  readonly quiet?: boolean
}

/** Frames kept for --trace and --pcap. */
const RECORDS_MAX = 5_000_000

/** A run and, when frames are wanted, its recording. */
export interface Simulated {
  readonly result: RunResult
  readonly recorder: Recorder | undefined
}

/** How text is written to stdout. */
export function textOptions(): TextOptions {
  const { LC_ALL, LC_CTYPE, LANG } = process.env
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return { style: styleFor(process.stdout), isAscii: process.platform !== 'darwin' && !/utf-?8/i.test(locale) }
}

/** Runs a scenario whose cluster is expanded; tells where it is on a terminal unless told to be quiet. */
export async function simulate(
  scenario: Scenario,
  options: SimulationOptions,
  schedulers: UserSchedulers,
): Promise<Result<Simulated, readonly Problem[]>> {
  const recorder =
    options.trace === true || options.pcap !== undefined
      ? new Recorder({ recordsMax: RECORDS_MAX, isDetailed: false })
      : undefined
  const showsProgress = process.stderr.isTTY === true && options.quiet !== true
  const run: RunOptions = {
    schedulers,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    onWorld: (world) => {
      recorder?.attach(world)
      nowRunning({ seed: world.sim.seed, moment: () => ({ timeNs: world.sim.nowNs, events: world.sim.eventCount }) })
      if (showsProgress)
        process.stderr.write(
          `running ${scenario.name}${scenario.mode === undefined ? '' : ` under ${scenario.mode}`} ...`,
        )
    },
  }
  const result = await runScenario(scenario, run)
  if (showsProgress) process.stderr.write('\r\x1b[K')
  return result.ok ? { ok: true, value: { result: result.value, recorder } } : result
}

/** Prints the trace and writes the captures that were asked for, one of each nic. Not ok when one could not be written. */
export async function deliverRecording({ result, recorder }: Simulated, options: SimulationOptions): Promise<ExitCode> {
  if (recorder === undefined) return EXIT.ok
  if (options.trace === true) {
    const style = styleFor(process.stdout)
    if (result.mode !== undefined) await print(`${style.bold(`# ${result.mode}`)}\n`)
    for (const line of traceLines(recorder, style)) await print(`${line}\n`)
  }
  if (options.pcap === undefined) return EXIT.ok
  const folder = result.mode === undefined ? options.pcap : join(options.pcap, result.mode)
  let count = 0
  for (const { name, chunks } of captureFiles(recorder)) {
    const written = writeWhole(join(folder, `${name}.pcapng`), chunks)
    if (!written.ok) {
      say(`lvsim: ${written.error.path}: ${written.error.message}`)
      return EXIT.io
    }
    count++
  }
  if (options.quiet !== true) say(`wrote ${count} captures to ${folder}`)
  return EXIT.ok
}

/** What a run is worth: 0 only when it came to its end and every expectation, if there are any, held. */
export function codeOf({ limit, problem, checks }: RunResult): ExitCode {
  if (problem !== undefined) return problem.code === 'LVS1064' ? EXIT.limit : EXIT.invalid
  if (limit !== undefined) return EXIT.limit
  return checks.every(({ passed }) => passed) ? EXIT.ok : EXIT.failed
}

/** True when a file has expectations and none of them was meant for what was run: silence proves nothing. Says so. */
export function nothingChecked({ expect, source }: Scenario, results: readonly RunResult[]): boolean {
  const came = results.filter(({ limit, problem }) => limit === undefined && problem === undefined)
  if (expect.length === 0 || came.length === 0 || came.some(({ checks }) => checks.length > 0)) return false
  say(`lvsim: ${source.fileName}: no expectation is meant for ${results.map(({ mode }) => `mode ${mode ?? 'none'}`).join(', ')}`)
  return true
}
