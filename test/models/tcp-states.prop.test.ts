import { describe, expect, it } from 'vitest'
import { isActiveTcpState, nextTcpState, TCP_STATE_NAMES, type Column } from '../../src/ipvs/tcp-states.ts'
import { tcpTimeouts } from '../../src/ipvs/timeouts.ts'
import { seed } from '../support/seed.ts'
import { stepsAsked } from './steps.ts'
import { isActive, nextState, SECONDS, STATE_NAMES, STATES, type Direction } from './tcp-state-model.ts'
import { STATES_AND_TIMERS, Walk } from './walk.ts'

/** Every set of the flags F S R P A, as letters and as bits. */
const ALL_FLAGS = Array.from({ length: 32 }, (_, bits) => ({
  bits, letters: [...'FSRPA'].filter((__, place) => (bits & (1 << place)) !== 0).join(''),
}))
const COLUMNS: readonly (readonly [Direction, Column])[] = [['IN', 'input'], ['OUT', 'output'], ['IN-ONLY', 'input-only']]

describe('the tables of states and those of the second model', () => {
  it.each(COLUMNS.flatMap((pair) => [false, true].map((isSecure) => [...pair, isSecure] as const)))(
    'are the same for %s (%s), secure_tcp %s', (direction, column, isSecure) => {
      const rows = ALL_FLAGS.map(({ bits, letters }) => ({
        letters, states: STATES.map((_, state) => TCP_STATE_NAMES[nextTcpState(state, bits, column, isSecure)]),
      }))
      expect(rows).toEqual(ALL_FLAGS.map(({ letters }) => ({
        letters, states: STATES.map((state) => STATE_NAMES[nextState(state, letters, direction, isSecure)]),
      })))
    })

  it('have the same names, timeouts and active states', () => {
    expect(TCP_STATE_NAMES.slice(0, STATES.length)).toEqual(STATES.map((state) => STATE_NAMES[state]))
    const timeouts = { tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 }
    expect(tcpTimeouts(timeouts)).toEqual(STATES.map((state) => SECONDS[state]))
    expect(STATES.map((_, state) => isActiveTcpState(state))).toEqual(STATES.map(isActive))
  })
})

const STEPS_OF_A_WALK = 3_000
const KINDS = [
  { isUdp: false, method: 'nat', isSecure: false }, { isUdp: false, method: 'nat', isSecure: true },
  { isUdp: false, method: 'dr', isSecure: false }, { isUdp: false, method: 'dr', isSecure: true },
  { isUdp: false, method: 'tun', isSecure: false }, { isUdp: true, method: 'nat', isSecure: false },
  { isUdp: true, method: 'dr', isSecure: false },
] as const

describe(`connections and those of the second model always agree (seed ${seed})`, () => {
  it.each(KINDS)('%j', (kind) => {
    const steps = stepsAsked(12_000)
    let taken = 0
    for (let walk = 0; taken < steps; walk++) {
      const length = Math.min(STEPS_OF_A_WALK, steps - taken)
      new Walk({
        ...kind, name: `${JSON.stringify(kind)}/${walk}`, seed, shares: STATES_AND_TIMERS,
        scheduler: walk % 2 === 0 ? 'wlc' : 'rr', flags: 0, isMarked: false,
      }).take(length)
      taken += length
    }
    expect(taken).toBe(steps)
  }, 3_600_000)
})
