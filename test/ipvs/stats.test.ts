import { describe, expect, it } from 'vitest'
import { Stats } from '../../src/ipvs/stats.ts'

function bench(): { clock: { round: number, isRunning: boolean }, stats: Stats } {
  const clock = { round: 0, isRunning: true }
  return { clock, stats: new Stats(clock) }
}

describe('counters', () => {
  it('are seen only after the estimator has read them', () => {
    const { clock, stats } = bench()
    stats.countConnection()
    stats.countIn(52)
    expect(stats.counts).toEqual({ conns: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 })
    clock.round = 1
    expect(stats.counts).toEqual({ conns: 1, inPackets: 1, outPackets: 0, inBytes: 52, outBytes: 0 })
  })

  it('begin anew at the last reading when they are zeroed', () => {
    const { clock, stats } = bench()
    stats.countIn(100)
    clock.round = 1
    stats.countOut(40)
    stats.zero()
    expect(stats.counts.inPackets).toBe(0)
    clock.round = 2
    // What came after the reading is still to be counted.
    expect(stats.counts).toEqual({ conns: 0, inPackets: 0, outPackets: 1, inBytes: 0, outBytes: 40 })
  })

  it('stand still while run_estimation is 0', () => {
    const { clock, stats } = bench()
    stats.countIn(100)
    clock.isRunning = false
    clock.round = 5
    expect(stats.counts.inBytes).toBe(0)
    clock.isRunning = true
    clock.round = 6
    expect(stats.counts.inBytes).toBe(100)
  })
})

describe('rates', () => {
  it('are a moving average over rounds of 2 s, as the kernel computes it', () => {
    const { clock, stats } = bench()
    // One connection of 6 packets in and 4 out, 284 and 236 bytes.
    for (const bytes of [52, 40, 72, 40, 40, 40]) stats.countIn(bytes)
    for (const bytes of [52, 104, 40, 40]) stats.countOut(bytes)
    clock.round = 2
    // Bytes: 284 << 4 = 4544, a quarter is 1136, less a quarter 852; (852 + 15) >> 5 = 27.
    expect(stats.rates).toEqual({ conns: 0, inPackets: 1, outPackets: 0, inBytes: 27, outBytes: 22 })
  })

  it('die away in the end, however long nobody looked', () => {
    const { clock, stats } = bench()
    for (let i = 0; i < 100; i++) stats.countIn(1500)
    clock.round = 1
    expect(stats.rates.inPackets).toBe(12) // 100 << 9 = 51200, a quarter 12800; (12800 + 511) >> 10
    clock.round = 1_000_000_000
    expect(stats.rates).toEqual({ conns: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 })
  })
})
