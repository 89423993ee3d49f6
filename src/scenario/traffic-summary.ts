/**
 * Requests in numbers: how they ended, who answered, how long it took.
 * @module
 */
import type { RequestOutcome, RequestRecord } from '../app/outcome.ts'
import { Sample } from '../measure/quantile.ts'
import { present } from '../base/assert.ts'
import { NS_PER_SECOND } from '../base/units.ts'

/** How long answered requests took, from their start to their last byte: nearest-rank quantiles of `count` requests. */
export interface LatencySummary {
  readonly count: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p90Ns: number
  readonly p99Ns: number
  readonly maxNs: number
}

/** What came of a number of requests. */
export interface RequestSummary {
  readonly count: number
  readonly okCount: number
  readonly failedCount: number
  /** Failed requests by cause, only causes that occurred, in the order of `FAILURES`. */
  readonly failures: readonly { readonly cause: RequestOutcome, readonly count: number }[]
  /** Answered requests by the name of their server, in the order of names. Pings and the like name nobody. */
  readonly answeredBy: readonly { readonly server: string, readonly count: number }[]
  /** Bytes of the answers of ok requests. */
  readonly okBytes: number
  /** Undefined when no request was answered. */
  readonly latency: LatencySummary | undefined
  /** From the start of the first request to the end of the last; 0 without requests. */
  readonly startNs: number
  readonly endNs: number
  /** Bits of the answers of ok requests, and ok requests, a second of that time; 0 when it is empty. */
  readonly okBitsPerSecond: number
  readonly okPerSecond: number
}

/** Causes of failure, in the order in which they are shown. */
export const FAILURES: readonly RequestOutcome[] = ['refused', 'timeout', 'reset', 'unreachable', 'eof', 'short', 'error']

/** Sums up requests. */
export function summariseRequests(requests: readonly RequestRecord[]): RequestSummary {
  const answered = requests.filter((request) => request.outcome === 'ok')
  const counts = new Map<RequestOutcome, number>()
  const servers = new Map<string, number>()
  for (const { outcome, answeredBy } of requests) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    if (outcome === 'ok' && answeredBy !== undefined) servers.set(answeredBy, (servers.get(answeredBy) ?? 0) + 1)
  }
  const startNs = requests.reduce((first, request) => Math.min(first, request.startNs), requests[0]?.startNs ?? 0)
  const endNs = requests.reduce((last, request) => Math.max(last, request.endNs), 0)
  const seconds = (endNs - startNs) / NS_PER_SECOND
  const okBytes = answered.reduce((sum, request) => sum + request.bytes, 0)
  return {
    count: requests.length, okCount: answered.length, failedCount: requests.length - answered.length,
    failures: FAILURES.flatMap((cause) => {
      const count = counts.get(cause)
      return count === undefined ? [] : [{ cause, count }]
    }),
    answeredBy: [...servers].map(([server, count]) => ({ server, count })).sort((a, b) => compareNames(a.server, b.server)),
    okBytes, latency: latencyOf(answered), startNs, endNs,
    okBitsPerSecond: seconds > 0 ? okBytes * 8 / seconds : 0, okPerSecond: seconds > 0 ? answered.length / seconds : 0,
  }
}

/** Orders names by their letters and the numbers in them, so that `rs2` comes before `rs10`: a total order. */
export function compareNames(a: string, b: string): number {
  const [parts, others] = [a.split(/(\d+)/), b.split(/(\d+)/)]
  for (let i = 0; i < Math.min(parts.length, others.length); i++) {
    const [part = '', other = ''] = [parts[i], others[i]]
    // Every second part is a number.
    if (i % 2 === 1 && Number(part) !== Number(other)) return Number(part) - Number(other)
    if (part !== other) return part < other ? -1 : 1
  }
  return parts.length - others.length
}

function latencyOf(answered: readonly RequestRecord[]): LatencySummary | undefined {
  const sample = new Sample(answered.map(({ startNs, endNs }) => endNs - startNs))
  const meanNs = sample.mean()
  if (meanNs === undefined) return undefined
  const quantile = (share: number): number => present(sample.quantile(share), 'a quantile of something')
  return {
    count: sample.count, meanNs, p50Ns: quantile(0.5), p90Ns: quantile(0.9), p99Ns: quantile(0.99), maxNs: quantile(1),
  }
}
