/**
 * Arbitraries of fast-check for trials: weights, connections, counters, and changes of a pool. All of them shrink: to fewer
 * servers, lighter weights, fewer steps.
 * @module
 */
import fc from 'fast-check'
import { type Connect, connects, type Fate, type Step, type Trial, trialOf } from './trial.ts'

/** Bounds of a pool, both ends included. */
export interface PoolBounds {
  readonly servers?: readonly [min: number, max: number]
  readonly weight?: readonly [min: number, max: number]
}

/** Weights of 1 to 5 servers of weight 0 to 8, unless told. */
export function weights({ servers = [1, 5], weight = [0, 8] }: PoolBounds = {}): fc.Arbitrary<number[]> {
  const [minLength, maxLength] = servers
  return fc.array(weightIn(weight), { minLength, maxLength, size: 'max' })
}

/** A weight that shrinks to 1, which says more than a 0. */
function weightIn([min, max]: readonly [min: number, max: number]): fc.Arbitrary<number> {
  const above = fc.integer({ min: Math.max(1, min), max })
  if (min > 0) return above
  return fc.oneof({ withCrossShrink: true }, { weight: max, arbitrary: above }, { weight: 1, arbitrary: fc.constant(0) })
}

/** A connection of one of 24 clients to one of 4 targets. */
export function connection(fates: readonly Fate[] = ['held', 'closed', 'gone']): fc.Arbitrary<Connect> {
  return fc.record({
    kind: fc.constant('connect'), client: fc.nat(23), port: fc.integer({ min: 1024, max: 1027 }), target: fc.nat(3),
    fate: fc.constantFrom(...fates),
  })
}

/** A connection like all others: one client, one target. */
export function plainConnection(fates: readonly Fate[]): fc.Arbitrary<Connect> {
  return fc.constantFrom(...fates).map((fate): Connect => ({ kind: 'connect', client: 0, port: 1024, target: 0, fate }))
}

const server = fc.nat(4)

/** One of the connections that are held ends. */
export const ending: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('end'), connection: fc.nat(9) })
/** A server is overloaded, or is it no more. */
export const overloading: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('overload'), server, overloaded: fc.boolean() })
/** A server gets another weight, 0 to 8. */
export const weighing: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('weigh'), server, weight: weightIn([0, 8]) })
/** A server is added. */
export const adding: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('add'), weight: weightIn([0, 8]) })
/** A server is removed. */
export const removing: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('remove'), server })

/** The counters of a server become these. */
export function loading(active: fc.Arbitrary<number>, inactive: fc.Arbitrary<number>): fc.Arbitrary<Step> {
  return fc.record({ kind: fc.constant('load'), server, active, inactive })
}

/** Counters as they come: a few connections, many, and as many as there can be. */
export const counters: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: loading(fc.nat(12), fc.nat(600)) },
  { weight: 1, arbitrary: loading(fc.nat(2_147_483_647), fc.nat(2_147_483_647)) },
)

/** Everything that can happen to a pool. */
export const anything: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: connection() }, { weight: 1, arbitrary: ending }, { weight: 2, arbitrary: overloading },
  { weight: 2, arbitrary: weighing }, { weight: 1, arbitrary: adding }, { weight: 1, arbitrary: removing },
  { weight: 1, arbitrary: counters },
)

/** What can happen while the servers and their weights stay as they are. */
export const everydayLife: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: connection() }, { weight: 2, arbitrary: ending }, { weight: 2, arbitrary: counters },
)

/** Trials of such pools and such steps. Without flags, unless told. */
export function trials(
  pool: PoolBounds, step: fc.Arbitrary<Step>, { steps = [0, 40], flags = fc.constant(0) }: {
    readonly steps?: readonly [min: number, max: number], readonly flags?: fc.Arbitrary<number>,
  } = {},
): fc.Arbitrary<Trial> {
  return fc.record({
    weights: weights(pool), flags, draw: fc.nat(999),
    steps: fc.array(step, { minLength: steps[0], maxLength: steps[1], size: 'max' }),
  })
}

/** Trials of nothing but connections that are alike, as many as `count` says of the weights. */
export function rows(pool: PoolBounds, count: (weights: readonly number[]) => number, fate: Fate): fc.Arbitrary<Trial> {
  return fc.tuple(weights(pool), fc.nat(999)).map(([all, draw]) => trialOf(all, connects(count(all), { fate }), { draw }))
}
