/**
 * Laws of turns: what rr and wrr promise of the order of their picks, whatever becomes of the connections.
 * @module
 */
import fc from 'fast-check'
import { greatestCommonDivisor } from '../base/gcd.ts'
import { adding, connection, overloading, removing, trials, weighing } from './arbitraries.ts'
import { Bench, type Look, played } from './bench.ts'
import type { Candidate } from './candidate.ts'
import type { LawText } from './law.ts'
import { letterOf, lettersOf, sumOf, type Trial } from './trial.ts'

/** The names of these laws. */
export type TurnLawName = 'exact-cycle' | 'burst-bound' | 'heavier-ahead' | 'in-turn'

const steady = trials({ servers: [2, 4], weight: [0, 9] }, connection(), { steps: [0, 100] })

/** Laws of turns. */
export const TURN_LAWS: readonly LawText<TurnLawName>[] = [
  {
    name: 'exact-cycle', group: 'turns',
    claim: 'Of as many picks in a row as all weights divided by their greatest common divisor, wherever they begin, each server '
      + 'has its own weight divided by it.',
    holdsFor: ['wrr'],
    trials: steady, judge: judgeExactCycle,
  },
  {
    name: 'burst-bound', group: 'turns',
    claim: 'No server is picked more often in a row than by how much the greatest weight exceeds the second, and once more '
      + '(weights divided by their greatest common divisor).',
    holdsFor: ['rr', 'wrr'],
    trials: steady, judge: judgeBurst,
  },
  {
    name: 'heavier-ahead', group: 'turns',
    claim: 'Over any picks in a row, a server has at most one more than another whose weight is at least its own.',
    holdsFor: ['rr', 'wrr'],
    trials: steady, judge: judgeHeavierAhead,
  },
  {
    name: 'in-turn', group: 'turns',
    claim: 'Between two picks of one server every other that could be picked all the while is picked once, whatever else is '
      + 'added, removed or changed.',
    holdsFor: ['rr'],
    trials: trials({}, fc.oneof(
      { weight: 8, arbitrary: connection() }, { weight: 2, arbitrary: removing }, { weight: 1, arbitrary: adding },
      { weight: 1, arbitrary: weighing }, { weight: 1, arbitrary: overloading },
    ), { steps: [0, 60] }),
    judge: (candidate, trial) => new Bench(candidate, trial).playAll(trial.steps, turnKeeper()),
  },
]

function judgeExactCycle(candidate: Candidate, trial: Trial): string | undefined {
  const { weights } = trial
  const divisor = greatestCommonDivisor(weights)
  if (divisor === 0) return undefined
  const cycle = sumOf(weights) / divisor
  const { picks } = played(candidate, trial)
  for (let start = 0; start + cycle <= picks.length; start++) {
    const some = picks.slice(start, start + cycle)
    const wrong = weights.findIndex((weight, server) => some.filter((picked) => picked === server).length !== weight / divisor)
    if (wrong < 0) continue
    const has = some.filter((picked) => picked === wrong).length
    return `of the ${cycle} picks from pick ${start + 1} on, ${lettersOf(some)}, ${letterOf(wrong)} has ${has}, `
      + `not ${weights[wrong]} / ${divisor} = ${(weights[wrong] ?? 0) / divisor}`
  }
  return undefined
}

function judgeBurst(candidate: Candidate, trial: Trial): string | undefined {
  const divisor = greatestCommonDivisor(trial.weights)
  const [most = 0, second = 0] = trial.weights.toSorted((a, b) => b - a)
  if (second === 0) return undefined
  const bound = (most - second) / divisor + 1
  const { picks } = played(candidate, trial)
  let length = 0
  for (const [i, picked] of picks.entries()) {
    length = picked === picks[i - 1] ? length + 1 : 1
    if (picked !== undefined && length > bound) {
      return `${letterOf(picked)} was picked ${length} times in a row, more than `
        + `(${most} - ${second}) / ${divisor} + 1 = ${bound} times`
    }
  }
  return undefined
}

function judgeHeavierAhead(candidate: Candidate, trial: Trial): string | undefined {
  const { weights } = trial
  const { picks } = played(candidate, trial)
  for (const [light, lightWeight] of weights.entries()) {
    for (const [heavy, heavyWeight] of weights.entries()) {
      if (light === heavy || lightWeight === 0 || heavyWeight < lightWeight) continue
      // By how much the lighter one is ahead since the pick from which it is the most.
      let [ahead, start] = [0, 0]
      for (const [i, picked] of picks.entries()) {
        if (picked === light) ahead++
        else if (picked === heavy && --ahead < 0) [ahead, start] = [0, i + 1]
        if (ahead > 1) {
          return `from pick ${start + 1} to ${i + 1}, ${lettersOf(picks.slice(start, i + 1))}, ${letterOf(light)} of weight `
            + `${lightWeight} is picked ${ahead} times more often than ${letterOf(heavy)} of weight ${heavyWeight}`
        }
      }
    }
  }
  return undefined
}

/** Keeps in mind who could be picked all the while, and how often it was. */
function turnKeeper(): Look {
  const latest = new Map<number, { readonly step: number, readonly servers: number, readonly since: number[] }>()
  /** The last pick at which a server could not be picked. */
  const closedAt = new Map<number, number>()
  return (bench, picked) => {
    const step = bench.stepsPlayed
    for (const server of bench.servers.keys()) if (!bench.isOpen(server)) closedAt.set(server, step)
    if (picked === undefined) return undefined
    const turn = latest.get(picked)
    for (const { since } of latest.values()) since.push(picked)
    latest.set(picked, { step, servers: bench.servers.length, since: [] })
    if (turn === undefined) return undefined
    const stayed = (server: number): boolean => (closedAt.get(server) ?? 0) < turn.step
    // Who was added meanwhile has a greater number.
    for (let server = 0; server < turn.servers; server++) {
      if (server === picked || !stayed(server) || !stayed(picked)) continue
      const times = turn.since.filter((other) => other === server).length
      if (times !== 1) {
        return `between two picks of ${letterOf(picked)}, ${letterOf(server)} was picked ${times} times, and could be all along`
      }
    }
    return undefined
  }
}
