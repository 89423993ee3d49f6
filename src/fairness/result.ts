/**
 * What is found out about the fairness of schedulers, as plain data. Times are nanoseconds, shares 0..1; connections of the
 * warm-up do not count.
 * @module
 */
import type { Estimate } from '../measure/batches.ts'
import type { DelaySummary } from '../measure/delays.ts'
import type { PickWindow } from '../measure/pick-windows.ts'
import type { Distribution } from './distribution.ts'
import type { ArrivalLaw } from './options.ts'
import type { Discipline } from './simulator.ts'

/** One server under one scheduler. */
export interface ServerFairness {
  readonly name: string
  readonly weight: number
  readonly speed: number
  /** Connections that it got, and their share of all. */
  readonly picks: number
  readonly share: Estimate
  /** The share that its weight asks for. */
  readonly targetShare: number
  /** Work that it was given over work that it could do meanwhile; undefined for a server at which nobody waits. */
  readonly load: Estimate | undefined
}

/** One scheduler. */
export interface SchedulerFairness {
  readonly scheduler: string
  /** Connections that count: those that got a server, and those that were refused. */
  readonly picked: number
  readonly refused: number
  readonly servers: readonly ServerFairness[]
  /** Jain's index of connections for each unit of weight, over servers that have a weight. */
  readonly jain: number
  /** The most connections for a unit of weight, over their mean. */
  readonly maxOverMean: number
  /** The stretches of `windowPicks` picks in which a server got most and least for its weight; undefined for fewer picks. */
  readonly most: PickWindow | undefined
  readonly least: PickWindow | undefined
  /** Time lost to other connections at the server; undefined where it was not measured, or nothing was picked. */
  readonly wait: DelaySummary | undefined
  /** From the arrival until the server is done; on the level of packets, until the client has its whole answer. */
  readonly response: DelaySummary | undefined
  /** Names of servers that were certainly given more than they can do: their queues grow as long as connections come. */
  readonly overloaded: readonly string[]
  /** False where delays depend on those of the batch before, so that their intervals are too narrow: the run is too short. */
  readonly isSettled: boolean
}

/** How the mean response of one scheduler compares with that of the best one, which met the same connections. */
export interface FairnessComparison {
  readonly scheduler: string
  readonly than: string
  /** Its mean response less that of the best one. */
  readonly difference: Estimate
  /** `slower`: certainly; `alike`: certainly less than 1 % apart; `unclear`: this run is too short to say. */
  readonly verdict: 'slower' | 'alike' | 'unclear'
  /** When unclear: roughly how many connections would tell a difference of this size; undefined for none at all. */
  readonly connectionsNeeded: number | undefined
}

/** What was asked, its gaps filled. */
export interface FairnessSetting {
  readonly seed: string
  /** Connections in all, and those that do not count. */
  readonly count: number
  readonly warmUpCount: number
  readonly batchCount: number
  readonly windowPicks: number
  readonly arrivals: ArrivalLaw
  readonly ratePerSecond: number
  /** Share of what all servers can do; undefined where nobody waits. */
  readonly load: number | undefined
  readonly work: Distribution
  readonly discipline: Discipline
  /** Of each server; undefined where nobody waits. */
  readonly workers: number | undefined
  readonly clients: number
  readonly persistenceSeconds: number | undefined
  readonly finSeconds: number
}

/** All of it. */
export interface FairnessResult {
  readonly level: 'connection' | 'packet'
  readonly setting: FairnessSetting
  readonly schedulers: readonly SchedulerFairness[]
  /** The scheduler with the lowest mean response that overloads no server; undefined where there is none. */
  readonly best: string | undefined
  /** Of each other one that overloads no server, with the best one. */
  readonly comparisons: readonly FairnessComparison[]
}
