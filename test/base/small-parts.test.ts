/**
 * Invariants, results and units: small enough for one file.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { assert, InvariantError, present } from '../../src/base/assert.ts'
import { err, ok } from '../../src/base/result.ts'
import { nsToSeconds, secondsToNs } from '../../src/base/units.ts'

describe('assert', () => {
  it('throws an InvariantError with its message when the condition does not hold', () => {
    expect(() => assert(false, 'time never moves back')).toThrow(new InvariantError('time never moves back'))
    expect(() => assert(true, 'never seen')).not.toThrow()
  })
})

describe('present', () => {
  it('gives the value, falsy ones too, and names what is missing', () => {
    expect(present(0, 'count')).toBe(0)
    expect(present('', 'text')).toBe('')
    expect(() => present(undefined, 'eth0')).toThrow('eth0 is missing')
  })
})

describe('a result', () => {
  it('holds a value or an error', () => {
    expect(ok(7)).toEqual({ ok: true, value: 7 })
    expect(err('EINVAL')).toEqual({ ok: false, error: 'EINVAL' })
  })
})

describe('seconds', () => {
  it('become whole nanoseconds, rounded to the nearest', () => {
    expect([0.05, 1.5, 0.000_000_001_4, 0.000_000_001_6, 86_400].map(secondsToNs))
      .toEqual([50_000_000, 1_500_000_000, 1, 2, 86_400_000_000_000])
  })

  it('come back from nanoseconds', () => {
    expect(nsToSeconds(2_500_000_000)).toBe(2.5)
  })
})
