import { describe, expect, it } from 'vitest'
import { LAWS, type LawName } from '../../src/laws/all-laws.ts'
import { judged, type Verdict } from '../../src/laws/check.ts'
import type { Destination, SchedulerFactory } from '../../src/laws/laws.ts'
import { persistenceLaws } from '../../src/laws/persistence-laws.ts'
import { seed } from '../support/seed.ts'
import {
  choices, fo, hash, hashing, lc, least, leastBy, locality, maglev, nq, open, overhead, ovf, plain, rendezvous, rr, sed, wlc, wrr,
} from './own-schedulers.ts'
import { type TemplateFaults, templates } from './templates.ts'

/** What is wrong, the law that finds it, and the scheduler with and without it. */
type Planted = readonly [what: string, law: LawName, wrong: SchedulerFactory, right: SchedulerFactory]

let turnOfAll = 0
let madeSoFar = 0

const PLANTED: readonly Planted[] = [
  ['a server of weight 0 stands in when all others are overloaded', 'drained',
    plain((pool) => open(pool)[0] ?? pool.destinations.find(({ overloaded }) => !overloaded)), plain((pool) => open(pool)[0])],
  ['fo does not look at overload', 'overloaded',
    plain((pool) => least(pool.destinations.filter(({ weight }) => weight > 0), ({ weight }) => -weight)), fo],
  ['a list of its own, from which nobody is removed', 'removed', (pool) => {
    const list: Destination[] = []
    return {
      added: () => void list.push(pool.destinations[0] as Destination),
      pick: () => list.find(({ weight, overloaded }) => weight > 0 && !overloaded),
    }
  }, plain((pool) => open(pool)[0])],
  ['nobody, when the lightest server is overloaded', 'serves',
    plain((pool) => {
      const lightest = least(pool.destinations.filter(({ weight }) => weight > 0), (server) => overhead(server) / server.weight)
      return lightest?.overloaded ? undefined : lightest
    }), wlc],
  ['sh-fallback looks at one more slot only', 'fallback',
    hashing(({ src }) => src, { fallback: 2 }), hashing(({ src }) => src)],
  ['the walk begins elsewhere with every start of the program', 'replay',
    (pool) => {
      let turn = madeSoFar++
      return { pick: () => open(pool).at(turn++ % Math.max(1, open(pool).length)) }
    }, rr()],
  ['one turn for all services', 'strangers',
    plain((pool) => open(pool).at(turnOfAll++ % Math.max(1, open(pool).length))), rr()],

  ['wrr leaves out the last pick of each cycle', 'exact-cycle', wrr({ order: (cycle) => cycle.slice(0, -1) }), wrr()],
  ['wrr divides by the least weight, not by the divisor of all', 'exact-cycle',
    wrr({ divisor: (weights) => Math.min(...weights.filter((weight) => weight > 0)) }), wrr()],
  ['wrr gives a server all its picks in a row', 'burst-bound',
    wrr({ order: (cycle) => cycle.toSorted((a, b) => hash(a.addr) - hash(b.addr)) }), wrr()],
  ['wrr gives the lightest server all its picks first', 'heavier-ahead',
    wrr({ order: (cycle) => cycle.toSorted((a, b) => a.weight - b.weight) }), wrr()],
  ['rr skips a server after a removal', 'in-turn', rr({ forgetsRemovals: true }), rr()],

  ['lc counts an inactive connection as an active one', 'fewest-connections',
    leastBy(({ activeConns, inactiveConns }) => activeConns + inactiveConns), lc],
  ['lc counts no inactive connections', 'fewest-connections', leastBy(({ activeConns }) => activeConns), lc],
  ['wlc divides, and rounds', 'lightest-for-weight', leastBy((server) => Math.floor(overhead(server) / server.weight)), wlc],
  ['wlc does not look at the weight on a tie of connections', 'lightest-for-weight',
    leastBy((server) => overhead(server) * (server.inactiveConns === 0 ? 1 : 1 / server.weight)), wlc],
  ['wlc takes the last listed on a tie', 'lightest-for-weight',
    plain((pool) => least(open(pool).reverse(), (server) => overhead(server) / server.weight)), wlc],
  ['sed does not count the connection to come', 'shortest-delay',
    leastBy(({ activeConns, weight }) => activeConns / weight), sed],
  ['nq takes a server with inactive connections for busy', 'never-queue',
    plain((pool) => open(pool).find((server) => overhead(server) === 0) ?? least(open(pool), (server) => (
      (server.activeConns + 1) / server.weight))), nq],
  ['the busiest server is preferred', 'busier-never-preferred', leastBy((server) => -overhead(server)), lc],
  ['lblc never leaves a crowded server', 'crowded', locality({ leaves: false }), locality()],
  ['lc looks at the weight', 'held-even', wlc, lc],
  ['wlc rounds active / weight', 'held-in-proportion',
    leastBy(({ activeConns, weight }) => Math.floor(activeConns / weight)), wlc],
  ['wlc counts one weight too many', 'held-exact', leastBy((server) => overhead(server) / (server.weight + 1)), wlc],
  ['the smallest weight is rounded to nothing', 'no-starvation',
    wrr({ divisor: (weights) => Math.max(...weights) / 4 }), wrr()],
  ['wlc counts active connections only', 'no-starvation-closed',
    leastBy(({ activeConns, weight }) => activeConns / weight), wlc],
  ['twos draws once', 'two-choices-tail', choices(1), choices(2)],

  ['fo takes the last listed on a tie', 'failover-order',
    plain((pool) => least(open(pool).reverse(), ({ weight }) => -weight)), fo],
  ['fo goes by the least weight', 'failover-order', leastBy(({ weight }) => weight), fo],
  ['ovf overflows by inactive connections', 'overflow-order', plain((pool) => (
    least(open(pool).filter((server) => server.inactiveConns <= server.weight), ({ weight }) => -weight))), ovf],
  ['ovf overflows one connection too early', 'overflow-order', plain((pool) => (
    least(open(pool).filter((server) => server.activeConns < server.weight), ({ weight }) => -weight))), ovf],
  ['the weight is taken for a cost', 'heavier-no-fewer', leastBy(({ activeConns, weight }) => (activeConns + 1) * weight), sed],

  ['the newest server counts double', 'order-of-adding', plain((pool) => (
    least(open(pool), (server) => (server.activeConns + 1) / (server.weight * (server === pool.destinations[0] ? 2 : 1))))), sed],
  ['a weight above 8 counts as 8', 'scaled-weights', leastBy((server) => overhead(server) / Math.min(8, server.weight)), wlc],
  ['rr gives every server as many turns as its weight', 'unweighted', wrr(), rr()],
  ['sh reshuffles with every edit', 'idle-edit', hashing(({ src }) => src, { saltsEdits: true }), hashing(({ src }) => src)],

  ['the hash has the connections of the service in it', 'flow-keeps-server', hashing(({ src }, { destinations }) => (
    `${src} ${destinations.reduce((sum, { activeConns }) => sum + activeConns, 0)}`)), hashing(({ src }) => src)],
  ['sh looks at the port without its flag', 'by-client',
    hashing(({ src, sport }) => `${src} ${sport}`), hashing(({ src }) => src)],
  ['dh goes by the source', 'by-target',
    hashing(({ src }) => src, { weighted: false }), hashing(({ dst }) => dst, { weighted: false })],
  ['the hash is taken modulo those who can be picked', 'drain-moves-own',
    plain((pool, { src }) => open(pool)[hash(src) % Math.max(1, open(pool).length)]), rendezvous],
  ['mh makes its permutations of places in the list', 'leave-moves-few', maglev({ keyOf: (_, index) => `${index}` }), maglev()],
  ['mh makes its permutations of places in the list, and a server joins', 'join-moves-few',
    maglev({ keyOf: (_, index) => `${index}` }), maglev()],
  ['mh gives all servers as many turns', 'share-by-weight', maglev({ turnsOf: () => 1 }), maglev()],
  ['sh gives all servers as many slots', 'share-by-weight',
    hashing(({ src }) => src, { weighted: false }), hashing(({ src }) => src)],

  ['lblc keeps a server for a client, not for an address asked for', 'target-keeps-server',
    locality({ key: ({ src }) => src }), locality()],
  ['lblc never forgets', 'forgets-target', locality({ dayNs: Infinity }), locality()],
]

/** What the templates of a director do wrong, and the law that finds it. */
const PLANTED_TEMPLATES: readonly (readonly [what: string, law: LawName, faults: TemplateFaults])[] = [
  ['a client is split by its ports', 'persistent-client', { splitsByPort: true }],
  ['a template is not renewed', 'persistent-client', { isNotRenewed: true }],
  ['a drained server loses its clients', 'persistent-client', { dropsDrained: true }],
  ['the mask does nothing', 'persistent-network', { ignoresMask: true }],
  ['a template leaks to another port', 'persistent-ports', { leaksPorts: true }],
]

/** Laws whose trials are rows of connections that are as long as they must be. */
const LONG = new Set<LawName>([
  'no-starvation', 'no-starvation-closed', 'two-choices-tail', 'heavier-no-fewer', 'order-of-adding', 'leave-moves-few',
  'join-moves-few', 'share-by-weight',
])

function lawOf(name: LawName): (typeof LAWS)[number] {
  const law = LAWS.find((one) => one.name === name)
  if (law === undefined) throw new Error(`no law ${name}`)
  return law
}

/** What is expected of a law that was broken: a counterexample that was shrunk to a few servers and steps, told in words. */
function expectShrunk({ law, isHeld, counterexample }: Verdict): void {
  expect(isHeld).toBe(false)
  expect(counterexample?.wrong).toMatch(/\w/)
  const { weights, steps } = counterexample?.trial ?? { weights: [], steps: [] }
  expect(steps.length, JSON.stringify(steps)).toBeLessThanOrEqual(LONG.has(law.name) ? 3_200 : 20)
  expect(weights.length).toBeLessThanOrEqual(law.name === 'two-choices-tail' ? 16 : 6)
}

describe(`laws find what is planted (seed ${seed})`, () => {
  it.each(PLANTED)('%s: %s', (_, name, wrong, right) => {
    const law = lawOf(name)
    expectShrunk(judged(law, wrong, { seed, trials: 100 }))
    expect(judged(law, right, { seed, trials: 40 })).toMatchObject({ isHeld: true })
  })

  it.each(PLANTED_TEMPLATES)('%s: %s', (_, name, faults) => {
    const withTemplatesOf = (make: Parameters<typeof persistenceLaws>[0]): (typeof LAWS)[number] => {
      const law = persistenceLaws(make).find((one) => one.name === name)
      return { ...lawOf(name), ...law, trialsShare: 1 }
    }
    expectShrunk(judged(withTemplatesOf(templates(faults)), 'rr', { seed, trials: 200 }))
    expect(judged(withTemplatesOf(templates()), 'rr', { seed, trials: 100 })).toMatchObject({ isHeld: true })
  })

  it('by every law there is', () => {
    const finders = new Set([...PLANTED, ...PLANTED_TEMPLATES].map(([, law]) => law))
    expect(LAWS.map(({ name }) => name).filter((name) => !finders.has(name))).toEqual([])
  })
})
