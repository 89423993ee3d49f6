/**
 * A link: serialisation, queue, faults, and what happens when it goes down.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import { DEFAULT_LINK, LinkDirection, type LinkOptions } from '../../src/link/link.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import { End, frameOf } from './frames.ts'

function newLink(options: Partial<LinkOptions> = {}, seed = '42') {
  const sim = new Simulator(seed)
  const [from, to] = [new End(sim), new End(sim)]
  const link = new LinkDirection(sim, 'a>b', { from, to }, { ...DEFAULT_LINK, ...options })
  return { sim, from, to, link }
}

describe('serialisation', () => {
  it('takes (bytes + 24) * 8 / rate, and the delay comes after it', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: 100_000_000, delayNs: 5_000 })
    link.send(frameOf(1514))
    sim.run(Infinity)
    // 1,538 bytes * 8 = 12,304 bits at 0.1 bit/ns = 123,040 ns, and 5,000 ns.
    expect(to.timesNs).toEqual([128_040])
  })

  it('takes as long for a small frame as for one of 60 bytes', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: 1_000_000_000, delayNs: 0 })
    link.send(frameOf(42))
    link.send(frameOf(60))
    link.send(frameOf(61))
    sim.run(Infinity)
    // 84 bytes are 672 ns at 1 Gbit/s, 85 bytes 680 ns: 148,810 frames a second at 100 Mbit/s have 6,720 ns each.
    expect(to.timesNs).toEqual([672, 1344, 2024])
  })

  it('has neither minimum nor overhead on a point-to-point link', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: 1_000_000_000, delayNs: 0, framing: 'ppp' })
    link.send(frameOf(50))
    sim.run(Infinity)
    expect(to.timesNs).toEqual([400])
  })

  it('carries the fraction of a nanosecond over: 854 bytes on 10 Gbit/s take 702.4 ns each', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: 10_000_000_000, delayNs: 0 })
    for (let i = 0; i < 5; i++) link.send(frameOf(854))
    sim.run(Infinity)
    // 878 * 8 / 10 = 702.4: 702.4, 1404.8, 2107.2, 2809.6, 3512.0, each rounded down.
    expect(to.timesNs).toEqual([702, 1404, 2107, 2809, 3512])
  })

  it('sends 1,423,690 frames of 854 bytes in one second of 10 Gbit/s', () => {
    const { sim, link } = newLink({ rateBitsPerSecond: 10_000_000_000, delayNs: 0, queueFramesMax: 4 })
    const frame = frameOf(854)
    // Keeps the queue filled: each tick refills what has left since.
    const feeder = {
      onEvent: () => {
        while (link.queuedFrames < 4) link.send(frame)
        sim.schedule(sim.nowNs + 702, feeder, 0, undefined)
      },
    }
    sim.schedule(0, feeder, 0, undefined)
    sim.run(NS_PER_SECOND)
    // 10^9 / 702.4 = 1,423,690.2
    expect(link.deliveredFrames).toBe(1_423_690)
    expect(link.busyNs - 4 * 703).toBeLessThan(NS_PER_SECOND)
  }, 60_000)

  it('starts a fraction anew when the link has been idle, and when the rate changes', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: 3_000_000_000, delayNs: 0 })
    link.send(frameOf(60))
    sim.run(1_000)
    link.send(frameOf(60))
    sim.run(2_000)
    // 84 bytes * 8 / 3 = 224 ns; 85 bytes 226.67 ns leave two thirds over.
    expect(to.timesNs).toEqual([224, 1_224])
    link.send(frameOf(61))
    link.setOptions({ ...link.options, rateBitsPerSecond: 1_000_000 })
    link.send(frameOf(60))
    sim.run(Infinity)
    // 226 ns, then 672,000 ns at 1 Mbit/s and not a microsecond more for a remainder of the old rate.
    expect(to.timesNs.slice(2)).toEqual([2_226, 2_226 + 672_000])
  })

  it('of an infinite rate takes no time and needs no queue', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: Infinity, delayNs: 7, queueFramesMax: 1 })
    for (let i = 0; i < 50; i++) link.send(frameOf(1514))
    sim.run(Infinity)
    expect(to.timesNs).toEqual(new Array(50).fill(7))
  })
})

describe('the queue', () => {
  it('loses the frame that finds it full, and no other', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: 1_000_000_000, delayNs: 0, queueFramesMax: 3 })
    const frames = [100, 101, 102, 103, 104].map((bytes) => frameOf(bytes))
    for (const frame of frames) link.send(frame)
    expect([link.queuedFrames, link.lostFrames, sim.frames.lost.queueFull]).toEqual([3, 2, 2])
    sim.run(Infinity)
    expect(to.arrivals.map(({ frame }) => frame)).toEqual(frames.slice(0, 3))
  })

  it('gets one frame shorter whenever a last bit leaves, however long it has become meanwhile', () => {
    const { sim, link } = newLink({ rateBitsPerSecond: 1_000_000_000, delayNs: 0 })
    for (let i = 0; i < 12; i++) link.send(frameOf(60))
    // 84 bytes are 672 ns each: ten have left.
    sim.run(10 * 672)
    expect(link.queuedFrames).toBe(2)
    for (let i = 0; i < 30; i++) link.send(frameOf(60))
    const lengths = Array.from({ length: 32 }, (_, i) => {
      sim.run((11 + i) * 672 - 1)
      return link.queuedFrames
    })
    expect(lengths).toEqual(Array.from({ length: 32 }, (_, i) => 32 - i))
    sim.run(42 * 672)
    expect(link.queuedFrames).toBe(0)
  })

  it('has room again once the last bit of a frame has left, not only when it has arrived', () => {
    const { sim, link } = newLink({ rateBitsPerSecond: 1_000_000_000, delayNs: 1_000_000, queueFramesMax: 1 })
    link.send(frameOf(60))
    sim.run(671)
    expect(link.queuedFrames).toBe(1)
    sim.run(672)
    expect(link.queuedFrames).toBe(0)
  })

  it('grows as large as it may', () => {
    const { sim, to, link } = newLink({ rateBitsPerSecond: 1_000_000_000, delayNs: 0, queueFramesMax: 100 })
    for (let i = 0; i < 100; i++) link.send(frameOf(60 + i))
    expect(link.queuedFrames).toBe(100)
    sim.run(Infinity)
    expect(to.arrivals.map(({ frame }) => frame.bytes)).toEqual(Array.from({ length: 100 }, (_, i) => 60 + i))
  })

  it('holds at least one frame', () => {
    expect(() => newLink({ queueFramesMax: 0 })).toThrow('at least one frame')
  })
})

describe('faults', () => {
  const COUNT = 40_000

  function spray(options: Partial<LinkOptions>, seed = '42') {
    const made = newLink({ rateBitsPerSecond: Infinity, delayNs: 1_000, ...options }, seed)
    for (let i = 0; i < COUNT; i++) {
      made.sim.run(i * 10)
      made.link.send(frameOf(60 + (i & 1023)))
    }
    made.sim.run(made.sim.nowNs + NS_PER_SECOND)
    return made
  }

  it('lose the share of frames they are told to', () => {
    const { sim, to, link } = spray({ lossProbability: 0.1 })
    // 4,000 expected, standard deviation sqrt(40,000 * 0.1 * 0.9) = 60; four of them.
    expect(Math.abs(link.lostFrames - 4_000)).toBeLessThan(240)
    expect(to.arrivals.length + link.lostFrames).toBe(COUNT)
    expect([sim.frames.lost.loss, sim.frames.balance()]).toEqual([link.lostFrames, 0])
  })

  it('lose other frames with another seed, and the same with the same', () => {
    const [first, again, other] = ['1', '1', '2'].map((seed) => spray({ lossProbability: 0.1 }, seed).to.timesNs.join())
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })

  it('double the share of frames they are told to, and the copy comes right behind', () => {
    const { sim, to } = spray({ duplicateProbability: 0.05 })
    // 2,000 expected, standard deviation 44; four of them.
    expect(Math.abs(sim.frames.duplicated - 2_000)).toBeLessThan(176)
    expect(to.arrivals.length).toBe(COUNT + sim.frames.duplicated)
    expect(new Set(to.arrivals.map(({ frame }) => frame)).size).toBe(COUNT)
    expect(sim.frames.balance()).toBe(0)
  })

  it('hold the share of frames back that they are told to, so that others overtake', () => {
    const { to } = spray({ reorderProbability: 0.2, reorderDelayNs: 35 })
    expect(to.arrivals.length).toBe(COUNT)
    const late = to.arrivals.filter(({ timeNs }) => timeNs % 10 === 5).length
    // 8,000 expected, standard deviation 80; four of them.
    expect(Math.abs(late - 8_000)).toBeLessThan(320)
  })

  it('draw nothing from the stream of chance when there are none', () => {
    const { sim } = spray({})
    expect(sim.stream('link:a>b').unit()).toBe(new Simulator('42').stream('link:a>b').unit())
  })
})

describe('a link that is down', () => {
  it('loses what is sent, at either end, and what is under way', () => {
    const { sim, from, to, link } = newLink({ delayNs: 100 })
    link.isUp = false
    link.send(frameOf(60))
    link.isUp = true
    from.isUp = false
    link.send(frameOf(60))
    from.isUp = true
    to.isUp = false
    link.send(frameOf(60))
    to.isUp = true
    link.send(frameOf(60))
    expect([sim.frames.inFlight, sim.frames.balance(), sim.livePackets]).toEqual([1, 0, 1])
    sim.run(50)
    link.isUp = false
    sim.run(Infinity)
    expect(to.arrivals).toEqual([])
    expect([link.lostFrames, sim.frames.lost.linkDown, sim.frames.inFlight, sim.frames.balance(), sim.livePackets])
      .toEqual([4, 4, 0, 0, 0])
  })

  it('delivers what was sent before the sender alone went down', () => {
    const { sim, from, to, link } = newLink({ delayNs: 100 })
    link.send(frameOf(60))
    from.isUp = false
    sim.run(Infinity)
    expect(to.arrivals.length).toBe(1)
  })
})
