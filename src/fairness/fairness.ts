/**
 * How schedulers divide connections among real servers, and what clients have of it: several schedulers on the same connections,
 * on the level of connections, without packets (`ConnectionSimulator` says what that leaves out).
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { adopted } from '../ipvs/scheduler/user-scheduler.ts'
import { SCHEDULERS } from '../ipvs/scheduler/registry.ts'
import type { SchedulerFactory } from '../ipvs/scheduler/scheduler.ts'
import { differenceOf, type Estimate } from '../measure/batches.ts'
import { FairnessMeasures } from './measures.ts'
import { type FairnessOptions, type FairnessPlan, type FairnessProblem, planFairness } from './options.ts'
import { RandomSource } from './random-source.ts'
import type { FairnessComparison, FairnessResult, FairnessSetting } from './result.ts'
import { ConnectionSimulator } from './simulator.ts'

/** Connections that may be at servers at once: more would only fill the memory. */
const WAITING_MAX = 5_000_000
const PROGRESS_EVERY = 65_536
/** Less than this share apart is alike. */
const ALIKE_SHARE = 0.01

/** Runs every scheduler on the same connections. The same options give the same result on every engine. */
export function measureFairness(options: FairnessOptions): Result<FairnessResult, FairnessProblem> {
  const plan = planFairness(options)
  if (!plan.ok) return plan
  const measured: FairnessMeasures[] = []
  for (const scheduler of plan.value.schedulers) {
    const ran = runScheduler(plan.value, scheduler, options.onProgress)
    if (!ran.ok) return ran
    measured.push(ran.value)
  }
  return ok(fairnessOf(plan.value, measured, 'connection'))
}

/** Puts together what was measured of each scheduler of the plan, in its order. */
export function fairnessOf(
  plan: FairnessPlan, measured: readonly FairnessMeasures[], level: FairnessResult['level'],
): FairnessResult {
  const runs = measured.map((measures) => ({ result: measures.result(), means: measures.responseMeans }))
  const fit = runs.filter(({ result }) => result.overloaded.length === 0 && result.response !== undefined)
  const meanOfRun = ({ result }: typeof fit[number]): number => result.response?.mean.value ?? Infinity
  const best = fit.reduce<typeof fit[number] | undefined>(
    (least, run) => (least === undefined || meanOfRun(run) < meanOfRun(least) ? run : least), undefined)
  return {
    level, setting: settingOf(plan), schedulers: runs.map(({ result }) => result), best: best?.result.scheduler,
    comparisons: best === undefined ? [] : fit.filter((run) => run !== best).flatMap((run) => {
      const difference = differenceOf(run.means, best.means)
      if (difference === undefined) return []
      return [comparisonOf(difference, {
        scheduler: run.result.scheduler, than: best.result.scheduler, meanNs: meanOfRun(best), count: plan.batches.count,
      })]
    }),
  }
}

function settingOf(plan: FairnessPlan): FairnessSetting {
  const { seed, windowPicks, arrivals, ratePerSecond, load, work, discipline, clients, persistenceSeconds, finSeconds } = plan
  const { count, warmUpCount, batchCount } = plan.batches
  return {
    seed, count, warmUpCount, batchCount, windowPicks, arrivals, ratePerSecond, load, work, discipline,
    workers: plan.workers === Infinity ? undefined : plan.workers, clients, persistenceSeconds, finSeconds,
  }
}

function runScheduler(
  plan: FairnessPlan, scheduler: string, onProgress: FairnessOptions['onProgress'],
): Result<FairnessMeasures, FairnessProblem> {
  const { seed, servers, discipline, finSeconds, persistenceSeconds, gaps, work, clients } = plan
  const { count } = plan.batches
  const measures = new FairnessMeasures(plan, scheduler)
  let problem: FairnessProblem | undefined
  let waiting = 0
  const stopFor = (kind: FairnessProblem['kind'], message: string): void => {
    problem ??= { kind, message }
    simulator?.stop()
  }
  let simulator: ConnectionSimulator | undefined
  simulator = new ConnectionSimulator({
    seed, scheduler, servers, discipline, finSeconds,
    schedulers: withUserSchedulers(plan, (what) => stopFor('scheduler', `the scheduler ${what}`)),
    ...persistenceSeconds === undefined ? {} : { persistenceSeconds },
  }, {
    onPick({ index, server, arrivalNs, workNs }) {
      measures.arrived(index, { server, arrivalNs, workNs })
      if (++waiting > WAITING_MAX) stopFor('limit', `under ${scheduler} more than ${WAITING_MAX} connections wait at once`)
      if ((index + 1) % PROGRESS_EVERY === 0) onProgress?.({ scheduler, done: index + 1, count })
    },
    onRefusal({ index, arrivalNs, workNs }) {
      measures.arrived(index, { server: undefined, arrivalNs, workNs })
    },
    onEnd({ index, waitNs, arrivalNs, endNs }) {
      waiting--
      measures.served(index, { waitNs, responseNs: endNs - arrivalNs })
    },
  })
  if (problem === undefined) simulator.run(new RandomSource({ seed, count, gaps, work, clients }))
  return problem === undefined ? ok(measures) : err(problem)
}

/** Linux's schedulers and the user's own; `onFault` hears which one failed, and how. */
function withUserSchedulers(
  { userSchedulers }: FairnessPlan, onFault: (what: string) => void,
): ReadonlyMap<string, SchedulerFactory> {
  const own = Object.entries(userSchedulers).map(([name, factory]): [string, SchedulerFactory] => (
    [name, adopted(factory, (what) => onFault(`${name} ${what}`))]))
  return new Map([...SCHEDULERS, ...own])
}

function comparisonOf(difference: Estimate, { scheduler, than, meanNs, count }: {
  readonly scheduler: string, readonly than: string, readonly meanNs: number, readonly count: number,
}): FairnessComparison {
  const { value, halfWidth = Infinity } = difference
  const isAlike = Math.abs(value) + halfWidth <= ALIKE_SHARE * meanNs
  const verdict = isAlike ? 'alike' : value - halfWidth > 0 ? 'slower' : 'unclear'
  // An interval shrinks with the root of the number of connections.
  const times = halfWidth / Math.abs(value)
  const needed = Math.ceil(count * times * times)
  return {
    scheduler, than, difference, verdict,
    connectionsNeeded: verdict === 'unclear' && Number.isSafeInteger(needed) ? needed : undefined,
  }
}
