/**
 * Compares the frames of two records, nic by nic: timed ones as a set, pure acknowledgements by their paths, all others in
 * number, step, and order within their flow.
 * @module
 */
import { isShow, kindOfStep, TRAFFIC, type JudgeContext, type Json, type Say } from './context.ts'
import { brief, tell } from './frame-text.ts'
import { child, innermost, judgedFrames, packetOf, pathOf, rebased, type FrameClass, type JudgedFrame } from './frames.ts'

/** Compares all captures. */
export function judgeFrames(context: JudgeContext, say: Say): void {
  const recorded = rebased(context.recorded)
  if (recorded === undefined) return
  const emitted = rebased(context.emitted)
  if (emitted === undefined) return say(-1, 'packets', 'a list per captured interface', '(none)')
  for (const nic of new Set([...Object.keys(recorded), ...Object.keys(emitted)])) {
    const [a, b] = [recorded[nic], emitted[nic]]
    if (a === undefined || b === undefined) {
      say(-1, `packets of ${nic}`, a === undefined ? 'absent' : 'present', b === undefined ? 'absent' : 'present')
    } else {
      judgeNic(context, nic, { recorded: judgedFrames(context, a), emitted: judgedFrames(context, b) }, say)
    }
  }
}

interface Pair {
  readonly recorded: readonly JudgedFrame[]
  readonly emitted: readonly JudgedFrame[]
}

function judgeNic(context: JudgeContext, nic: string, { recorded, emitted }: Pair, say: Say): void {
  const [timersA, timersB] = [byText(recorded, 'timer'), byText(emitted, 'timer')]
  const missing = [...timersA.values()].filter((frame) => !timersB.has(frame.text))
  const extra = [...timersB.values()].filter((frame) => !timersA.has(frame.text))
  if (missing.length > 0 || extra.length > 0) return tell(nic, missing, extra, say)
  const [pathsA, pathsB] = [pathsOf(recorded), pathsOf(emitted)]
  const badAck = [...byText(emitted, 'ack')].find(([text]) => !pathsA.has(text))?.[1]
  const lostAck = [...byText(recorded, 'ack')].find(([text]) => !pathsB.has(text))?.[1]
  if (badAck !== undefined || lostAck !== undefined) {
    return tell(nic, lostAck === undefined ? [] : [lostAck], badAck === undefined ? [] : [badAck], say)
  }
  const [stepsA, stepsB] = [byStep(recorded), byStep(emitted)]
  const { lost, left } = unmatched(context, stepsA, stepsB)
  if (lost.length > 0 || left.length > 0) {
    const first = Math.min(...[...lost, ...left].map(({ step }) => step))
    const at = (frames: readonly JudgedFrame[]): JudgedFrame[] => frames.filter(({ step }) => step === first)
    const lostHere = at(lost).length > 0 ? at(lost) : lost.slice(0, at(left).length > 0 ? 0 : 1)
    return tell(nic, lostHere, at(left).length > 0 ? at(left) : left, say)
  }
  judgeOrder(nic, stepsA, stepsB, say)
}

/** The ways that packets took. */
function pathsOf(frames: readonly JudgedFrame[]): Set<string> {
  return new Set(frames.filter(({ frame }) => packetOf(frame) !== undefined).map(({ frame }) => pathOf(frame)))
}

function byText(frames: readonly JudgedFrame[], frameClass: FrameClass): Map<string, JudgedFrame> {
  return new Map(frames.filter((frame) => frame.frameClass === frameClass).map((frame) => [frame.text, frame]))
}

function byStep(frames: readonly JudgedFrame[]): Map<number, JudgedFrame[]> {
  const steps = new Map<number, JudgedFrame[]>()
  for (const frame of frames) {
    if (frame.frameClass !== 'seq') continue
    const list = steps.get(frame.step)
    if (list === undefined) steps.set(frame.step, [frame])
    else list.push(frame)
  }
  return steps
}

/** Frames of one record that the other does not have in the same step, nor, where a timer sent them, in one beside it. */
function unmatched(
  context: JudgeContext, recorded: ReadonlyMap<number, JudgedFrame[]>, emitted: ReadonlyMap<number, JudgedFrame[]>,
): { lost: JudgedFrame[], left: JudgedFrame[] } {
  const lost: JudgedFrame[] = []
  const left: JudgedFrame[] = []
  for (const step of [...new Set([...recorded.keys(), ...emitted.keys()])].sort((a, b) => a - b)) {
    const others = [...(emitted.get(step) ?? [])]
    for (const frame of recorded.get(step) ?? []) {
      const at = others.findIndex((other) => other.text === frame.text)
      if (at < 0) lost.push(frame)
      else others.splice(at, 1)
    }
    left.push(...others)
  }
  for (const frame of [...lost]) {
    const at = left.findIndex((other) => other.text === frame.text && isMovable(context, frame, other))
    if (at < 0) continue
    left.splice(at, 1)
    lost.splice(lost.indexOf(frame), 1)
  }
  return { lost, left }
}

function isMovable(context: JudgeContext, a: JudgedFrame, b: JudgedFrame): boolean {
  const { steps } = context.recorded
  const [low = 0, high = 0] = [a.step, b.step].sort((x, y) => x - y)
  const isNext = steps.slice(low + 1, high).every((step) => isShow(step) || (step as Json)['serve'] !== undefined)
  const isQuiet = !TRAFFIC.has(kindOfStep(steps[low])) || !TRAFFIC.has(kindOfStep(steps[high]))
  const ip = child(a.frame, 'ip')
  const isReport = child(ip, 'icmp')?.['type'] === 3 || child(child(a.frame, 'ip6'), 'icmpv6') !== undefined
  const isTcp = child(innermost(packetOf(a.frame)), 'tcp') !== undefined
  return isNext && (child(a.frame, 'arp') !== undefined || isReport || (isQuiet && isTcp))
}

/** Within a step and flow the order is exact, and no frame comes before the ARP answer that it needed. */
function judgeOrder(
  nic: string, recorded: ReadonlyMap<number, JudgedFrame[]>, emitted: ReadonlyMap<number, JudgedFrame[]>, say: Say,
): void {
  for (const [step, frames] of recorded) {
    const others = emitted.get(step) ?? []
    if (frames.length !== others.length) continue
    for (const flow of new Set(frames.map((frame) => frame.flow))) {
      const [u, v] = [frames, others].map((list) => list.filter((frame) => frame.flow === flow))
      const at = (u ?? []).findIndex((frame, index) => frame.text !== v?.[index]?.text)
      if (at >= 0) return say(step, `${nic} order`, brief(u?.[at]), brief(v?.[at]))
    }
    const early = tooEarly(others)
    if (early !== undefined && tooEarly(frames) === undefined) {
      return say(step, `${nic} order`, 'ARP answer before the frame that needs it', brief(early))
    }
  }
}

function tooEarly(frames: readonly JudgedFrame[]): JudgedFrame | undefined {
  return frames.find(({ frame }, index) => {
    const arp = child(frame, 'arp')
    return arp?.['op'] === 'reply' && frame['dir'] === 'in' && frames.slice(0, index).some(({ frame: before }) => (
      child(before, 'ip') !== undefined && before['dir'] === 'out' && (before['eth'] as unknown[])[1] === arp['sha']))
  })
}
