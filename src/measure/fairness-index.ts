/**
 * How evenly something is divided, in one number. Whoever should get more than others is put in as what he got for each unit of
 * what he should.
 * @module
 */
import { assert } from '../base/assert.ts'

/**
 * Jain's index, (sum x)^2 / (n sum x^2): 1 when all are equal, k/n when k of n have all in equal parts. The numbers are 0 or
 * more; where all of them are 0, nobody has less than others: 1. (Jain, Chiu and Hawe, DEC-TR-301, 1984.)
 */
export function jainIndex(numbers: readonly number[]): number {
  assert(numbers.length > 0, 'a division has parts')
  const sum = numbers.reduce((total, number) => total + number, 0)
  const squares = numbers.reduce((total, number) => total + number * number, 0)
  return squares === 0 ? 1 : sum * sum / (numbers.length * squares)
}

/** The largest number over the mean: 1 when all are equal, n when one of n has all. 1 where all are 0. */
export function maxOverMean(numbers: readonly number[]): number {
  assert(numbers.length > 0, 'a division has parts')
  const sum = numbers.reduce((total, number) => total + number, 0)
  return sum === 0 ? 1 : numbers.reduce((most, number) => Math.max(most, number), 0) * numbers.length / sum
}
