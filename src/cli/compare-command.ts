/**
 * `lvsim compare`: the modes of a cluster side by side.
 * @module
 */
import { compareText, type ComparedMode } from '../report/compare-text.ts'
import { compareDocument, jsonText, runLines } from '../report/json.ts'
import { failuresText } from '../report/run-text.ts'
import { summariseMode } from '../scenario/comparison.ts'
import { expandCluster } from '../scenario/expand-cluster.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { badUsage, loadScenario, showProblems } from './load.ts'
import { loadSchedulers } from './schedulers.ts'
import { codeOf, deliverRecording, nothingChecked, simulate, textOptions, type SimulationOptions } from './simulation.ts'
import { print } from './terminal.ts'

/** Runs a cluster under each of its modes, with the same traffic and the same seed. */
export async function compareCommand(file: string, options: SimulationOptions): Promise<ExitCode> {
  if (options.trace === true && (options.json === true || options.jsonl === true))
    return badUsage('--trace prints text: it does not go with JSON')
  const asJson = options.json === true || options.jsonl === true
  const schedulers = await loadSchedulers(options)
  if (!schedulers.ok) return schedulers.error
  const loaded = await loadScenario(file, asJson, options.quiet, schedulers.value)
  if (!loaded.ok) return loaded.error
  const { cluster, modes } = loaded.value
  if (cluster === undefined) return badUsage(`${file} has no cluster, so there is nothing to compare`)
  const compared: ComparedMode[] = []
  let code: ExitCode = EXIT.ok
  for (const mode of modes) {
    const simulated = await simulate(expandCluster(loaded.value, mode), options, schedulers.value)
    if (!simulated.ok) return showProblems(simulated.error, asJson)
    const { result } = simulated.value
    const delivered = await deliverRecording(simulated.value, options)
    if (code === EXIT.ok) code = codeOf(result) === EXIT.ok ? delivered : codeOf(result)
    compared.push({ result, summary: summariseMode(result, cluster.director.name) })
  }
  if (nothingChecked(loaded.value, compared.map(({ result }) => result)) && code === EXIT.ok) code = EXIT.failed
  if (options.json === true) await print(jsonText(compareDocument(compared, code === EXIT.ok)))
  else if (options.jsonl === true) {
    for (const { result } of compared)
      for (const line of runLines(result, codeOf(result) === EXIT.ok)) await print(line)
  } else if (options.quiet === true) {
    for (const { result } of compared) {
      const failures = failuresText(result, textOptions())
      if (failures !== '') await print(`${result.mode ?? ''}:\n${failures}`)
    }
  } else await print(compareText(compared, textOptions()))
  return code
}
