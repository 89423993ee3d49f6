/**
 * Queues behind a scheduler, without packets: mean times in the system over five seeds, in units of the mean service time.
 * @module
 */
import { ConnectionSimulator, type SimulatedServer } from '../../src/fairness/simulator.ts'
import { RandomSource } from '../../src/fairness/random-source.ts'
import type { Distribution } from '../../src/fairness/distribution.ts'
import { SCHEDULERS } from '../../src/ipvs/scheduler/registry.ts'
import type { SchedulerFactory } from '../../src/ipvs/scheduler/scheduler.ts'
import { BatchMeans, BatchPlan } from '../../src/measure/batches.ts'
import type { Estimate } from './checked.ts'

const SEEDS = [1, 2, 3, 4, 5]
/** Mean work of a connection. */
export const WORK_NS = 1_000_000_000

/** What a cell of a table is made of. */
export interface QueueCell {
  readonly scheduler: string
  readonly servers: readonly SimulatedServer[]
  /** Connections a mean service time. */
  readonly rate: number
  /** Over all seeds. */
  readonly count: number
  /** Exponential unless given. */
  readonly law?: 'exponential' | 'constant'
}

/** What came out. */
export interface QueueResult {
  /** Time in the system. */
  readonly sojourn: Estimate
  /** Mean number in each server's system, by Little's law. */
  readonly inSystem: readonly number[]
}

/** Everybody gets a server by lot, by weight. */
const byLot: SchedulerFactory = (pool) => ({
  pick: () => {
    let lot = pool.random.int(pool.destinations.reduce((sum, { weight }) => sum + weight, 0))
    return pool.destinations.find(({ weight }) => (lot -= weight) < 0)
  },
})

/** The less loaded of two that are drawn, distinct ones or not; the first drawn when both are alike. */
function twoChoices(isDistinct: boolean): SchedulerFactory {
  return (pool) => ({
    pick: () => {
      const { length } = pool.destinations
      const first = pool.random.int(length)
      const drawn = pool.random.int(isDistinct ? length - 1 : length)
      const second = isDistinct && drawn >= first ? drawn + 1 : drawn
      const [one, other] = [pool.destinations[first], pool.destinations[second]]
      return one !== undefined && other !== undefined && other.activeConns < one.activeConns ? other : one
    },
  })
}

const ALL_SCHEDULERS: ReadonlyMap<string, SchedulerFactory> = new Map([
  ...SCHEDULERS, ['lot', byLot], ['distinct', twoChoices(true)], ['replaced', twoChoices(false)],
])

/** So many servers of weight and speed 1. */
export function alike(count: number, workers = 1): SimulatedServer[] {
  return Array.from({ length: count }, () => ({ weight: 1, workers }))
}

/** Runs a cell with seeds 1 to 5. */
export function runQueues(cell: QueueCell): QueueResult {
  const batches: number[] = []
  const inSystem = cell.servers.map(() => 0)
  const count = Math.ceil(cell.count / SEEDS.length)
  for (const seed of SEEDS) {
    const means = new BatchMeans(new BatchPlan({ count }))
    const sums = cell.servers.map(() => 0)
    let lastNs = 0
    const simulator = new ConnectionSimulator({
      seed: String(seed), scheduler: cell.scheduler, schedulers: ALL_SCHEDULERS, servers: cell.servers, finSeconds: 0,
    }, {
      onEnd: ({ index, server, arrivalNs, endNs }) => {
        means.add(index, (endNs - arrivalNs) / WORK_NS)
        sums[server] = (sums[server] ?? 0) + endNs - arrivalNs
        lastNs = endNs
      },
    })
    const gaps: Distribution = { law: 'exponential', meanNs: WORK_NS / cell.rate }
    const work: Distribution = { law: cell.law ?? 'exponential', meanNs: WORK_NS }
    simulator.run(new RandomSource({ seed: String(seed), count, gaps, work, clients: 1 << 24 }))
    batches.push(...means.means)
    for (const [server, sum] of sums.entries()) inSystem[server] = (inSystem[server] ?? 0) + sum / lastNs / SEEDS.length
  }
  return { sojourn: meanOf(batches), inSystem }
}

/** The mean of independent numbers, and its standard error. */
export function meanOf(numbers: readonly number[]): Estimate {
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length
  const squares = numbers.reduce((sum, number) => sum + (number - mean) * (number - mean), 0)
  return { mean, standardError: Math.sqrt(squares / (numbers.length - 1) / numbers.length) }
}
