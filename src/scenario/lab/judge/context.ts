/**
 * What the judge knows of a lab before it compares: ports and timeouts that its steps name, and how much time passes in them.
 * @module
 */
import { kindOf, type Lab, type LabStep, type LabStepKind } from '../lab.ts'

/** Something read from JSON. */
export type Json = Readonly<Record<string, unknown>>

/** One difference between two records. `step` is -1 for what belongs to no step. */
export interface Difference {
  readonly step: number
  readonly field: string
  readonly expected: unknown
  readonly got: unknown
}

/** Told about each difference. */
export type Say = (step: number, field: string, expected: unknown, got: unknown) => void

/** Both records, and what follows from the steps. */
export interface JudgeContext {
  readonly recorded: Lab
  readonly emitted: Lab
  /** Every number that stands in the lab: a port among them is not a random one. */
  readonly ports: ReadonlySet<number>
  readonly hasKeepalived: boolean
  /** Hosts with a backup sync daemon. */
  readonly backups: ReadonlySet<string | undefined>
  /** Timeouts given by --set. */
  readonly sets: readonly number[]
  /** Persistence timeouts. */
  readonly persist: readonly number[]
}

/** Steps that send traffic. */
export const TRAFFIC: ReadonlySet<LabStepKind | undefined> = new Set([
  'connect', 'send', 'close', 'rst', 'udp', 'inject', 'unserve', 'kill',
])

/** Works out the context of two records of one lab. */
export function judgeContext(recorded: Lab, emitted: Lab): JudgeContext {
  const text = JSON.stringify([recorded.topology, recorded.steps.map(bare)])
  const commands = recorded.steps.map(commandOf).join('\n')
  const hasKeepalived = text.includes('keepalived')
  const backups = recorded.steps.filter((step) => /--start-daemon[ =]backup/.test(commandOf(step))
    || (step['show'] !== undefined && /backup sync/.test(outputOf(step, 'stdout'))))
  const persist = [...commands.matchAll(/ipvsadm .*?(?:-p|--persistent)\b ?(\d+)?/g)].map((match) => Number(match[1] ?? 360))
  const fromFiles = hasKeepalived ? [...text.matchAll(/persistence_timeout (\d+)/g)].map((match) => Number(match[1])) : []
  return {
    recorded, emitted, hasKeepalived, ports: new Set([8848, ...[...text.matchAll(/\d+/g)].map((match) => Number(match[0]))]),
    backups: new Set(backups.map(hostOf)), persist: [...persist, ...fromFiles],
    sets: [...commands.matchAll(/--set (\d+) (\d+) (\d+)/g)].flatMap((match) => match.slice(1).map(Number)),
  }
}

/** The granule that a timer of so many seconds is rounded up to by the kernel's timer wheel (HZ=250). */
export function granuleSeconds(seconds: number): number {
  let [limit, granule] = [0.256, 0.004]
  while (seconds >= limit) [limit, granule] = [limit * 8, granule * 8]
  return granule
}

/** The step without what happened. */
export function bare(step: LabStep): Json {
  const { result: _result, ...rest } = step
  return rest
}

/** The command line of a `sh` or `show` step; empty for others. */
export function commandOf(step: LabStep): string {
  return String((step['show'] as Json | undefined)?.['sh'] ?? step['sh'] ?? '')
}

/** The host of a `sh` or `show` step. */
export function hostOf(step: LabStep): string | undefined {
  return ((step['show'] as Json | undefined)?.['on'] ?? step['on']) as string | undefined
}

/** A text of a step's result; empty when it has none. */
export function outputOf(step: LabStep | undefined, key: 'stdout' | 'stderr'): string {
  return String((step?.result as Json | undefined)?.[key] ?? '')
}

/** The kind of a step; undefined for a step that there is not, or of an unknown kind. */
export function kindOfStep(step: LabStep | undefined): LabStepKind | undefined {
  return step === undefined ? undefined : kindOf(step)
}

/** True for `show` steps. */
export function isShow(step: LabStep | undefined): boolean {
  return step?.['show'] !== undefined
}

/** Seconds that certainly pass in a step. */
export function sleepsIn(step: LabStep | undefined): number {
  if (step === undefined) return 0
  const slept = [...commandOf(step).matchAll(/\bsleep ([\d.]+)/g)].reduce((sum, match) => sum + Number(match[1]), 0)
  return Number(step['sleep'] ?? 0) + slept
}

/** JSON with sorted keys, so that equal values have equal texts; undefined members are as if they were not there. */
export function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, member]) => member !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${stable(member)}`).join(',')}}`
}
