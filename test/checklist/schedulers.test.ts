import { describe, expect, it } from 'vitest'
import type { Destination } from '../../src/ipvs/destination.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { SchedulerBench } from '../ipvs/scheduler/bench.ts'
import { cluster, heldConnections, host, play, typed, VIP, visits, type Play } from './plays.ts'

/** Who answers connections to port 81, held open or closed at once. */
async function picksOf(
  options: { readonly scheduler: string, readonly weights: readonly number[], readonly count: number, readonly held: boolean },
): Promise<string> {
  const { scheduler, weights, count, held } = options
  const scenario = cluster('nat', { service: `-s ${scheduler}`, weights, port: 81 })
  scenario.traffic = [heldConnections(count, held ? {} : { hold: '0s', arrivals: 'in turn' })]
  return (await play(scenario)).answers.replaceAll('rs', '')
}

/** A service whose servers A, B, ... have these weights and connections, and whom it picks. */
function pickOf(scheduler: string, servers: readonly { weight: number, active: number, inactive: number }[]): string {
  const bench = new SchedulerBench(scheduler, servers.map(({ weight }) => weight))
  for (const [index, { active, inactive }] of servers.entries()) {
    Object.assign(bench.server('ABCDEF'.charAt(index)), { activeConns: active, inactiveConns: inactive })
  }
  return bench.picks(1)
}

/** The first of the list, which begins with the server added last, that has the least of something. */
function leastOf(servers: readonly Destination[], load: (server: Destination) => number): Destination | undefined {
  return servers.reduce<Destination | undefined>(
    (best, one) => (best === undefined || load(one) < load(best) ? one : best), undefined)
}

/** Which server of 64 addresses a scheduler by destination picks. */
function mapOfAddresses(bench: SchedulerBench, order: 1 | -1 = 1): string {
  const addresses = Array.from({ length: 64 }, (_, i) => 0x0a000100 + i)
  const picks = new Map((order === 1 ? addresses : [...addresses].reverse())
    .map((dst) => [dst, bench.letterOf(bench.pick({ src: 1 as IpAddr, dst: dst as IpAddr, sport: 1 }))]))
  return addresses.map((dst) => picks.get(dst)).join('')
}

/** Six clients behind the router, which hides them behind its own address if asked to. */
function manyClients(scheduler: string, isHidden: boolean): Play {
  const scenario = cluster('dr', { service: `-s ${scheduler}`, weights: [1, 1, 1] })
  scenario.hosts['client'] = { ...host(scenario, 'client'), replicas: 6 }
  if (isHidden) host(scenario, 'router').setup = 'iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE'
  scenario.traffic = [visits(24)]
  return scenario
}

describe('the checklist, 1.3: schedulers and formulas', () => {
  it('A1: rr takes turns in the order of the list, which is the reverse of adding', async () => {
    const scenario = cluster('nat', { port: 81, weights: [1, 1, 1] })
    scenario.traffic = [heldConnections(7, { hold: '0s' })]
    scenario.observe = [{ name: 'list', on: 'lb', run: 'ipvsadm -Ln --nosort' }]
    const { answers, out } = await play(scenario)
    expect(answers).toBe('rs3 rs2 rs1 rs3 rs2 rs1 rs3')
    expect([...out('list').matchAll(/192\.168\.1\.(\d+)/g)].map(([, last]) => last)).toEqual(['13', '12', '11'])
  })

  it('A2: wrr is exactly proportional over every full cycle', async () => {
    const picks = await picksOf({ scheduler: 'wrr', weights: [3, 2, 1], count: 30, held: false })
    const letters = [...picks.replaceAll(' ', '')]
    expect(letters).toHaveLength(30)
    for (let start = 0; start + 6 <= 30; start++) {
      expect(letters.slice(start, start + 6).sort().join('')).toBe('111223')
    }
  })

  it('A3 is half true: dh has no memory of a first pick, and moves addresses when the servers change', () => {
    const bench = new SchedulerBench('dh', [1, 1])
    const before = mapOfAddresses(bench)
    expect(mapOfAddresses(bench)).toBe(before)
    // Not the order of asking but the address decides.
    expect(mapOfAddresses(new SchedulerBench('dh', [1, 1]), -1)).toBe(before)
    bench.add(1)
    const after = mapOfAddresses(bench)
    const moved = [...before].filter((letter, i) => after[i] !== letter && after[i] !== 'C')
    // Both servers are still there, and yet some addresses went from one of them to the other.
    expect(moved.length).toBeGreaterThan(0)
    expect(mapOfAddresses(new SchedulerBench('dh', [1, 1, 1]))).toBe(after)
  })

  it('A4: sh keeps each client to one server, and all clients behind one address to the same', async () => {
    const open = await play(manyClients('sh', false))
    const byClient = new Map<string, Set<string>>()
    for (const { client, answeredBy = '-' } of open.result.traffic.flatMap(({ requests }) => requests)) {
      byClient.set(client, (byClient.get(client) ?? new Set()).add(answeredBy))
    }
    expect(byClient.size).toBe(6)
    for (const servers of byClient.values()) expect(servers.size).toBe(1)
    expect(new Set(open.answers.split(' ')).size).toBeGreaterThan(1)
    expect(new Set((await play(manyClients('sh', true))).answers.split(' ')).size).toBe(1)
    expect(new Set((await play(manyClients('rr', true))).answers.split(' ')).size).toBe(3)
  })

  it('A5: lc counts an active connection as 256 inactive ones', () => {
    const busy = { weight: 1, active: 1, inactive: 0 }
    // B is first in the list: it wins a tie.
    expect(pickOf('lc', [busy, { weight: 1, active: 0, inactive: 256 }])).toBe('B')
    expect(pickOf('lc', [busy, { weight: 1, active: 0, inactive: 257 }])).toBe('A')
    expect(pickOf('lc', [{ weight: 1, active: 0, inactive: 255 }, busy])).toBe('A')
  })

  it('A6: wlc divides all of the overhead by the weight; without the parentheses it would pick another', () => {
    const [a, b] = [{ weight: 2, active: 1, inactive: 300 }, { weight: 1, active: 1, inactive: 50 }]
    const overhead = ({ active, inactive, weight }: typeof a): number => (active * 256 + inactive) / weight
    const withoutParentheses = ({ active, inactive, weight }: typeof a): number => active * 256 + inactive / weight
    // 278 against 306; 406 against 306.
    expect([overhead(a) < overhead(b), withoutParentheses(a) < withoutParentheses(b)]).toEqual([true, false])
    expect(pickOf('wlc', [a, b])).toBe('A')
  })

  it('A7: wlc is the default; whether it is best depends: it floods a server that has just been added', async () => {
    expect((await typed(`ipvsadm -A -t ${VIP}:80; ipvsadm -Sn`)).stdout).toBe(`-A -t ${VIP}:80 -s wlc\n`)
    for (const [scheduler, share] of [['wlc', 12], ['rr', 4]] as const) {
      const scenario = cluster('dr', { service: `-s ${scheduler}`, weights: [1, 1, 0], port: 81 })
      scenario.traffic = [heldConnections(24), heldConnections(12, { name: 'new', at: '5s', arrivals: 'every 1ms' })]
      scenario.events = [{ at: '4s', on: 'lb', run: `ipvsadm -e -t ${VIP}:81 -r 10.0.0.13 -g -w 1` }]
      const { result } = await play(scenario)
      const fresh = result.traffic[1]?.requests.filter(({ answeredBy }) => answeredBy === 'rs3') ?? []
      expect([scheduler, fresh.length]).toEqual([scheduler, share])
    }
  })

  it('A8: sed picks by (active + 1) * 256 / weight, the order of (active + 1) / weight; inactive does not count', async () => {
    for (let i = 0; i < 200; i++) {
      const bench = new SchedulerBench('sed', [1 + i % 3, 1 + i % 5, 1 + i % 7])
      for (const [index, letter] of ['A', 'B', 'C'].entries()) {
        Object.assign(bench.server(letter), { activeConns: (i * 7 + index * 5) % 11, inactiveConns: (i * 31 * index) % 1000 })
      }
      const expected = leastOf(bench.service.destinations, ({ activeConns, weight }) => (activeConns + 1) * 256 / weight)
      expect(bench.letterOf(bench.pick({ src: 1 as IpAddr, dst: 2 as IpAddr, sport: 3 }))).toBe(bench.letterOf(expected))
    }
    expect(await picksOf({ scheduler: 'sed', weights: [3, 2, 1], count: 6, held: false })).toBe('1 1 1 1 1 1')
  })

  it('A9: nq picks the first idle server of the list, else as sed does', async () => {
    expect(await picksOf({ scheduler: 'nq', weights: [4, 2, 1], count: 14, held: true })).toBe('3 2 1 1 1 2 1 1 2 1 1 3 2 1')
    expect(await picksOf({ scheduler: 'nq', weights: [3, 2, 1], count: 6, held: false })).toBe('3 3 3 3 3 3')
  })

  it('A10: lblc remembers a server for each address until it is overloaded; lblcr then adds another one to its set', () => {
    const lblc = new SchedulerBench('lblc', [2, 2])
    // With more connections than its weight, while another one has less than half of its own, the address moves.
    expect(lblc.picks(4, 'held')).toBe('BBBA')
    expect(lblc.picks(1, 'held')).toBe('A')
    const lblcr = new SchedulerBench('lblcr', [2, 2])
    expect(new Set(lblcr.picks(8, 'held'))).toEqual(new Set(['A', 'B']))
    // Both are in the set of the address: it keeps the better of them.
    const [a, b] = [lblcr.server('A'), lblcr.server('B')]
    expect([a.references > 0, b.references > 0]).toEqual([true, true])
    expect(Math.abs(a.activeConns - b.activeConns)).toBeLessThanOrEqual(2)
    // An address of its own has a pick of its own.
    expect(lblc.letterOf(lblc.pick({ src: 1 as IpAddr, dst: 99 as IpAddr, sport: 1 }))).toBe('A')
  })

  it('A11: what tutorials leave out is there too: fo, ovf and mh; twos is not built for this kernel', async () => {
    expect(await picksOf({ scheduler: 'fo', weights: [1, 3, 2], count: 3, held: true })).toBe('2 2 2')
    expect(await picksOf({ scheduler: 'ovf', weights: [3, 2, 1], count: 9, held: true })).toBe('1 1 1 1 2 2 2 3 3')
    const hashed = await play(manyClients('mh', false))
    expect(new Set(hashed.outcomes)).toEqual(new Set(['ok']))
    expect(new Set(hashed.answers.split(' ')).size).toBeGreaterThan(1)
    expect((await typed(`ipvsadm -A -t ${VIP}:80 -s twos`)).stderr).toBe('Scheduler or persistence engine not found\n')
  })
})
