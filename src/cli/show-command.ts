/**
 * `lvsim show`: what a command prints on a host at a moment of the run.
 * @module
 */
import { jsonText, runDocument } from '../report/json.ts'
import { runScenario } from '../scenario/run.ts'
import { describeLimit } from '../sim/limits.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { badUsage, inMode, loadScenario, parseMode, parseTime, showProblems } from './load.ts'
import { codeOf } from './simulation.ts'
import { print, printForeign, say } from './terminal.ts'
import { nearestWord } from '../scenario/nearest.ts'
import { renderProblem } from '../scenario/problems.ts'

interface ShowOptions {
  readonly on: string
  readonly at?: string
  readonly mode?: string
  readonly seed?: string
  readonly json?: boolean
}

/** Runs a scenario up to a moment, then a command, and prints what that prints; a command that fails is a failure. */
export async function showCommand(file: string, words: readonly string[], options: ShowOptions): Promise<ExitCode> {
  if (words.length === 0) return badUsage('name the command to run after --, such as -- ipvsadm -Ln')
  const mode = parseMode(options.mode)
  if (!mode.ok) return mode.error
  const at = options.at === undefined ? undefined : parseTime('--at', options.at)
  if (at !== undefined && !at.ok) return at.error
  const loaded = await loadScenario(file, options.json === true)
  if (!loaded.ok) return loaded.error
  const scenario = inMode(loaded.value, mode.value)
  if (!scenario.ok) return scenario.error
  if (!scenario.value.hosts.has(options.on)) {
    const nearest = nearestWord(options.on, scenario.value.hosts.keys())
    return badUsage(`there is no host ${options.on}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
  }
  const ran = await runScenario(
    { ...scenario.value, observe: [], expect: [] },
    {
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(at === undefined ? {} : { stopAfterNs: at.value }),
      atEnd: [{ host: options.on, command: words.join(' ') }],
    },
  )
  if (!ran.ok) return showProblems(ran.error, options.json === true)
  const [shown] = ran.value.observations
  if (options.json === true) await print(jsonText(runDocument(ran.value, codeOf(ran.value) === EXIT.ok)))
  else if (shown !== undefined) {
    await printForeign(shown.stdout)
    if (shown.stderr !== '') say(shown.stderr)
  }
  if (ran.value.limit !== undefined) say(describeLimit(ran.value.limit))
  if (ran.value.problem !== undefined) say(renderProblem(ran.value.problem))
  const code = codeOf(ran.value)
  return code === EXIT.ok && shown?.exitCode !== 0 ? EXIT.failed : code
}
