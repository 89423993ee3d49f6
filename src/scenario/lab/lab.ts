/**
 * A lab: a small experiment as a file, with its outcome when it has been played. The format that real kernels were recorded in.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'

/** One interface of a host. */
export interface LabInterface {
  readonly segment: string
  readonly addrs: readonly string[]
  readonly mtu?: number
}

/** One host (the format calls it a node). */
export interface LabHost {
  readonly ifaces: Readonly<Record<string, LabInterface>>
  readonly routes?: readonly string[]
  readonly sysctl?: Readonly<Record<string, string | number>>
  readonly files?: Readonly<Record<string, string>>
  readonly mute?: readonly string[]
  readonly ipv6?: boolean
}

/** A step: one key says what kind it is. Results are written beside it. */
export type LabStep = Readonly<Record<string, unknown>> & { readonly result?: unknown }

/** A frame of a capture. */
export type LabFrame = Readonly<Record<string, unknown>>

/** A lab. */
export interface Lab {
  readonly name: string
  readonly family: string
  readonly title?: string
  readonly topology: { readonly segments: readonly string[], readonly nodes: Readonly<Record<string, LabHost>> }
  readonly capture?: readonly string[]
  readonly steps: readonly LabStep[]
  readonly packets?: Readonly<Record<string, readonly LabFrame[]>>
  /** Pause after a traffic step in seconds. */
  readonly settle?: number
}

/** Reads the text of a lab. The error says what is missing. */
export function parseLab(text: string): Result<Lab, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return err(`not JSON: ${(error as Error).message}`)
  }
  const lab = value as Partial<Lab> | null
  if (lab === null || typeof lab !== 'object' || Array.isArray(lab)) return err('a lab is a JSON object')
  if (typeof lab.name !== 'string' || typeof lab.family !== 'string') return err('a lab has a name and a family')
  if (!Array.isArray(lab.steps)) return err('a lab has a list of steps')
  if (!Array.isArray(lab.topology?.segments) || typeof lab.topology.nodes !== 'object') {
    return err('a lab has a topology of segments and nodes')
  }
  return ok(lab as Lab)
}

/** The lab without what happened: what a simulator is given. */
export function withoutResults(lab: Lab): Lab {
  const { packets: _packets, ...rest } = lab
  return { ...rest, steps: lab.steps.map(({ result: _result, ...step }) => step) }
}

/** What kind of step it is: its first key that is one of the format's; undefined for an unknown kind. */
export function kindOf(step: LabStep): LabStepKind | undefined {
  return LAB_STEP_KINDS.find((kind) => kind in step)
}

/** The kinds of steps. */
export const LAB_STEP_KINDS = [
  'show', 'sh', 'serve', 'unserve', 'connect', 'send', 'close', 'rst', 'udp', 'sleep', 'inject', 'kill',
] as const
/** One of them. */
export type LabStepKind = (typeof LAB_STEP_KINDS)[number]
