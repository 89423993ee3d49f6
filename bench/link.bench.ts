/**
 * A link under load: bursts of frames of 542 bytes at 10 Gbit/s (433.6 ns each), half of a burst too many for the queue.
 * One event per frame and the fraction carried (ours) against two events and none; both lose the same frames.
 * @module
 */
import { bench, describe, expect } from 'vitest'
import { DEFAULT_LINK, LinkDirection, type LinkEnd, type LinkOptions } from '../src/link/link.ts'
import type { Actor } from '../src/sim/event-queue.ts'
import { Simulator } from '../src/sim/simulator.ts'
import type { IpAddr } from '../src/wire/address.ts'
import { pppFrame, type Frame } from '../src/wire/frame.ts'
import { IPPROTO_UDP, ipPacket } from '../src/wire/ip-packet.ts'
import { udpDatagram } from '../src/wire/udp-datagram.ts'
import { TwoEventLink } from './support/two-event-link.ts'

const BURSTS = 200
const BURST_FRAMES = 200
/** Longer than a queue needs to drain: 100 x 433.6 ns. */
const BURST_GAP_NS = 50_000
const LINK: LinkOptions = { ...DEFAULT_LINK, framing: 'ppp', rateBitsPerSecond: 1e10, delayNs: 50_000, queueFramesMax: 100 }

const PAYLOAD = udpDatagram({ sport: 40_000, dport: 9 }, new Uint8Array(512))
const FRAME = pppFrame(ipPacket({
  uid: 1, src: 0x0a010002 as IpAddr, dst: 0x0a640002 as IpAddr, protocol: IPPROTO_UDP, payload: PAYLOAD, payloadBytes: 520,
}))

interface Outcome {
  readonly delivered: number
  readonly lost: number
  readonly lastArrivalNs: number
  readonly events: number
}

/** Sends the bursts over a link, and says what became of them. */
function load(make: (sim: Simulator, arrive: () => void) => { send(frame: Frame): void, readonly lostFrames: number }): Outcome {
  const sim = new Simulator('42')
  let delivered = 0, lastArrivalNs = 0
  const link = make(sim, () => {
    delivered++
    lastArrivalNs = sim.nowNs
  })
  const source: Actor = {
    onEvent: () => {
      for (let i = 0; i < BURST_FRAMES; i++) link.send(FRAME)
    },
  }
  for (let i = 0; i < BURSTS; i++) sim.schedule(i * BURST_GAP_NS, source, 0, undefined)
  sim.run(Infinity)
  return { delivered, lost: link.lostFrames, lastArrivalNs, events: sim.eventCount }
}

const ours = (): Outcome => load((sim, arrive) => {
  const end: LinkEnd = { isUp: true, arrive }
  return new LinkDirection(sim, 'bench', { from: end, to: end }, LINK)
})
const rival = (): Outcome => load((sim, arrive) => new TwoEventLink(sim, LINK, arrive))

describe('40,000 frames, half of them too many', () => {
  const mine = ours()
  console.log(`link: ${JSON.stringify(mine)}; two events: ${JSON.stringify(rival())}`)
  const delivered = BURSTS * 100
  const lastBurstNs = (BURSTS - 1) * BURST_GAP_NS + LINK.delayNs
  // 100 frames of 433.6 ns are 43,360 ns; with each one rounded down, 43,300 ns.
  expect(mine).toEqual({ delivered, lost: delivered, lastArrivalNs: lastBurstNs + 43_360, events: BURSTS + delivered })
  expect(rival()).toEqual({ delivered, lost: delivered, lastArrivalNs: lastBurstNs + 43_300, events: BURSTS + 2 * delivered })
  bench('one event per frame, fraction carried (ours)', () => {
    ours()
  }, { time: 500, warmupTime: 100 })
  bench('two events per frame, rounded down', () => {
    rival()
  }, { time: 500, warmupTime: 100 })
})
