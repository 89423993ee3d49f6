import { expect, it } from 'vitest'
import { RunHash } from '../../src/sim/run-hash.ts'

it('takes in four integers at once as it does one after the other', () => {
  const [atOnce, oneByOne] = [new RunHash(), new RunHash()]
  // Small, negative, beyond 32 bits, and with a fraction, as the upper half of a time has.
  const values = [[1, -2, 0xffffffff, 0], [5_000_000_000, 5_000_000_000 / 0x100000000, 2_166_136_261, 1514]] as const
  for (const [a, b, c, d] of values) {
    atOnce.addFour(a, b, c, d)
    for (const value of [a, b, c, d]) oneByOne.add(value)
    expect(atOnce.digest()).toBe(oneByOne.digest())
  }
})
