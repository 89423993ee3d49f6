/**
 * Named streams of chance.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { type RandomStream, randomStream } from '../../src/sim/random.ts'
import { Simulator } from '../../src/sim/simulator.ts'

function draws(stream: RandomStream, count = 5): number[] {
  return Array.from({ length: count }, () => stream.unit())
}

describe('a stream', () => {
  it('is the same for the same seed and name, in every version', () => {
    expect(draws(randomStream('42', 'link:lan:loss'), 3)).toEqual([0.14815115300007164, 0.7685286526102573, 0.8354147390928119])
  })

  it('differs by seed and by name', () => {
    const first = [randomStream('1', 'a'), randomStream('2', 'a'), randomStream('1', 'b')].map((stream) => stream.unit())
    expect(new Set(first).size).toBe(3)
  })

  it('does not depend on which other streams were opened before, or drawn from', () => {
    const alone = new Simulator('7')
    const crowd = new Simulator('7')
    for (const name of ['x', 'y', 'z']) draws(crowd.stream(name))
    expect(draws(crowd.stream('client:3:arrivals'))).toEqual(draws(alone.stream('client:3:arrivals')))
  })

  it('is one object per name in a run: whoever asks goes on where the last one stopped', () => {
    const sim = new Simulator('7')
    expect(sim.stream('a')).toBe(sim.stream('a'))
    const whole = draws(randomStream('7', 'a'), 4)
    expect([...draws(sim.stream('a'), 2), ...draws(sim.stream('a'), 2)]).toEqual(whole)
  })
})

describe('draws', () => {
  const COUNT = 100_000

  it('of a unit lie in [0, 1) and average one half', () => {
    const values = draws(randomStream('42', 'unit'), COUNT)
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
    // Standard error 1 / sqrt(12 * 100,000) = 0.00091; four of them.
    expect(Math.abs(values.reduce((a, b) => a + b) / COUNT - 0.5)).toBeLessThan(0.0037)
  })

  it('of an integer hit every value below the bound equally often', () => {
    const stream = randomStream('42', 'int')
    const hits = [0, 0, 0, 0, 0, 0]
    for (let i = 0; i < COUNT; i++) {
      const value = stream.int(6)
      hits[value] = (hits[value] ?? NaN) + 1
    }
    // 16,667 expected, standard deviation 118; four of them.
    for (const count of hits) expect(Math.abs(count - COUNT / 6)).toBeLessThan(472)
    expect(hits).toHaveLength(6)
  })

  it('of an exponential have its mean and its tail', () => {
    const stream = randomStream('42', 'exponential')
    const values = Array.from({ length: COUNT }, () => stream.exponential(10))
    // Standard error 10 / sqrt(100,000) = 0.032; P(x > 20) = e^-2 = 0.1353, standard error 0.0011; four of each.
    expect(Math.abs(values.reduce((a, b) => a + b) / COUNT - 10)).toBeLessThan(0.127)
    expect(Math.abs(values.filter((value) => value > 20).length / COUNT - 0.1353)).toBeLessThan(0.0044)
    expect(values.every((value) => value >= 0 && value < Infinity)).toBe(true)
  })

  it("of Pareto's law have its mean, its least and its tail", () => {
    const stream = randomStream('42', 'pareto')
    const values = Array.from({ length: COUNT }, () => stream.pareto(10, 2.5))
    // The least is 10 * 1.5 / 2.5 = 6. The variance is 6^2 * 2.5 / (1.5^2 * 0.5) = 80: standard error of the mean
    // sqrt(80 / 100,000) = 0.028; four of them.
    expect(values.every((value) => value >= 6 * (1 - 1e-12) && value < Infinity)).toBe(true)
    expect(Math.abs(values.reduce((a, b) => a + b) / COUNT - 10)).toBeLessThan(0.113)
    // P(x > 12) = (12 / 6)^-2.5 = 0.1768, and P(x > 24) = (24 / 6)^-2.5 = 0.03125; standard errors 0.0012 and 0.00055.
    expect(Math.abs(values.filter((value) => value > 12).length / COUNT - 0.1768)).toBeLessThan(0.0048)
    expect(Math.abs(values.filter((value) => value > 24).length / COUNT - 0.03125)).toBeLessThan(0.0022)
  })

  it("of Pareto's law are the same in every version", () => {
    const stream = randomStream('42', 'pareto')
    expect(Array.from({ length: 3 }, () => stream.pareto(1e9, 1.5)))
      .toEqual([6179383966.860264, 426768791.56513625, 1086943544.5636916])
  })
})
