/**
 * Who is judged by the laws: a scheduler of Linux by its name, or one of a user's own, as the object that a director would use.
 * @module
 */
import type { SchedulerFactory } from '../ipvs/scheduler/scheduler.ts'
import { SCHEDULERS } from '../ipvs/scheduler/registry.ts'
import { adopted, type UserSchedulerFactory } from '../ipvs/scheduler/user-scheduler.ts'

/** A scheduler of Linux by its name (`wlc`), or a function that makes one of a user's own. */
export type Candidate = string | UserSchedulerFactory

/** What a scheduler of a user's own did wrong, where no law is needed to see it: it threw, or picked what is no server. */
export class SchedulerFault extends Error {
  override readonly name = 'SchedulerFault'
}

/** The schedulers of Linux that laws speak about: all but `none`, which picks nobody. */
export const LINUX_SCHEDULERS: readonly string[] = [...SCHEDULERS.keys()].filter((name) => name !== 'none')

/**
 * The candidate as services take it. `onFault` hears what one of a user's own did wrong. Throws RangeError for a name that Linux
 * does not have.
 */
export function factoryOf(candidate: Candidate, onFault: (what: string) => void): SchedulerFactory {
  if (typeof candidate === 'function') return adopted(candidate, onFault)
  const factory = SCHEDULERS.get(candidate)
  if (factory === undefined) throw new RangeError(`Linux has no scheduler ${candidate}: ${LINUX_SCHEDULERS.join(', ')}`)
  return factory
}
