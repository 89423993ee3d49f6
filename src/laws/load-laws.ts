/**
 * Laws of load: whom lc, wlc, sed and nq pick by the counters, and what comes of it while connections are held.
 * @module
 */
import fc from 'fast-check'
import { greatestCommonDivisor } from '../base/gcd.ts'
import {
  connection, counters, ending, loading, overloading, plainConnection, rows, trials, weighing,
} from './arbitraries.ts'
import { Bench, type Look, played } from './bench.ts'
import { type Candidate, LINUX_SCHEDULERS } from './candidate.ts'
import type { LawText } from './law.ts'
import { firstLeast, type Fraction, isMore } from './least.ts'
import { connects, letterOf, sumOf, type Trial, whoOf } from './trial.ts'

/** The names of these laws. */
export type LoadLawName =
  'fewest-connections' | 'lightest-for-weight' | 'shortest-delay' | 'never-queue' | 'busier-never-preferred' | 'crowded'
  | 'held-even' | 'held-in-proportion' | 'held-exact' | 'no-starvation' | 'no-starvation-closed' | 'two-choices-tail'

const loaded = trials({}, fc.oneof(
  { weight: 6, arbitrary: connection() }, { weight: 5, arbitrary: counters }, { weight: 1, arbitrary: ending },
  { weight: 1, arbitrary: overloading }, { weight: 1, arbitrary: weighing },
))
const loadedInTheEnd = loaded.map((trial): Trial => ({ ...trial, steps: [...trial.steps, ...connects(1)] }))
const crowding = trials({ weight: [0, 12] }, fc.oneof(
  { weight: 6, arbitrary: connection(['held', 'gone']) }, { weight: 3, arbitrary: loading(fc.nat(20), fc.constant(0)) },
), { steps: [0, 60] })
const held = trials({ servers: [2, 5], weight: [1, 9] }, plainConnection(['held']), { steps: [0, 100] })
const turnForAll = (weights: readonly number[]): number => sumOf(weights) + weights.length


/** Laws of what is picked. */
const PICK_LAWS: readonly LawText<LoadLawName>[] = [
  {
    name: 'fewest-connections', group: 'load',
    claim: 'The first listed of those with the fewest connections is picked, an active one counting as 256 inactive ones.',
    holdsFor: ['lc'],
    trials: loaded, judge: picksFirstLeast((active, inactive) => [256n * active + inactive, 1n]),
  },
  {
    name: 'lightest-for-weight', group: 'load',
    claim: 'The first listed of those with the fewest connections for their weight is picked, an active one counting as 256 '
      + 'inactive ones, and nothing being rounded.',
    holdsFor: ['wlc'],
    trials: loaded, judge: picksFirstLeast((active, inactive, weight) => [256n * active + inactive, weight]),
  },
  {
    name: 'shortest-delay', group: 'load',
    claim: 'The first listed of those with the least (active + 1) / weight is picked.',
    holdsFor: ['sed'],
    trials: loaded, judge: picksFirstLeast((active, _, weight) => [active + 1n, weight]),
  },
  {
    name: 'never-queue', group: 'load',
    claim: 'While a server that can be picked has no active connection, one without is picked.',
    holdsFor: ['nq'],
    trials: loaded,
    judge: (candidate, trial) => new Bench(candidate, trial).playAll(trial.steps, (bench, picked) => {
      const idle = bench.servers.findIndex(({ activeConns }, server) => activeConns === 0 && bench.isOpen(server))
      if (idle < 0 || (picked !== undefined && bench.servers[picked]?.activeConns === 0)) return undefined
      return `${whoOf(picked)} was picked while ${letterOf(idle)} was idle`
    }),
  },
  {
    name: 'busier-never-preferred', group: 'load',
    claim: 'One active connection more on a server never brings it the pick.',
    holdsFor: LINUX_SCHEDULERS.filter((name) => name !== 'twos'),
    trials: loadedInTheEnd, judge: judgeBusier,
  },
  {
    name: 'crowded', group: 'load',
    claim: 'A server with more active connections than its weight is not picked while another has less than half of its own (and '
      + 'neither has inactive ones).',
    holdsFor: ['wlc', 'lblc', 'lblcr', 'sed', 'nq', 'ovf'],
    trials: crowding,
    judge: (candidate, trial) => new Bench(candidate, trial).playAll(trial.steps, ({ servers }, picked) => {
      const full = picked === undefined ? undefined : servers[picked]
      const free = servers.findIndex(({ activeConns, weight }) => activeConns * 2 < weight)
      if (picked === undefined || full === undefined || full.activeConns <= full.weight || free < 0) return undefined
      return `${letterOf(picked)} was picked with ${full.activeConns} active connections at weight ${full.weight}, while `
        + `${letterOf(free)} had ${servers[free]?.activeConns} at weight ${servers[free]?.weight}`
    }),
  },
]

/** Laws of what comes of it. */
const HELD_LAWS: readonly LawText<LoadLawName>[] = [
  {
    name: 'held-even', group: 'load',
    claim: 'While connections are held, no server has two more than another.',
    holdsFor: ['rr', 'lc'],
    trials: held, judge: afterEachStep(compareAll((a, b) => (
      a.activeConns - b.activeConns > 1 ? `${a.activeConns} connections, and ${b.activeConns}` : undefined))),
  },
  {
    name: 'held-in-proportion', group: 'load',
    claim: 'While connections are held, active / weight of any two servers differs by no more than one connection of the lighter '
      + 'one: max(1 / weight, 1 / other weight).',
    holdsFor: ['wlc', 'sed', 'nq'],
    trials: held, judge: afterEachStep(compareAll((a, b) => (
      a.activeConns * b.weight - b.activeConns * a.weight > Math.max(a.weight, b.weight)
        ? `${a.activeConns} / ${a.weight}, and ${b.activeConns} / ${b.weight}` : undefined))),
  },
  {
    name: 'held-exact', group: 'load',
    claim: 'After whole cycles (all weights divided by their greatest common divisor) of connections that are held, the servers '
      + 'hold exactly in proportion to their weights.',
    holdsFor: ['wrr', 'wlc', 'sed', 'nq'],
    trials: held, judge: afterEachStep(heldExactly),
  },
  {
    name: 'no-starvation', group: 'load',
    claim: 'Of as many connections of one client as all weights and one for each server, held, everybody has one.',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sed', 'nq', 'ovf'],
    trials: rows({ servers: [1, 6], weight: [1, 12] }, turnForAll, 'held'), judge: judgeStarvation,
  },
  {
    name: 'no-starvation-closed', group: 'load',
    claim: 'The same of connections that end at once, and stay inactive.',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc'],
    trials: rows({ servers: [1, 6], weight: [1, 12] }, turnForAll, 'closed'), judge: judgeStarvation,
  },
  {
    name: 'two-choices-tail', group: 'load',
    claim: 'Of 200 connections for each of 8 to 16 equal servers, held, nobody has more than 210. (One random choice would give '
      + 'the fullest some 220.)',
    holdsFor: ['rr', 'wrr', 'lc', 'wlc', 'lblcr', 'sed', 'nq', 'ovf', 'twos'],
    trials: rows({ servers: [8, 16], weight: [1, 1] }, (weights) => 200 * weights.length, 'held'), trialsShare: 0.1,
    judge(candidate, trial) {
      const { servers } = played(candidate, trial)
      const bound = trial.steps.length / servers.length + 10
      const fullest = servers.findIndex(({ activeConns }) => activeConns > bound)
      return fullest < 0 ? undefined : `${letterOf(fullest)} has ${servers[fullest]?.activeConns} connections, more than ${bound}`
    },
  },
]

/** Laws of load. */
export const LOAD_LAWS: readonly LawText<LoadLawName>[] = [...PICK_LAWS, ...HELD_LAWS]

type Measure = (active: bigint, inactive: bigint, weight: bigint) => Fraction

/** Judges every pick against the first listed server of the least measure. */
function picksFirstLeast(measure: Measure): LawText['judge'] {
  const look: Look = (bench, picked) => {
    const open = bench.list.filter((destination) => bench.isOpen(bench.numberOf(destination)))
    const due = firstLeast(open, ({ activeConns, inactiveConns, weight }) => (
      measure(BigInt(activeConns), BigInt(inactiveConns), BigInt(weight))))
    const right = due === undefined ? undefined : bench.numberOf(due)
    if (right === picked || right === undefined) return undefined
    const why = picked === undefined ? 'due' : isLess(bench, measure, right, picked) ? 'lighter' : 'listed before it'
    return `${whoOf(picked)} was picked, but ${letterOf(right)} is ${why}`
  }
  return (candidate, trial) => new Bench(candidate, trial).playAll(trial.steps, look)
}

function isLess({ servers }: Bench, measure: Measure, server: number, other: number): boolean {
  const [a, b] = [servers[server], servers[other]].map((destination) => (
    measure(BigInt(destination?.activeConns ?? 0), BigInt(destination?.inactiveConns ?? 0), BigInt(destination?.weight ?? 0))))
  return a !== undefined && b !== undefined && isMore(b, a)
}

function judgeBusier(candidate: Candidate, trial: Trial): string | undefined {
  const [before, last] = [trial.steps.slice(0, -1), trial.steps.slice(-1)]
  const picked = played(candidate, trial).picks.at(-1)
  for (const server of trial.weights.keys()) {
    if (server === picked) continue
    const bench = new Bench(candidate, trial)
    bench.playAll(before)
    const destination = bench.servers[server]
    if (destination === undefined) continue
    const active = ++destination.activeConns
    bench.playAll(last)
    if (bench.picks.at(-1) === server) {
      return `the last pick is ${whoOf(picked)}; it is ${letterOf(server)} if that has ${active} active connections, not `
        + `${active - 1}`
    }
  }
  return undefined
}

interface Counted {
  readonly activeConns: number
  readonly weight: number
}

/** Judges the counters after each step. */
function afterEachStep(look: (bench: Bench) => string | undefined): LawText['judge'] {
  return (candidate, trial) => {
    const bench = new Bench(candidate, trial)
    for (const step of trial.steps) {
      bench.play(step)
      const wrong = look(bench)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
}

function compareAll(difference: (a: Counted, b: Counted) => string | undefined): (bench: Bench) => string | undefined {
  return ({ servers }) => {
    for (const [i, a] of servers.entries()) {
      for (const [j, b] of servers.entries()) {
        const wrong = difference(a, b)
        if (wrong !== undefined) return `${letterOf(i)} and ${letterOf(j)} had ${wrong}`
      }
    }
    return undefined
  }
}

/** Compares the counters with the weights, where a cycle has ended. */
function heldExactly({ servers, picks }: Bench): string | undefined {
  const weights = servers.map(({ weight }) => weight)
  const divisor = greatestCommonDivisor(weights)
  const cycles = picks.length * divisor / sumOf(weights)
  if (!Number.isInteger(cycles)) return undefined
  const wrong = servers.findIndex(({ activeConns, weight }) => activeConns !== cycles * weight / divisor)
  const server = servers[wrong]
  return server === undefined ? undefined : `after ${picks.length} picks ${letterOf(wrong)} held ${server.activeConns}, not `
    + `${cycles} x ${server.weight} / ${divisor}`
}

function judgeStarvation(candidate: Candidate, trial: Trial): string | undefined {
  const { picks } = played(candidate, trial)
  if (picks.length < turnForAll(trial.weights)) return undefined
  const starving = trial.weights.findIndex((_, server) => !picks.includes(server))
  return starving < 0 ? undefined : `${letterOf(starving)} was never picked`
}
