/**
 * The simulator: order of events, why a run ends, and every limit.
 * @module
 */
import { describe, expect, it } from 'vitest'
import type { Actor } from '../../src/sim/event-queue.ts'
import { DEFAULT_LIMITS, describeLimit, type RunLimits } from '../../src/sim/limits.ts'
import { Simulator } from '../../src/sim/simulator.ts'

function simulator(limits: Partial<RunLimits> = {}): Simulator {
  return new Simulator('42', { ...DEFAULT_LIMITS, ...limits })
}

/** An actor that does `act` at every event. */
function actor(act: (kind: number, data: unknown) => void): Actor {
  return { onEvent: act }
}

describe('a run', () => {
  it('handles events in order of time, and those of one time in order of scheduling', () => {
    const sim = simulator()
    const seen: unknown[] = []
    const writer = actor((kind, data) => seen.push(`${sim.nowNs} ${kind} ${String(data)}`))
    sim.schedule(20, writer, 1, 'c')
    sim.schedule(10, writer, 2, 'a')
    sim.schedule(10, writer, 3, 'b')
    expect(sim.run(Infinity)).toBe('idle')
    expect(seen).toEqual(['10 2 a', '10 3 b', '20 1 c'])
    expect([sim.nowNs, sim.eventCount]).toEqual([20, 3])
  })

  it('handles what is due at its end, leaves what is later, and goes on from there', () => {
    const sim = simulator()
    const seen: number[] = []
    const writer = actor(() => seen.push(sim.nowNs))
    for (const timeNs of [10, 20, 30]) sim.schedule(timeNs, writer, 0, undefined)
    expect(sim.run(20)).toBe('time')
    expect([seen, sim.nowNs, sim.nextTimeNs]).toEqual([[10, 20], 20, 30])
    expect(sim.run(25)).toBe('time')
    expect(sim.nowNs).toBe(25)
    expect(sim.run(Infinity)).toBe('idle')
    expect([seen, sim.nowNs]).toEqual([[10, 20, 30], 30])
  })

  it('waits out its time when there is nothing to do', () => {
    const sim = simulator()
    expect([sim.run(500), sim.nowNs, sim.run(Infinity), sim.nowNs]).toEqual(['time', 500, 'idle', 500])
  })

  it('stops after the event in which it was asked to, and can go on', () => {
    const sim = simulator()
    sim.schedule(10, actor(() => sim.stop()), 0, undefined)
    sim.schedule(10, actor(() => undefined), 0, undefined)
    expect([sim.run(100), sim.nowNs, sim.eventCount]).toEqual(['stopped', 10, 1])
    expect([sim.run(100), sim.nowNs, sim.eventCount]).toEqual(['time', 100, 2])
  })

  it('takes no event for the past, and none at no time', () => {
    const sim = simulator()
    sim.run(100)
    const nobody = actor(() => undefined)
    expect(() => sim.schedule(99, nobody, 0, undefined)).toThrow('lies before 100 ns')
    expect(() => sim.schedule(NaN, nobody, 0, undefined)).toThrow('or is no time')
  })

  it('never turns the clock back', () => {
    const sim = simulator()
    sim.run(100)
    expect(() => sim.run(99)).toThrow('a run does not end before now')
    expect(sim.nowNs).toBe(100)
  })

  it('numbers packets from 1 on', () => {
    const sim = simulator()
    expect([sim.nextPacketUid(), sim.nextPacketUid(), sim.nextPacketUid()]).toEqual([1, 2, 3])
  })
})

describe('the limit of', () => {
  /** Schedules itself again, `stepNs` later, for ever. */
  function endless(sim: Simulator, stepNs: number): Actor {
    const self = actor(() => sim.schedule(sim.nowNs + stepNs, self, 0, undefined))
    return self
  }

  it('events lets exactly so many happen', () => {
    const sim = simulator({ eventsMax: 5 })
    sim.schedule(0, endless(sim, 3), 0, undefined)
    expect(sim.run(Infinity)).toBe('limit')
    // At 0, 3, 6, 9, 12.
    expect([sim.eventCount, sim.limitReached]).toEqual([5, { limit: 'events', bound: 5, timeNs: 12 }])
  })

  it('time lets everything up to it happen', () => {
    const sim = simulator({ timeNsMax: 12 })
    sim.schedule(0, endless(sim, 4), 0, undefined)
    expect(sim.run(Infinity)).toBe('limit')
    expect([sim.eventCount, sim.limitReached]).toEqual([4, { limit: 'time', bound: 12, timeNs: 12 }])
  })

  it('time also ends a run in which nothing happens', () => {
    const sim = simulator({ timeNsMax: 12 })
    expect([sim.run(12), sim.run(13), sim.nowNs]).toEqual(['time', 'limit', 12])
  })

  it('events at one instant counts only those of that instant', () => {
    const sim = simulator({ eventsAtOneInstantMax: 3 })
    for (const timeNs of [1, 1, 1, 2, 2, 2, 7]) sim.schedule(timeNs, actor(() => undefined), 0, undefined)
    expect(sim.run(5)).toBe('time')
    // Three at 5 itself, to which the clock has moved by waiting: still allowed.
    for (let i = 0; i < 3; i++) sim.schedule(5, actor(() => undefined), 0, undefined)
    expect(sim.run(Infinity)).toBe('idle')
    sim.schedule(9, endless(sim, 0), 0, undefined)
    expect(sim.run(Infinity)).toBe('limit')
    expect([sim.eventCount, sim.limitReached]).toEqual([13, { limit: 'events at one instant', bound: 3, timeNs: 9 }])
  })

  it('live packets looks at how many live at once', () => {
    const sim = simulator({ livePacketsMax: 2 })
    sim.schedule(1, actor(() => sim.livePackets += 2), 0, undefined)
    sim.schedule(2, actor(() => sim.livePackets++), 0, undefined)
    expect([sim.run(1), sim.run(2)]).toEqual(['time', 'limit'])
    expect(sim.limitReached).toEqual({ limit: 'live packets', bound: 2, timeNs: 2 })
  })

  it('whatever kind ends the run for good', () => {
    const sim = simulator({ eventsMax: 1 })
    sim.schedule(0, endless(sim, 1), 0, undefined)
    expect([sim.run(Infinity), sim.run(Infinity), sim.eventCount]).toEqual(['limit', 'limit', 1])
  })

  it('whatever kind is told in one sentence', () => {
    expect(describeLimit({ limit: 'events', bound: 5, timeNs: 1_500_000_000 }))
      .toBe('stopped at 1.5 s: the limit of 5 events was reached')
    expect(describeLimit({ limit: 'time', bound: 2_000_000_000, timeNs: 2_000_000_000 }))
      .toBe('stopped at 2 s: the limit of 2 s of simulated time was reached')
  })
})
