import { describe, expect, it } from 'vitest'
import { measureFairness } from '../../src/fairness/fairness.ts'
import type { FairnessOptions } from '../../src/fairness/options.ts'
import type { FairnessResult } from '../../src/fairness/result.ts'
import { measureFairnessByPackets } from '../../src/scenario/fairness-packets.ts'

async function onBothLevels(options: FairnessOptions): Promise<readonly [packets: FairnessResult, connections: FairnessResult]> {
  const [packets, connections] = [await measureFairnessByPackets(options), measureFairness(options)]
  if (!packets.ok || !connections.ok) throw new Error(packets.ok ? 'no connections' : packets.error.message)
  return [packets.value, connections.value]
}

/** Who got how many, and where the windows of picks were the worst: another order of picks would move these. */
function picksOf({ schedulers }: FairnessResult): unknown {
  return schedulers.map(({ scheduler, servers, most, least, refused }) => (
    { scheduler, picks: servers.map(({ picks }) => picks), most, least, refused }))
}

const CONSTANT = { law: 'constant', meanNs: 100_000_000 } as const

describe('packets and connections', () => {
  it('come to the same picks where chance has no part in the work', async () => {
    const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'fo', 'ovf', 'sh', 'mh', 'dh', 'lblc', 'lblcr']
    const [packets, connections] = await onBothLevels({
      schedulers, weights: [3, 2, 1], count: 300, clients: 60, work: CONSTANT, windowPicks: 12,
    })
    expect(packets.level).toBe('packet')
    expect(picksOf(packets)).toEqual(picksOf(connections))
    for (const [i, { response }] of packets.schedulers.entries()) {
      const without = connections.schedulers[i]?.response?.mean.value ?? 0
      // Some ten crossings of a cable of 100 ns, and no more.
      expect((response?.mean.value ?? 0) - without).toBeGreaterThan(0)
      expect((response?.mean.value ?? 0) - without).toBeLessThan(20_000)
    }
  })

  it('come to the same picks when a connection is soon forgotten, and with persistence', async () => {
    const common = { weights: [2, 1], count: 600, work: CONSTANT, windowPicks: 9 } as const
    const [soon, alsoSoon] = await onBothLevels({ ...common, schedulers: ['lc', 'wlc'], clients: 60, finSeconds: 1 })
    expect(picksOf(soon)).toEqual(picksOf(alsoSoon))
    // 24 a second for 25 s: most have been forgotten before the end.
    const [sticky, alsoSticky] = await onBothLevels({
      ...common, schedulers: ['rr', 'wlc'], clients: 30, finSeconds: 1, persistenceSeconds: 2, load: 0.3,
    })
    expect(picksOf(sticky)).toEqual(picksOf(alsoSticky))
  })

  it('come to the same within their intervals where servers draw the work', async () => {
    const [packets, connections] = await onBothLevels({
      schedulers: ['wlc', 'twos'], weights: [2, 1], count: 2000, clients: 100, load: 0.6,
    })
    for (const [i, packet] of packets.schedulers.entries()) {
      const connection = connections.schedulers[i]
      const [one, other] = [packet.response?.mean, connection?.response?.mean]
      // Two independent intervals of 95 %, and half as much again.
      const within = 1.5 * Math.sqrt((one?.halfWidth ?? 0) ** 2 + (other?.halfWidth ?? 0) ** 2)
      expect(Math.abs((one?.value ?? NaN) - (other?.value ?? NaN))).toBeLessThan(within)
      expect(Math.abs((packet.servers[0]?.share.value ?? NaN) - (connection?.servers[0]?.share.value ?? NaN))).toBeLessThan(0.05)
    }
  })

  it('take a scheduler of one\'s own', async () => {
    const last = (pool: { destinations: readonly object[] }) => ({ pick: () => pool.destinations.at(-1) as never })
    const [packets, connections] = await onBothLevels({
      schedulers: ['last'], userSchedulers: { last }, weights: [1, 1], count: 200, clients: 10, work: CONSTANT,
    })
    expect(packets.schedulers[0]?.servers.map(({ picks }) => picks)).toEqual([180, 0])
    expect(picksOf(packets)).toEqual(picksOf(connections))
  })
})

describe('what packets cannot do', () => {
  it.each<[Partial<FairnessOptions>, string]>([
    [{ count: 1_000_000 }, 'connections are 500000 at most'],
    [{ clients: 251 }, 'each client is a host: 250 at most'],
    [{ weights: Array.from({ length: 201 }, () => 1) }, '200 servers at most'],
    [{ discipline: 'shared' }, 'servers work first come, first served'],
    [{ finSeconds: 0 }, 'inactive for 1 s at least'],
    [{ work: { law: 'pareto', meanNs: 1e8, shape: 2 } }, 'no law pareto of work'],
  ])('%j is said: %s', async (wish, message) => {
    const result = await measureFairnessByPackets({ schedulers: ['rr'], weights: [1], ...wish })
    expect(result).toMatchObject({ ok: false, error: { kind: 'option', message: expect.stringContaining(message) } })
  })

  it('is a scheduler that fails', async () => {
    const userSchedulers = { bad: () => ({ pick: () => { throw new Error('no') } }) }
    const result = await measureFairnessByPackets({ schedulers: ['bad'], userSchedulers, weights: [1], count: 100, clients: 5 })
    expect(result).toMatchObject({ ok: false, error: { kind: 'scheduler', message: expect.stringContaining('threw Error: no') } })
  })
})
