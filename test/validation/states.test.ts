import { describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import type { World } from '../../src/scenario/world.ts'
import { TCP_RST, TCP_SYN } from '../../src/wire/tcp-segment.ts'
import { startServers } from './apps.ts'
import { addr, type ClusterOptions, openCluster, runFor, VIP } from './clusters.ts'
import { ask, segmentOf, shell, Watch } from './looking.ts'

/** A cluster with its servers running. */
async function open(layout: ClusterOptions['layout'], options: Partial<ClusterOptions> = {}): Promise<World> {
  const world = await openCluster({ layout, ...options })
  startServers(world)
  return world
}

/** State and seconds left of the only connection; undefined without one. */
async function connectionOf(world: World): Promise<{ state: string, seconds: number } | undefined> {
  const row = (await shell(world, 'd', 'ipvsadm -Lnc')).split('\n')[2] ?? ''
  const [, minutes, seconds, state] = /^TCP (\d+):(\d+) +(\S+)/.exec(row) ?? []
  return state === undefined ? undefined : { state, seconds: Number(minutes) * 60 + Number(seconds) }
}

/** Connects to the service, and does no more. */
function connect(world: World): { readonly reset: () => void } {
  const endpoint = world.host('c').tcp.connect({ dst: addr(VIP), dport: 80 }, {})
  runFor(world, 0.5 * NS_PER_SECOND)
  return { reset: () => {
    if (endpoint.ok) endpoint.value.abort()
    runFor(world, 0.1 * NS_PER_SECOND)
  } }
}

describe('V13: states and timers of connections are those of Linux 6.1', () => {
  it.each([['nat-two-lans', 5], ['dr-one-lan', 0], ['tun-one-lan', 0]] as const)(
    '%s: an open connection is ESTABLISHED for 900 s, and one that is over has 5 packets in, %i out and 312 bytes in',
    async (layout, outPackets) => {
      const world = await open(layout)
      connect(world)
      expect(await connectionOf(world)).toEqual({ state: 'ESTABLISHED', seconds: 899 })
      const other = await open(layout)
      ask(other, 2.5)
      const text = await shell(other, 'd', 'ipvsadm -Ln --stats --exact')
      const [conns, inPackets, out, inBytes] = (/TCP {2}\S+ +(.*)/.exec(text)?.[1] ?? '').split(/ +/).map(Number)
      expect([conns, inPackets, out, inBytes]).toEqual([1, 5, outPackets, 312])
    })

  it.each([['nat-two-lans', 'TIME_WAIT'], ['dr-one-lan', 'FIN_WAIT'], ['tun-one-lan', 'FIN_WAIT']] as const)(
    '%s: after a close by both sides it is in %s for 120 s, and gone at most 2 s later', async (layout, state) => {
      const world = await open(layout)
      ask(world, 1)
      expect(await connectionOf(world)).toEqual({ state, seconds: 119 })
      runFor(world, 118 * NS_PER_SECOND)
      expect(await connectionOf(world)).toEqual({ state, seconds: 1 })
      runFor(world, 3 * NS_PER_SECOND)
      expect(await connectionOf(world)).toBeUndefined()
    })

  it.each(['nat-two-lans', 'dr-one-lan'] as const)('%s: the RST of a client leaves 10 s of CLOSE', async (layout) => {
    const world = await open(layout)
    connect(world).reset()
    expect(await connectionOf(world)).toEqual({ state: 'CLOSE', seconds: 9 })
    runFor(world, 11 * NS_PER_SECOND)
    expect(await connectionOf(world)).toBeUndefined()
  })

  it('NAT: the RST of a real server whose port is closed comes from the VIP, and leaves 10 s of CLOSE', async () => {
    const world = await openCluster({ layout: 'nat-two-lans' })
    const watch = new Watch(world)
    expect(ask(world, 0.5).result?.outcome).toBe('refused')
    const resets = watch.packets('c.eth0', 'in').filter((packet) => ((segmentOf(packet)?.flags ?? 0) & TCP_RST) !== 0)
    expect(resets.map(({ src }) => src)).toEqual([addr(VIP)])
    expect(await connectionOf(world)).toEqual({ state: 'CLOSE', seconds: 9 })
  })

  it.each([
    ['no server', 'ipvsadm -d -t 10.0.0.100:80 -r 192.168.1.11'],
    ['a weight of 0', 'ipvsadm -e -t 10.0.0.100:80 -r 192.168.1.11 -m -w 0'],
  ])('with %s a client is refused, by ICMP port unreachable from the VIP, and there is no connection', async (_, change) => {
    const world = await open('nat-two-lans', { setup: { d: change } })
    const watch = new Watch(world)
    expect(ask(world, 1).result?.outcome).toBe('refused')
    const syns = watch.packets('c.eth0', 'out').filter((packet) => segmentOf(packet)?.flags === TCP_SYN)
    expect(syns).toHaveLength(1)
    const [error, ...more] = watch.packets('c.eth0', 'in')
    if (error?.payload.kind !== 'icmp') throw new Error('no error')
    expect([error.src, error.payload.type, error.payload.code, more.length]).toEqual([addr(VIP), 3, 3, 0])
    expect(await connectionOf(world)).toBeUndefined()
  })
})
