import { expect, it } from 'vitest'
import { RunHash } from '../../src/sim/run-hash.ts'

it('takes in seven integers at once as it does one after the other', () => {
  const [atOnce, oneByOne] = [new RunHash(), new RunHash()]
  // Small, negative, beyond 32 bits, and with a fraction, as the upper half of a time has.
  const values = [
    [1, -2, 0xffffffff, 0, 7, -8, 0x7fffffff],
    [5_000_000_000, 5_000_000_000 / 0x100000000, 2_166_136_261, 1514, 0xc0a80001, 0x0a000001, (40_000 << 16) | 80],
  ] as const
  for (const [a, b, c, d, e, f, g] of values) {
    atOnce.addSeven(a, b, c, d, e, f, g)
    for (const value of [a, b, c, d, e, f, g]) oneByOne.add(value)
    expect(atOnce.digest()).toBe(oneByOne.digest())
  }
})
