/**
 * The fairness of schedulers as text for people: one column for each scheduler, one row for each figure; then in words what
 * differs, and where there are too few connections to say.
 * @module
 */
import type { Distribution } from '../fairness/distribution.ts'
import type { FairnessResult, FairnessSetting, SchedulerFairness, ServerFairness } from '../fairness/result.ts'
import type { Estimate } from '../measure/batches.ts'
import { type DelaySummary, delaysNeeded } from '../measure/delays.ts'
import type { PickWindow } from '../measure/pick-windows.ts'
import { formatDuration, threeDigits } from '../scenario/duration-text.ts'
import { fairnessSentences } from './fairness-words.ts'
import { formatCount, formatShare, plural } from './quantity-text.ts'
import type { TextOptions } from './style.ts'
import { tableLines } from './table.ts'

/** More servers than that are not listed one by one. */
const LISTED_SERVERS_MAX = 12

/** The whole report, each line ended. */
export function fairnessText(result: FairnessResult, options: TextOptions): string {
  const { style, isAscii } = options
  const { setting, schedulers } = result
  const [title = '', ...rest] = headLines(result)
  const [head = '', ...body] = tableLines(tableOf(result), ['left', 'right'])
  const words = fairnessSentences(result).map((sentence) => `- ${sentence}`)
  const notes = noteLines(setting, schedulers)
  const lines = [style.bold(title), ...rest.map(style.dim), '', style.bold(head), ...body, '', ...notes, ...words]
  const text = `${lines.join('\n')}\n`
  return isAscii ? text.replaceAll('\u00b1', '+-').replaceAll('\u00d7', 'x') : text
}

function headLines({ level, setting, schedulers }: FairnessResult): string[] {
  const { seed, count, warmUpCount, batchCount, arrivals, ratePerSecond, load, work, discipline, workers } = setting
  const { clients, persistenceSeconds, finSeconds } = setting
  const law = arrivals.law === 'pareto' ? `pareto (shape ${arrivals.shape})` : arrivals.law
  const servers = plural(schedulers[0]?.servers.length ?? 0, 'server')
  const how = workers === undefined ? 'at which nobody waits'
    : `of ${plural(workers, 'worker')} each, ${discipline === 'fcfs' ? 'first come first served' : 'shared by all at once'}`
  return [
    `${schedulers.map(({ scheduler }) => scheduler).join(', ')}: the same ${formatCount(count)} connections, seed ${seed}`
      + (level === 'packet' ? ', packet by packet' : ''),
    `arrivals ${law}, ${threeDigits(ratePerSecond)}/s; work ${describeWork(work)}; ${servers} ${how}`
      + (load === undefined ? '' : `; load ${formatShare(load)}`),
    `${plural(clients, 'client')}${persistenceSeconds === undefined ? '' : `, persistent for ${persistenceSeconds} s`}; `
      + `inactive for ${finSeconds} s after the end`,
    `the last ${formatCount(count - warmUpCount)} count; \u00b1 is half of a 95% confidence interval, from ${batchCount} batches`,
  ]
}

/** A law of times in words, such as `exponential 100 ms`. */
export function describeWork(work: Distribution): string {
  switch (work.law) {
    case 'uniform': return `uniform ${formatDuration(work.fromNs)} to ${formatDuration(work.toNs)}`
    case 'pareto': return `pareto ${formatDuration(work.meanNs)} (shape ${work.shape})`
    case 'lognormal': return `lognormal ${formatDuration(work.meanNs)} (cv ${work.cv})`
    default: return `${work.law} ${formatDuration(work.meanNs)}`
  }
}

function tableOf({ setting, schedulers }: FairnessResult): string[][] {
  const rows: string[][] = [['', 'by weight', ...schedulers.map(({ scheduler }) => scheduler)]]
  const row = (title: string, target: string, cell: (of: SchedulerFairness) => string): void => {
    rows.push([title, target, ...schedulers.map(cell)])
  }
  const servers = schedulers[0]?.servers ?? []
  if (servers.length <= LISTED_SERVERS_MAX) addServers(row, servers)
  else addExtremes(row)
  row('Jain index', formatIndex(1), ({ jain }) => formatIndex(jain))
  row('max / mean', formatIndex(1), ({ maxOverMean }) => formatIndex(maxOverMean))
  row(`most of any ${formatCount(setting.windowPicks)}`, '', ({ most, servers: own }) => describeWindow(most, own))
  row(`least of any ${formatCount(setting.windowPicks)}`, '', ({ least, servers: own }) => describeWindow(least, own))
  if (schedulers.some(({ refused }) => refused > 0)) row('refused', '', ({ refused }) => formatCount(refused))
  addDelays(row, 'wait', schedulers, ({ wait }) => wait)
  addDelays(row, 'response', schedulers, ({ response }) => response)
  return rows
}

type AddRow = (title: string, target: string, cell: (of: SchedulerFairness) => string) => void

function addServers(row: AddRow, servers: readonly ServerFairness[]): void {
  const one = ({ servers: own }: SchedulerFairness, index: number): ServerFairness => own[index] as ServerFairness
  for (const [i, { name, weight, targetShare }] of servers.entries()) {
    const target = `${(targetShare * 100).toFixed(2)}%`
    row(`share of ${name} (weight ${weight})`, target, (of) => formatShareEstimate(one(of, i).share))
  }
  for (const [i, { name, speed, load }] of servers.entries()) {
    if (load === undefined) continue
    const speedText = Number.isInteger(speed) ? String(speed) : threeDigits(speed)
    row(`load of ${name} (speed ${speedText})`, '', (of) => formatShareEstimate(one(of, i).load))
  }
}

/** Of many servers, those that got least and most for their weight, and who has most work. */
function addExtremes(row: AddRow): void {
  const ratioOf = ({ share, targetShare }: ServerFairness): number => share.value / targetShare
  const sorted = ({ servers }: SchedulerFairness): ServerFairness[] => (
    servers.filter(({ weight }) => weight > 0).sort((a, b) => ratioOf(a) - ratioOf(b)))
  const cell = (server: ServerFairness | undefined): string => (
    server === undefined ? '-' : `${server.name} \u00d7${ratioOf(server).toFixed(3)}`)
  row('least share for its weight', '\u00d71', (of) => cell(sorted(of)[0]))
  row('most share for its weight', '\u00d71', (of) => cell(sorted(of).at(-1)))
  row('highest load', '', ({ servers }) => {
    const loads = servers.flatMap(({ load }) => load ?? [])
    return formatShareEstimate(loads.sort((a, b) => b.value - a.value)[0])
  })
}

function addDelays(
  row: AddRow, title: string, schedulers: readonly SchedulerFairness[],
  of: (scheduler: SchedulerFairness) => DelaySummary | undefined,
): void {
  if (schedulers.every((scheduler) => of(scheduler) === undefined)) return
  const estimate = (name: string, pick: (delays: DelaySummary) => Estimate): void => row(`${title} ${name}`, '', (scheduler) => {
    const delays = of(scheduler)
    if (delays === undefined) return '-'
    if (scheduler.overloaded.length > 0) return 'grows'
    return formatTimeEstimate(pick(delays))
  })
  estimate('mean', ({ mean }) => mean)
  estimate('p50', ({ p50 }) => p50)
  estimate('p99', ({ p99 }) => p99)
  estimate('p99.9', ({ p999 }) => p999)
}

/** What `±?` means, where there is one. */
function noteLines({ batchCount, count, warmUpCount }: FairnessSetting, schedulers: readonly SchedulerFairness[]): string[] {
  const isThere = schedulers.some(({ response, overloaded }) => (
    overloaded.length === 0 && response !== undefined && [response.p50, response.p99, response.p999].some(isOpen)))
  if (!isThere) return []
  const all = count / (count - warmUpCount)
  const needed = (share: number): string => formatCount(Math.ceil(delaysNeeded(share, batchCount) * all))
  return [`\u00b1?: too few connections for an interval; p99 takes ${needed(0.99)} of them at least, p99.9 ${needed(0.999)}`, '']
}

function isOpen({ halfWidth }: Estimate): boolean {
  return halfWidth === undefined
}

function formatTimeEstimate({ value, halfWidth }: Estimate): string {
  return `${formatDuration(value)} \u00b1${halfWidth === undefined ? '?' : ` ${formatDuration(halfWidth)}`}`
}

function formatShareEstimate(estimate: Estimate | undefined): string {
  if (estimate === undefined) return '-'
  const { value, halfWidth } = estimate
  return `${(value * 100).toFixed(2)}% \u00b1${halfWidth === undefined ? '?' : ` ${(halfWidth * 100).toFixed(2)}`}`
}

function describeWindow(window: PickWindow | undefined, servers: readonly ServerFairness[]): string {
  return window === undefined ? '-' : `${servers[window.member]?.name ?? ''} \u00d7${window.ratio.toFixed(2)}`
}

function formatIndex(index: number): string {
  return index.toFixed(4)
}
