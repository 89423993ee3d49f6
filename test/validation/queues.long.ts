/**
 * The tables of queues in full: `npm run validate` runs them, `npm test` the short ones of queues.test.ts.
 * @module
 */
import { describe, it } from 'vitest'
import {
  checkOrder, checkRoundRobin, checkShortestQueue, checkSplit, checkTwoChoices, checkUnlikePair, checkWorkers,
} from './queue-rows.ts'

const FULL = { base: 1_000_000, loadMax: 0.95 }

describe('queues behind a scheduler wait as theory says', () => {
  it('V28: by lot and by hash each server is M/M/1', () => checkSplit(FULL))
  it('V28: one queue of several workers', () => checkWorkers(FULL, [2, 3, 4, 8, 10]))
  it('V29: rr over several servers', () => checkRoundRobin(FULL, [2, 3, 4, 8, 10]))
  it('V30: lc over several servers', () => checkShortestQueue(FULL, [2, 3, 4]))
  it('V30: who knows more waits less', () => checkOrder(FULL))
  it('V33: two servers of unlike speed', () => checkUnlikePair(2_000_000))
  it('V35: the better of two', () => checkTwoChoices(FULL))
})
