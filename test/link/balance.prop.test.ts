/**
 * The ledger of frames under random faults.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bridge } from '../../src/link/bridge.ts'
import { plugIntoBridge } from '../../src/link/cable.ts'
import { DEFAULT_LINK, type LinkOptions } from '../../src/link/link.ts'
import { Nic } from '../../src/link/nic.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import { seed } from '../support/seed.ts'
import { frameOf, macOf } from './frames.ts'

const probability = fc.constantFrom(0, 0.1, 0.5, 1)
const options: fc.Arbitrary<LinkOptions> = fc.record({
  rateBitsPerSecond: fc.constantFrom(Infinity, 1_000_000, 999_999_937), delayNs: fc.nat({ max: 50_000 }),
  queueFramesMax: fc.integer({ min: 1, max: 4 }),
  lossProbability: probability, duplicateProbability: probability, reorderProbability: probability,
  reorderDelayNs: fc.nat({ max: 100_000 }), framing: fc.constant('ethernet' as const),
})
const NICS = 3
const nic = fc.nat({ max: NICS - 1 })
const sending = fc.record({
  kind: fc.constant('send' as const), from: nic, to: fc.oneof(nic, fc.constant('all' as const)),
  bytes: fc.integer({ min: 42, max: 1514 }),
})
const step = fc.oneof(
  { weight: 8, arbitrary: sending },
  fc.record({ kind: fc.constant('flip nic' as const), nic }),
  fc.record({ kind: fc.constant('flip link' as const), nic, up: fc.boolean() }),
  fc.record({ kind: fc.constant('change' as const), nic, options }),
)

describe(`the ledger of frames (seed ${seed})`, () => {
  it('always balances, at every instant and at the end, when nothing is left in flight', () => {
    fc.assert(fc.property(options, fc.array(fc.tuple(fc.nat({ max: 100_000 }), step), { maxLength: 60 }), (common, steps) => {
      const sim = new Simulator('42')
      const bridge = new Bridge(sim, 'lan')
      let received = 0
      const nics = Array.from({ length: NICS }, (_, i) => new Nic(sim, `n${i}`, macOf(i + 1), { receiveFrame: () => received++ }))
      const cables = nics.map((each) => plugIntoBridge(sim, each, bridge, { ...DEFAULT_LINK, ...common }))
      for (const [waitNs, what] of steps) {
        sim.run(sim.nowNs + waitNs)
        const cable = cables['nic' in what ? what.nic : 0]
        const flipped = nics['nic' in what ? what.nic : 0]
        if (what.kind === 'send') {
          const to = what.to === 'all' ? 'all' : what.to + 1
          nics[what.from]?.send(frameOf(what.bytes, { from: what.from + 1, to }))
        } else if (what.kind === 'flip nic' && flipped !== undefined) {
          flipped.isUp = !flipped.isUp
        } else if (what.kind === 'flip link' && cable !== undefined) {
          const direction = what.up ? cable.up : cable.down
          direction.isUp = !direction.isUp
        } else if (what.kind === 'change') {
          cable?.up.setOptions(what.options)
        }
        expect([sim.frames.balance(), sim.livePackets - sim.frames.inFlight]).toEqual([0, 0])
      }
      sim.run(Infinity)
      const { frames } = sim
      expect([frames.balance(), frames.inFlight, sim.livePackets]).toEqual([0, 0, 0])
      // What a link delivers ends at a bridge or at a nic.
      const others = nics.reduce((sum, each) => sum + each.rxOtherHost, 0)
      expect(frames.delivered).toBe(frames.bridged + received + others)
      // What a link was given came from a nic or from a bridge.
      expect(frames.sent).toBe(frames.forwardedByBridge + nics.reduce((sum, each) => sum + each.txFrames, 0))
    }), { seed, numRuns: 200 })
  })
})
