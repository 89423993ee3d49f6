/**
 * What a law is: a claim about schedulers that a trial can break, the trials that try it, for which of Linux's schedulers it
 * holds, and a counterexample for each of the others.
 * @module
 */
import type fc from 'fast-check'
import { type Candidate, SchedulerFault } from './candidate.ts'
import type { Trial } from './trial.ts'

/** What laws are about. */
export type LawGroup = 'every scheduler' | 'turns' | 'load' | 'order' | 'symmetry' | 'hashing' | 'locality' | 'persistence'

/** A trial under which these schedulers of Linux break a law. */
export type Counterexample = readonly [schedulers: readonly string[], trial: Trial]

/** One law. */
export interface Law<Name extends string = string> {
  /** Such as `exact-cycle`. */
  readonly name: Name
  readonly group: LawGroup
  /** The law in a sentence. */
  readonly claim: string
  /** The schedulers of Linux that keep it, always. */
  readonly holdsFor: readonly string[]
  /** Schedulers of Linux of which nobody knows: no trial was found that breaks it, and no proof that none can. */
  readonly undecided?: readonly string[]
  /** Of every other scheduler of Linux a trial that breaks it. */
  readonly brokenBy: readonly Counterexample[]
  /** Trials that try it. */
  readonly trials: fc.Arbitrary<Trial>
  /** Share of the trials asked for that are enough, as each of them makes many picks: 1 unless told. */
  readonly trialsShare?: number
  /** What is wrong with a scheduler under a trial; undefined where the law holds. Throws SchedulerFault. */
  judge(candidate: Candidate, trial: Trial): string | undefined
  /** The servers of the connections of a trial, where it is not simply played on a service. Throws SchedulerFault. */
  picks?(candidate: Candidate, trial: Trial): (number | undefined)[]
}

/** A law without its counterexamples, which have a file of their own. */
export type LawText<Name extends string = string> = Omit<Law<Name>, 'brokenBy'>

/** What is wrong with a scheduler under a trial, a fault of its own being wrong under every law. */
export function complaint({ judge }: Law, candidate: Candidate, trial: Trial): string | undefined {
  try {
    return judge(candidate, trial)
  } catch (error) {
    if (error instanceof SchedulerFault) return `the scheduler ${error.message}`
    throw error
  }
}
