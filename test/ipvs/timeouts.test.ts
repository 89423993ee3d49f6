import { describe, expect, it } from 'vitest'
import { secondsLeft, tcpTimeouts, ticksAt, wheelExpiryNs, wheelTick } from '../../src/ipvs/timeouts.ts'
import { TCP_STATE } from '../../src/ipvs/tcp-states.ts'

const HZ = 250
const SECOND = 1_000_000_000

describe('the timer wheel', () => {
  // Ticks are 4 ms. Level n begins at 63 * 8^(n-1) ticks and has a granularity of 8^n ticks.
  it.each([
    [0, 10, 11], // level 0: the tick after
    [0, 62, 63], // still level 0
    [0, 63, 64], // level 1: multiples of 8
    [1, 64, 72], // 63 ticks on: no longer the tick after 64
    [5, 5 + 504, 512], // level 2 begins at 504 ticks: multiples of 64
    [0, 30_000, 30_208], // 120 s: level 3, multiples of 512
    [0, 225_000, 225_280], // 900 s: level 4, multiples of 4096
    [0, 1_056_964_607, 1_056_964_608], // the last of level 8: 62.99 times 8^8 rounded up to 63
    [9, 1_056_964_616, 1_073_741_824], // the same from 9 ticks later on: 63.00 rounded up to 64
    [1, 1_056_964_609, 1_056_964_608], // one later is beyond the wheel: as for 62 * 8^8 ticks later, rounded up to 63
    [0, 2_147_483_500, 1_056_964_608],
    [100, 90, 101], // a time that is past fires at the next tick
  ])('at tick %i, a timer for tick %i fires at %i', (now, expires, fires) => {
    expect(wheelTick(now, expires)).toBe(fires)
  })

  it('fires a 2 s timer within 32 ms after it is due', () => {
    const startNs = 123 * 4_000_000
    const late = wheelExpiryNs(startNs, 2, HZ) - (startNs + 2 * SECOND)
    expect(late).toBeGreaterThan(0)
    expect(late).toBeLessThanOrEqual(0.256 * SECOND)
  })

  it('shows the seconds that are left, rounded down, and 0 when a timer is late', () => {
    const expires = ticksAt(0, HZ) + 120 * HZ
    expect(secondsLeft(0, expires, HZ)).toBe(120)
    expect(secondsLeft(4_000_000, expires, HZ)).toBe(119)
    expect(secondsLeft(121 * SECOND, expires, HZ)).toBe(0)
  })
})

describe('timeouts of TCP states', () => {
  it('are those of Linux, and --set changes two of them', () => {
    const timeouts = tcpTimeouts({ tcpSeconds: 30, tcpFinSeconds: 2, udpSeconds: 1 })
    expect(timeouts).toEqual([2, 30, 120, 60, 2, 120, 10, 60, 30, 120, 120])
    expect(timeouts[TCP_STATE.CLOSE]).toBe(10)
  })
})
