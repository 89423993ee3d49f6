import { describe, expect, it } from 'vitest'
import { captureFiles } from '../../src/report/capture.ts'
import type { Recording } from '../../src/scenario/recorder.ts'
import type { Capture } from '../../src/wire/capture.ts'
import { ethernetFrame, type Frame } from '../../src/wire/frame.ts'
import { withTtlDecremented, type IpPacket } from '../../src/wire/ip-packet.ts'
import { readCapture } from '../../src/wire/pcap.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { pingServer, recordedCluster, recordedWorld, sendDatagram } from '../support/recorded.ts'
import { mac, packetOf } from '../wire/packets.ts'

const NIC = { name: 'b.eth0', host: 'b', mac: mac('02:00:00:00:00:01'), framing: 'ethernet' } as const

function read(chunks: Iterable<Uint8Array>): Capture {
  const capture = readCapture(Uint8Array.from([...chunks].flatMap((chunk) => [...chunk])))
  if (!capture.ok) throw new Error(capture.error.message)
  return capture.value
}

function captures(recording: Recording): { readonly name: string, readonly capture: Capture }[] {
  return [...captureFiles(recording)].map(({ name, chunks }) => ({ name, capture: read(chunks) }))
}

/** Frames with a comment: the nic and the comment. */
function comments(recording: Recording): string[] {
  return captures(recording).flatMap(({ name, capture }) => (
    capture.frames.filter(({ comment }) => comment !== '').map(({ comment }) => `${name}: ${comment}`)))
}

function packet(uid: number, bytes = 4): IpPacket {
  return packetOf(udpDatagram({ sport: 1, dport: 2 }, new Uint8Array(bytes)), { uid })
}

function frameOf(payload: IpPacket): Frame {
  return ethernetFrame(mac('02:00:00:00:00:01'), mac('02:00:00:00:00:02'), payload)
}

function arrival(timeNs: number, payload: IpPacket): Recording['records'][number] {
  return { kind: 'frame', timeNs, nic: NIC, direction: 'in', frame: frameOf(payload) }
}

describe('the captures of a run', () => {
  it('have a file and an interface for each nic, and every frame of the ledger at its time', () => {
    const world = recordedWorld()
    pingServer(world)
    const files = captures(world.recorder)
    expect(files.map(({ name }) => name)).toEqual(['client.eth0', 'router.eth0', 'router.eth1', 'server.eth0'])
    for (const { name, capture } of files) expect(capture.interfaces).toEqual([{ name, linkType: 1 }])
    const nics = [...world.world.nics.values()]
    expect(files.map(({ capture }) => capture.frames.length)).toEqual(nics.map((nic) => nic.rxFrames + nic.txFrames))
    expect(files[1]?.capture.frames[0]).toMatchObject({ timeNs: 2_000_000, interfaceIndex: 0, direction: 'in' })
  })

  it('say on the last frame that brought a packet why it died, and on no other', () => {
    const world = recordedWorld()
    pingServer(world, { ttl: 1 })
    sendDatagram(world, 9)
    pingServer(world)
    expect(comments(world.recorder)).toEqual(['router.eth0: drop: ttl-exceeded', 'server.eth0: drop: no-listener'])
  })

  it('find the frame of a packet that was rewritten before it died', () => {
    const before = packet(1)
    const drop = { kind: 'dropped', timeNs: 1, host: 'b', packet: withTtlDecremented(before), reason: 'no-route' } as const
    const records = [arrival(1, before), drop]
    expect(comments({ nics: [NIC], fullSinceNs: undefined, missedCount: 0, records })).toEqual(['b.eth0: drop: no-route'])
  })

  it('takes a frame for each copy that died, and one for all pieces of a packet', () => {
    const copied = packet(1)
    const drop = { kind: 'dropped', timeNs: 9, host: 'b', packet: copied, reason: 'cpu-queue-full' } as const
    const recording = { nics: [NIC], fullSinceNs: undefined, missedCount: 0 }
    expect(comments({ ...recording, records: [arrival(1, copied), arrival(2, copied), drop, drop] }))
      .toEqual(['b.eth0: drop: cpu-queue-full', 'b.eth0: drop: cpu-queue-full'])
    expect(comments({ ...recording, records: [arrival(1, copied), drop, drop] }))
      .toEqual(['b.eth0: drop: cpu-queue-full; drop: cpu-queue-full'])
  })

  it('has no comment for a packet that its own maker drops, or that another host has dropped', () => {
    const own = { kind: 'dropped', timeNs: 9, host: 'a', packet: packet(1), reason: 'neighbor-failed' } as const
    expect(comments({ nics: [NIC], fullSinceNs: undefined, missedCount: 0, records: [arrival(1, packet(1)), own] })).toEqual([])
  })

  it('says where a frame was sent on what link it was lost, without the word for drops', () => {
    const world = recordedWorld()
    pingServer(world)
    const cable = world.world.cables.get('server.eth0')
    if (cable === undefined) throw new Error('the server is plugged in')
    cable.down.isUp = false
    pingServer(world)
    expect(comments(world.recorder)).toEqual(['router.eth1: lost: link-down on lan>server.eth0'])
  })

  it.each(['nat', 'dr', 'tun'] as const)('has a comment for each drop of a frame that came in, under %s', async (mode) => {
    // A processor with room for one frame drops some of what comes at once.
    const { result, recorder } = await recordedCluster(mode, (text) => text
      .replace('per_byte: 0ns', 'per_byte: 0ns, queue: 1').replace('per_packet: 10us', 'per_packet: 1ms')
      .replace('count: 2', 'count: 20, arrivals: every 300us'))
    const dropped = result.hosts.reduce((sum, { packets }) => sum + packets.dropped, 0)
    expect(dropped).toBeGreaterThan(0)
    expect(comments(recorder).filter((comment) => comment.includes('drop:'))).toHaveLength(dropped)
  })
})
