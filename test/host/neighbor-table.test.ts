/**
 * The neighbor table: every change of state, what waits, and whose word counts.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { NeighborTable } from '../../src/host/neighbor-table.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import type { MacAddr } from '../../src/wire/address.ts'
import type { IpPacket } from '../../src/wire/ip-packet.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { ip, packetOf } from '../wire/packets.ts'

const ADDR = ip('10.0.0.9')
const [MAC, OTHER] = [1 as MacAddr, 2 as MacAddr]
const ANSWER = { isUnicastReply: true, isAnnouncement: false }

let sim: Simulator
let table: NeighborTable
/** What the table did, with the time in seconds: `0 ask all`, `1.5 send 3 to 1`. */
let log: string[]
let heldCount: number

beforeEach(() => {
  sim = new Simulator('42')
  log = []
  heldCount = 0
  const note = (text: string): void => void log.push(`${sim.nowNs / 1e9} ${text}`)
  table = new NeighborTable(sim, {
    solicit: (_addr, mac, packet) => note(`ask ${mac ?? 'all'}${packet === undefined ? '' : ` for ${packet.uid}`}`),
    transmit: (packet, mac) => note(`send ${packet.uid} to ${mac}`),
    release: (packet, mac) => {
      heldCount--
      note(`release ${packet.uid} to ${mac}`)
    },
    giveUp: (packet, reason) => {
      heldCount--
      note(`${reason} ${packet.uid}`)
    },
    hold: () => heldCount++,
  })
})

function packet(uid: number, dataBytes = 0): IpPacket {
  return packetOf(udpDatagram({ sport: 1, dport: 2 }, new Uint8Array(dataBytes)), { uid })
}

function state(): string {
  return table.find(ADDR)?.state ?? 'absent'
}

/** Runs up to a second of simulated time. */
function runTo(seconds: number): void {
  sim.run(Math.round(seconds * NS_PER_SECOND))
}

/** Takes what the table did since the last call. */
function take(): string[] {
  return log.splice(0)
}

describe('a neighbor goes', () => {
  it('absent -> incomplete when the first packet is for it', () => {
    table.output(packet(1), ADDR)
    expect([state(), take(), heldCount]).toEqual(['incomplete', ['0 ask all for 1'], 1])
  })

  it('incomplete -> reachable when it answers, and what waited leaves in its order', () => {
    table.output(packet(1), ADDR)
    table.output(packet(2), ADDR)
    take()
    table.learnFromReply(ADDR, MAC, ANSWER)
    expect([state(), take(), heldCount]).toEqual(['reachable', ['0 release 1 to 1', '0 release 2 to 1'], 0])
  })

  it('incomplete -> stale when it asks for us itself, which is good enough to send', () => {
    table.output(packet(1), ADDR)
    take()
    table.learnFromRequest(ADDR, MAC)
    expect([state(), take()]).toEqual(['stale', ['0 release 1 to 1']])
  })

  it('incomplete -> failed when nobody answers: asked three times, 1.024 s apart, given up after as long again', () => {
    table.output(packet(1), ADDR)
    runTo(0.5)
    table.output(packet(2), ADDR)
    runTo(10)
    // The newest packet decides whose address the question names.
    expect(take()).toEqual([
      '0 ask all for 1', '1.024 ask all for 2', '2.048 ask all for 2', '3.072 neighbor-failed 1', '3.072 neighbor-failed 2',
    ])
    expect([state(), heldCount]).toEqual(['failed', 0])
  })

  it('failed -> incomplete when another packet is for it', () => {
    table.output(packet(1), ADDR)
    runTo(7)
    take()
    table.output(packet(2), ADDR)
    expect([state(), take()]).toEqual(['incomplete', ['7 ask all for 2']])
  })

  it('absent -> stale when it asks for us', () => {
    table.learnFromRequest(ADDR, MAC)
    expect(state()).toBe('stale')
  })

  it('absent -> absent when something else is said of it', () => {
    table.learnFromReply(ADDR, MAC, ANSWER)
    expect(state()).toBe('absent')
  })

  it('stale -> delay when a packet is for it, which leaves at once', () => {
    table.learnFromRequest(ADDR, MAC)
    table.output(packet(1), ADDR)
    expect([state(), take()]).toEqual(['delay', ['0 send 1 to 1']])
  })

  it('delay -> probe after 5 s, and is asked alone three times, 1.024 s apart, then failed', () => {
    table.learnFromRequest(ADDR, MAC)
    table.output(packet(1), ADDR)
    take()
    runTo(4.999)
    expect(state()).toBe('delay')
    runTo(5)
    expect(state()).toBe('probe')
    runTo(6.5)
    table.output(packet(2), ADDR)
    runTo(8.071)
    expect(state()).toBe('probe')
    runTo(8.072)
    expect([state(), take()]).toEqual(['failed', ['5 ask 1', '6.024 ask 1', '6.5 send 2 to 1', '7.048 ask 1']])
  })

  it('probe -> reachable when it answers', () => {
    table.learnFromRequest(ADDR, MAC)
    table.output(packet(1), ADDR)
    runTo(5.5)
    table.learnFromReply(ADDR, MAC, ANSWER)
    expect(state()).toBe('reachable')
    take()
    runTo(20)
    expect(take()).toEqual([])
  })

  it('delay -> reachable after 5 s when an upper layer has heard of it meanwhile', () => {
    table.learnFromRequest(ADDR, MAC)
    table.output(packet(1), ADDR)
    runTo(2)
    table.confirm(ADDR)
    runTo(5)
    expect(state()).toBe('reachable')
    // 30 s from the confirmation at 2 s.
    runTo(31.999)
    expect(state()).toBe('reachable')
    runTo(32)
    expect(state()).toBe('stale')
  })

  it('reachable -> stale after 30 s without a word', () => {
    table.output(packet(1), ADDR)
    table.learnFromReply(ADDR, MAC, ANSWER)
    runTo(29.999)
    expect(state()).toBe('reachable')
    runTo(30)
    expect(state()).toBe('stale')
  })

  it('reachable -> reachable while upper layers confirm it', () => {
    table.output(packet(1), ADDR)
    table.learnFromReply(ADDR, MAC, ANSWER)
    runTo(20)
    table.confirm(ADDR)
    runTo(49.999)
    expect(state()).toBe('reachable')
    runTo(50)
    expect(state()).toBe('stale')
  })

  it('reachable -> stale after 30 s though packets go there all the time', () => {
    table.output(packet(1), ADDR)
    table.learnFromReply(ADDR, MAC, ANSWER)
    runTo(29)
    table.output(packet(2), ADDR)
    runTo(30)
    expect(state()).toBe('stale')
    table.output(packet(3), ADDR)
    expect(state()).toBe('delay')
  })

  it('stale -> stale when it is heard of with the same address', () => {
    table.learnFromRequest(ADDR, MAC)
    runTo(100)
    table.learnFromReply(ADDR, MAC, { isUnicastReply: false, isAnnouncement: false })
    expect([state(), table.find(ADDR)?.updatedNs]).toEqual(['stale', 0])
  })

  it('reachable -> stale when it is heard of with another address by a broadcast', () => {
    table.output(packet(1), ADDR)
    table.learnFromReply(ADDR, MAC, ANSWER)
    runTo(1.5)
    table.learnFromReply(ADDR, OTHER, { isUnicastReply: false, isAnnouncement: false })
    expect([state(), table.find(ADDR)?.mac]).toEqual(['stale', OTHER])
    // Nothing has confirmed that address: after 5 s of use it is asked.
    table.output(packet(2), ADDR)
    take()
    runTo(6.5)
    expect([state(), take()]).toEqual(['probe', ['6.5 ask 2']])
  })
})

describe('the first answer', () => {
  it('wins for one second; a later one with another address is not heard', () => {
    table.output(packet(1), ADDR)
    runTo(0.01)
    table.learnFromReply(ADDR, MAC, ANSWER)
    sim.run(1_010 * NS_PER_MILLISECOND)
    table.learnFromReply(ADDR, OTHER, ANSWER)
    expect(table.find(ADDR)?.mac).toBe(MAC)
    sim.run(1_010 * NS_PER_MILLISECOND + 1)
    table.learnFromReply(ADDR, OTHER, ANSWER)
    expect(table.find(ADDR)?.mac).toBe(OTHER)
  })

  it('does not win against one who announces itself, or who asks for us', () => {
    table.output(packet(1), ADDR)
    table.learnFromReply(ADDR, MAC, ANSWER)
    table.learnFromReply(ADDR, OTHER, { isUnicastReply: false, isAnnouncement: true })
    expect(table.find(ADDR)?.mac).toBe(OTHER)
    table.learnFromRequest(ADDR, MAC)
    expect(table.find(ADDR)?.mac).toBe(MAC)
  })

  it('repeated does not prolong its second', () => {
    table.output(packet(1), ADDR)
    table.learnFromReply(ADDR, MAC, ANSWER)
    runTo(0.9)
    table.learnFromReply(ADDR, MAC, ANSWER)
    runTo(1.1)
    table.learnFromReply(ADDR, OTHER, ANSWER)
    expect(table.find(ADDR)?.mac).toBe(OTHER)
  })
})

describe('an entry of the admin', () => {
  it('that is permanent is used for ever and listens to nobody but the admin', () => {
    table.set(ADDR, MAC, 'permanent')
    runTo(1000)
    table.learnFromReply(ADDR, OTHER, ANSWER)
    table.learnFromRequest(ADDR, OTHER)
    table.output(packet(1), ADDR)
    runTo(2000)
    expect([state(), take()]).toEqual(['permanent', ['1000 send 1 to 1']])
    table.set(ADDR, OTHER, 'reachable')
    expect([state(), table.find(ADDR)?.mac]).toEqual(['reachable', OTHER])
  })

  it('lets go what waited', () => {
    table.output(packet(1), ADDR)
    take()
    table.set(ADDR, MAC, 'permanent')
    expect([take(), heldCount]).toEqual([['0 release 1 to 1'], 0])
    runTo(10)
    expect(take()).toEqual([])
  })

  it('may be made stale where it was reachable', () => {
    table.set(ADDR, MAC, 'reachable')
    table.set(ADDR, MAC, 'stale')
    expect(state()).toBe('stale')
  })
})

describe('what waits', () => {
  it('is limited by bytes: the oldest makes room', () => {
    // A packet of 1,500 bytes counts for 2,268; 212,992 / 2,268 = 93.9.
    for (let uid = 1; uid <= 95; uid++) table.output(packet(uid, 1472), ADDR)
    expect(take()).toEqual(['0 ask all for 1', '0 neighbor-queue-full 1', '0 neighbor-queue-full 2'])
    expect([heldCount, table.find(ADDR)?.queue.length, table.find(ADDR)?.queueBytes]).toEqual([93, 93, 93 * 2268])
  })

  it('dies with the entry when that is removed, and is told so', () => {
    table.output(packet(1), ADDR)
    take()
    expect([table.remove(ADDR), table.remove(ADDR), take(), heldCount]).toEqual([true, false, ['0 neighbor-failed 1'], 0])
    runTo(10)
    expect(take()).toEqual([])
  })

  it('dies with the device, and nobody is told; permanent entries go too', () => {
    table.set(ip('10.0.0.8'), MAC, 'permanent')
    table.output(packet(1), ADDR)
    take()
    table.clear()
    expect([table.entries(), take(), heldCount]).toEqual([[], ['0 device-down 1'], 0])
    runTo(10)
    expect(take()).toEqual([])
  })
})

describe('asking without a packet', () => {
  it('says whether the neighbor is known, and asks once', () => {
    expect([table.makeKnown(ADDR), table.makeKnown(ADDR), take()]).toEqual([false, false, ['0 ask all']])
    table.learnFromReply(ADDR, MAC, ANSWER)
    expect(table.makeKnown(ADDR)).toBe(true)
  })
})

describe('the list of entries', () => {
  it('has them in the order in which they were made', () => {
    for (const addr of ['10.0.0.3', '10.0.0.1', '10.0.0.2']) table.learnFromRequest(ip(addr), MAC)
    table.remove(ip('10.0.0.1'))
    table.learnFromRequest(ip('10.0.0.1'), MAC)
    expect(table.entries().map(({ addr }) => addr & 255)).toEqual([3, 2, 1])
  })
})
