import { describe, expect, it } from 'vitest'
import { clientAddress, realServerAddress, VIP } from '../../src/fairness/addresses.ts'
import { type Distribution, drawNs, meanNsOf, squaredVariationOf } from '../../src/fairness/distribution.ts'
import { RandomSource } from '../../src/fairness/random-source.ts'
import { randomStream } from '../../src/sim/random.ts'
import { formatIp } from '../../src/wire/address.ts'

const DRAWS = 200_000

describe('laws of times', () => {
  it.each<[Distribution, mean: number, squaredVariation: number]>([
    [{ law: 'constant', meanNs: 5e6 }, 5e6, 0],
    [{ law: 'exponential', meanNs: 1e8 }, 1e8, 1],
    // Width 6 over mean 5, squared, over 12: 0.12.
    [{ law: 'uniform', fromNs: 2e6, toNs: 8e6 }, 5e6, 0.12],
    // 1 / (3 (3 - 2)) and 1 / (4 (4 - 2))
    [{ law: 'pareto', meanNs: 1e7, shape: 4 }, 1e7, 1 / 8],
    [{ law: 'lognormal', meanNs: 1e7, cv: 0.5 }, 1e7, 0.25],
    [{ law: 'lognormal', meanNs: 1e7, cv: 2 }, 1e7, 4],
  ])('%j has mean %d and squared variation %d', (distribution, mean, squaredVariation) => {
    expect(meanNsOf(distribution)).toBe(mean)
    expect(squaredVariationOf(distribution)).toBeCloseTo(squaredVariation, 12)
    const stream = randomStream('42', 'work')
    const draws = Array.from({ length: DRAWS }, () => drawNs(distribution, stream))
    const drawnMean = draws.reduce((a, b) => a + b, 0) / DRAWS
    const drawnVariance = draws.reduce((sum, draw) => sum + (draw - drawnMean) * (draw - drawnMean), 0) / DRAWS
    // Four standard errors of a mean; the variance of heavy tails settles slowly.
    expect(Math.abs(drawnMean / mean - 1)).toBeLessThanOrEqual(4 * Math.sqrt(squaredVariation / DRAWS))
    expect(Math.abs(drawnVariance / mean / mean - squaredVariation)).toBeLessThanOrEqual(0.15 * squaredVariation)
    expect(draws.every((draw) => Number.isInteger(draw) && draw >= 0)).toBe(true)
  })

  it('have no variance under Pareto with shape 2 or less', () => {
    expect(squaredVariationOf({ law: 'pareto', meanNs: 1, shape: 2 })).toBe(Infinity)
  })

  it('put half of a lognormal law below mean / sqrt(1 + cv^2)', () => {
    const stream = randomStream('42', 'median')
    const median = 1e9 / Math.sqrt(1 + 3 * 3)
    const below = Array.from({ length: DRAWS }, () => drawNs({ law: 'lognormal', meanNs: 1e9, cv: 3 }, stream))
      .filter((draw) => draw < median).length
    // Half of 200,000, with a deviation of 224.
    expect(Math.abs(below - DRAWS / 2)).toBeLessThan(4 * 224)
  })
})

describe('addresses', () => {
  it('are different ones for different clients, all over 10.0.0.0/8', () => {
    const addresses = Array.from({ length: 300_000 }, (_, index) => clientAddress(index))
    expect(new Set(addresses).size).toBe(300_000)
    expect(addresses.every((address) => address >>> 24 === 10)).toBe(true)
    // Of 256 second bytes each has some 1172, with a deviation of 34 if they fell by chance.
    const seconds = new Map<number, number>()
    for (const address of addresses) seconds.set((address >>> 16) & 255, (seconds.get((address >>> 16) & 255) ?? 0) + 1)
    expect([...seconds.values()].every((count) => Math.abs(count - 1172) < 5 * 34)).toBe(true)
  })

  it('of servers and of the service are in a network of their own', () => {
    const addresses = [realServerAddress(0), realServerAddress(299), VIP]
    expect(addresses.map(formatIp)).toEqual(['192.168.0.1', '192.168.1.44', '192.168.255.1'])
  })
})

describe('a source of connections', () => {
  const options = {
    seed: '42', count: 1000, clients: 10, gaps: { law: 'exponential', meanNs: 1e6 }, work: { law: 'exponential', meanNs: 1e8 },
  } as const
  const all = (changed: object): { arrivalNs: number, client: number, workNs: number }[] => {
    const source = new RandomSource({ ...options, ...changed })
    return Array.from({ length: 1000 }, () => source.next()).filter((next) => next !== undefined)
  }

  it('comes to its end', () => {
    const source = new RandomSource({ ...options, count: 2 })
    expect([source.next(), source.next(), source.next()].map((next) => next === undefined)).toEqual([false, false, true])
  })

  it('moves only what was changed', () => {
    const [plain, fewer, other] = [all({}), all({ clients: 3 }), all({ work: { law: 'constant', meanNs: 1 } })]
    const of = (connections: typeof plain, key: keyof typeof plain[number]): number[] => connections.map((one) => one[key])
    expect([of(fewer, 'arrivalNs'), of(fewer, 'workNs')]).toEqual([of(plain, 'arrivalNs'), of(plain, 'workNs')])
    expect([of(other, 'arrivalNs'), of(other, 'client')]).toEqual([of(plain, 'arrivalNs'), of(plain, 'client')])
    expect(new Set(fewer.map(({ client }) => client)).size).toBe(3)
    expect(all({ seed: '43' })).not.toEqual(plain)
  })
})
