/**
 * `lvsim run`: one scenario, and what happened.
 * @module
 */
import { jsonText, runDocument, runLines } from '../report/json.ts'
import { failuresText, runText } from '../report/run-text.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { badUsage, inMode, loadScenario, parseMode, showProblems } from './load.ts'
import { loadSchedulers } from './schedulers.ts'
import { codeOf, deliverRecording, nothingChecked, simulate, textOptions, type SimulationOptions } from './simulation.ts'
import { print } from './terminal.ts'

/** Runs a scenario; its cluster, if it has one, in one mode. */
export async function runCommand(
  file: string,
  options: SimulationOptions & { readonly mode?: string },
): Promise<ExitCode> {
  if (options.trace === true && (options.json === true || options.jsonl === true))
    return badUsage('--trace prints text: it does not go with JSON')
  const asJson = options.json === true || options.jsonl === true
  const mode = parseMode(options.mode)
  if (!mode.ok) return mode.error
  const schedulers = await loadSchedulers(options)
  if (!schedulers.ok) return schedulers.error
  const loaded = await loadScenario(file, asJson, options.quiet, schedulers.value)
  if (!loaded.ok) return loaded.error
  const scenario = inMode(loaded.value, mode.value)
  if (!scenario.ok) return scenario.error
  const simulated = await simulate(scenario.value, options, schedulers.value)
  if (!simulated.ok) return showProblems(simulated.error, asJson)
  const { result } = simulated.value
  const delivered = await deliverRecording(simulated.value, options)
  const code = nothingChecked(scenario.value, [result]) ? EXIT.failed : codeOf(result)
  const passed = code === EXIT.ok
  if (options.json === true) await print(jsonText(runDocument(result, passed)))
  else if (options.jsonl === true) for (const line of runLines(result, passed)) await print(line)
  else await print(options.quiet === true ? failuresText(result, textOptions()) : runText(result, textOptions()))
  return passed ? delivered : code
}
