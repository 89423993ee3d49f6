/**
 * What IPVS decided about the packets of a run, in words.
 * @module
 */
import { parseScenario } from '../../src/scenario/parse.ts'
import { renderProblem } from '../../src/scenario/problems.ts'
import { Recorder, type TraceRecord } from '../../src/scenario/recorder.ts'
import { runScenario } from '../../src/scenario/run.ts'
import { formatPacket } from '../../src/wire/text.ts'
import type { Play } from './plays.ts'

/** Everything that was recorded while a scenario was played. */
export async function recordsOf(scenario: Play): Promise<readonly TraceRecord[]> {
  const parsed = parseScenario(JSON.stringify(scenario), 'row.lvs.yaml')
  if (!parsed.ok) throw new Error(parsed.error.map(renderProblem).join('\n'))
  const recorder = new Recorder({ recordsMax: 100_000, isDetailed: true })
  const ran = await runScenario(parsed.value, { onWorld: (world) => recorder.attach(world) })
  if (!ran.ok || ran.value.problem !== undefined) throw new Error('the run ended early')
  return recorder.records
}

/** The decisions of IPVS, each with the packet it was about. */
export async function decisionsOf(scenario: Play): Promise<{ text: string, packet: string }[]> {
  return (await recordsOf(scenario)).flatMap((record) => (record.kind === 'decision' && record.by === 'ipvs'
    ? [{ text: record.text, packet: formatPacket(record.packet) }] : []))
}
