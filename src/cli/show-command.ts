/**
 * `lvsim show`: what a command prints on a host at a moment of the run; or how the rules of IPVS came to be.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { jsonText, rulesDocument, runDocument } from '../report/json.ts'
import { rulesDiffText, rulesText } from '../report/rules-text.ts'
import { nearestWord } from '../scenario/nearest.ts'
import { renderProblem } from '../scenario/problems.ts'
import type { RunResult } from '../scenario/result.ts'
import { runScenario } from '../scenario/run.ts'
import { describeLimit } from '../sim/limits.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { badUsage, inMode, loadScenario, parseMode, parseTime, showProblems } from './load.ts'
import { loadSchedulers, type SchedulerOptions } from './schedulers.ts'
import { codeOf } from './simulation.ts'
import { print, printForeign, say, styleFor } from './terminal.ts'

interface ShowOptions extends SchedulerOptions {
  readonly on?: string
  readonly at?: string
  readonly mode?: string
  readonly seed?: string
  readonly rules?: boolean
  readonly since?: string
}

/**
 * Runs a scenario up to a moment, then a command, and prints what that prints; a command that fails is a failure. With `rules`
 * prints how the rules of IPVS came to be instead.
 */
export async function showCommand(file: string, words: readonly string[], options: ShowOptions): Promise<ExitCode> {
  const command = commandIn(words, options)
  if (!command.ok) return command.error
  const mode = parseMode(options.mode)
  if (!mode.ok) return mode.error
  const at = options.at === undefined ? undefined : parseTime('--at', options.at)
  if (at !== undefined && !at.ok) return at.error
  const since = options.since === undefined ? undefined : parseTime('--since', options.since)
  if (since !== undefined && !since.ok) return since.error
  const schedulers = await loadSchedulers(options)
  if (!schedulers.ok) return schedulers.error
  const loaded = await loadScenario(file, options.json === true, false, schedulers.value)
  if (!loaded.ok) return loaded.error
  const scenario = inMode(loaded.value, mode.value)
  if (!scenario.ok) return scenario.error
  const { on } = options
  if (on !== undefined && !scenario.value.hosts.has(on)) {
    const nearest = nearestWord(on, scenario.value.hosts.keys())
    return badUsage(`there is no host ${on}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
  }
  const ran = await runScenario(
    { ...scenario.value, observe: [], expect: [] },
    {
      schedulers: schedulers.value,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(at === undefined ? {} : { stopAfterNs: at.value }),
      atEnd: command.value === undefined ? [] : [command.value],
    },
  )
  if (!ran.ok) return showProblems(ran.error, options.json === true)
  const shown = command.value === undefined ? await printRules(ran.value, options, since?.value)
    : await printOutput(ran.value, options)
  if (ran.value.limit !== undefined) say(describeLimit(ran.value.limit))
  if (ran.value.problem !== undefined) say(renderProblem(ran.value.problem))
  const code = codeOf(ran.value)
  return code === EXIT.ok && !shown ? EXIT.failed : code
}

/** The command to run at the end; undefined for the rules. */
function commandIn(
  words: readonly string[], { on, rules, since, json }: ShowOptions,
): Result<{ readonly host: string, readonly command: string } | undefined, ExitCode> {
  if (rules === true) {
    if (since !== undefined && json === true) return err(badUsage('--since prints a diff: it does not go with JSON'))
    return words.length === 0 ? ok(undefined) : err(badUsage('--rules takes no command'))
  }
  if (since !== undefined) return err(badUsage('--since goes with --rules'))
  if (words.length === 0) return err(badUsage('name the command to run after --, such as -- ipvsadm -Ln; or say --rules'))
  if (on === undefined) return err(badUsage('name the host that runs the command: --on HOST'))
  return ok({ host: on, command: words.join(' ') })
}

/** Prints what the command printed; false when it failed. */
async function printOutput(result: RunResult, { json }: ShowOptions): Promise<boolean> {
  const [output] = result.observations
  if (json === true) {
    await print(jsonText(runDocument(result, codeOf(result) === EXIT.ok)))
  } else if (output !== undefined) {
    await printForeign(output.stdout)
    if (output.stderr !== '') say(output.stderr)
  }
  return output?.exitCode === 0
}

async function printRules(result: RunResult, { on, json }: ShowOptions, sinceNs: number | undefined): Promise<true> {
  const chosen = on === undefined ? result : { ...result, rules: result.rules.filter(({ host }) => host === on) }
  const style = styleFor(process.stdout)
  if (json === true) await print(jsonText(rulesDocument(chosen, codeOf(result) === EXIT.ok)))
  else await print(sinceNs === undefined ? rulesText(chosen, style) : rulesDiffText(chosen, sinceNs, style))
  return true
}
