/**
 * What `lvsim` exits with: the one table behind the program, its help and its tests.
 * @module
 */

/** Exit codes by name. */
export const EXIT = {
  ok: 0, failed: 1, usage: 2, invalid: 3, limit: 4, io: 5, nondeterministic: 6, bug: 70, interrupted: 130, terminated: 143,
} as const

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What each code means. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'everything was done, and every expectation held'],
  [EXIT.failed, 'an expectation or a comparison failed, or none could be checked'],
  [EXIT.usage, 'wrong use of the command line'],
  [EXIT.invalid, 'the scenario or another input is wrong, or uses a word that lvsim does not model'],
  [EXIT.limit, 'the run was stopped by a limit'],
  [EXIT.io, 'a file could not be read or written'],
  [EXIT.nondeterministic, 'the same run gave two different hashes'],
  [EXIT.bug, 'a bug of lvsim: an invariant broke'],
  [EXIT.interrupted, 'interrupted (SIGINT)'],
  [EXIT.terminated, 'terminated (SIGTERM)'],
]
