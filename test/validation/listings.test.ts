import { describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import { HOOK_PRIORITY } from '../../src/host/hooks.ts'
import type { Host } from '../../src/host/host.ts'
import { Recorder } from '../../src/scenario/recorder.ts'
import type { World } from '../../src/scenario/world.ts'
import { ipFromHeader } from '../../src/wire/ip-packet.ts'
import { askSlowly, serveSlowly } from './apps.ts'
import { type ClusterOptions, openCluster, runFor } from './clusters.ts'
import { clientPortIn, type Listing, listingOf, readListing } from './listing.ts'

/** Opens a cluster of one client and one real server, on which the recorded server listens. */
async function open(options: ClusterOptions): Promise<World> {
  const world = await openCluster(options)
  serveSlowly(world.host('r1'))
  return world
}

/** One exchange as it was recorded, from the client's recorded port, and its frames. */
function exchange(world: World, recorded: Listing): Listing {
  const recorder = new Recorder({ recordsMax: 10_000, isDetailed: false })
  recorder.attach(world)
  askSlowly(world.host('c'), clientPortIn(recorded))
  runFor(world, 2 * NS_PER_SECOND)
  return listingOf(recorder.records, recorder.nics)
}

/** Everything that a host sends by itself gets this TOS, as its application asks with IP_TOS. */
function setTos(host: Host, tos: number): void {
  host.hooks.register('localOut', 'application', HOOK_PRIORITY.mangle, (packet) =>
    ipFromHeader(packet.uid, { ...packet, tos }, packet.payload, packet.payloadBytes))
}

describe('the frame listings of Linux 6.1 come out frame for frame at every nic', () => {
  it('NAT between two LANs: two ARP exchanges, replies need none', async () => {
    const recorded = readListing('nat2lan')
    const world = await open({ layout: 'nat-two-lans' })
    expect(exchange(world, recorded)).toEqual(recorded)
  })

  it('DR on one LAN with cold caches', async () => {
    const recorded = readListing('dr1lan')
    const world = await open({ layout: 'dr-one-lan' })
    expect(exchange(world, recorded)).toEqual(recorded)
  })

  it('DR on one LAN with warm caches: no ARP at all', async () => {
    const [first, second] = [readListing('dr1lan'), readListing('dr1lan_warm')]
    const world = await open({ layout: 'dr-one-lan' })
    askSlowly(world.host('c'), clientPortIn(first))
    runFor(world, NS_PER_SECOND)
    expect(exchange(world, second)).toEqual(second)
  })

  it('TUN on one LAN: outer TTL, TOS and DF are those of the packet inside', async () => {
    const recorded = readListing('tun1lan')
    const world = await open({ layout: 'tun-one-lan' })
    setTos(world.host('c'), 0x28)
    expect(exchange(world, recorded)).toEqual(recorded)
  })

  it('NAT on one LAN: the reply comes straight from the real server, and the client resets it', async () => {
    const recorded = readListing('nat1lan')
    const world = await open({ layout: 'nat-one-lan' })
    expect(exchange(world, recorded)).toEqual(recorded)
  })

  it('the ARP problem: the real server answers first, and the director sees no segment', async () => {
    const recorded = readListing('dr1lan_arpproblem')
    // The client works on a frame for a while, as the recorded one did: the second answer is there before it goes on.
    const world = await open({ layout: 'dr-one-lan', answersArp: true, clientCpu: '{per_packet: 5us}' })
    expect(exchange(world, recorded)).toEqual(recorded)
  })
})
