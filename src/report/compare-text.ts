/**
 * The modes of a cluster side by side: one column for each run, one row for each figure.
 * @module
 */
import type { Bottleneck, ModeSummary } from '../scenario/comparison.ts'
import { formatDuration } from '../scenario/duration-text.ts'
import { printable } from '../scenario/problems.ts'
import type { RunResult } from '../scenario/result.ts'
import { compareNames, FAILURES } from '../scenario/traffic-summary.ts'
import { formatBitRate, formatCount, formatShare, plural } from './quantity-text.ts'
import { failureLines, warningLines } from './run-text.ts'
import type { TextOptions } from './style.ts'
import { tableLines } from './table.ts'

/** A run and its figures. */
export interface ComparedMode {
  readonly result: RunResult
  readonly summary: ModeSummary
}

/** The table, then how each mode met its expectations; each line ended. Bytes are of frames, link headers included. */
export function compareText(modes: readonly ComparedMode[], options: TextOptions): string {
  const { style } = options
  const first = modes[0]?.result
  if (first === undefined) return 'nothing to compare\n'
  const [head = '', ...body] = tableLines(tableOf(modes.map(({ summary }) => summary)), ['left', 'right'])
  const lines = [
    style.bold(`${printable(first.scenario)}: ${plural(modes.length, 'mode')}, same traffic, seed ${printable(first.seed)}`),
    '', style.bold(head), ...body, '',
    ...modes.flatMap(({ result }) => [
      `${nameOf(result)}: ${heldText(result)}`,
      ...[...warningLines(result, style), ...failureLines(result, options)].map((line) => `  ${line}`),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function tableOf(modes: readonly ModeSummary[]): string[][] {
  const rows: string[][] = [['', ...modes.map(nameOf)]]
  const row = (title: string, cell: (mode: ModeSummary) => string): void => {
    rows.push([title, ...modes.map(cell)])
  }
  const count = (title: string, value: (mode: ModeSummary) => number): void => row(title, (mode) => formatCount(value(mode)))
  const time = (title: string, value: (mode: ModeSummary) => number | undefined): void => row(title, (mode) => {
    const ns = value(mode)
    return ns === undefined ? '-' : formatDuration(ns)
  })
  count('requests', ({ requests }) => requests.count)
  count('ok', ({ requests }) => requests.okCount)
  const causes = new Set(modes.flatMap(({ requests }) => requests.failures.map(({ cause }) => cause)))
  for (const cause of FAILURES) {
    if (!causes.has(cause)) continue
    count(`failed: ${cause}`, ({ requests }) => countOf(requests.failures, (one) => one.cause === cause))
  }
  const servers = new Set(modes.flatMap(({ requests }) => requests.answeredBy.map(({ server }) => server)))
  for (const server of [...servers].sort(compareNames)) {
    count(`answered by ${server}`, ({ requests }) => countOf(requests.answeredBy, (one) => one.server === server))
  }
  time('latency p50', ({ requests }) => requests.latency?.p50Ns)
  time('latency p90', ({ requests }) => requests.latency?.p90Ns)
  time('latency p99', ({ requests }) => requests.latency?.p99Ns)
  row('throughput', ({ requests }) => formatBitRate(requests.okBitsPerSecond))
  count('packets into director', ({ director }) => director.into.packets)
  count('packets out of director', ({ director }) => director.outOf.packets)
  count('bytes into director', ({ director }) => director.into.bytes)
  count('bytes out of director', ({ director }) => director.outOf.bytes)
  if (modes.some(({ director }) => director.cpu !== undefined)) {
    row('CPU of director', ({ director }) => director.cpu === undefined ? '-' : formatShare(director.cpu.share))
    row('longest queue of it', ({ director }) => director.cpu === undefined ? '-' : formatCount(director.cpu.queuePeakFrames))
  }
  row('bottleneck', ({ bottleneck }) => bottleneckText(bottleneck))
  for (const group of new Set(modes.flatMap(({ frames }) => frames.map((one) => one.group)))) {
    row(`frames on ${group}`, ({ frames }) => {
      const found = frames.find((one) => one.group === group)
      return found === undefined ? '-' : formatCount(found.count)
    })
  }
  count('ARP requests', ({ arp }) => arp.requests)
  count('ARP replies', ({ arp }) => arp.replies)
  const reasons = new Set(modes.flatMap(({ drops }) => drops.map(({ reason }) => reason)))
  for (const reason of [...reasons].sort(compareNames)) {
    count(`dropped: ${reason}`, ({ drops }) => countOf(drops, (one) => one.reason === reason))
  }
  count('frames lost', ({ lostFrames }) => lostFrames)
  row('hash', ({ hash }) => hash)
  return rows
}

function countOf<T extends { readonly count: number }>(counts: readonly T[], isMeant: (one: T) => boolean): number {
  return counts.find(isMeant)?.count ?? 0
}

function bottleneckText(bottleneck: Bottleneck | undefined): string {
  if (bottleneck === undefined) return '-'
  return `${bottleneck.kind === 'cpu' ? `CPU of ${bottleneck.name}` : bottleneck.name} ${formatShare(bottleneck.share)}`
}

function nameOf({ mode }: { readonly mode: string | undefined }): string {
  return mode ?? 'as it is'
}

function heldText({ checks }: RunResult): string {
  return `${checks.filter(({ passed }) => passed).length} of ${plural(checks.length, 'expectation')} held`
}
