/**
 * The run's hash tells runs apart.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RunHash } from '../../src/sim/run-hash.ts'
import { seed } from '../support/seed.ts'

function digestOf(values: readonly number[]): string {
  const hash = new RunHash()
  for (const value of values) hash.add(value)
  return hash.digest()
}

const word = fc.integer({ min: 0, max: 0xffffffff })

describe(`the run's hash (seed ${seed})`, () => {
  it('always differs when any one integer differs', () => {
    fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), fc.nat(), word, (values, at, other) => {
      const index = at % values.length
      fc.pre(values[index] !== other)
      expect(digestOf(values.with(index, other))).not.toBe(digestOf(values))
    }), { seed })
  })

  it('always differs when one integer more was taken in', () => {
    fc.assert(fc.property(fc.array(word, { maxLength: 60 }), word, (values, more) => {
      expect(digestOf([...values, more])).not.toBe(digestOf(values))
    }), { seed })
  })

  it('differs when two neighbors are exchanged', () => {
    fc.assert(fc.property(fc.array(word, { minLength: 2, maxLength: 60 }), fc.nat(), (values, at) => {
      const index = at % (values.length - 1)
      const [a, b] = [values[index] as number, values[index + 1] as number]
      fc.pre(a !== b)
      expect(digestOf(values.with(index, b).with(index + 1, a))).not.toBe(digestOf(values))
    }), { seed })
  })

  it('sees every bit of a time up to 2^53 ns', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.nat({ max: 52 }), (timeNs, bit) => {
      const other = Number(BigInt(timeNs) ^ (1n << BigInt(bit)))
      const digests = [timeNs, other].map((time) => {
        const hash = new RunHash()
        hash.addTime(time)
        return hash.digest()
      })
      expect(digests[0]).not.toBe(digests[1])
    }), { seed })
  })

  it('is 16 hex digits, and the same today as yesterday', () => {
    expect(digestOf([])).toBe('9e3779b97f4a7c15')
    expect(digestOf([1, 2, 3])).toBe('2e68fe0d7f179306')
  })
})
