/**
 * Rows of the validation that are queues behind a scheduler: mean times in the system as theory has them, in units of the mean
 * service time. Standard formulas but for the shortest queue and the unlike pair, which are numerical solutions of the chain.
 * @module
 */
import { checkEstimate, checkNear, checkSame, checkWithin } from './checked.ts'
import { alike, type QueueResult, runQueues } from './queues.ts'

/** Loads of the tables below. */
const LOADS = [0.5, 0.7, 0.8, 0.9, 0.95]
/** M/M/1: 1 / (1 - rho). */
const MM1 = [2, 10 / 3, 5, 10]
/** Erlang C, by servers. */
const MMC: Readonly<Record<number, readonly number[]>> = {
  2: [1.33333, 1.96078, 2.77778, 5.26316], 3: [1.15789, 1.54705, 2.07865, 3.72354], 4: [1.08696, 1.35721, 1.74554, 2.96938],
  8: [1.01476, 1.11275, 1.28603, 1.87692], 10: [1.00722, 1.07391, 1.20459, 1.66873],
}
/** rr over k servers: each is Ek/M/1. */
const RR: Readonly<Record<number, readonly number[]>> = {
  2: [1.61803, 2.60062, 3.84398, 7.58828], 3: [1.49373, 2.35773, 3.45942, 6.78472], 4: [1.43252, 2.23669, 3.26738, 6.38305],
  8: [1.34237, 2.05585, 2.97973, 5.78071], 10: [1.32464, 2.0198, 2.92227, 5.66028],
}
/** The shortest queue. */
const JSQ: Readonly<Record<number, readonly (number | undefined)[]>> = {
  2: [1.42632, 2.1082, 2.95574, 5.47491, 10.48661], 3: [1.24484, 1.70888, 2.28555, 3.98227],
  4: [undefined, 1.51144, 1.9547, 3.23506],
}
/** Two choices among 100 servers: distinct ones, and with replacement. */
const DISTINCT = [1.2678, 1.6207, 1.9595, 2.6445, 3.46]
const REPLACED = [1.2718, 1.6274, 1.969, 2.6605, 3.4825]

/** How much of a row is run. */
export interface Effort {
  /** Connections of a cell; more where queues move slowly, so that errors are alike at every load. */
  readonly base: number
  /** The highest load. */
  readonly loadMax: number
}

function countAt(load: number, { base }: Effort): number {
  return base * (load >= 0.95 ? 8 : load >= 0.9 ? 4 : 1)
}

/** One cell after the other, each with its expected time. */
function check(
  name: string, expected: readonly (number | undefined)[], { loadMax }: Effort, run: (load: number) => QueueResult,
): void {
  for (const [index, time] of expected.entries()) {
    const load = LOADS[index] as number
    if (time !== undefined && load <= loadMax) checkEstimate(`${name}, load ${load}`, run(load).sojourn, time)
  }
}

/** Servers of one queue each behind a scheduler. */
function behind(scheduler: string, servers: number, effort: Effort): (load: number) => QueueResult {
  return (load) => runQueues({ scheduler, servers: alike(servers), rate: servers * load, count: countAt(load, effort) })
}

/** V28: by lot, and by the hash of many clients, each server is M/M/1; Erlang C for one queue of several workers. */
export function checkSplit(effort: Effort): void {
  check('T of M/M/1', MM1, effort, behind('rr', 1, effort))
  check('T of 4 servers by lot', MM1, effort, behind('lot', 4, effort))
  check('T of 4 servers by sh', MM1, effort, behind('sh', 4, effort))
  // M/D/1: 1 + rho / (2 (1 - rho)).
  check('T of M/D/1', LOADS.slice(0, 4).map((load) => 1 + load / (2 * (1 - load))), effort, (load) =>
    runQueues({ scheduler: 'rr', servers: alike(1), rate: load, count: countAt(load, effort), law: 'constant' }))
}

/** V28: one queue of c workers. */
export function checkWorkers(effort: Effort, counts: readonly number[]): void {
  for (const workers of counts) {
    check(`T of M/M/${workers}`, MMC[workers] ?? [], effort, (load) =>
      runQueues({ scheduler: 'rr', servers: alike(1, workers), rate: workers * load, count: countAt(load, effort) }))
  }
}

/** V29. */
export function checkRoundRobin(effort: Effort, counts: readonly number[]): void {
  for (const servers of counts) check(`T of rr over ${servers}`, RR[servers] ?? [], effort, behind('rr', servers, effort))
}

/** V30. */
export function checkShortestQueue(effort: Effort, counts: readonly number[]): void {
  for (const servers of counts) check(`T of lc over ${servers}`, JSQ[servers] ?? [], effort, behind('lc', servers, effort))
}

/** V30: who knows more waits less. */
export function checkOrder(effort: Effort): void {
  const load = 0.8
  const queue = runQueues({ scheduler: 'rr', servers: alike(1, 4), rate: 4 * load, count: effort.base })
  const times = [queue, ...['lc', 'distinct', 'rr', 'lot'].map((name) => behind(name, 4, effort)(load))]
    .map(({ sojourn }) => sojourn.mean)
  const names = ['one queue', 'lc', 'two choices', 'rr', 'by lot']
  const sorted = names.map((name, index) => ({ name, time: times[index] as number })).sort((a, b) => a.time - b.time)
  checkSame('from least to most waiting, 4 servers, load 0.8', sorted.map(({ name }) => name).join(' < '), names.join(' < '))
}

/** V33: a server of speed 2 and weight 2, and one of 1; 1.5 connections a service time of the slow one. */
export function checkUnlikePair(count: number): void {
  // The time in the system, and the mean numbers in the fast and the slow one. The fast one is added last: ties are its.
  const expected = {
    lot: [1.33333], lc: [0.92081, 0.749, 0.632], wlc: [0.90421, 0.865, 0.491], sed: [0.96045, 1.132, 0.309],
    nq: [0.91111, 0.922, 0.445],
  } as const
  const times: [string, number][] = []
  for (const [scheduler, [time, fast, slow]] of Object.entries(expected)) {
    const servers = [{ weight: 1, speed: 1 }, { weight: 2, speed: 2 }]
    const { sojourn, inSystem } = runQueues({ scheduler, servers, rate: 1.5, count })
    checkEstimate(`T of ${scheduler}, speeds 2 and 1`, sojourn, time)
    times.push([scheduler, sojourn.mean])
    if (fast === undefined) continue
    checkNear(`mean number at the fast one, ${scheduler}`, inSystem[1] ?? NaN, fast, 0.02)
    checkNear(`mean number at the slow one, ${scheduler}`, inSystem[0] ?? NaN, slow, 0.02)
  }
  const order = times.sort((a, b) => a[1] - b[1]).map(([name]) => name).join(' < ')
  checkSame('from least to most waiting, speeds 2 and 1', order, 'wlc < nq < lc < sed < lot')
}

/** V35. */
export function checkTwoChoices(effort: Effort): void {
  check('T of two distinct choices of 100', DISTINCT, effort, behind('distinct', 100, effort))
  check('T of two choices of 100 with replacement', REPLACED, effort, behind('replaced', 100, effort))
  // Linux draws from one lot too many, which is the first server's: a little worse than with replacement, and far from chance.
  const { mean } = behind('twos', 100, effort)(0.9).sojourn
  checkWithin('T of twos over 100, load 0.9', mean, [2.6605, 2.6605 * 1.05])
}
