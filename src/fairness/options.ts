/**
 * What may be asked of the fairness of schedulers: options with their defaults, and what is wrong with them.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../base/units.ts'
import { greatestCommonDivisor } from '../base/gcd.ts'
import { SCHEDULERS } from '../ipvs/scheduler/registry.ts'
import type { UserSchedulerFactory } from '../ipvs/scheduler/user-scheduler.ts'
import { BatchPlan } from '../measure/batches.ts'
import { CLIENT_COUNT_MAX, SERVER_COUNT_MAX } from './addresses.ts'
import { type Distribution, meanNsOf } from './distribution.ts'
import { type Discipline, FIN_SECONDS } from './simulator.ts'

/** When connections come: at equal distances, independently of each other, or by Pareto's law (shape above 1). */
export type ArrivalLaw =
  | { readonly law: 'constant' | 'poisson' }
  | { readonly law: 'pareto', readonly shape: number }

/** What is asked. */
export interface FairnessOptions {
  /** By the names of `ipvsadm -s`; each meets the same connections. */
  readonly schedulers: readonly string[]
  /** Schedulers of one's own, by names that may stand in `schedulers`. */
  readonly userSchedulers?: Readonly<Record<string, UserSchedulerFactory>>
  /** Weight of each real server: rs1, rs2, ... in the order in which they are added. */
  readonly weights: readonly number[]
  /** Work that a worker of each does; as the weights unless given, where the lightest that has a weight has speed 1. */
  readonly speeds?: readonly number[]
  /** Connections that a server works on at full speed at once; 1 unless given, Infinity where nobody waits. */
  readonly workers?: number
  /** `fcfs` unless given. */
  readonly discipline?: Discipline
  /** `poisson` unless given. */
  readonly arrivals?: ArrivalLaw
  /** Connections a second; so many that the servers are busy for a share `load` of their time unless given. */
  readonly ratePerSecond?: number
  /** Share of what all servers together can do; 0.8 unless given. Of no meaning beside a rate. */
  readonly load?: number
  /** Work of a connection: the time that a server of speed 1 takes for it. Exponential with mean 100 ms unless given. */
  readonly work?: Distribution
  /** Connections in all; 1,000,000 unless given. The first tenth warms up, and does not count. */
  readonly count?: number
  /** Addresses that they come from, each time one of them with the same chance; 10,000 unless given. */
  readonly clients?: number
  /** Persistence (`ipvsadm -p`) in whole seconds; none unless given. */
  readonly persistenceSeconds?: number
  /** Seconds that a connection is inactive after its end (`ipvsadm --set 0 SECONDS 0`); 120 unless given, 0 for none. */
  readonly finSeconds?: number
  /** Connections in a row of which the worst are looked for; ten rounds of the weights unless given. */
  readonly windowPicks?: number
  /** '42' unless given. */
  readonly seed?: string
  /** Hears how far it is, after every 65,536 connections. */
  readonly onProgress?: (progress: { readonly scheduler: string, readonly done: number, readonly count: number }) => void
}

/** Why there is no result. */
export interface FairnessProblem {
  /** `option`: a wrong wish; `scheduler`: one of the user's own failed; `limit`: it grew too large. */
  readonly kind: 'option' | 'scheduler' | 'limit'
  readonly message: string
  /** For a scheduler that there is not: its name. */
  readonly unknownScheduler?: string
}

/** A server of a plan. */
export interface PlannedServer {
  readonly name: string
  readonly weight: number
  readonly speed: number
  readonly workers: number
  /** Its share of the connections by weight. */
  readonly targetShare: number
}

/** Options without gaps, and what follows from them. */
export interface FairnessPlan {
  readonly schedulers: readonly string[]
  readonly userSchedulers: Readonly<Record<string, UserSchedulerFactory>>
  readonly servers: readonly PlannedServer[]
  /** Of each server; Infinity where nobody waits. */
  readonly workers: number
  readonly discipline: Discipline
  readonly arrivals: ArrivalLaw
  readonly gaps: Distribution
  readonly work: Distribution
  readonly ratePerSecond: number
  /** Share of what all servers can do; undefined where nobody waits. */
  readonly load: number | undefined
  readonly clients: number
  readonly persistenceSeconds: number | undefined
  readonly finSeconds: number
  readonly windowPicks: number
  readonly seed: string
  readonly batches: BatchPlan
}

/** Schedulers that can be asked for by name. */
export const SCHEDULER_NAMES: readonly string[] = [...SCHEDULERS.keys()].filter((name) => name !== 'none')

const COUNT_MIN = 100
const COUNT_MAX = 100_000_000
const WEIGHT_MAX = 65_535
const WINDOW_MAX = 10_000_000
/** Half of the time that whole nanoseconds in a double reach: 52 days. */
const RUN_NS_MAX = 4_503_599_627_370_496
const WINDOW_ROUNDS = 10
const WRONG_SHAPE = 'the shape of Pareto\'s law is above 1, and 100 at most'

/** Checks options and fills their gaps. */
export function planFairness(options: FairnessOptions): Result<FairnessPlan, FairnessProblem> {
  const { schedulers, userSchedulers = {}, weights, count = 1_000_000, arrivals = { law: 'poisson' }, seed = '42' } = options
  const { discipline = 'fcfs', clients = 10_000, finSeconds = FIN_SECONDS, persistenceSeconds } = options
  const wrong = wrongSchedulers(options) ?? wrongServers(options) ?? wrongTraffic(options)
  if (wrong !== undefined) return err(wrong)
  const work = options.work ?? { law: 'exponential', meanNs: 100 * NS_PER_MILLISECOND }
  const servers = serversOf(options)
  const capacity = servers.reduce((sum, { speed, workers }) => sum + speed * workers, 0)
  const perSecond = NS_PER_SECOND / meanNsOf(work)
  const ratePerSecond = options.ratePerSecond ?? (options.load ?? 0.8) * capacity * perSecond
  const cycle = weights.reduce((a, b) => a + b, 0) / greatestCommonDivisor(weights)
  const batches = new BatchPlan({ count })
  const windowPicks = options.windowPicks ?? Math.min(WINDOW_ROUNDS * cycle, batches.measuredCount, WINDOW_MAX)
  if (windowPicks > batches.measuredCount) return err(problem(`a window of ${windowPicks} is longer than the whole run`))
  const slowest = servers.reduce((least, { speed }) => Math.min(least, speed), Infinity)
  if (count * NS_PER_SECOND / ratePerSecond > RUN_NS_MAX || count * meanNsOf(work) / slowest > RUN_NS_MAX) {
    return err(problem('the run would take longer than 52 days of simulated time: fewer connections, or faster servers'))
  }
  return ok({
    schedulers, userSchedulers, servers, discipline, arrivals, work, ratePerSecond, clients, persistenceSeconds, finSeconds,
    windowPicks, seed, batches, workers: options.workers ?? 1, gaps: gapsOf(arrivals, NS_PER_SECOND / ratePerSecond),
    load: capacity === Infinity ? undefined : ratePerSecond / perSecond / capacity,
  })
}

function wrongSchedulers({ schedulers, userSchedulers = {} }: FairnessOptions): FairnessProblem | undefined {
  if (schedulers.length === 0) return problem('no scheduler is named')
  const taken = Object.keys(userSchedulers).find((name) => SCHEDULERS.has(name))
  if (taken !== undefined) return problem(`Linux has a scheduler ${taken} of its own`)
  for (const [i, name] of schedulers.entries()) {
    if (!SCHEDULER_NAMES.includes(name) && !Object.hasOwn(userSchedulers, name)) {
      return { ...problem(`there is no scheduler ${name}`), unknownScheduler: name }
    }
    if (schedulers.indexOf(name) !== i) return problem(`the scheduler ${name} is named twice`)
  }
  return undefined
}

function wrongServers({ weights, speeds, workers = 1, ratePerSecond }: FairnessOptions): FairnessProblem | undefined {
  if (weights.length === 0 || weights.length > SERVER_COUNT_MAX) return problem(`there are 1..${SERVER_COUNT_MAX} servers`)
  if (!weights.every((weight) => isWhole(weight, 0, WEIGHT_MAX))) return problem(`a weight is a whole number 0..${WEIGHT_MAX}`)
  if (weights.every((weight) => weight === 0)) return problem('no server has a weight')
  if (speeds !== undefined && speeds.length !== weights.length) {
    return problem(`${weights.length} servers have ${speeds.length} speeds`)
  }
  if (speeds?.every((speed) => speed >= 0.001 && speed <= 1_000_000) === false) return problem('a speed is 0.001..1000000')
  if (workers !== Infinity && !isWhole(workers, 1, 100_000)) return problem('a server has 1..100000 workers, or no bound')
  if (workers === Infinity && ratePerSecond === undefined) return problem('servers at which nobody waits need a rate of arrivals')
  return undefined
}

function wrongTraffic(options: FairnessOptions): FairnessProblem | undefined {
  const { count = COUNT_MIN, clients = 1, finSeconds = 0, persistenceSeconds = 1, windowPicks = 1 } = options
  const { load = 0.8, ratePerSecond = 1, arrivals, work } = options
  if (!isWhole(count, COUNT_MIN, COUNT_MAX)) return problem(`connections are ${COUNT_MIN}..${COUNT_MAX}`)
  if (!isWhole(clients, 1, CLIENT_COUNT_MAX)) return problem(`clients are 1..${CLIENT_COUNT_MAX}`)
  if (!isWhole(finSeconds, 0, 100_000)) return problem('connections are inactive for 0..100000 whole seconds')
  if (!isWhole(persistenceSeconds, 1, 1_000_000)) return problem('a client stays with its server for 1..1000000 whole seconds')
  if (!isWhole(windowPicks, 1, WINDOW_MAX)) return problem(`a window has 1..${WINDOW_MAX} connections`)
  if (!(load > 0 && load <= 100)) return problem('the load is above 0, and 100 at most')
  if (!(ratePerSecond >= 0.000001 && ratePerSecond <= 1e9)) return problem('connections come at 0.000001..1000000000 a second')
  if (arrivals?.law === 'pareto' && !isShape(arrivals.shape)) return problem(WRONG_SHAPE)
  return work === undefined ? undefined : wrongWork(work)
}

function wrongWork(work: Distribution): FairnessProblem | undefined {
  if (work.law === 'uniform' && !(work.fromNs >= 0 && work.fromNs <= work.toNs)) return problem('work lies between two times')
  if (work.law === 'pareto' && !isShape(work.shape)) return problem(WRONG_SHAPE)
  if (work.law === 'lognormal' && !(work.cv > 0 && work.cv <= 100)) {
    return problem('a coefficient of variation is above 0, and 100 at most')
  }
  return meanNsOf(work) >= 1 ? undefined : problem('the work of a connection takes time')
}

function serversOf({ weights, speeds, workers = 1 }: FairnessOptions): PlannedServer[] {
  const total = weights.reduce((a, b) => a + b, 0)
  const lightest = weights.reduce((least, weight) => (weight > 0 ? Math.min(least, weight) : least), Infinity)
  return weights.map((weight, i) => ({
    name: `rs${i + 1}`, weight, workers, targetShare: weight / total,
    speed: speeds?.[i] ?? Math.max(1, weight / lightest),
  }))
}

function gapsOf(arrivals: ArrivalLaw, meanNs: number): Distribution {
  if (arrivals.law === 'pareto') return { law: 'pareto', meanNs, shape: arrivals.shape }
  return { law: arrivals.law === 'poisson' ? 'exponential' : 'constant', meanNs }
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

function isShape(shape: number): boolean {
  return shape > 1 && shape <= 100
}

function problem(message: string): FairnessProblem {
  return { kind: 'option', message }
}
