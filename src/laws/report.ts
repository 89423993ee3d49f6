/**
 * Verdicts in words: a line for each law, and for each that is broken the servers, the connections and the picks that show it.
 * @module
 */
import { formatIp, type IpAddr } from '../wire/address.ts'
import { played } from './bench.ts'
import { type Candidate, SchedulerFault } from './candidate.ts'
import type { Law } from './law.ts'
import { type Connect, letterOf, lettersOf, type Step, type Trial } from './trial.ts'

const FIRST_CLIENT = 0x0a000002
const VIP = 0x0a000064
const CLIENT_PORT = 1024
const LETTERS_MAX = 48
const COLUMNS = 110
const INDENT = '      '
const FATES = { held: 'held', closed: 'closed at once', gone: 'gone at once' } as const

/** What a report says of one law. */
interface Verdict {
  readonly law: Law
  readonly isHeld: boolean
  readonly trials: number
  readonly counterexample: { readonly trial: Trial, readonly wrong: string } | undefined
}

/** A report in words. */
export function reportText(candidate: Candidate, verdicts: readonly Verdict[], seed: number): string {
  const name = typeof candidate === 'string' ? candidate : candidate.name || 'the scheduler'
  const held = verdicts.filter(({ isHeld }) => isHeld).length
  const lines = [`${name}: ${held} of ${verdicts.length} laws held (seed ${seed})`]
  let group = ''
  for (const verdict of verdicts) {
    if (verdict.law.group !== group) lines.push('', verdict.law.group)
    group = verdict.law.group
    lines.push(...verdictLines(candidate, verdict))
  }
  return `${lines.join('\n')}\n`
}

function verdictLines(candidate: Candidate, { law, isHeld, trials, counterexample }: Verdict): string[] {
  const head = wrapped(`  ${isHeld ? '✓' : '✗'} ${law.name}: ${law.claim}`)
  if (counterexample === undefined) return head
  const kin = law.holdsFor.length === 0 ? 'none of Linux keeps it' : `kept by ${law.holdsFor.join(' ')}`
  return [
    ...head, `${INDENT}broken after ${trials} ${trials === 1 ? 'trial' : 'trials'} (${kin})`,
    ...trialLines(law, candidate, counterexample.trial).flatMap((line) => wrapped(INDENT + line)),
    ...wrapped(`${INDENT}wrong: ${counterexample.wrong}`),
  ]
}

/** A line as several where it is too long; all but the first are indented. */
function wrapped(line: string): string[] {
  if (line.length <= COLUMNS) return [line]
  const end = line.lastIndexOf(' ', COLUMNS)
  return end <= INDENT.length ? [line] : [line.slice(0, end), ...wrapped(`${INDENT}  ${line.slice(end + 1)}`)]
}

/** A trial in words: the servers, then everything that happens, with the picks of a scheduler under this law. */
export function trialLines(law: Law, candidate: Candidate, trial: Trial): string[] {
  const added = trial.weights.map((weight, server) => `${letterOf(server)} weight ${weight}`).join(', ') || 'none'
  const flags = trial.flags === 0 ? '' : `, flags ${trial.flags}`
  const draw = trial.draw === 0 ? '' : `, random stream ${trial.draw}`
  const lines = [`servers, as added: ${added}${flags}${draw}`]
  const picks = picksOf(law, candidate, trial)
  let [connections, servers] = [0, trial.weights.length]
  for (let i = 0; i < trial.steps.length;) {
    const step = trial.steps[i]
    if (step === undefined) break
    const row = rowFrom(trial.steps, i)
    if (step.kind === 'connect') {
      const got = picks === undefined ? '?' : shortened(lettersOf(picks.slice(connections, connections + row.length)))
      lines.push(`${rowText(law, row, connections + 1)}: ${got}`)
      connections += row.length
    } else {
      lines.push(stepText(step, servers))
      if (step.kind === 'add') servers++
    }
    i += Math.max(1, row.length)
  }
  return lines
}

/** The picks; undefined for a scheduler that fails on the way. */
function picksOf(law: Law, candidate: Candidate, trial: Trial): readonly (number | undefined)[] | undefined {
  try {
    return law.picks?.(candidate, trial) ?? played(candidate, trial).picks
  } catch (error) {
    if (error instanceof SchedulerFault) return undefined
    throw error
  }
}

/** Connections from here on that can be told in one line: all of one client, or of one client after the other. */
function rowFrom(steps: readonly Step[], start: number): Connect[] {
  const row: Connect[] = []
  for (let i = start; i < steps.length; i++) {
    const step = steps[i]
    const [first, second] = [row[0], row[1]]
    if (step?.kind !== 'connect') break
    if (first !== undefined) {
      const stride = second === undefined ? step.client - first.client : second.client - first.client
      const targetStride = second === undefined ? step.target - first.target : second.target - first.target
      const isNext = step.client === first.client + stride * row.length
        && step.target === first.target + targetStride * row.length
      const isPlain = (stride === 0 && targetStride === 0) || (stride === 1 && (targetStride === 0 || targetStride === 1))
      if (!isNext || !isPlain || step.fate !== first.fate || step.port !== first.port) break
    }
    row.push(step)
  }
  return row
}

function rowText(law: Law, row: readonly Connect[], number: number): string {
  const [first, last] = [row[0], row.at(-1)]
  if (first === undefined || last === undefined) return ''
  const numbers = row.length === 1 ? `connection ${number}` : `connections ${number}-${number + row.length - 1}`
  const port = first.port === CLIENT_PORT ? '' : ` port ${first.port}`
  const clients = clientText(first.client) + (first.client === last.client ? port : ` to ${clientText(last.client)}`)
  if (law.group === 'persistence') return `${numbers} of ${clients}, port ${first.target === 0 ? 80 : 443}`
  const own = first.target === last.target ? addressText(first.target) : 'an address of its own each'
  const target = first.target === 0 && last.target === 0 ? '' : ` for ${own}`
  return `${numbers} of ${clients}${target}, ${FATES[first.fate]}`
}

function stepText(step: Exclude<Step, Connect>, servers: number): string {
  const name = (server: number): string => letterOf(server % Math.max(1, servers))
  switch (step.kind) {
    case 'end': return 'a connection that was held ends, and is inactive'
    case 'wait': return `${step.seconds} s pass`
    case 'add': return `${letterOf(servers)} of weight ${step.weight} is added`
    case 'load': return `${name(step.server)} has ${step.active} active connections, and ${step.inactive} inactive ones`
    case 'overload': return `${name(step.server)} is ${step.overloaded ? 'overloaded' : 'not overloaded any more'}`
    case 'weigh': return `${name(step.server)} gets weight ${step.weight}`
    case 'remove': return `${name(step.server)} is removed`
  }
}

function clientText(client: number): string {
  return formatIp((FIRST_CLIENT + client) as IpAddr)
}

function addressText(target: number): string {
  return formatIp((VIP + target) as IpAddr)
}

function shortened(letters: string): string {
  return letters.length <= LETTERS_MAX ? letters : `${letters.slice(0, LETTERS_MAX)}...`
}
