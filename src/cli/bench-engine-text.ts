/**
 * What `lvsim bench engine` reports, and how a reader gets it.
 * @module
 */
import { nsToSeconds } from '../base/units.ts'
import type { EngineBenchOptions, EngineBenchResult } from '../scenario/bench-engine.ts'

/** What ran, what it came to, and what it cost. */
export interface EngineReport extends EngineBenchOptions, EngineBenchResult {
  /** CPU time of every round, the one that is not counted first. */
  readonly cpuSeconds: readonly number[]
  /** Of the counted rounds. */
  readonly medianCpuSeconds: number
  readonly hopsPerCpuSecond: number
  readonly answersPerCpuSecond: number
  readonly nsPerHop: number
  /** Longest less shortest counted round, as a share of the median. */
  readonly spread: number
  /** Of connections that stay: at both ends and on the director. */
  readonly bytesPerConnection?: number
}

const NOUNS = { udp: 'requests', tcp: 'flows', hold: 'connections' } as const

/** The report for a reader. */
export function engineText(report: EngineReport): string {
  const { traffic = 'udp', network = 'ptp', forward = 'route', servers, requests, hops, answers, lost, events, hash } = report
  const scenario = [traffic, network, forward].join(' ')
  const ofOther = traffic === 'udp' ? [] : [`${report.answersPerCpuSecond} ${NOUNS[traffic]} per CPU second`]
  if (report.bytesPerConnection !== undefined) {
    const where = forward === 'route' ? 'at both ends' : 'at both ends and on the director'
    ofOther.push(`${report.bytesPerConnection.toFixed(0)} bytes per connection, ${where}`)
  }
  return [
    `${scenario}: ${servers} servers, ${requests} ${NOUNS[traffic]}, ${hops} packet-hops`,
    '',
    'round        CPU s   ns/hop   hops per CPU second',
    ...report.cpuSeconds.map((seconds, i) => row(nameOf(i, report.cpuSeconds.length), seconds, hops)),
    row('median', report.medianCpuSeconds, hops),
    '',
    ...ofOther,
    `answers ${answers}, lost ${lost}, events ${events}, end ${nsToSeconds(report.endNs).toFixed(6)} s, hash ${hash}`,
    '',
  ].join('\n')
}

function nameOf(round: number, rounds: number): string {
  if (rounds === 1) return 'cold'
  return round === 0 ? 'warm-up' : String(round)
}

function row(name: string, seconds: number, hops: number): string {
  const cost = [seconds.toFixed(3).padStart(8), (seconds / hops * 1e9).toFixed(0).padStart(7)]
  return [name.padEnd(7), ...cost, (hops / seconds).toFixed(0).padStart(12)].join('  ')
}
