import { describe, expect, it } from 'vitest'
import { describeMissed } from '../../src/scenario/recorder.ts'
import { World } from '../../src/scenario/world.ts'
import { traceLines } from '../../src/report/trace-text.ts'
import { pingServer, recordedWorld, sendDatagram } from '../support/recorded.ts'

/** Lines of the trace. */
function lines(world = recordedWorld()): string[] {
  return [...traceLines(world.recorder)]
}

describe('a recorder', () => {
  it('writes down every frame at every nic, in order', () => {
    const world = recordedWorld()
    pingServer(world)
    world.recorder.records.length = 0
    pingServer(world)
    // Every host knows its neighbors by now. 1 ms for each cable, two cables from nic to nic.
    const echo = 'ICMP echo'
    expect(lines(world)).toEqual([
      `1.000000000 client.eth0 out #3 IP 10.1.0.10 > 10.2.0.10: ${echo} request, id 7, seq 1, length 64`,
      `1.002000000 router.eth0 in #3 IP 10.1.0.10 > 10.2.0.10: ${echo} request, id 7, seq 1, length 64`,
      `1.002000000 router.eth1 out #3 IP 10.1.0.10 > 10.2.0.10: ${echo} request, id 7, seq 1, length 64`,
      `1.004000000 server.eth0 in #3 IP 10.1.0.10 > 10.2.0.10: ${echo} request, id 7, seq 1, length 64`,
      `1.004000000 server.eth0 out #4 IP 10.2.0.10 > 10.1.0.10: ${echo} reply, id 7, seq 1, length 64`,
      `1.006000000 router.eth1 in #4 IP 10.2.0.10 > 10.1.0.10: ${echo} reply, id 7, seq 1, length 64`,
      `1.006000000 router.eth0 out #4 IP 10.2.0.10 > 10.1.0.10: ${echo} reply, id 7, seq 1, length 64`,
      `1.008000000 client.eth0 in #4 IP 10.2.0.10 > 10.1.0.10: ${echo} reply, id 7, seq 1, length 64`,
    ])
  })

  it('shows drops with their reason and place, and ARP without a number', () => {
    const world = recordedWorld()
    pingServer(world, { ttl: 1 })
    expect(lines(world).slice(4)).toEqual([
      '0.004000000 client.eth0 out #1 IP 10.1.0.10 > 10.2.0.10: ICMP echo request, id 7, seq 1, length 64',
      '0.006000000 router.eth0 in #1 IP 10.1.0.10 > 10.2.0.10: ICMP echo request, id 7, seq 1, length 64',
      '0.006000000 router.eth0 out #2 IP 10.1.0.1 > 10.1.0.10: ICMP time exceeded in-transit, length 92',
      '0.006000000 router #1 IP 10.1.0.10 > 10.2.0.10: ICMP echo request, id 7, seq 1, length 64 drop: ttl-exceeded at router',
      '0.008000000 client.eth0 in #2 IP 10.1.0.1 > 10.1.0.10: ICMP time exceeded in-transit, length 92',
    ])
    expect(lines(world)[0]).toBe('0.000000000 client.eth0 out ARP, Request who-has 10.1.0.1 tell 10.1.0.10, length 28')
  })

  it('shows frames that a link lost, and why', () => {
    const world = recordedWorld()
    pingServer(world)
    const cable = world.world.cables.get('server.eth0')
    if (cable === undefined) throw new Error('the server is plugged in')
    cable.down.isUp = false
    world.recorder.records.length = 0
    pingServer(world)
    const packet = 'IP 10.1.0.10 > 10.2.0.10: ICMP echo request, id 7, seq 1, length 64'
    expect(lines(world).at(-1)).toBe(`1.003000000 lan>server.eth0 #3 ${packet} lost: link-down on lan>server.eth0`)
    expect(world.recorder.records.filter(({ kind }) => kind === 'lost')).toHaveLength(world.world.sim.frames.lost.linkDown)
  })

  it('keeps decisions and ends only when it is to be detailed', () => {
    const kinds = (isDetailed: boolean): string[] => {
      const world = recordedWorld({ isDetailed })
      sendDatagram(world, 9)
      return [...new Set(world.recorder.records.map(({ kind }) => kind))].sort()
    }
    expect(kinds(true)).toEqual(['arp', 'consumed', 'decision', 'dropped', 'frame'])
    expect(kinds(false)).toEqual(['dropped', 'frame'])
  })

  it('keeps the first records when there are too many, and says so', () => {
    const [all, few] = [recordedWorld(), recordedWorld({ recordsMax: 3 })]
    pingServer(all)
    pingServer(few)
    expect(few.recorder.records).toHaveLength(3)
    expect(few.recorder.missedCount).toBe(all.recorder.records.length - 3)
    const missed = `the recording is full: the first 3 records were kept, ${few.recorder.missedCount} from 0.002 s on were not`
    expect(describeMissed(few.recorder)).toBe(missed)
    expect(lines(few).at(-1)).toBe(`... ${missed}`)
    expect(describeMissed(all.recorder)).toBeUndefined()
  })

  it('changes nothing in the run that it looks at', () => {
    const world = recordedWorld()
    const other = recordedWorld()
    for (const host of other.world.hosts.values()) host.trace = undefined
    for (const nic of other.world.nics.values()) nic.tap = undefined
    sendDatagram(world, 9)
    sendDatagram(other, 9)
    expect(world.world.sim.hash.digest()).toBe(other.world.sim.hash.digest())
  })

  it('is for one world', () => {
    const { recorder } = recordedWorld()
    expect(() => recorder.attach(new World('1'))).toThrow('one world')
  })
})
