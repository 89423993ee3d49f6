/**
 * Tries laws on a scheduler, and says which it keeps, and by what counterexample it breaks the others.
 * @module
 */
import fc from 'fast-check'
import { LAWS, type LawName } from './all-laws.ts'
import type { Candidate } from './candidate.ts'
import { complaint, type Law, type LawGroup } from './law.ts'
import { reportText } from './report.ts'
import type { Trial } from './trial.ts'

/** What to try. */
export interface CheckOptions {
  /** All laws, unless told: those of one group, or some by name. */
  readonly laws?: 'all' | LawGroup | readonly LawName[]
  /** An integer of 32 bits: another one, other trials. 42 unless told. */
  readonly seed?: number
  /** Trials of each law; fewer of those that make hundreds of picks. 100 unless told. */
  readonly trials?: number
}

/** How a scheduler fared under one law. */
export interface Verdict {
  readonly law: Law<LawName>
  /** No trial has broken it. */
  readonly isHeld: boolean
  /** Trials made, until it broke. */
  readonly trials: number
  /** The smallest trial that was found to break it, and what is wrong there; undefined where it is held. */
  readonly counterexample: { readonly trial: Trial, readonly wrong: string } | undefined
}

/** How a scheduler fared. */
export interface LawReport {
  readonly seed: number
  readonly verdicts: readonly Verdict[]
  readonly held: readonly LawName[]
  readonly broken: readonly LawName[]
  /** All of it in words. */
  readonly text: string
}

/**
 * Tries laws on a scheduler: one of Linux by its name, or the function that makes one of your own. The same seed gives the same
 * report. Throws RangeError for a name that no scheduler, law or group has.
 */
export function checkScheduler(candidate: Candidate, { laws = 'all', seed = 42, trials = 100 }: CheckOptions = {}): LawReport {
  const verdicts = lawsOf(laws).map((law) => judged(law, candidate, { seed, trials }))
  const names = (isHeld: boolean): LawName[] => verdicts.filter((one) => one.isHeld === isHeld).map(({ law }) => law.name)
  return { seed, verdicts, held: names(true), broken: names(false), text: reportText(candidate, verdicts, seed) }
}

/** One law of one scheduler as a property of fast-check, for `fc.assert`: it fails with what is wrong in words. */
export function lawProperty(law: Law, candidate: Candidate): fc.IProperty<[Trial]> {
  return fc.property(law.trials, (trial) => {
    const wrong = complaint(law, candidate, trial)
    if (wrong !== undefined) throw new Error(wrong)
  })
}

/** Tries one law. */
export function judged<Name extends LawName>(
  law: Law<Name>, candidate: Candidate, { seed, trials }: { readonly seed: number, readonly trials: number },
): Verdict {
  const numRuns = Math.max(1, Math.ceil(trials * (law.trialsShare ?? 1)))
  const details = fc.check(lawProperty(law, candidate), { seed, numRuns })
  const trial = details.counterexample?.[0]
  const wrong = trial === undefined ? undefined : complaint(law, candidate, trial)
  // A scheduler that leaves something to real chance may do right the second time; the law was broken all the same.
  const counterexample = trial === undefined ? undefined : { trial, wrong: wrong ?? 'it was wrong once, and right the next time' }
  return { law, isHeld: !details.failed, trials: details.numRuns, counterexample }
}

/** The laws that are wanted, in their usual order. */
function lawsOf(wanted: 'all' | LawGroup | readonly LawName[]): readonly Law<LawName>[] {
  if (wanted === 'all') return LAWS
  const names: readonly string[] = typeof wanted === 'string' ? [wanted] : wanted
  const unknown = names.find((name) => !LAWS.some((law) => law.name === name || law.group === name))
  if (unknown !== undefined) throw new RangeError(`there is no law ${unknown}: ${LAWS.map((law) => law.name).join(', ')}`)
  return LAWS.filter((law) => names.includes(law.name) || names.includes(law.group))
}
