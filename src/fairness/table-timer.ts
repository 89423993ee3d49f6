/**
 * Timers of the director's table, as a stock Debian 12 kernel has them: on its timer wheel, always a little late.
 * @module
 */
import { DEBIAN_12 } from '../host/profile.ts'
import { ticksAt, tickNs, wheelTick } from '../ipvs/timeouts.ts'

/** When a timer fires that is set at `nowNs` for so many whole seconds later. */
export function timerFiresNs(nowNs: number, seconds: number): number {
  const { hz } = DEBIAN_12
  const now = ticksAt(nowNs, hz)
  return tickNs(wheelTick(now, now + seconds * hz), hz)
}
