import { describe, it } from 'vitest'
import type { Destination } from '../../src/ipvs/destination.ts'
import { SCHEDULERS } from '../../src/ipvs/scheduler/registry.ts'
import type { SchedulerFactory } from '../../src/ipvs/scheduler/scheduler.ts'
import { randomStream } from '../../src/sim/random.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { SchedulerBench } from '../ipvs/scheduler/bench.ts'
import { checkEstimate, checkWithin } from './checked.ts'
import { addr, VIP } from './clusters.ts'
import { maglevTable, publishedMaglev } from './maglev.ts'
import { meanOf } from './queues.ts'

const SEEDS = [1, 2, 3, 4, 5]
const BATCHES = 20
const SCHEDULERS_AND_MAGLEV: ReadonlyMap<string, SchedulerFactory> = new Map([
  ...SCHEDULERS, ['maglev4093', publishedMaglev(4093)], ['maglev65537', publishedMaglev(65_537)],
])

/** A service with so many servers of weight 1. */
function serviceOf(scheduler: string, servers: number): SchedulerBench {
  return new SchedulerBench(scheduler, Array.from({ length: servers }, () => 1), 0, SCHEDULERS_AND_MAGLEV)
}

/** Who serves a client. */
function serverOf(service: SchedulerBench, src: number): Destination | undefined {
  return service.pick({ src: src as IpAddr, dst: addr(VIP), sport: 40_000 })
}

/** Clients of each server, `clients` of them drawn with any address. */
function clientsOf(
  scheduler: string, { servers, clients, seed }: { servers: number, clients: number, seed: number },
): number[][] {
  const service = serviceOf(scheduler, servers)
  const stream = randomStream(String(seed), 'clients')
  return Array.from({ length: BATCHES }, () => {
    const counts = new Map(service.service.destinations.map((server) => [server, 0]))
    for (let i = 0; i < clients; i++) {
      const server = serverOf(service, stream.int(2 ** 32)) as Destination
      counts.set(server, (counts.get(server) ?? 0) + 1)
    }
    return [...counts.values()]
  })
}

describe('V31: clients are balls, servers are bins', () => {
  // Servers, clients, E[max]/mean. sh has 256 slots: eight servers share them evenly.
  it.each([
    ['mh', 3, 10_000, 1.0147], ['mh', 8, 10_000, 1.0401], ['sh', 8, 10_000, 1.0401], ['mh', 10, 1_000, 1.155],
    ['mh', 10, 10_000, 1.0488], ['mh', 100, 10_000, 1.259],
  ] as const)('%s: %i servers and %i clients', (scheduler, servers, clients, expected) => {
    const batches = SEEDS.flatMap((seed) => clientsOf(scheduler, { servers, clients, seed }))
    const mean = clients / servers
    checkEstimate(`max/mean of ${servers} servers, ${clients} clients, ${scheduler}`,
      meanOf(batches.map((counts) => Math.max(...counts) / mean)), expected)
    const jain = batches.map((counts) => clients * clients / (servers * counts.reduce((sum, n) => sum + n * n, 0)))
    checkEstimate(`Jain of ${servers} servers, ${clients} clients, ${scheduler}`, meanOf(jain), 1 / (1 + (servers - 1) / clients))
  })
})

describe('V32: Maglev when a server leaves', () => {
  // Servers, percent of the clients of others that move. mh is Linux's own.
  it.each([
    ['maglev4093', 10, [0.68, 1.48]], ['mh', 10, [0.68, 1.48]], ['maglev65537', 10, [0.17, 0.29]],
    ['maglev65537', 100, [0.46, 0.66]],
  ] as const)('%s: of %i servers', (scheduler, servers, allowed) => {
    let moved = 0
    let stayed = 0
    for (let leaver = 0; leaver < 10; leaver++) {
      const service = serviceOf(scheduler, servers)
      const stream = randomStream(String(leaver % 5 + 1), 'clients')
      const clients = Array.from({ length: 20_000 }, () => stream.int(2 ** 32))
      const before = clients.map((src) => serverOf(service, src))
      const gone = service.service.destinations[leaver] as Destination
      service.service.remove(gone)
      for (const [index, src] of clients.entries()) {
        if (before[index] === gone) continue
        if (serverOf(service, src) === before[index]) stayed++
        else moved++
      }
    }
    checkWithin(`percent moved, ${servers} servers, ${scheduler}`, moved / (moved + stayed) * 100, allowed)
  })

  it.each([[10, 4093], [10, 65_537], [100, 65_537]] as const)('%i servers share %i slots evenly', (servers, size) => {
    const counts = new Map<Destination, number>()
    for (const server of maglevTable(serviceOf('rr', servers).service.destinations, size)) {
      counts.set(server, (counts.get(server) ?? 0) + 1)
    }
    const spread = Math.max(...counts.values()) - Math.min(...counts.values())
    checkWithin(`slots, most less fewest, ${servers} servers, ${size} slots`, spread, [0, 1])
  })
})
