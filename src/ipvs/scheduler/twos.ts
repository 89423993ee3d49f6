/**
 * Weighted random choice of two: of two servers drawn by weight, maybe the same one twice, the one with less overhead for its
 * weight. Follows ip_vs_twos_schedule() in ip_vs_twos.c, down to its products of 32 bits, which great weights overflow: between
 * two of weight 65535, one with 129 active connections passes for less than idle.
 * @module
 */
import { present } from '../../base/assert.ts'
import type { RandomStream } from '../../sim/random.ts'
import { accepts, type Destination } from '../destination.ts'
import { overhead } from './load.ts'

/** Draws twice, and picks the less loaded of the two, the one drawn first on a tie. Draws nothing when nobody can be picked. */
export function powerOfTwos(destinations: readonly Destination[], random: RandomStream): Destination | undefined {
  const open = destinations.filter(accepts)
  const total = open.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return undefined
  const first = drawn(open, random.int(total + 1))
  const second = drawn(open, random.int(total + 1))
  return Math.imul(second.weight, overhead(first)) > Math.imul(first.weight, overhead(second)) ? second : first
}

/** Who has the number `ticket`, 0..total included: the first listed has 0 beside as many as its weight. */
function drawn(open: readonly Destination[], ticket: number): Destination {
  let end = 0
  return present(open.find(({ weight }) => {
    end += weight
    return ticket <= end
  }), 'the server of a ticket')
}
