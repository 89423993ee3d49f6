/**
 * Figures against what a source predicts: each is asserted, and noted for the table of `npm run validate`.
 * @module
 */
import { expect, TestRunner } from 'vitest'

/** One line of the table. */
export interface Checked {
  readonly what: string
  readonly expected: string
  readonly got: string
  /** How far off, in the unit of `allowed`. */
  readonly error: string
  readonly allowed: string
}

declare module 'vitest' {
  interface TaskMeta {
    checked?: Checked[]
  }
}

/** A figure that was drawn, not worked out: its mean and the standard error of that. */
export interface Estimate {
  readonly mean: number
  readonly standardError: number
}

/** Standard errors that an estimate may be off, and beside them a share of the expected value. */
const STANDARD_ERRORS_MAX = 3.5
const SHARE_MAX = 0.003

/** Asserts that two values are the same. */
export function checkSame(what: string, got: unknown, expected: unknown): void {
  const error = JSON.stringify(got) === JSON.stringify(expected) ? 'none' : 'differs'
  note({ what, expected: textOf(expected), got: textOf(got), error, allowed: 'none' })
  expect(got, what).toEqual(expected)
}

/** Asserts that a figure is off by at most `share` (0..1) of the expected one. */
export function checkNear(what: string, got: number, expected: number, share: number): void {
  const error = Math.abs(got - expected) / Math.abs(expected)
  note({ what, expected: textOf(expected), got: textOf(got), error: percent(error), allowed: percent(share) })
  expect(error, `${what}: ${got}, not ${expected}`).toBeLessThanOrEqual(share)
}

/** Asserts that a figure lies between two bounds, both included. */
export function checkWithin(what: string, got: number, [from, to]: readonly [number, number]): void {
  const error = got < from ? textOf(from - got) : got > to ? textOf(got - to) : 'none'
  note({ what, expected: `${textOf(from)} to ${textOf(to)}`, got: textOf(got), error, allowed: 'none' })
  expect(got, what).toBeGreaterThanOrEqual(from)
  expect(got, what).toBeLessThanOrEqual(to)
}

/** Asserts that an estimate is off by at most 3.5 standard errors and 0.3 % of the expected value. */
export function checkEstimate(what: string, { mean, standardError }: Estimate, expected: number): void {
  const room = STANDARD_ERRORS_MAX * standardError + SHARE_MAX * expected
  const error = Math.abs(mean - expected)
  note({
    what, expected: textOf(expected), got: `${textOf(mean)} ± ${textOf(standardError)}`, error: percent(error / expected),
    allowed: percent(room / expected),
  })
  // An estimate that may be anything says nothing.
  expect(room / expected, `${what}: standard error`).toBeLessThan(0.1)
  expect(error, `${what}: ${mean} ± ${standardError}, not ${expected}`).toBeLessThanOrEqual(room)
}

function note(checked: Checked): void {
  const test = TestRunner.getCurrentTest()
  if (test === undefined) throw new Error(`${checked.what} is checked outside of a test`)
  ;(test.meta.checked ??= []).push(checked)
}

function percent(share: number): string {
  if (share !== 0 && share < 0.0001) return `${Number((share * 1e6).toPrecision(2))} ppm`
  return `${Number((share * 100).toPrecision(3))} %`
}

function textOf(value: unknown): string {
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value)
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
}
