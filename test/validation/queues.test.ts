import { describe, it } from 'vitest'
import { checkOrder, checkRoundRobin, checkShortestQueue, checkSplit, checkUnlikePair } from './queue-rows.ts'

/** The tables in full, with more connections: queues.long.ts. */
const SHORT = { base: 200_000, loadMax: 0.8 }

describe('queues behind a scheduler wait as theory says', () => {
  it('V28: by lot and by hash each server is M/M/1', () => checkSplit(SHORT))
  it('V29: rr over 2 servers', () => checkRoundRobin(SHORT, [2]))
  it('V30: lc over 2 servers', () => checkShortestQueue(SHORT, [2]))
  it('V30: who knows more waits less', () => checkOrder(SHORT))
  it('V33: two servers of unlike speed', () => checkUnlikePair(200_000))
})
