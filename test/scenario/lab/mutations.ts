/**
 * Small changes of a played lab: what a judge must see, or must pass over.
 * @module
 */
import type { Lab } from '../../../src/scenario/lab/lab.ts'

/** A JSON object that may be changed. */
export interface Loose {
  [key: string]: unknown
}

/** A copy of a lab that may be changed. */
export interface LooseLab extends Loose {
  steps: Loose[]
  packets?: Record<string, Loose[]>
}

/** Numbers that decide what a mutation does, taken one after the other; 0 when they have run out. */
export class Draws {
  readonly #numbers: readonly number[]
  #taken = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  /** 0..count - 1. */
  below(count: number): number {
    return (this.#numbers[this.#taken++] ?? 0) % count
  }

  /** One of the items; undefined when there is none. */
  of<T>(items: readonly T[]): T | undefined {
    return items[this.below(Math.max(1, items.length))]
  }

  /** A small number that is not 0. */
  delta(): number {
    return this.of([1, -1, 2, -2, 3, -3, 4, 5, -5, 17, 57, 60, -60, 1000]) ?? 1
  }
}

/** Changes the lab; false when it has nothing of the kind. */
export type Mutation = (lab: LooseLab, draws: Draws) => boolean

/** A copy of the lab with mutations applied; undefined when one of them found nothing to change. */
export function mutated(
  lab: Lab,
  mutations: readonly { readonly mutation: Mutation; readonly draws: readonly number[] }[],
): Lab | undefined {
  const copy = structuredClone(lab) as unknown as LooseLab
  const areApplied = mutations.every(({ mutation, draws }) => mutation(copy, new Draws(draws)))
  return areApplied ? (copy as unknown as Lab) : undefined
}

const OUTCOMES = ['ok', 'refused', 'timeout', 'reset', 'unreachable', 'eof', 'short', 'error']
const STATES = [
  'ESTABLISHED',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'NONE',
  'UDP',
  'ASSURED',
  'SYNACK',
]
const CHARACTERS = ['0', '1', '7', 'x', 'A', ' ', '.', ':', '-', '\n']

/** Every kind of mutation by its name. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'another pick': inResult((result, draws) =>
    set(result, 'by', draws.of(['rs1', 'rs2', 'rs3', 'lb'].filter((name) => name !== result['by'])), 'by' in result),
  ),
  'another outcome': inResult((result, draws) => set(result, 'outcome', draws.of(OUTCOMES), 'outcome' in result)),
  'a key of a result more': inResult((result, draws) =>
    set(result, draws.of(['by', 'errno', 'extra', 'rcvd']) ?? '', draws.of([1, 'x', null])),
  ),
  'a key of a result less': inResult((result, draws) => delete result[draws.of(Object.keys(result)) ?? '']),
  'another value in a result': inResult((result, draws) => changeLeaf(result, draws)),
  'a result where there is none': (lab, draws) =>
    set(draws.of(lab.steps) ?? {}, 'result', draws.of([{}, null, { sent: true }, { rc: 0 }])),
  'another exit code': inResult((result, draws) => set(result, 'rc', draws.below(3), 'rc' in result)),
  'one character': inOutput((text, draws) => splice(text, draws, 1, draws.of(CHARACTERS) ?? '')),
  'one character more': inOutput((text, draws) => splice(text, draws, 0, draws.of(CHARACTERS) ?? '')),
  'one character less': inOutput((text, draws) => splice(text, draws, 1, '')),
  'a line less': inLines((lines, draws) => lines.toSpliced(draws.below(lines.length), 1)),
  'a line more': inLines((lines, draws) => lines.toSpliced(draws.below(lines.length), 0, draws.of(lines) ?? '')),
  'two lines swapped': inLines((lines, draws) =>
    swapped(lines, draws.below(lines.length), draws.below(lines.length)),
  ),
  'another number in an output': inOutput((text, draws) =>
    replaceOne(text, /\d+/g, draws, (old) => String(Math.abs(Number(old) + draws.delta()))),
  ),
  'another counter': inOutput((text, draws) =>
    replaceOne(text, /(?<= )\d+(?= *\n)/g, draws, (old) => String(Math.abs(Number(old) + draws.delta()))),
  ),
  'another expire': inOutput((text, draws) =>
    replaceOne(text, /(?<= )\d+:\d\d(?= )/g, draws, (old) => expireAfter(old, draws.delta())),
  ),
  'an expire near its end': inOutput((text, draws) =>
    replaceOne(text, /(?<= )\d+:\d\d(?= )/g, draws, () => expireAfter('00:00', draws.below(4))),
  ),
  'another state': inOutput((text, draws) =>
    replaceOne(text, new RegExp(STATES.join('|'), 'g'), draws, () => draws.of(STATES) ?? ''),
  ),
  'another value in a frame': inFrame((frame, draws) => changeLeaf(frame, draws, ['step'])),
  'another TTL': inFrame((frame, draws) => changeNamed(frame, ['ttl'], draws)),
  'another MAC': inFrame((frame, draws) => changeNamed(frame, ['0', '1', 'sha', 'tha'], draws)),
  'another port': inFrame((frame, draws) => changeNamed(frame, ['sport', 'dport'], draws)),
  'another sequence number': inFrame((frame, draws) => changeNamed(frame, ['seq', 'ack'], draws)),
  'another ICMP type': inFrame((frame, draws) => changeNamed(frame, ['type', 'code', 'mtu'], draws)),
  'other flags': inFrame((frame, draws) =>
    setNamed(frame, 'flags', draws.of(['S', 'SA', 'A', 'PA', 'FA', 'R', 'RA', 'F']), draws),
  ),
  'an acknowledgement less': inFrames((frames, index) => frames.splice(index, 1), isPureAck),
  'an acknowledgement more': inFrames(
    (frames, index) => frames.splice(index, 0, structuredClone(frames[index] ?? {})),
    isPureAck,
  ),
  'another acknowledgement': inFrame((frame, draws) => changeLeaf(frame, draws, ['step']), isPureAck),
  'a frame less': inFrames((frames, index) => frames.splice(index, 1)),
  'a frame more': inFrames((frames, index, draws) =>
    frames.splice(index, 0, structuredClone(draws.of(frames) ?? {})),
  ),
  'a frame twice': inFrames((frames, index) => frames.splice(index, 0, structuredClone(frames[index] ?? {}))),
  'two frames swapped': inFrames((frames, index) =>
    frames.splice(index, 2, ...frames.slice(index, index + 2).reverse()),
  ),
  'a frame in another step': inFrames((frames, index, draws) =>
    set(frames[index] ?? {}, 'step', Math.max(0, Number(frames[index]?.['step']) + (draws.delta() % 4))),
  ),
  'a capture less': (lab, draws) =>
    lab.packets !== undefined && delete lab.packets[draws.of(Object.keys(lab.packets)) ?? ''],
  'no captures': (lab) => delete lab.packets,
  'a step less': (lab, draws) => lab.steps.splice(draws.below(lab.steps.length), 1).length > 0,
  'a step changed': (lab, draws) => changeLeaf(draws.of(lab.steps) ?? {}, draws),
  'another lab': (lab, draws) => set(lab, draws.of(['name', 'family', 'capture']) ?? '', 'x'),
}

function set(object: Loose, key: string, value: unknown, isWanted = true): boolean {
  if (isWanted) object[key] = value
  return isWanted
}

function inResult(change: (result: Loose, draws: Draws) => boolean): Mutation {
  return (lab, draws) => {
    const results = lab.steps
      .map(({ result }) => result as Loose | undefined)
      .filter((result) => result !== undefined && result !== null)
    const result = draws.of(results)
    return result !== undefined && change(result, draws)
  }
}

/** Changes an output that is not empty. */
function inOutput(change: (text: string, draws: Draws) => string | undefined): Mutation {
  return (lab, draws) => {
    const places = lab.steps
      .flatMap(({ result }) =>
        (['stdout', 'stderr'] as const).map((key) => ({ result: result as Loose | undefined, key })),
      )
      .filter(({ result, key }) => typeof result?.[key] === 'string' && result[key] !== '')
    const place = draws.of(places)
    if (place?.result === undefined) return false
    const text = change(String(place.result[place.key]), draws)
    return text !== undefined && set(place.result, place.key, text)
  }
}

function inLines(change: (lines: readonly string[], draws: Draws) => readonly string[]): Mutation {
  return inOutput((text, draws) => change(text.split('\n'), draws).join('\n'))
}

function inFrames(
  change: (frames: Loose[], index: number, draws: Draws) => unknown,
  isWanted: (frame: Loose) => boolean = () => true,
): Mutation {
  return (lab, draws) => {
    const places = Object.values(lab.packets ?? {})
      .flatMap((frames) => frames.map((frame, index) => ({ frames, frame, index })))
      .filter(({ frame }) => isWanted(frame))
    const place = draws.of(places)
    if (place !== undefined) change(place.frames, place.index, draws)
    return place !== undefined
  }
}

function inFrame(change: (frame: Loose, draws: Draws) => boolean, isWanted?: (frame: Loose) => boolean): Mutation {
  return (lab, draws) => {
    let isChanged = false
    const isFound = inFrames((frames, index) => {
      isChanged = change(frames[index] ?? {}, draws)
    }, isWanted)(lab, draws)
    return isFound && isChanged
  }
}

/** True for a TCP segment that does nothing but acknowledge. */
export function isPureAck(frame: Loose): boolean {
  const text = JSON.stringify(frame)
  return text.includes('"flags":"A"') && /"seq":\d+,"ack":\d+,"len":0/.test(text)
}

interface Leaf {
  readonly parent: Loose
  readonly key: string
}

/** Every value that is no object. */
function leavesOf(value: Loose): Leaf[] {
  return Object.entries(value).flatMap(([key, member]) =>
    typeof member === 'object' && member !== null ? leavesOf(member as Loose) : [{ parent: value, key }],
  )
}

function changeLeaf(value: Loose, draws: Draws, except: readonly string[] = []): boolean {
  return changeOne(
    leavesOf(value).filter(({ key }) => !except.includes(key)),
    draws,
  )
}

function changeNamed(value: Loose, names: readonly string[], draws: Draws): boolean {
  return changeOne(
    leavesOf(value).filter(({ key }) => names.includes(key)),
    draws,
  )
}

function setNamed(value: Loose, name: string, next: unknown, draws: Draws): boolean {
  const leaf = draws.of(leavesOf(value).filter(({ key }) => key === name))
  return leaf !== undefined && set(leaf.parent, leaf.key, next)
}

function changeOne(leaves: readonly Leaf[], draws: Draws): boolean {
  const leaf = draws.of(leaves)
  if (leaf === undefined) return false
  const old = leaf.parent[leaf.key]
  const next =
    typeof old === 'number'
      ? Math.abs(old + draws.delta())
      : typeof old === 'boolean'
        ? !old
        : draws.of(['rs1.eth0', 'lb.eth0', 'broadcast', '10.0.0.99', `${String(old)}x`, String(old).slice(1)])
  return set(leaf.parent, leaf.key, next)
}

function splice(text: string, draws: Draws, length: number, inserted: string): string {
  const at = draws.below(text.length)
  return text.slice(0, at) + inserted + text.slice(at + length)
}

function swapped(lines: readonly string[], i: number, j: number): readonly string[] {
  return lines.map((line, index) => (index === i ? lines[j] : index === j ? lines[i] : line) ?? '')
}

function replaceOne(
  text: string,
  pattern: RegExp,
  draws: Draws,
  change: (old: string) => string,
): string | undefined {
  const match = draws.of([...text.matchAll(pattern)])
  return match === undefined
    ? undefined
    : text.slice(0, match.index) + change(match[0]) + text.slice(match.index + match[0].length)
}

/** `mm:ss` so many seconds later. */
function expireAfter(text: string, seconds: number): string {
  const [minutes = '0', rest = '0'] = text.split(':')
  const total = Math.abs(Number(minutes) * 60 + Number(rest) + seconds)
  return `${String(Math.floor(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`
}
