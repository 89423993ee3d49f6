/**
 * What `lvsim bench table` came to, as numbers and as a table of text.
 * @module
 */
import type { ContestantName } from './bench-contestants.ts'
import type { Filled, Timing } from './bench-table-child.ts'

/** One contestant's numbers: medians of its rounds. Times are nanoseconds for each operation. */
export interface ContestantReport {
  readonly name: ContestantName
  /** CPU time of the process. */
  readonly cpuNs: number
  readonly cpuNsOfRounds: readonly number[]
  /** Longest less shortest round, as a share of the median. */
  readonly spread: number
  /** Wall time in groups of 1024 operations: the median, the 99th percentile, the slowest. */
  readonly percentilesNs: Timing['percentilesNs']
  /** The same for the insertions that filled the table. */
  readonly insertCpuNs: number
  readonly insertPercentilesNs: Timing['percentilesNs']
  /** Places of the index that a lookup looks at, on average; not known of a Map. */
  readonly probes: number | undefined
  /** Bytes of the index for each connection, and of the records; not known of a Map. */
  readonly indexBytes: number | undefined
  readonly recordBytes: number | undefined
  /** What the process grew by while the table was filled, for each connection. */
  readonly residentBytes: number
  readonly isGrowing: boolean
}

/** Everything that was measured, and how. */
export interface TableReport {
  readonly seed: number
  readonly connections: number
  readonly hitRate: number
  readonly distribution: string
  readonly churn: number
  readonly mode: string
  /** Pairs of client and service that were taken from a capture; 0 for made-up ones. */
  readonly flows: number
  readonly loadMax: number
  readonly tabBits: number
  readonly rounds: number
  readonly growing: boolean
  readonly contestants: readonly ContestantReport[]
}

/** The numbers of one contestant. */
export function contestantReport(
  name: ContestantName, connections: number, filled: Filled, timings: readonly Timing[],
): ContestantReport {
  const cpuNsOfRounds = timings.map((timing) => timing.cpuNs)
  const cpuNs = median(cpuNsOfRounds)
  const middle = (i: 0 | 1 | 2): number => median(timings.map((timing) => timing.percentilesNs[i]))
  return {
    name, cpuNs, cpuNsOfRounds, spread: (Math.max(...cpuNsOfRounds) - Math.min(...cpuNsOfRounds)) / cpuNs,
    percentilesNs: [middle(0), middle(1), middle(2)],
    insertCpuNs: filled.insert.cpuNs, insertPercentilesNs: filled.insert.percentilesNs, probes: filled.probes,
    indexBytes: perConnection(filled.bytes?.index, connections), recordBytes: perConnection(filled.bytes?.records, connections),
    residentBytes: filled.residentBytes / connections, isGrowing: filled.isGrowing,
  }
}

/** The report for a reader. */
export function tableText(report: TableReport): string {
  const { connections, hitRate, churn, distribution, mode, flows, loadMax, tabBits, rounds, growing } = report
  const from = flows === 0 ? 'made-up addresses' : `addresses of ${flows} captured pairs`
  const first = report.contestants[0] as ContestantReport
  return [
    `${connections} connections (${mode}, ${from}), seed ${report.seed}`,
    `${percent(hitRate)} hits, ${distribution}, ${percent(churn)} churn`,
    `slots filled to ${loadMax}${growing && first.isGrowing ? ', half way through growth' : ''}; chains of 2^${tabBits} buckets`,
    '',
    '             --- CPU ---  ----- wall, ns -----           ---- insert, ns ----  bytes per connection',
    'table        ns/op  ratio    p50    p99   slowest  probes     CPU  p99   slowest  index record resident',
    ...report.contestants.map((each) => row(each, first)),
    '',
    `Medians of ${rounds} rounds in turn. Wall times are those of groups of 1024 operations, divided; insert fills the table.`,
    '',
  ].join('\n')
}

function row(each: ContestantReport, first: ContestantReport): string {
  const whole = (value: number | undefined, width: number): string => (value?.toFixed(0) ?? '-').padStart(width)
  return [
    each.name.padEnd(12),
    whole(each.cpuNs, 5), `${(each.cpuNs / first.cpuNs).toFixed(2)}x`.padStart(6),
    ...[6, 6, 9].map((width, i) => whole(each.percentilesNs[i], width)),
    (each.probes?.toFixed(2) ?? '-').padStart(7),
    whole(each.insertCpuNs, 7), whole(each.insertPercentilesNs[1], 5), whole(each.insertPercentilesNs[2], 9),
    whole(each.indexBytes, 6), whole(each.recordBytes, 6), whole(each.residentBytes, 8),
  ].join(' ')
}

function perConnection(bytes: number | undefined, connections: number): number | undefined {
  return bytes === undefined ? undefined : bytes / connections
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2
}
