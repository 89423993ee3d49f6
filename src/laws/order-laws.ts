/**
 * Laws of order: fo and ovf go by the weights as by ranks, and what more weight must not do.
 * @module
 */
import fc from 'fast-check'
import { connection, counters, overloading, trials, weighing, weights } from './arbitraries.ts'
import { Bench, type Look, played } from './bench.ts'
import type { Candidate } from './candidate.ts'
import type { LawText } from './law.ts'
import { connects, letterOf, sumOf, type Trial, trialOf, whoOf } from './trial.ts'

/** The names of these laws. */
export type OrderLawName = 'failover-order' | 'overflow-order' | 'heavier-no-fewer'

const ranked = trials({ weight: [0, 5] }, fc.oneof(
  { weight: 6, arbitrary: connection() }, { weight: 3, arbitrary: counters }, { weight: 3, arbitrary: overloading },
  { weight: 2, arbitrary: weighing },
))

/** Laws of order. */
export const ORDER_LAWS: readonly LawText<OrderLawName>[] = [
  {
    name: 'failover-order', group: 'order',
    claim: 'Of those that can be picked the one of the greatest weight is, the first listed of equals.',
    holdsFor: ['fo'], trials: ranked, judge: picksHeaviest(() => true),
  },
  {
    name: 'overflow-order', group: 'order',
    claim: 'Of those that can be picked and have no more active connections than their weight the one of the greatest weight is, '
      + 'the first listed of equals; nobody when there is none.',
    holdsFor: ['ovf'], trials: ranked, judge: picksHeaviest(({ activeConns, weight }) => activeConns <= weight),
  },
  {
    name: 'heavier-no-fewer', group: 'order',
    claim: 'Of W (W + 1) connections that are held, W being the sum of all weights, one more weight never costs a server any.',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sed', 'nq', 'fo', 'ovf'],
    undecided: ['mh', 'twos'],
    trials: fc.tuple(weights({ servers: [2, 4], weight: [1, 4] }), fc.nat(999)).map(([all, client]) => {
      const sum = sumOf(all)
      return trialOf(all, connects(sum * (sum + 1), { client, target: client }), { draw: client })
    }),
    trialsShare: 0.5, judge: judgeHeavier,
  },
]

interface Ranked {
  readonly activeConns: number
  readonly weight: number
}

/** Judges every pick against the heaviest of those that may have it. */
function picksHeaviest(mayHave: (server: Ranked) => boolean): LawText['judge'] {
  const look: Look = (bench, picked) => {
    let due: number | undefined
    for (const destination of bench.list) {
      const server = bench.numberOf(destination)
      if (!bench.isOpen(server) || !mayHave(destination)) continue
      if (due === undefined || destination.weight > (bench.servers[due]?.weight ?? 0)) due = server
    }
    if (due === picked) return undefined
    return `${whoOf(picked)} was picked, and ${whoOf(due)} is due`
  }
  return (candidate, trial) => new Bench(candidate, trial).playAll(trial.steps, look)
}

function judgeHeavier(candidate: Candidate, trial: Trial): string | undefined {
  const countOf = (weights: readonly number[], server: number): number => (
    played(candidate, { ...trial, weights }).picks.filter((picked) => picked === server).length)
  for (const [server, weight] of trial.weights.entries()) {
    const [before, after] = [countOf(trial.weights, server), countOf(trial.weights.with(server, weight + 1), server)]
    if (after < before) {
      return `${letterOf(server)} has ${before} of ${trial.steps.length} picks at weight ${weight}, and ${after} at ${weight + 1}`
    }
  }
  return undefined
}
