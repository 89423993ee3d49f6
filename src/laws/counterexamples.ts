/**
 * For each law and each scheduler of Linux that does not keep it, a trial that breaks it. Most were found at random and shrunk.
 * @module
 */
import type { Counterexample } from './law.ts'
import { connect, connects, crowd, type Step, trialOf } from './trial.ts'

const BUT_RR_WRR = ['lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos'] as const

const load = (server: number, active: number, inactive = 0): Step => ({ kind: 'load', server, active, inactive })
const overload: Step = { kind: 'overload', server: 0, overloaded: true }
const turnedAway: Counterexample = [['dh', 'sh', 'mh'], trialOf([1, 1], [overload, ...crowd(9, 'gone')])]
const gone = (count: number): Step[] => connects(count, { fate: 'gone' })

/** By the name of the law. A law that is not here is kept by every scheduler of Linux. */
export const COUNTEREXAMPLES: Readonly<Record<string, readonly Counterexample[]>> = {
  'overloaded': [[['lblc'], trialOf([1], [connect(), overload, connect()])]],
  'serves': [turnedAway, [['ovf'], trialOf([1], connects(3))]],
  'fallback': [
    [['dh'], trialOf([1, 1], [overload, ...crowd(9, 'gone')], { flags: 1 })], [['ovf'], trialOf([1], connects(3), { flags: 1 })],
  ],
  'exact-cycle': [[BUT_RR_WRR, trialOf([1, 1], gone(2))], [['rr'], trialOf([2, 1], gone(3))]],
  'burst-bound': [[BUT_RR_WRR, trialOf([1, 1], gone(2))]],
  'heavier-ahead': [[BUT_RR_WRR, trialOf([1, 1], gone(2))]],
  'in-turn': [[BUT_RR_WRR, trialOf([1, 1], gone(2))], [['wrr'], trialOf([2, 1], gone(3))]],
  'fewest-connections': [
    [BUT_RR_WRR.filter((name) => name !== 'lc'), trialOf([2, 1], connects(3))],
    [['rr', 'wrr'], trialOf([1, 1], [load(1, 0, 1), connect()])],
  ],
  'lightest-for-weight': [
    [['rr', 'wrr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'], trialOf([1, 1], [load(1, 0, 1), connect({ client: 3 })])],
    [['lc', 'lblc', 'lblcr'], trialOf([2, 1], [connect(), load(0, 1), connect()])],
    [['twos'], trialOf([3, 1], [connect()])],
  ],
  'shortest-delay': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'nq', 'twos'], trialOf([2, 1], [connect({ client: 7 })])],
    [['fo', 'ovf', 'mh'], trialOf([1, 1], connects(2))],
  ],
  'never-queue': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'fo', 'ovf', 'twos'],
      trialOf([1, 1], [load(1, 1), load(0, 0, 256), connect()])],
    [['sh', 'sed', 'mh'], trialOf([1, 2], connects(2))],
  ],
  // 256 x 1048576 x 8 is 2^31, which 32 bits hold for a number below 0.
  'busier-never-preferred': [[['twos'], trialOf([8, 8], [load(1, 1_048_575), connect()])]],
  'crowded': [
    [['rr', 'wrr', 'sh', 'fo', 'mh', 'twos'], trialOf([2, 1], [load(0, 3), ...gone(2), connect()])],
    [['lc', 'dh'], trialOf([5, 1], [connect(), load(0, 2), ...connects(2)])],
  ],
  'held-even': [
    [['wrr', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos'], trialOf([1, 2], connects(5))],
  ],
  'held-in-proportion': [
    [['rr', 'lc', 'lblc', 'lblcr', 'dh', 'sh', 'fo', 'ovf', 'mh', 'twos'], trialOf([1, 2], connects(7))],
    [['wrr'], trialOf([4, 5], connects(5))],
  ],
  'held-exact': [[['rr', 'lc', 'lblc', 'lblcr', 'dh', 'sh', 'fo', 'ovf', 'mh', 'twos'], trialOf([1, 2], connects(7))]],
  'no-starvation': [[['dh', 'sh', 'fo', 'mh', 'twos'], trialOf([1, 1], connects(4), { draw: 935 })]],
  'no-starvation-closed': [
    [['lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos'],
      trialOf([1, 1], connects(4, { fate: 'closed' }), { draw: 935 })],
  ],
  'two-choices-tail': [[['lblc', 'dh', 'sh', 'fo', 'mh'], trialOf([1, 1, 1, 1, 1, 1, 1, 1], connects(1_600))]],
  'failover-order': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sh', 'sed', 'nq', 'mh', 'twos'],
      trialOf([1, 1], [connect(), connect({ target: 1 })])],
    [['dh'], trialOf([1, 1], [connect({ target: 2 })])],
    [['ovf'], trialOf([1], [load(0, 2), connect()])],
  ],
  'overflow-order': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'mh', 'twos'],
      trialOf([1], [load(0, 2), connect()])],
  ],
  'heavier-no-fewer': [[['sh'], trialOf([1, 2], connects(12))]],
  'order-of-adding': [
    [['lblc', 'dh', 'sh', 'fo', 'twos'], trialOf([1, 1, 1], connects(9))],
    [['mh'], trialOf([2, 1, 2, 4], connects(36, { client: 996, target: 996 }))],
  ],
  'scaled-weights': [
    [['lblc', 'lblcr', 'sh', 'ovf', 'twos'], trialOf([1, 1, 1], [connect({ target: 1 }), load(2, 2), connect({ target: 1 })])],
  ],
  'unweighted': [
    [['wrr', 'wlc', 'lblc', 'lblcr', 'sed', 'nq', 'fo', 'ovf', 'twos'],
      trialOf([2, 1], [connect(), connect({ target: 2 }), connect({ target: 1 })])],
    [['sh', 'mh'], trialOf([1, 2], [connect({ client: 9 })])],
  ],
  'idle-edit': [[['wrr'], trialOf([1, 1], connects(2))]],
  'flow-keeps-server': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sed', 'nq', 'ovf', 'twos'],
      trialOf([1, 1], [connect(), load(1, 2), connect()])],
  ],
  'by-client': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sed', 'nq', 'twos'],
      trialOf([1, 1], [connect({ target: 2 }), connect()])],
    [['ovf'], trialOf([1, 1], connects(3))],
  ],
  'by-target': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sed', 'nq', 'ovf', 'twos'],
      trialOf([1, 1], [connect(), load(1, 2), connect()])],
    [['sh', 'mh'], trialOf([1, 1], [connect({ client: 3 }), connect()])],
  ],
  'drain-moves-own': [
    [['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sed', 'nq', 'ovf'], trialOf([1, 1, 1], connects(2))],
    [['sh', 'twos'], trialOf([1, 1, 2], [connect({ client: 1 })])],
  ],
  'leave-moves-few': [
    [['rr', 'wrr', 'lc', 'wlc', 'dh', 'sh', 'sed', 'nq', 'ovf', 'twos'], trialOf([1, 4, 5, 5, 6, 5], crowd(240, 'held'))],
  ],
  'join-moves-few': [
    [['rr', 'wrr', 'lc', 'wlc', 'dh', 'sh', 'sed', 'nq', 'ovf', 'twos'], trialOf([1, 6, 6, 3, 5, 6], crowd(240, 'held'))],
  ],
  'share-by-weight': [[['rr', 'lc', 'dh', 'fo', 'ovf'], trialOf([1, 2], crowd(1_500, 'held'))]],
  'target-keeps-server': [
    [['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh', 'twos'],
      trialOf([1, 1], [connect({ fate: 'closed' }), connect({ client: 3, fate: 'closed' })])],
  ],
  'forgets-target': [
    [['rr', 'wrr', 'lc', 'dh', 'sh', 'sed', 'fo', 'ovf', 'mh', 'twos'],
      trialOf([1, 2], [load(1, 1, 1), connect(), connect({ target: 1 })])],
    [['nq'], trialOf([1, 1], [load(1, 0, 1), connect()])],
  ],
}
