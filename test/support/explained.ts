/**
 * What `lvsim explain` finds wrong in a scenario.
 * @module
 */
import { present } from '../../src/base/assert.ts'
import { parseEndpoint } from '../../src/scenario/address-text.ts'
import { explainRecording, type Explanation, type Subject } from '../../src/scenario/explain.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { renderProblem } from '../../src/scenario/problems.ts'
import { Recorder } from '../../src/scenario/recorder.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { World } from '../../src/scenario/world.ts'

/** Runs a scenario and explains a packet (its number) or a connection (`10.0.0.10:40001`) of it. */
export async function explainScenario(text: string, of: number | string): Promise<Explanation> {
  const parsed = parseScenario(text, 'explained.lvs.yaml')
  if (!parsed.ok) throw new Error(parsed.error.map(renderProblem).join('\n'))
  const recorder = new Recorder({ recordsMax: 100_000, isDetailed: true })
  let world: World | undefined
  const ran = await runScenario(parsed.value, {
    onWorld: (made) => {
      world = made
      recorder.attach(made)
    },
  })
  if (!ran.ok) throw new Error(ran.error.map(renderProblem).join('\n'))
  const explanation = explainRecording(recorder, subjectOf(of), world)
  if (!explanation.ok) throw new Error(explanation.error)
  return explanation.value
}

/** The causes found, and the cures. */
export async function findingsOf(text: string, of: number | string): Promise<{ cause: string, cure: string }[]> {
  const { findings } = await explainScenario(text, of)
  return findings.map(({ cause, cure }) => ({ cause, cure }))
}

function subjectOf(of: number | string): Subject {
  if (typeof of === 'number') return { kind: 'packet', uid: of }
  const { address, port } = present(parseEndpoint(of), of)
  return { kind: 'connection', addr: address, port }
}
