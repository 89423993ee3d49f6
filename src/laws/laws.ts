/**
 * Laws of schedulers as a library, `lvsim/laws`: what round robin, least connection, hashing and the rest promise, as
 * properties of fast-check, which must be installed beside lvsim. They judge the schedulers of Linux and, by `checkScheduler`,
 * one of your own, as the object that a director would use: at the level of picks, without packets; those of persistence by a
 * director and its templates.
 *
 * A law that is broken comes with a counterexample: the fewest servers and connections that were found to show it, and the
 * picks. `LAWS` are all of them; `lawProperty` is one of them as a property, for tests of your own.
 * @module
 */
export {
  type UserDestination as Destination, type UserFlow as Flow, type UserPool as Pool, type UserScheduler as Scheduler,
  type UserSchedulerFactory as SchedulerFactory,
} from '../ipvs/scheduler/user-scheduler.ts'
export { LAWS, type LawName } from './all-laws.ts'
export {
  adding, anything, connection, counters, ending, everydayLife, loading, overloading, plainConnection, type PoolBounds, removing,
  rows, trials, weighing, weights,
} from './arbitraries.ts'
export { type Candidate, LINUX_SCHEDULERS, SchedulerFault } from './candidate.ts'
export { checkScheduler, type CheckOptions, lawProperty, type LawReport, type Verdict } from './check.ts'
export { type CommonLawName } from './common-laws.ts'
export { type HashLawName } from './hash-laws.ts'
export { type Counterexample, type Law, type LawGroup } from './law.ts'
export { type LoadLawName } from './load-laws.ts'
export { type LocalityLawName } from './locality-laws.ts'
export { type OrderLawName } from './order-laws.ts'
export { type PersistenceLawName } from './persistence-laws.ts'
export { type SymmetryLawName } from './symmetry-laws.ts'
export {
  type Connect, connect, connects, crowd, type Fate, letterOf, lettersOf, type Step, type Trial, trialOf,
} from './trial.ts'
export { type TurnLawName } from './turn-laws.ts'
