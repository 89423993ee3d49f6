/**
 * Laws of locality: an address that is asked for keeps its server, and is forgotten in the end.
 * @module
 */
import fc from 'fast-check'
import { connection, loading, trials } from './arbitraries.ts'
import { Bench, type Look } from './bench.ts'
import type { LawText } from './law.ts'
import { firstLeast } from './least.ts'
import { letterOf, whoOf } from './trial.ts'

/** The names of these laws. */
export type LocalityLawName = 'target-keeps-server' | 'forgets-target'

const HOUR_SECONDS = 3_600
/** A day, which is how long lblc and lblcr keep what nobody asks for, and more than the half hour between two sweeps. */
const FORGOTTEN_SECONDS = 48 * HOUR_SECONDS

/** Laws of locality. */
export const LOCALITY_LAWS: readonly LawText<LocalityLawName>[] = [
  {
    name: 'target-keeps-server', group: 'locality',
    claim: 'While the servers and their weights stay, an address asked for keeps its server (nobody being crowded, as no '
      + 'connection stays active).',
    holdsFor: ['lblc', 'lblcr', 'dh', 'sed', 'nq', 'fo', 'ovf'],
    trials: trials({ servers: [2, 5] }, connection(['closed', 'gone'])),
    judge(candidate, trial) {
      const serverOf = new Map<number, number>()
      return new Bench(candidate, trial).playAll(trial.steps, (_, picked, { target }) => {
        if (picked === undefined) return undefined
        const kept = serverOf.get(target)
        serverOf.set(target, picked)
        return kept === undefined || kept === picked ? undefined
          : `10.0.0.${100 + target} had ${letterOf(kept)} before, and gets ${letterOf(picked)}`
      })
    },
  },
  {
    name: 'forgets-target', group: 'locality',
    claim: 'An address that was not asked for in two days gets the server that wlc would pick.',
    holdsFor: ['wlc', 'lblc', 'lblcr'],
    trials: trials({ servers: [2, 5] }, fc.oneof(
      { weight: 4, arbitrary: connection() }, { weight: 3, arbitrary: loading(fc.nat(12), fc.nat(600)) },
      { weight: 2, arbitrary: fc.record({
        kind: fc.constant('wait'), seconds: fc.constantFrom(HOUR_SECONDS, FORGOTTEN_SECONDS / 2, FORGOTTEN_SECONDS),
      }) },
    )),
    judge: (candidate, trial) => new Bench(candidate, trial).playAll(trial.steps, forgetting()),
  },
]

function forgetting(): Look {
  const askedSeconds = new Map<number, number>()
  return (bench, picked, { target }) => {
    const { nowSeconds } = bench
    const last = askedSeconds.get(target)
    askedSeconds.set(target, nowSeconds)
    if (last !== undefined && nowSeconds - last < FORGOTTEN_SECONDS) return undefined
    const open = bench.list.filter((destination) => bench.isOpen(bench.numberOf(destination)))
    const due = firstLeast(open, ({ activeConns, inactiveConns, weight }) => [
      256n * BigInt(activeConns) + BigInt(inactiveConns), BigInt(weight),
    ])
    const right = due === undefined ? undefined : bench.numberOf(due)
    if (right === picked || right === undefined) return undefined
    const since = last === undefined ? 'never' : `${(nowSeconds - last) / HOUR_SECONDS} hours ago`
    return `10.0.0.${100 + target} was asked for ${since}: ${letterOf(right)} is due, and `
      + `${whoOf(picked)} was picked`
  }
}
