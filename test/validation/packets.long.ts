/**
 * Queues and tables of whole clusters in full: `npm run validate` runs them, `npm test` the short ones of packets.test.ts.
 * @module
 */
import { describe, it } from 'vitest'
import { checkDirectorQueue, checkInactive, checkOccupancy, checkShortestQueueInPackets } from './packet-rows.ts'

const SEEDS = [1, 2, 3, 4, 5]

describe('clusters wait as theory says, packet by packet', () => {
  it('V28: a director of 60 us is M/D/1', () => checkDirectorQueue(200_000, SEEDS))
  it('V26: connections in the table', () => checkOccupancy(60, SEEDS))
  it('V30: lc over two servers', () => checkShortestQueueInPackets(40_000, SEEDS))
  it('V38: connections that are over', () => checkInactive(SEEDS))
})
