/**
 * Invariants: what must hold whatever a user writes. A broken one is a bug of lvsim, and stops the run.
 * @module
 */

/** Thrown when an invariant of the simulator is broken. Only the command line catches it. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** Throws InvariantError with `message` unless `condition` holds. Never used for what a user can cause. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** The value, which must be there. `what` names it in the error. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InvariantError(`${what} is missing`)
  return value
}
