/**
 * Laws of every scheduler: who must not be picked, when somebody must be, and that nothing but the service counts.
 * @module
 */
import fc from 'fast-check'
import { anything, connection, overloading, trials, weighing } from './arbitraries.ts'
import { Bench, type Look, played } from './bench.ts'
import { type Candidate, LINUX_SCHEDULERS } from './candidate.ts'
import type { LawText } from './law.ts'
import { connects, letterOf, lettersOf, type Trial } from './trial.ts'

/** The names of these laws. */
export type CommonLawName =
  'drained' | 'overloaded' | 'removed' | 'serves' | 'fallback' | 'replay' | 'strangers'

const anyTrial = trials({ servers: [0, 5] }, anything, { flags: fc.nat(3) })
const unevenTrial = (flags: number): fc.Arbitrary<Trial> => trials({}, fc.oneof(
  { weight: 8, arbitrary: connection() }, { weight: 3, arbitrary: overloading }, { weight: 1, arbitrary: weighing },
), { flags: fc.constant(flags) })

/** A law that looks at every pick of a trial by itself. */
function everyPick(look: Look): Pick<LawText, 'judge'> {
  return { judge: (candidate, trial) => new Bench(candidate, trial).playAll(trial.steps, look) }
}

const servesSomebody: Look = (bench, picked) => {
  if (picked !== undefined) return undefined
  const open = bench.servers.findIndex((_, server) => bench.isOpen(server))
  return open < 0 ? undefined : `nobody was picked, though ${letterOf(open)} could be`
}

/** Laws of every scheduler. */
export const COMMON_LAWS: readonly LawText<CommonLawName>[] = [
  {
    name: 'drained', group: 'every scheduler', claim: 'A server of weight 0 is never picked.',
    holdsFor: LINUX_SCHEDULERS, trials: anyTrial,
    ...everyPick(({ servers }, picked) => (
      picked !== undefined && servers[picked]?.weight === 0 ? `${letterOf(picked)} was picked at weight 0` : undefined)),
  },
  {
    name: 'overloaded', group: 'every scheduler', claim: 'A server that is overloaded (`ipvsadm -x`) is never picked.',
    holdsFor: LINUX_SCHEDULERS.filter((name) => name !== 'lblc'),
    trials: anyTrial,
    ...everyPick(({ servers }, picked) => (
      picked !== undefined && servers[picked]?.overloaded === true ? `${letterOf(picked)} was picked, overloaded` : undefined)),
  },
  {
    name: 'removed', group: 'every scheduler', claim: 'A server that was removed is never picked.',
    holdsFor: LINUX_SCHEDULERS, trials: anyTrial,
    ...everyPick(({ servers }, picked) => (
      picked !== undefined && servers[picked]?.available === false ? `${letterOf(picked)} was picked, removed` : undefined)),
  },
  {
    name: 'serves', group: 'every scheduler', claim: 'Somebody is picked whenever anybody can be (without flags).',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sed', 'nq', 'fo', 'twos'],
    trials: unevenTrial(0), ...everyPick(servesSomebody),
  },
  {
    name: 'fallback', group: 'every scheduler',
    claim: 'With flag-1 (sh-fallback, mh-fallback) somebody is picked whenever anybody can be.',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sh', 'sed', 'nq', 'fo', 'mh', 'twos'],
    trials: unevenTrial(1), ...everyPick(servesSomebody),
  },
  {
    name: 'replay', group: 'every scheduler', claim: 'The same happenings and the same seed give the same picks.',
    holdsFor: LINUX_SCHEDULERS, trials: anyTrial, judge: judgeReplay,
  },
  {
    name: 'strangers', group: 'every scheduler', claim: 'What happens to another service of the same scheduler changes no pick.',
    holdsFor: LINUX_SCHEDULERS, trials: anyTrial, judge: judgeStrangers,
  },
]

function judgeReplay(candidate: Candidate, trial: Trial): string | undefined {
  const [first, second] = [played(candidate, trial).picks, played(candidate, trial).picks].map(lettersOf)
  return first === second ? undefined : `the picks were ${first} once, and ${second} another time`
}

function judgeStrangers(candidate: Candidate, trial: Trial): string | undefined {
  const alone = lettersOf(played(candidate, trial).picks)
  const [bench, other] = [new Bench(candidate, trial), new Bench(candidate, { ...trial, weights: [2, 1] })]
  for (const step of trial.steps) {
    other.playAll(connects(1, { client: 99 }))
    bench.play(step)
    other.playAll(connects(2, { client: 98, fate: 'closed' }))
  }
  const beside = lettersOf(bench.picks)
  return alone === beside ? undefined : `the picks are ${alone} alone, and ${beside} beside another service with picks of its own`
}
