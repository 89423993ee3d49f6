/**
 * Laws of hashing: who stays with whom, how many move when the pool changes, and how the clients are shared out.
 * @module
 */
import fc from 'fast-check'
import { connection, counters, everydayLife, plainConnection, trials, weights } from './arbitraries.ts'
import { Bench, type Look, played } from './bench.ts'
import type { Candidate } from './candidate.ts'
import type { LawText } from './law.ts'
import { type Connect, crowd, letterOf, type Step, sumOf, type Trial, trialOf, whoOf } from './trial.ts'

/** The names of these laws. */
export type HashLawName =
  'flow-keeps-server' | 'by-client' | 'by-target' | 'drain-moves-own' | 'leave-moves-few' | 'join-moves-few' | 'share-by-weight'

const CLIENTS = 240
/** Who may move beside those who must: one in eight. */
const MOVING_SHARE_MAX = 1 / 8
const SLOTS_OF_SH = 256
const DEVIATIONS = 5

const manyClients = (count: number, servers: readonly [number, number]): fc.Arbitrary<Trial> => (
  fc.tuple(weights({ servers, weight: [1, 6] }), fc.nat(999), fc.nat(999)).map(([all, first, draw]) => (
    trialOf(all, crowd(count, 'held', first), { draw }))))
const life = trials({ servers: [2, 5] }, fc.oneof(
  { weight: 2, arbitrary: everydayLife }, { weight: 1, arbitrary: plainConnection(['held', 'closed']) },
))

/** Laws of hashing. */
export const HASH_LAWS: readonly LawText<HashLawName>[] = [
  {
    name: 'flow-keeps-server', group: 'hashing',
    claim: 'While the servers and their weights stay, so does the server of a client, port and target, whatever the load.',
    holdsFor: ['dh', 'sh', 'fo', 'mh'], trials: life,
    judge: judgeSame(({ client, port, target }) => `${client} ${port} ${target}`),
  },
  {
    name: 'by-client', group: 'hashing',
    claim: 'While the servers and their weights stay, nothing but the address of the client decides (without flags).',
    holdsFor: ['sh', 'fo', 'mh'], trials: life, judge: judgeSame(({ client }) => `${client}`),
  },
  {
    name: 'by-target', group: 'hashing',
    claim: 'While the servers and their weights stay, nothing but the address asked for decides.',
    holdsFor: ['dh', 'fo'], trials: life, judge: judgeSame(({ target }) => `${target}`),
  },
  {
    name: 'drain-moves-own', group: 'hashing',
    claim: 'When a server is drained (weight 0), all connections that it did not have are picked as before.',
    holdsFor: ['dh', 'fo', 'mh'],
    trials: trials({ servers: [2, 5], weight: [1, 8] }, fc.oneof(
      { weight: 6, arbitrary: connection() }, { weight: 1, arbitrary: counters }), { steps: [0, 25], flags: fc.nat(1) }),
    judge: (candidate, trial) => judgeLeaving(candidate, trial, { kindOf: (server) => ({ kind: 'weigh', server, weight: 0 }) }),
  },
  {
    name: 'leave-moves-few', group: 'hashing',
    claim: 'When a server is removed, no more than one in eight of the clients of the others move.',
    holdsFor: ['lblc', 'lblcr', 'fo', 'mh'], trials: manyClients(CLIENTS, [3, 6]), trialsShare: 0.2,
    judge: (candidate, trial) => judgeLeaving(candidate, trial, {
      kindOf: (server) => ({ kind: 'remove', server }), shareMax: MOVING_SHARE_MAX,
    }),
  },
  {
    name: 'join-moves-few', group: 'hashing',
    claim: 'When a server of weight 1 is added, no more than one in eight of all clients move to another one than the new.',
    holdsFor: ['lblc', 'lblcr', 'fo', 'mh'], trials: manyClients(CLIENTS, [2, 6]), trialsShare: 0.3, judge: judgeJoining,
  },
  {
    name: 'share-by-weight', group: 'hashing',
    claim: 'Of 1,500 connections of different clients to different targets, held, each server has the share of its weight, to '
      + 'within 5 standard deviations and one slot in 256 for each weight.',
    holdsFor: ['wrr', 'wlc', 'lblc', 'lblcr', 'sh', 'sed', 'nq', 'mh', 'twos'],
    trials: manyClients(1_500, [2, 5]), trialsShare: 0.1, judge: judgeShare,
  },
]

/** Judges that connections of one key have one server. */
function judgeSame(keyOf: (step: Connect) => string): LawText['judge'] {
  return (candidate, trial) => {
    const serverOf = new Map<string, number | undefined>()
    const stepOf = new Map<string, number>()
    const look: Look = (bench, picked, step) => {
      const key = keyOf(step)
      if (!serverOf.has(key)) {
        serverOf.set(key, picked)
        stepOf.set(key, bench.picks.length + 1)
      } else if (serverOf.get(key) !== picked) {
        return `connection ${bench.picks.length + 1} should have the server of connection ${stepOf.get(key)}, `
          + `${whoOf(serverOf.get(key))}, and has ${whoOf(picked)}`
      }
      return undefined
    }
    return new Bench(candidate, trial).playAll(trial.steps, look)
  }
}

/** Plays a trial, lets each server leave in its turn, and repeats the connections; the others' should go where they went. */
function judgeLeaving(
  candidate: Candidate, trial: Trial, { kindOf, shareMax = 0 }: { kindOf: (server: number) => Step, shareMax?: number },
): string | undefined {
  const asked = trial.steps.filter((step) => step.kind === 'connect')
  for (const server of trial.weights.keys()) {
    const bench = played(candidate, trial)
    const before = bench.picks.slice()
    bench.play(kindOf(server))
    bench.playAll(asked)
    const after = bench.picks.slice(before.length)
    const others = [...before.keys()].filter((i) => before[i] !== server)
    const moved = others.filter((i) => before[i] !== after[i])
    if (moved.length <= others.length * shareMax) continue
    const [first = 0] = moved
    return `when ${letterOf(server)} leaves, ${moved.length} of the ${others.length} connections of others move: the first is `
      + `connection ${first + 1}, from ${whoOf(before[first])} to ${whoOf(after[first])}`
  }
  return undefined
}

function judgeJoining(candidate: Candidate, trial: Trial): string | undefined {
  const bench = played(candidate, trial)
  const before = bench.picks.slice()
  bench.play({ kind: 'add', weight: 1 })
  bench.playAll(trial.steps)
  const after = bench.picks.slice(before.length)
  const joined = trial.weights.length
  const moved = before.filter((picked, i) => picked !== after[i] && after[i] !== joined)
  if (moved.length <= before.length * MOVING_SHARE_MAX) return undefined
  return `when ${letterOf(joined)} of weight 1 is added, ${moved.length} of ${before.length} clients move, and not to it`
}

function judgeShare(candidate: Candidate, trial: Trial): string | undefined {
  const { picks } = played(candidate, trial)
  const sum = sumOf(trial.weights)
  for (const [server, weight] of trial.weights.entries()) {
    const [share, count] = [weight / sum, picks.filter((picked) => picked === server).length]
    const due = picks.length * share
    const bound = DEVIATIONS * Math.sqrt(due * (1 - share)) + picks.length * weight / SLOTS_OF_SH
    if (Math.abs(count - due) > bound) {
      return `${letterOf(server)} of weight ${weight} of ${sum} has ${count} of ${picks.length} connections, not `
        + `${Math.round(due)} (give or take ${Math.floor(bound)})`
    }
  }
  return undefined
}
