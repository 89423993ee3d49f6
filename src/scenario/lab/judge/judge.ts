/**
 * The judge: holds a played lab against the record of the real kernel. What counts as equal:
 *
 * - The lab itself (steps without results) must be the one that was handed out.
 * - Results of traffic: every key exact; ports only where the lab gave one.
 * - Outputs: exit code exact; text exact line by line, but rows of connections are a set whose timers may be 1 s behind to 2 s
 *   ahead, counters may differ by rows about to end, `--stats` by pure acknowledgements; times of ping, counters of ifconfig,
 *   rates, and timers of conntrack are left out.
 * - Frames: every field exact, in number, step, and order within a flow; refreshes of neighbors, repeated questions and
 *   retransmissions are left out, pure acknowledgements compared by their paths, what daemons send by timers as a set.
 * @module
 */
import { bare, judgeContext, kindOfStep, outputOf, stable, type Difference, type JudgeContext, type Json } from './context.ts'
import { judgeFrames } from './judge-frames.ts'
import { judgeOutput } from './judge-output.ts'
import type { Lab, LabStep } from '../lab.ts'

/** Labs that look while a timer may or may not have fired, and from which step on: two recordings of the kernel differ there. */
const RACY: Readonly<Record<string, number>> = { 'template-udp-expiry': 14 }

/** All differences between the record of a lab and what was played; none means that the lab passes. */
export function judgeLab(recorded: Lab, emitted: Lab): Difference[] {
  const differences: Difference[] = []
  const say = (step: number, field: string, expected: unknown, got: unknown): void => {
    differences.push({ step, field, expected, got })
  }
  for (const key of ['name', 'family', 'topology', 'capture'] as const) {
    if (stable(recorded[key]) !== stable(emitted[key])) say(-1, key, 'as in the lab', 'changed')
  }
  if (recorded.steps.length !== emitted.steps.length) {
    say(-1, 'number of steps', recorded.steps.length, emitted.steps.length)
    return differences
  }
  const context = judgeContext(recorded, emitted)
  for (const [index, step] of recorded.steps.entries()) {
    const other = emitted.steps[index] ?? {}
    if (stable(bare(step)) !== stable(bare(other))) say(index, 'step', stable(bare(step)), stable(bare(other)))
    else if (index < (RACY[recorded.name] ?? Infinity)) judgeStep(context, index, step, other, (...args) => say(index, ...args))
  }
  judgeFrames(context, say)
  return differences
}

function judgeStep(
  context: JudgeContext, index: number, step: LabStep, other: LabStep,
  say: (field: string, expected: unknown, got: unknown) => void,
): void {
  const [result, got] = [(step.result ?? {}) as Json, (other.result ?? {}) as Json]
  if ('rc' in result || 'stdout' in result) {
    if (result['rc'] !== got['rc']) say('rc', result['rc'], got['rc'])
    for (const stream of ['stdout', 'stderr'] as const) {
      if (typeof got[stream] !== 'string') say(stream, result[stream], got[stream])
      else judgeOutput(context, index, stream, { recorded: outputOf(step, stream), emitted: outputOf(other, stream) }, say)
    }
    return
  }
  const hasOwnPort = requestOf(context.recorded, index)?.['sport'] !== undefined
  const hasRequest = requestOf(context.recorded, index) !== undefined
  const port = (value: unknown): unknown => (
    typeof value === 'string' && hasRequest && !hasOwnPort ? value.replace(/:\d+$/, '') : value)
  for (const key of new Set([...Object.keys(result), ...Object.keys(got)])) {
    if (stable(port(result[key])) !== stable(port(got[key]))) say(key, result[key] ?? '(none)', got[key] ?? '(none)')
  }
}

/** What a traffic step asks for; for `send`, the connection it uses. */
function requestOf(lab: Lab, index: number): Json | undefined {
  const step = lab.steps[index]
  const kind = kindOfStep(step)
  if (kind === 'connect' || kind === 'udp') return step?.[kind] as Json
  if (kind !== 'send') return undefined
  const { id } = step?.['send'] as Json
  return lab.steps.slice(0, index).map((before) => before['connect'] as Json | undefined)
    .findLast((connect) => connect?.['hold'] === id)
}
