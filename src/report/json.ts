/**
 * Documents for programs: JSON with `schemaVersion` 1, whose keys always come in the same order. What is not there is left out;
 * a number that JSON cannot hold would be a bug and is refused. Times are nanoseconds, shares 0..1.
 * @module
 */
import { assert } from '../base/assert.ts'
import type { Explanation } from '../scenario/explain.ts'
import type { Difference } from '../scenario/lab/judge/context.ts'
import type { Problem } from '../scenario/problems.ts'
import type { RunResult, TrafficResult } from '../scenario/result.ts'
import { summariseRequests, type RequestSummary } from '../scenario/traffic-summary.ts'
import { formatIp } from '../wire/address.ts'
import type { ComparedMode } from './compare-text.ts'
import { DROP_EXPLANATIONS } from './drop-text.ts'
import { summarySentence } from './explain-text.ts'

/** Version of the documents: it grows when a key changes its meaning or goes away, not when one is added. */
export const SCHEMA_VERSION = 1

/** A document, ready for `jsonText`. */
export type Document = Readonly<Record<string, unknown>>

/** What was found about one lab. */
export interface LabVerdict {
  readonly name: string
  readonly family: string
  readonly file: string
  readonly passed: boolean
  /** The differences found, or the first of them. */
  readonly differences: readonly Difference[]
  /** Why it could not be played at all. */
  readonly problem?: string
}

/** The document as text of several lines, the last one ended. */
export function jsonText(document: Document): string {
  return `${escaped(JSON.stringify(document, refuseNonNumbers, 2))}\n`
}

/** A run, whole. `passed`: whether it counts as a success. */
export function runDocument(result: RunResult, passed: boolean): Document {
  const { setup, observations, hosts, links, checks, warnings, limit, problem } = result
  return {
    ...headOf(result, 'run', passed),
    setup, observations,
    traffic: result.traffic.map((item) => ({ ...trafficOf(item), requests: item.requests })),
    hosts, links, checks, warnings, limit, problem,
  }
}

/** How the rules of IPVS came to be, of all hosts. */
export function rulesDocument(result: RunResult, passed: boolean): Document {
  const { rules, trafficStartNs, limit, problem } = result
  return { ...headOf(result, 'rules', passed), trafficStartNs, rules, limit, problem }
}

/** A run as lines, each ended: what is run, then commands of the setup, requests, observations, expectations, and a summary. */
export function* runLines(result: RunResult, passed: boolean): Generator<string> {
  const { scenario, mode, seed, trafficStartNs, setup, observations, traffic, checks, hosts, links, limit, problem } = result
  const { warnings } = result
  yield jsonLine({ schemaVersion: SCHEMA_VERSION, kind: 'run', scenario, mode, seed, trafficStartNs })
  for (const output of setup) yield jsonLine({ kind: 'setup', ...output })
  for (const { name, requests } of traffic) {
    for (const request of requests) yield jsonLine({ kind: 'request', traffic: name, ...request })
  }
  for (const output of observations) yield jsonLine({ kind: 'observation', ...output })
  for (const warning of warnings) yield jsonLine({ kind: 'warning', ...warning })
  for (const check of checks) yield jsonLine({ kind: 'check', ...check })
  yield jsonLine({ ...headOf(result, 'summary', passed), traffic: traffic.map(trafficOf), hosts, links, limit, problem })
}

/** Several modes side by side. */
export function compareDocument(modes: readonly ComparedMode[], passed: boolean): Document {
  const [first] = modes
  return {
    schemaVersion: SCHEMA_VERSION, kind: 'compare', passed, scenario: first?.result.scenario, seed: first?.result.seed,
    modes: modes.map(({ result, summary }) => {
      const { mode, hash, requests, director, frames, arp, drops, lostFrames, bottleneck } = summary
      const { endNs, trafficStartNs, events, checks, limit, problem } = result
      return {
        mode, hash, endNs, trafficStartNs, events, requests: summaryOf(requests), director, frames, arp, drops, lostFrames,
        bottleneck, checks, limit, problem,
      }
    }),
  }
}

/** Everything that is wrong with some files. */
export function problemsDocument(problems: readonly Problem[], passed: boolean): Document {
  return { schemaVersion: SCHEMA_VERSION, kind: 'problems', passed, problems }
}

/** Why a command came to nothing: what it said on stderr, and its exit code. */
export function failureDocument(messages: readonly string[], exitCode: number): Document {
  return { schemaVersion: SCHEMA_VERSION, kind: 'failure', passed: false, exitCode, messages }
}

/** Labs held against their records. None at all is a failure. */
export function verifyDocument(verdicts: readonly LabVerdict[]): Document {
  const failedCount = verdicts.filter(({ passed }) => !passed).length
  return {
    schemaVersion: SCHEMA_VERSION, kind: 'verify', passed: failedCount === 0 && verdicts.length > 0,
    passedCount: verdicts.length - failedCount, failedCount,
    labs: verdicts.map(({ name, family, file, passed, differences, problem }) => (
      { name, family, file, passed, differences, problem })),
  }
}

/** The way of a packet or of a connection. */
export function explainDocument(explanation: Explanation): Document {
  const { subject, packets, findings, missed } = explanation
  return {
    schemaVersion: SCHEMA_VERSION, kind: 'explain',
    subject: subject.kind === 'packet' ? { packet: subject.uid }
      : { connection: `${formatIp(subject.addr)}:${subject.port}` },
    summary: summarySentence(explanation), findings: findings.map(({ uids, cause, cure }) => ({ packets: uids, cause, cure })),
    packets: packets.map(({ uid, text, isAbout, reportedBy, stations, ends }) => ({
      number: uid, text, isAbout, reportedBy, stations,
      ends: ends.map((end) => end.kind === 'dropped' ? { ...end, ...DROP_EXPLANATIONS[end.reason] } : end),
    })),
    missed,
  }
}

/** The document in one line, ended. */
export function jsonLine(document: Document): string {
  return `${escaped(JSON.stringify(document, refuseNonNumbers))}\n`
}

/** What JSON lets stand and a terminal would obey: DEL, C1 controls, line separators, and marks of direction. */
function escaped(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (point) => `\\u${point.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function headOf(result: RunResult, kind: 'run' | 'rules' | 'summary', passed: boolean): Document {
  const { scenario, mode, seed, hash, endNs, trafficStartNs, events, frames } = result
  return { schemaVersion: SCHEMA_VERSION, kind, passed, scenario, mode, seed, hash, endNs, trafficStartNs, events, frames }
}

function trafficOf({ name, kind, requests }: TrafficResult): Document {
  return { name, kind, summary: summaryOf(summariseRequests(requests)) }
}

/** A rate of bits is rounded to whole ones. */
function summaryOf(summary: RequestSummary): Document {
  const { count, okCount, failedCount, failures, answeredBy, okBytes, latency, startNs, endNs } = summary
  return {
    count, okCount, failedCount, failures, answeredBy, okBytes, latency, startNs, endNs,
    okBitsPerSecond: Math.round(summary.okBitsPerSecond), okPerSecond: summary.okPerSecond,
  }
}

function refuseNonNumbers(key: string, value: unknown): unknown {
  assert(typeof value !== 'number' || Number.isFinite(value), `${key} is a number that JSON can hold`)
  return value
}
