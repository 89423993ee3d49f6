import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { ARP_REPLY } from '../../src/wire/arp-packet.ts'
import { formatIp } from '../../src/wire/address.ts'
import { totalBytes } from '../../src/wire/ip-packet.ts'
import { TCP_RST, TCP_SYN } from '../../src/wire/tcp-segment.ts'
import { askSlowly, serveSlowly, startServers } from './apps.ts'
import { type ClusterOptions, openCluster, runFor, setCables } from './clusters.ts'
import { checkSame } from './checked.ts'
import { ask, firstByteNs, segmentOf, shell, Watch } from './looking.ts'
import type { World } from '../../src/scenario/world.ts'

async function open(options: ClusterOptions): Promise<World> {
  const world = await openCluster(options)
  startServers(world)
  return world
}

/** Packets and bytes of the virtual service: `Conns InPkts OutPkts InBytes OutBytes`. */
async function statsOf(world: World): Promise<number[]> {
  const text = await shell(world, 'd', 'ipvsadm -Ln --stats --exact')
  const line = text.split('\n').find((one) => one.startsWith('TCP')) ?? ''
  return line.trim().split(/ +/).slice(2).map(Number)
}

describe('single exchanges are those measured on Linux 6.1', () => {
  it('V01: NAT between two LANs has 10 segments and 2 ARP frames at each nic, and one hop each way', async () => {
    const world = await open({ layout: 'nat-two-lans' })
    const watch = new Watch(world)
    const { result } = ask(world, 2.5)
    expect(result).toMatchObject({ outcome: 'ok', by: 'r1', rcvd: 1000 })
    for (const nic of ['c.eth0', 'd.eth0', 'd.eth1', 'r1.eth0']) expect(watch.count(nic)).toEqual({ tcp: 10, arp: 2 })
    expect(new Set(watch.packets('r1.eth0', 'in').map(({ ttl }) => ttl))).toEqual(new Set([63]))
    expect(new Set(watch.packets('c.eth0', 'in').map(({ ttl }) => ttl))).toEqual(new Set([63]))
    // In: 52 + 40 + 140 + 40 + 40; out: 52 + 40 + 1040 + 40 + 40.
    expect(await statsOf(world)).toEqual([1, 5, 5, 312, 1212])
  })

  it('V01: a client that closes more than 40 ms after the server sends a bare ACK before its FIN', async () => {
    const world = await openCluster({ layout: 'nat-two-lans' })
    serveSlowly(world.host('r1'))
    const watch = new Watch(world)
    askSlowly(world.host('c'), 40_001, 60 * NS_PER_MILLISECOND)
    runFor(world, 2.5 * NS_PER_SECOND)
    expect(watch.count('c.eth0')).toEqual({ tcp: 11, arp: 2 })
    // Six in: the bare ACK has 40 bytes more than the 312 of the usual five.
    expect((await statsOf(world)).slice(0, 4)).toEqual([1, 6, 5, 352])
  })

  it('V02: DR on one LAN has 10 segments and 5 ARP frames at each nic, 10 and none when warm', async () => {
    const world = await open({ layout: 'dr-one-lan' })
    for (const arp of [5, 0]) {
      const watch = new Watch(world)
      expect(ask(world, 1).result?.outcome).toBe('ok')
      for (const nic of ['c.eth0', 'd.eth0', 'r1.eth0']) expect(watch.count(nic)).toEqual({ tcp: 10, arp })
      expect(watch.packets('d.eth0', 'out')).toHaveLength(5)
      const requests = watch.packets('r1.eth0', 'in').map(({ src, dst, ttl }) => `${formatIp(src)} ${formatIp(dst)} ${ttl}`)
      expect(new Set(requests)).toEqual(new Set(['10.0.0.2 10.0.0.100 63']))
      const replies = watch.packets('c.eth0', 'in').map(({ src, dst, ttl }) => `${formatIp(src)} ${formatIp(dst)} ${ttl}`)
      expect(new Set(replies)).toEqual(new Set(['10.0.0.100 10.0.0.2 64']))
    }
  })

  it('V03: TUN on one LAN adds 20 bytes, with the TTL and DF of the packet inside', async () => {
    const world = await open({ layout: 'tun-one-lan' })
    const watch = new Watch(world)
    expect(ask(world, 1).result?.outcome).toBe('ok')
    for (const nic of ['c.eth0', 'd.eth0', 'r1.eth0']) expect(watch.count(nic)).toEqual({ tcp: 10, arp: 5 })
    const lengths = watch.packets('d.eth0', 'out').map((outer) => {
      const inner = outer.payload
      if (inner.kind !== 'ip') throw new Error('not in a tunnel')
      expect([outer.ttl, inner.ttl, outer.dontFragment, outer.tos]).toEqual([63, 63, true, inner.tos])
      return [totalBytes(inner), totalBytes(outer)]
    })
    expect(lengths).toEqual([[52, 72], [40, 60], [140, 160], [40, 60], [40, 60]])
  })

  it('V06: NAT with client and real server on one LAN serves nothing', async () => {
    const world = await open({ layout: 'nat-one-lan' })
    const watch = new Watch(world)
    const { result, times } = ask(world, 3)
    expect(result?.outcome).toBe('timeout')
    const syns = watch.at('c.eth0').filter(({ direction, frame: { payload } }) => direction === 'out'
      && payload.kind === 'ip' && segmentOf(payload)?.flags === TCP_SYN)
    // The first waits for the answer to ARP, which takes microseconds.
    expect(syns.map(({ timeNs }) => Math.floor((timeNs - times.startNs) / NS_PER_MILLISECOND))).toEqual([0, 1000])
    const answers = watch.packets('c.eth0', 'in')
    expect(new Set(answers.map(({ src }) => formatIp(src)))).toEqual(new Set(['10.0.0.11']))
    const resets = watch.packets('c.eth0', 'out').filter((packet) => segmentOf(packet)?.flags === TCP_RST)
    expect(resets.map(({ dst }) => formatIp(dst))).toEqual(['10.0.0.11', '10.0.0.11'])
  })

  it('V08: real servers that answer ARP for the VIP take the client away from the director', async () => {
    const world = await open({ layout: 'dr-one-lan', answersArp: true })
    const watch = new Watch(world)
    expect(ask(world, 1).result).toMatchObject({ outcome: 'ok', by: 'r1' })
    const replies = watch.at('c.eth0').filter(({ direction, frame: { payload } }) =>
      direction === 'in' && payload.kind === 'arp' && payload.op === ARP_REPLY && formatIp(payload.spa) === '10.0.0.100')
    expect(replies).toHaveLength(2)
    expect(watch.count('d.eth0').tcp).toBe(0)
  })

  it('V11: an upload through a tunnel is told of the narrow path, once for each packet too large', async () => {
    const world = await open({ layout: 'tun-one-lan' })
    // Caches are warm, as they were in the record.
    expect(ask(world, 1).result?.outcome).toBe('ok')
    const watch = new Watch(world)
    expect(ask(world, 2, { sendBytes: 6000 }).result).toMatchObject({ outcome: 'ok', rcvd: 1000 })
    const arrived = watch.packets('d.eth0', 'in')
    const errors = watch.packets('d.eth0', 'out').filter(({ payload }) => payload.kind === 'icmp')
    const tooLarge = arrived.filter((packet) => totalBytes(packet) === 1500)
    expect(tooLarge.length).toBeGreaterThan(0)
    expect(errors).toHaveLength(tooLarge.length)
    for (const error of errors) {
      const { payload } = error
      if (payload.kind !== 'icmp') throw new Error('no ICMP')
      expect([payload.type, payload.code, payload.rest, totalBytes(error), error.tos]).toEqual([3, 4, 1480, 576, 0xc0])
      expect(formatIp(error.src)).toBe('10.0.0.100')
    }
    const tunnelled = watch.packets('r1.eth0', 'in')
    expect(Math.max(...tunnelled.map(totalBytes))).toBe(1500)
    expect(Math.max(...tunnelled.map((outer) => segmentOf(outer)?.data.length ?? 0))).toBe(1440)
    const synAck = watch.packets('c.eth0', 'in').map(segmentOf).find((segment) => ((segment?.flags ?? 0) & TCP_SYN) !== 0)
    expect(synAck?.options.mss).toBe(1460)
    // The next connection knows the path.
    const next = new Watch(world)
    expect(ask(world, 2, { sendBytes: 6000 }).result?.outcome).toBe('ok')
    const sizes = next.packets('c.eth0', 'out').map((packet) => segmentOf(packet)?.data.length ?? 0)
      .filter((bytes) => bytes > 0)
    expect(sizes).toEqual([1440, 1440, 1440, 1440, 240])
  })

  it('V39: the first byte comes after 16 cables in NAT and 12 in DR and TUN, after 24 everywhere with cold caches', async () => {
    const delayNs = NS_PER_MILLISECOND
    const expected = [['nat-two-lans', 16, 24], ['dr-one-lan', 12, 24], ['tun-one-lan', 12, 24]] as const
    for (const [layout, warm, cold] of expected) {
      const world = await open({ layout })
      setCables(world, { rateBitsPerSecond: Infinity, delayNs })
      checkSame(`cables to the first byte, cold, ${layout}`, firstByteNs(ask(world, 1)) / delayNs, cold)
      checkSame(`cables to the first byte, warm, ${layout}`, firstByteNs(ask(world, 1)) / delayNs, warm)
    }
  })
})

describe('TCP repeats what is lost when Linux does', () => {
  it('V40: SYNs into a black hole go out at 0, 1, 3, 7, 15, 31, 63 s, and the client gives up at 127 s', async () => {
    const world = await open({ layout: 'dr-one-lan', setup: { d: 'iptables -A INPUT -p tcp -j DROP' } })
    const watch = new Watch(world)
    // Nothing is measured before ARP is over: a first packet goes ahead.
    await shell(world, 'c', 'ping -c 1 10.0.0.100')
    const { result, times, endNs } = ask(world, 130, { timeoutNs: 200 * NS_PER_SECOND })
    const syns = watch.at('c.eth0').filter(({ direction, frame: { payload } }) => direction === 'out'
      && payload.kind === 'ip' && segmentOf(payload)?.flags === TCP_SYN)
    const seconds = syns.map(({ timeNs }) => (timeNs - times.startNs) / NS_PER_SECOND)
    checkSame('seconds of the SYNs into a black hole', seconds, [0, 1, 3, 7, 15, 31, 63])
    expect(result?.outcome).toBe('timeout')
    checkSame('seconds until the client gives up', ((endNs ?? 0) - times.startNs) / NS_PER_SECOND, 127)
  })
})
