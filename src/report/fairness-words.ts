/**
 * What the fairness of schedulers means, in sentences: who got what his weight asks for and who did not, who has more work than
 * he can do, who answers soonest, and what cannot be told from so few connections.
 * @module
 */
import { squaredVariationOf } from '../fairness/distribution.ts'
import type { FairnessComparison, FairnessResult, SchedulerFairness, ServerFairness } from '../fairness/result.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import { formatDuration } from '../scenario/duration-text.ts'
import { formatCount, formatShare, plural } from './quantity-text.ts'

/** A share that certainly differs from its target by more than this part of it is worth a word. */
const OFF_SHARE = 0.02
const NAMED_SERVERS_MAX = 3

/** Why a scheduler of Linux may leave the weights: what it goes by. */
const GOES_BY: Readonly<Record<string, string>> = {
  rr: 'it goes round, whatever the weights',
  lc: 'it counts connections, whatever the weights',
  wlc: 'it evens out the connections that are there, not those that come',
  sed: 'it sends each connection where it should be over soonest',
  nq: 'it takes an idle server, whatever the weights, while there is one',
  sh: 'it goes by the address of the client, in 256 slots',
  mh: 'it goes by the address of the client',
  dh: 'it goes by the virtual address, and there is one',
  lblc: 'it goes by the virtual address, and there is one',
  lblcr: 'it goes by the virtual address, and there is one',
  fo: 'it takes the highest weight, and the others only when that one is out',
  ovf: 'it fills the highest weight before it takes the next',
  twos: 'it draws two servers by weight, and takes the one with fewer connections',
}

/** Schedulers of Linux that look at inactive connections. */
const COUNTS_INACTIVE = ['lc', 'wlc', 'lblc', 'lblcr', 'twos']

/** The sentences: of each scheduler, then of them against each other. */
export function fairnessSentences(result: FairnessResult): string[] {
  const { schedulers, best } = result
  return [
    ...fillingSentence(result), ...varianceSentence(result),
    ...schedulers.flatMap((scheduler) => [
      ...refusedSentence(scheduler), ...shareSentence(scheduler, result), ...overloadSentence(scheduler),
      ...settledSentence(scheduler),
    ]),
    ...bestSentence(schedulers.find(({ scheduler }) => scheduler === best), result),
    ...result.comparisons.map((comparison) => comparisonSentence(comparison, schedulers)),
  ]
}

/** The table fills up for as long as connections stay in it, and some schedulers look at those that do. */
function fillingSentence({ schedulers, setting }: FairnessResult): string[] {
  const { warmUpCount, ratePerSecond, finSeconds } = setting
  const lookers = schedulers.filter(({ scheduler }) => COUNTS_INACTIVE.includes(scheduler)).map(({ scheduler }) => scheduler)
  const warmUpNs = warmUpCount / ratePerSecond * NS_PER_SECOND
  if (lookers.length === 0 || warmUpNs >= finSeconds * NS_PER_SECOND) return []
  return [
    `The ${formatDuration(warmUpNs)} that do not count are shorter than the ${finSeconds} s for which connections `
      + `stay inactive, and ${lookers.join(', ')} would count these: the table is still filling. It takes more connections.`,
  ]
}

/** Under Pollaczek and Khinchine's formula the mean wait grows with the variance of the work. */
function varianceSentence({ setting }: FairnessResult): string[] {
  if (setting.discipline !== 'fcfs' || setting.workers === undefined || squaredVariationOf(setting.work) < Infinity) return []
  return ['Work of this shape, 2 or less, has no variance: the mean wait grows with the length of the run. Look at quantiles.']
}

function refusedSentence({ scheduler, refused, picked }: SchedulerFairness): string[] {
  return refused === 0 ? [] : [`${scheduler} refuses ${formatShare(refused / (refused + picked))} of the connections.`]
}

function shareSentence({ scheduler, servers, picked }: SchedulerFairness, { setting }: FairnessResult): string[] {
  if (picked === 0) return []
  const off = servers.filter(isOff).sort((a, b) => offBy(b) - offBy(a))
  if (off.length === 0) {
    const widest = servers.reduce((most, server) => Math.max(most, offBy(server) + (server.share.halfWidth ?? 0)), 0)
    const within = widest < 0.00005 ? 'exactly' : `to within ${points(widest)}`
    return [`${scheduler} gives every server what its weight asks for, ${within}.`]
  }
  const worst = servers.filter((server) => off.slice(0, NAMED_SERVERS_MAX).includes(server))
  const named = worst.map(({ name, share, targetShare }, i) => (
    `${name} ${formatShare(share.value)} (${i === 0 ? 'its weight asks for ' : ''}${formatShare(targetShare)})`))
  const unnamed = off.length - NAMED_SERVERS_MAX
  const more = unnamed > 0 ? `, and ${plural(unnamed, 'server')} more something else` : ''
  const why = GOES_BY[scheduler]
  const persistent = setting.persistenceSeconds === undefined ? '' : ', and clients stay where they are'
  return [`${scheduler} gives ${named.join(', ')}${more}${why === undefined ? '' : `: ${why}${persistent}`}.`]
}

function overloadSentence({ scheduler, overloaded, servers }: SchedulerFairness): string[] {
  if (overloaded.length === 0) return []
  const named = servers.filter(({ name }) => overloaded.includes(name)).slice(0, NAMED_SERVERS_MAX)
    .map(({ name, load }, i) => `${name} (${formatShare(load?.value ?? 0)}${i === 0 ? ' of what it can do' : ''})`)
  const more = overloaded.length > NAMED_SERVERS_MAX ? ` and ${overloaded.length - NAMED_SERVERS_MAX} more` : ''
  return [
    `${scheduler} gives more work than can be done to ${named.join(', ')}${more}: the queues grow as long as connections come, `
      + 'and its delays would say only how long this run was.',
  ]
}

function settledSentence({ scheduler, isSettled, overloaded }: SchedulerFairness): string[] {
  if (isSettled || overloaded.length > 0) return []
  return [
    `Under ${scheduler} the delays of one batch follow those of the one before: the run is too short, its intervals too narrow.`,
  ]
}

function bestSentence(best: SchedulerFairness | undefined, { schedulers }: FairnessResult): string[] {
  if (best?.response === undefined || schedulers.length === 1) return []
  const { value, halfWidth } = best.response.mean
  const range = halfWidth === undefined ? '' : ` \u00b1 ${formatDuration(halfWidth)}`
  return [`${best.scheduler} answers soonest: ${formatDuration(value)}${range} on average.`]
}

function comparisonSentence(
  { scheduler, than, difference, verdict, connectionsNeeded }: FairnessComparison, schedulers: readonly SchedulerFairness[],
): string {
  const { value, halfWidth = 0 } = difference
  const range = `${formatDuration(Math.abs(value))} \u00b1 ${formatDuration(halfWidth)}`
  switch (verdict) {
    case 'alike': return `${scheduler} and ${than} answer alike: less than 1% apart.`
    case 'slower': {
      const mean = schedulers.find((one) => one.scheduler === than)?.response?.mean.value ?? Infinity
      return `${scheduler} takes ${range} longer than ${than}, ${formatShare(value / mean)} of its time.`
    }
    case 'unclear': {
      const needed = connectionsNeeded === undefined ? '' : `; some ${formatCount(rounded(connectionsNeeded))} would`
      return `Between ${scheduler} and ${than} these connections are too few to tell, ${range}${needed}.`
    }
  }
}

/** Off its target for certain, and by so much that it matters. */
function isOff(server: ServerFairness): boolean {
  return offBy(server) - (server.share.halfWidth ?? 0) > OFF_SHARE * server.targetShare
}

function offBy({ share, targetShare }: ServerFairness): number {
  return Math.abs(share.value - targetShare)
}

function points(share: number): string {
  return `${(share * 100).toFixed(share < 0.001 ? 2 : 1)} points`
}

/** To two digits, upwards. */
function rounded(count: number): number {
  let unit = 1
  while (count / unit > 100) unit *= 10
  return Math.ceil(count / unit) * unit
}
