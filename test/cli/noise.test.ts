import { describe, expect, it } from 'vitest'
import { noiseWarning } from '../../src/cli/noise.ts'

describe('a machine', () => {
  it('is quiet while rounds are alike and no process waits for a core', () => {
    expect(noiseWarning(0.1, [2, 2])).toBeUndefined()
    expect(noiseWarning(0, [0, 1])).toBeUndefined()
  })

  it.each([
    ['rounds differ', 0.381, 0.5, 'rounds differ by up to 38 %, load 0.5 on 2 cores'],
    ['processes wait', 0.02, 2.06, 'rounds differ by up to 2 %, load 2.1 on 2 cores'],
  ])('is noisy when %s', (_, spread, load, words) => {
    expect(noiseWarning(spread, [load, 2])).toBe(`\
The machine is noisy: ${words}.
Trust the ratios more than the times; close what else runs, or keep to one core (taskset -c 1).`)
  })

  it('is looked at when nothing is said of it', () => {
    expect(noiseWarning(0.5)).toMatch(/load \d+\.\d on \d+ cores/)
  })
})
