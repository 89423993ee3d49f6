import { describe, expect, it } from 'vitest'
import { FIND_REPLY, REPLACE, Workload, type WorkloadOptions } from '../../src/connection-table/workload.ts'

const OPTIONS: WorkloadOptions = {
  seed: 1, connections: 1000, hitRate: 1, distribution: 'uniform', churn: 0, mode: 'dr',
}

function textOf(workload: Workload, index: number): string {
  const { protocol, caddr, cport, vaddr, vport } = workload.entryOf(index)
  return [protocol, caddr, cport, vaddr, vport].join()
}

describe('a workload', () => {
  it.each([
    ['made-up', {}],
    // 2 pairs of a client and a service; their ports go round at 2 x 64512 connections.
    ['captured', { flows: [{ protocol: 6, caddr: 1, vaddr: 2, vport: 80 }, { protocol: 17, caddr: 1, vaddr: 2, vport: 53 }] }],
  ])('never has two connections of one key: %s', (_, more) => {
    const workload = new Workload({ ...OPTIONS, connections: 20_000, ...more })
    const texts = Array.from({ length: workload.keyCount }, (_, i) => textOf(workload, i))
    expect(new Set(texts).size).toBe(40_000)
  })

  it('is the same for the same seed, and another for another', () => {
    const keys = (seed: number): number[] => [...new Workload({ ...OPTIONS, seed }).operations(100, 0).keys]
    expect(keys(1)).toEqual(keys(1))
    expect(keys(1)).not.toEqual(keys(2))
  })

  it('asks for replies every second time under NAT, and replaces as often as it was told', () => {
    const { kinds, hits } = new Workload({ ...OPTIONS, mode: 'nat', churn: 0.25, hitRate: 0.5 }).operations(10_000, 0)
    const share = (kind: number): number => kinds.filter((each) => each === kind).length / 10_000
    expect(share(REPLACE)).toBeCloseTo(0.25, 1)
    // Half of the 3/4 that are lookups, and half of those find something.
    expect(share(FIND_REPLY)).toBeCloseTo(0.375, 1)
    expect(hits.reduce((sum, hit) => sum + hit, 0) / 10_000).toBeCloseTo(0.375, 1)
  })

  it('asks for few connections most of the time when told so', () => {
    const keys = (distribution: 'uniform' | 'zipf'): number => {
      const { keys } = new Workload({ ...OPTIONS, distribution }).operations(4000, 0)
      return new Set(Array.from({ length: 4000 }, (_, i) => keys.slice(4 * i, 4 * i + 3).join())).size
    }
    // 4000 draws from 1000 leave out 1000 e^-4 = 18 when all are alike.
    expect(keys('uniform')).toBeGreaterThan(950)
    expect(keys('zipf')).toBeLessThan(700)
  })
})
