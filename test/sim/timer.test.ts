/**
 * Timers: armed, moved, cancelled, armed again.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { Simulator } from '../../src/sim/simulator.ts'
import { Timer } from '../../src/sim/timer.ts'

function firings(script: (timer: Timer, sim: Simulator, at: (timeNs: number, act: () => void) => void) => void): number[] {
  const sim = new Simulator('42')
  const fired: number[] = []
  const timer = new Timer(sim, { onEvent: () => fired.push(sim.nowNs) }, 3, 'data')
  script(timer, sim, (timeNs, act) => sim.schedule(timeNs, { onEvent: act }, 0, undefined))
  sim.run(Infinity)
  return fired
}

describe('a timer', () => {
  it('fires once, at its deadline, with its kind and its data', () => {
    const sim = new Simulator('42')
    const calls: unknown[] = []
    const timer = new Timer(sim, { onEvent: (kind, data) => calls.push([sim.nowNs, kind, data, timer.isArmed]) }, 3, 'data')
    timer.armIn(10)
    expect([timer.isArmed, timer.deadlineNs]).toEqual([true, 10])
    sim.run(Infinity)
    expect(calls).toEqual([[10, 3, 'data', false]])
    expect(timer.deadlineNs).toBe(Infinity)
  })

  it('fires at the later time when it was moved later, and only then', () => {
    expect(firings((timer) => {
      timer.armAt(10)
      timer.armAt(25)
    })).toEqual([25])
  })

  it('fires at the earlier time when it was moved earlier, and only then', () => {
    expect(firings((timer) => {
      timer.armAt(25)
      timer.armAt(10)
    })).toEqual([10])
  })

  it('does not fire after it was cancelled', () => {
    expect(firings((timer, _sim, at) => {
      timer.armAt(25)
      at(20, () => timer.cancel())
    })).toEqual([])
  })

  it('fires once when it was cancelled and armed again for the same time', () => {
    expect(firings((timer, _sim, at) => {
      timer.armAt(25)
      at(10, () => timer.cancel())
      at(20, () => timer.armAt(25))
    })).toEqual([25])
  })

  it('fires once when an earlier deadline left a later event behind at the time of the next deadline', () => {
    // The event of the first arming, at 25, is still queued when the third arming names 25 again.
    expect(firings((timer, _sim, at) => {
      timer.armAt(25)
      timer.armAt(10)
      at(15, () => timer.armAt(25))
    })).toEqual([10, 25])
  })

  it('can be armed again by the one it calls, for now even', () => {
    const sim = new Simulator('42')
    const fired: number[] = []
    const timer = new Timer(sim, {
      onEvent: () => {
        fired.push(sim.nowNs)
        if (fired.length < 3) timer.armIn(0)
        else if (fired.length < 5) timer.armIn(7)
      },
    }, 0, undefined)
    timer.armAt(5)
    sim.run(Infinity)
    expect(fired).toEqual([5, 5, 5, 12, 19])
  })

  it('that is moved later with every packet costs one queued event, not one per move', () => {
    const sim = new Simulator('42')
    const timer = new Timer(sim, { onEvent: () => undefined }, 0, undefined)
    for (let i = 1; i <= 1000; i++) timer.armAt(1000 + i)
    sim.run(Infinity)
    // One at 1,001 that finds itself too early, one at 2,000.
    expect(sim.eventCount).toBe(2)
  })

  it('may not be armed for the past', () => {
    const sim = new Simulator('42')
    sim.run(100)
    expect(() => new Timer(sim, { onEvent: () => undefined }, 0, undefined).armAt(99)).toThrow('lies before 100 ns')
  })
})
