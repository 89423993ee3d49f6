/**
 * A bridge and its nics: learning, flooding, ageing, and what a nic takes in.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import { Bridge } from '../../src/link/bridge.ts'
import { plugIntoBridge, plugTogether, type Cable } from '../../src/link/cable.ts'
import { DEFAULT_LINK } from '../../src/link/link.ts'
import { Nic } from '../../src/link/nic.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import type { MacAddr } from '../../src/wire/address.ts'
import { ethernetFrame, pppFrame } from '../../src/wire/frame.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { packetOf } from '../wire/packets.ts'
import { frameOf, macOf } from './frames.ts'

let sim: Simulator
let bridge: Bridge
let nics: Nic[]
let cables: Cable[]
/** Who took a frame in, in order. */
let taken: string[]

function newNic(name: string, mac: MacAddr): Nic {
  return new Nic(sim, name, mac, { receiveFrame: (nic) => taken.push(nic.name) })
}

/** Sends a frame from nic number `from`, 0 being the first, and says who took it in. */
function send(from: number, to: number | 'all', bytes = 60): string[] {
  taken = []
  nics[from]?.send(frameOf(bytes, { from: from + 1, to: to === 'all' ? 'all' : to + 1 }))
  sim.run(sim.nowNs + 1_000_000)
  return taken
}

beforeEach(() => {
  sim = new Simulator('42')
  bridge = new Bridge(sim, 'lan')
  taken = []
  nics = ['n0', 'n1', 'n2', 'n3'].map((name, index) => newNic(name, macOf(index + 1)))
  cables = nics.map((nic) => plugIntoBridge(sim, nic, bridge, DEFAULT_LINK))
})

describe('a bridge', () => {
  it('floods a broadcast to every other port, the one plugged in last first', () => {
    expect(send(1, 'all')).toEqual(['n3', 'n2', 'n0'])
  })

  it('floods a frame for an address it has not seen, and only the one it is for takes it in', () => {
    expect(send(0, 2)).toEqual(['n2'])
    expect(nics.map((nic) => nic.rxOtherHost)).toEqual([0, 1, 0, 1])
  })

  it('sends a frame for an address it has seen to that port alone', () => {
    send(2, 'all')
    expect(send(0, 2)).toEqual(['n2'])
    expect(nics.map((nic) => nic.rxOtherHost)).toEqual([0, 0, 0, 0])
  })

  it('never sends a frame back to where it came from', () => {
    send(2, 'all')
    const before = sim.frames.forwardedByBridge
    // As if another host with that address sat behind the same port.
    expect(send(2, 2)).toEqual([])
    expect(sim.frames.forwardedByBridge).toBe(before)
  })

  it('believes the last port that an address was seen at', () => {
    send(2, 'all')
    nics[3]?.send(frameOf(60, { from: 3, to: 'all' }))
    sim.run(sim.nowNs + 1_000_000)
    send(0, 2)
    // It went to n3, which is not addressed.
    expect([taken, nics[3]?.rxOtherHost]).toEqual([[], 1])
  })

  it('forgets an address 300 s after it was last seen, and not before', () => {
    send(2, 'all')
    sim.run(299 * NS_PER_SECOND)
    send(0, 2)
    expect(nics[1]?.rxOtherHost).toBe(0)
    sim.run(302 * NS_PER_SECOND)
    send(0, 2)
    expect(nics[1]?.rxOtherHost).toBe(1)
  })

  it('remembers longer what is seen again', () => {
    send(2, 'all')
    sim.run(200 * NS_PER_SECOND)
    send(2, 'all')
    sim.run(400 * NS_PER_SECOND)
    send(0, 2)
    expect(nics[1]?.rxOtherHost).toBe(0)
  })

  it('accounts for every frame: one sent to the bridge, three from it', () => {
    send(1, 'all')
    const { sent, delivered, bridged, forwardedByBridge } = sim.frames
    expect([sent, delivered, bridged, forwardedByBridge, sim.frames.balance()]).toEqual([4, 4, 1, 3, 0])
  })

  it('puts faults on the way to it only, so that a frame meets them once', () => {
    const lossy = plugIntoBridge(sim, newNic('n4', macOf(5)), bridge, {
      ...DEFAULT_LINK, lossProbability: 0.5, duplicateProbability: 0.2, reorderProbability: 0.1,
    })
    const { lossProbability, duplicateProbability, reorderProbability } = lossy.down.options
    expect([lossy.up.options.lossProbability, lossProbability, duplicateProbability, reorderProbability]).toEqual([0.5, 0, 0, 0])
  })
})

describe('a nic', () => {
  it('takes in what is for it, for all and for a group, and nothing else', () => {
    const [nic] = nics as [Nic]
    const packet = packetOf(udpDatagram({ sport: 1, dport: 2 }, new Uint8Array(0)))
    for (const mac of [macOf(1), 0xffffffffffff, 0x01005e000012, macOf(2), 0]) {
      nic.arrive(ethernetFrame(mac as MacAddr, macOf(9), packet))
    }
    expect([taken.length, nic.rxFrames, nic.rxOtherHost, nic.rxBytes]).toEqual([3, 3, 2, 3 * 42])
  })

  it('counts what it sends, and shows its tap both ways in their order', () => {
    const seen: string[] = []
    const tap = { onFrame: (nic: Nic, direction: string) => seen.push(`${nic.name} ${direction}`) }
    for (const nic of nics.slice(0, 2)) nic.tap = tap
    send(0, 1, 100)
    expect(seen).toEqual(['n0 out', 'n1 in'])
    expect([nics[0]?.txFrames, nics[0]?.txBytes]).toEqual([1, 100])
  })

  it('without a link loses what it sends, and the books still balance', () => {
    newNic('loose', macOf(7)).send(frameOf(60))
    expect([sim.frames.sent, sim.frames.lost.linkDown, sim.frames.balance()]).toEqual([1, 1, 0])
  })

  it('that is down gets nothing', () => {
    const [, down] = nics as [Nic, Nic]
    down.isUp = false
    expect(send(0, 'all')).toEqual(['n3', 'n2'])
    expect([sim.frames.lost.linkDown, sim.frames.balance()]).toEqual([1, 0])
  })

  it('whose cable is down at its end sends nothing', () => {
    const [cable] = cables as [Cable]
    cable.up.isUp = false
    expect(send(0, 'all')).toEqual([])
  })

  it('changes the hash of the run with each frame it takes in', () => {
    const before = sim.hash.digest()
    send(0, 'all')
    expect(sim.hash.digest()).not.toBe(before)
  })
})

describe('a point-to-point link', () => {
  it('joins two nics that need no addresses, with its faults both ways', () => {
    const [first, second] = [newNic('a', 0 as MacAddr), newNic('b', 0 as MacAddr)]
    const cable = plugTogether(sim, { first, second }, { ...DEFAULT_LINK, lossProbability: 0.25, framing: 'ppp' })
    const packet = packetOf(udpDatagram({ sport: 1, dport: 2 }, new Uint8Array(10)))
    for (let i = 0; i < 200; i++) {
      first.send(pppFrame(packet))
      second.send(pppFrame(packet))
    }
    sim.run(NS_PER_SECOND)
    expect([cable.up.lostFrames, cable.down.lostFrames].every((lost) => lost > 20 && lost < 80)).toBe(true)
    expect([second.rxFrames, first.rxFrames]).toEqual([200 - cable.up.lostFrames, 200 - cable.down.lostFrames])
  })
})
