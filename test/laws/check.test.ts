import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LAWS as ALL } from '../../src/laws/all-laws.ts'
import { Bench } from '../../src/laws/bench.ts'
import { complaint } from '../../src/laws/law.ts'
import {
  checkScheduler, connect, connects, crowd, LAWS, type LawName, lawProperty, type SchedulerFactory, type Step, trialOf,
} from '../../src/laws/laws.ts'
import { simulatedDirector } from '../../src/laws/persistent-director.ts'
import { trialLines } from '../../src/laws/report.ts'

const first: SchedulerFactory = (pool) => ({ pick: () => pool.destinations[0] })

function lawOf(name: LawName): (typeof LAWS)[number] {
  const law = ALL.find((one) => one.name === name)
  if (law === undefined) throw new Error(`no law ${name}`)
  return law
}

describe('checkScheduler', () => {
  it('says in words what is held and what is broken, with the smallest case and who keeps the law', () => {
    const { text } = checkScheduler('rr', { laws: ['held-in-proportion', 'held-even', 'drained'] })
    expect(text).toBe(`rr: 2 of 3 laws held (seed 42)

every scheduler
  ✓ drained: A server of weight 0 is never picked.

load
  ✓ held-even: While connections are held, no server has two more than another.
  ✗ held-in-proportion: While connections are held, active / weight of any two servers differs by no more than
        one connection of the lighter one: max(1 / weight, 1 / other weight).
      broken after 1 trial (kept by wlc sed nq)
      servers, as added: A weight 1, B weight 2
      connections 1-6 of 10.0.0.2, held: BABABA
      wrong: A and B had 3 / 1, and 3 / 2
`)
  })

  it('gives the same report for the same seed, and other trials for another', () => {
    const [one, same, other] = [1, 1, 2].map((seed) => checkScheduler('twos', { laws: 'turns', seed, trials: 20 }).text)
    expect(same).toBe(one)
    expect(other).not.toBe(one)
  })

  it('names what is held and broken, and has the counterexamples as data', () => {
    const { held, broken, verdicts, seed } = checkScheduler(first, { laws: ['drained', 'overloaded', 'removed'], trials: 50 })
    expect([held, broken, seed]).toEqual([['removed'], ['drained', 'overloaded'], 42])
    const [drained] = verdicts
    expect(drained?.counterexample?.wrong).toMatch(/^[A-Z] was picked at weight 0$/)
    expect(drained?.counterexample?.trial.steps.length).toBeLessThanOrEqual(3)
  })

  it('tries all laws, those of a group, or some, in their usual order', () => {
    const namesOf = (laws?: 'all' | 'order' | LawName[]): string[] => (
      checkScheduler('fo', { ...(laws === undefined ? {} : { laws }), trials: 1 }).verdicts.map(({ law }) => law.name))
    expect(namesOf()).toEqual(LAWS.map(({ name }) => name))
    expect(namesOf('order')).toEqual(['failover-order', 'overflow-order', 'heavier-no-fewer'])
    expect(namesOf(['serves', 'drained'])).toEqual(['drained', 'serves'])
  })

  it('throws for names that nobody has', () => {
    expect(() => checkScheduler('fifo')).toThrow(new RangeError(
      'Linux has no scheduler fifo: rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh, twos'))
    expect(() => checkScheduler('rr', { laws: ['evenness' as LawName] })).toThrow(/^there is no law evenness: drained, /)
  })
})

describe('a scheduler that fails', () => {
  it.each<readonly [string, SchedulerFactory, string]>([
    ['throws', () => ({ pick: () => { throw new Error('nobody home') } }), 'the scheduler threw Error: nobody home'],
    ['throws in a hook', () => ({ pick: () => undefined, added: () => { throw new Error('nobody home') } }),
      'the scheduler threw Error: nobody home'],
    ['is none', () => 7 as never, 'the scheduler begins as the number 7, not as an object with a function `pick`'],
    ['picks a copy', ({ destinations }) => ({ pick: () => ({ ...destinations[0] }) as never }),
      'the scheduler picked an object, which is none of its destinations'],
  ])('breaks every law when it %s', (_, factory, wrong) => {
    const laws: LawName[] = ['drained', 'held-even', 'two-choices-tail', 'persistent-client', 'persistent-ports']
    const { verdicts, text } = checkScheduler(factory, { laws, trials: 60 })
    expect(verdicts.map(({ counterexample }) => counterexample?.wrong)).toEqual(laws.map(() => wrong))
    expect(text).toContain(`wrong: ${wrong}`)
  })
})

describe('lawProperty', () => {
  it('is a property that fails with what is wrong', () => {
    fc.assert(lawProperty(lawOf('drained'), 'wlc'), { seed: 1, numRuns: 50 })
    expect(() => fc.assert(lawProperty(lawOf('drained'), first), { seed: 1 })).toThrow(/Property failed[^]*seed: 1/)
  })
})

describe('a trial in words', () => {
  const law = lawOf('drained')

  it('tells everything that happens', () => {
    const steps: Step[] = [
      connect(), { kind: 'end', connection: 0 }, { kind: 'load', server: 3, active: 2, inactive: 9 },
      { kind: 'overload', server: 0, overloaded: true }, connect({ port: 1025, fate: 'gone' }),
      { kind: 'overload', server: 0, overloaded: false }, { kind: 'weigh', server: 1, weight: 0 }, { kind: 'add', weight: 7 },
      { kind: 'remove', server: 2 }, { kind: 'wait', seconds: 60 }, ...connects(2, { target: 1, fate: 'closed' }),
      ...crowd(60, 'held', 5),
    ]
    expect(trialLines(law, 'lc', trialOf([1, 1], steps, { flags: 3, draw: 9 }))).toEqual([
      'servers, as added: A weight 1, B weight 1, flags 3, random stream 9',
      'connection 1 of 10.0.0.2, held: B',
      'a connection that was held ends, and is inactive',
      'B has 2 active connections, and 9 inactive ones',
      'A is overloaded',
      'connection 2 of 10.0.0.2 port 1025, gone at once: B',
      'A is not overloaded any more',
      'B gets weight 0',
      'C of weight 7 is added',
      'C is removed',
      '60 s pass',
      'connections 3-4 of 10.0.0.2 for 10.0.0.101, closed at once: AA',
      `connections 5-64 of 10.0.0.7 to 10.0.0.66 for an address of its own each, held: ${'A'.repeat(48)}...`,
    ])
  })

  it('tells of ports where the law is about them, and of nobody', () => {
    const trial = trialOf([], [connect(), connect({ target: 1 })])
    expect(trialLines(lawOf('persistent-ports'), 'rr', trial)).toEqual([
      'servers, as added: none', 'connection 1 of 10.0.0.2, port 80: -', 'connection 2 of 10.0.0.2, port 443: -',
    ])
  })
})

describe('the bench', () => {
  it('gives numbers above the last one to servers from A on, and passes over those that are gone', () => {
    const bench = new Bench('rr', trialOf([1, 1], []))
    bench.playAll([
      { kind: 'remove', server: 3 }, { kind: 'weigh', server: 1, weight: 9 }, { kind: 'end', connection: 4 }, connect(),
    ])
    expect([bench.picks, bench.servers.map(({ weight }) => weight)]).toEqual([[0], [1, 1]])
    expect([bench.isOpen(0), bench.isOpen(1), bench.isOpen(2)]).toEqual([true, false, false])
  })

  it('counts as a director does: held is active, then inactive when it ends; closed is inactive; gone is nothing', () => {
    const bench = new Bench('fo', trialOf([1], []))
    const counts = (): unknown => bench.servers.map(({ activeConns, inactiveConns }) => [activeConns, inactiveConns])
    bench.playAll([...connects(2), connect({ fate: 'closed' }), connect({ fate: 'gone' })])
    expect(counts()).toEqual([[2, 1]])
    bench.play({ kind: 'end', connection: 7 })
    expect(counts()).toEqual([[1, 2]])
  })
})

describe('the director of the laws of persistence', () => {
  it('keeps a template 360 s from its last use, for each port and network', () => {
    const director = simulatedDirector('rr', trialOf([1, 1], []), 0xffffff00)
    const play = (...steps: Step[]): (number | undefined)[] => steps.map((step) => director.play(step))
    // B is listed first. 10.0.0.2 and 10.0.0.3 are of one network, 10.0.1.2 is of another.
    expect(play(connect(), connect({ client: 1 }), connect({ client: 256 }), connect({ target: 1 }))).toEqual([1, 1, 0, 1])
    const pause: Step = { kind: 'wait', seconds: 300 }
    expect(play(pause, connect(), pause, connect())).toEqual([undefined, 1, undefined, 1])
    expect(play({ kind: 'weigh', server: 1, weight: 0 }, connect(), connect({ client: 256 }))).toEqual([undefined, 1, 0])
    expect(play({ kind: 'remove', server: 1 }, connect(), { kind: 'add', weight: 1 }).slice(1, 2)).toEqual([0])
  })

  it('is judged right by the laws, and lets a scheduler of a user run under templates', () => {
    expect(complaint(lawOf('persistent-client'), first, trialOf([1, 1], connects(3)))).toBeUndefined()
  })
})
