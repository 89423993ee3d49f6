/**
 * Results of requests that a user can get wrong: a value, never an exception.
 * @module
 */

/** What a request came to: its value, or the error that names what was wrong with it. */
export type Result<T, E> = Ok<T> | Err<E>

/** A request that was carried out. */
export interface Ok<T> {
  readonly ok: true
  readonly value: T
}

/** A request that was refused; nothing was changed. */
export interface Err<E> {
  readonly ok: false
  readonly error: E
}

/** Wraps the value of a request that was carried out. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value }
}

/** Wraps the reason why a request was refused. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error }
}
