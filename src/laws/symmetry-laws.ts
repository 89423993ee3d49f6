/**
 * Laws of symmetry: what may be changed about a service without changing its picks.
 * @module
 */
import fc from 'fast-check'
import {
  connection, counters, ending, everydayLife, overloading, plainConnection, trials, weights,
} from './arbitraries.ts'
import { Bench, played } from './bench.ts'
import type { Candidate } from './candidate.ts'
import type { LawText } from './law.ts'
import { connects, letterOf, lettersOf, sumOf, type Trial, trialOf } from './trial.ts'

/** The names of these laws. */
export type SymmetryLawName = 'order-of-adding' | 'scaled-weights' | 'unweighted' | 'idle-edit'

const FACTORS = [2, 3, 10]

/** Laws of symmetry. */
export const SYMMETRY_LAWS: readonly LawText<SymmetryLawName>[] = [
  {
    name: 'order-of-adding', group: 'symmetry',
    claim: 'Of connections that are held, as many as the sum of all weights times the number of servers, each server has as many '
      + 'in whatever order the servers were added.',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc', 'lblcr', 'sed', 'nq', 'ovf'],
    trials: fc.tuple(weights({ servers: [2, 4], weight: [1, 6] }), fc.nat(999)).map(([all, client]) => (
      trialOf(all, connects(all.length * sumOf(all), { client, target: client })))),
    judge: judgeOrderOfAdding,
  },
  {
    name: 'scaled-weights', group: 'symmetry', claim: 'All weights times 2, 3 or 10 give the same picks.',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc', 'dh', 'sed', 'nq', 'fo', 'mh'],
    trials: trials({}, fc.oneof(
      { weight: 8, arbitrary: connection() }, { weight: 2, arbitrary: ending }, { weight: 2, arbitrary: counters },
      { weight: 2, arbitrary: overloading },
    )),
    judge: judgeScaledWeights,
  },
  {
    name: 'unweighted', group: 'symmetry', claim: 'All weights above 0 might as well be 1.',
    holdsFor: ['rr', 'lc', 'dh'], trials: trials({}, everydayLife), judge: judgeUnweighted,
  },
  {
    name: 'idle-edit', group: 'symmetry', claim: 'An edit that gives a server the weight it has changes no pick.',
    holdsFor: ['rr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos'],
    trials: trials({}, fc.oneof(
      { weight: 4, arbitrary: connection() }, { weight: 4, arbitrary: plainConnection(['held', 'closed', 'gone']) },
      { weight: 1, arbitrary: counters },
    ), { steps: [0, 15] }),
    judge: judgeIdleEdit,
  },
]

function judgeOrderOfAdding(candidate: Candidate, trial: Trial): string | undefined {
  const usual = trial.weights.map((_, server) => server)
  const countsIn = (order: readonly number[]): number[] => {
    const { picks } = played(candidate, trial, order)
    return usual.map((server) => picks.filter((picked) => picked === server).length)
  }
  const expected = countsIn(usual)
  for (const order of [usual.toReversed(), [...usual.slice(1), 0]]) {
    const counts = countsIn(order)
    const server = usual.find((one) => counts[one] !== expected[one])
    if (server !== undefined) {
      return `of ${trial.steps.length} picks ${letterOf(server)} has ${expected[server]}, and ${counts[server]} where the order `
        + `of adding is ${lettersOf(order)}`
    }
  }
  return undefined
}

function judgeScaledWeights(candidate: Candidate, trial: Trial): string | undefined {
  const picks = lettersOf(played(candidate, trial).picks)
  for (const factor of FACTORS) {
    const weights = trial.weights.map((weight) => weight * factor)
    const scaled = lettersOf(played(candidate, { ...trial, weights }).picks)
    if (scaled !== picks) return `the picks are ${picks}, and ${scaled} with weights times ${factor}`
  }
  return undefined
}

function judgeUnweighted(candidate: Candidate, trial: Trial): string | undefined {
  const picks = lettersOf(played(candidate, trial).picks)
  const even = lettersOf(played(candidate, { ...trial, weights: trial.weights.map((weight) => Math.min(1, weight)) }).picks)
  return picks === even ? undefined : `the picks are ${picks}, and ${even} with all weights 1`
}

function judgeIdleEdit(candidate: Candidate, trial: Trial): string | undefined {
  const picks = lettersOf(played(candidate, trial).picks)
  const bench = new Bench(candidate, trial)
  for (const step of trial.steps) {
    bench.play(step)
    for (const [server, { weight }] of bench.servers.entries()) bench.play({ kind: 'weigh', server, weight })
  }
  const edited = lettersOf(bench.picks)
  return picks === edited ? undefined : `the picks are ${picks}, and ${edited} if each is followed by such edits of all servers`
}
