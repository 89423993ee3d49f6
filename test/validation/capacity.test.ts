import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import type { World } from '../../src/scenario/world.ts'
import { IPV4_ANY } from '../../src/wire/address.ts'
import { startLoop, startServers, streamDatagrams } from './apps.ts'
import { addr, type ClusterOptions, hostsOf, openCluster, openWorld, runFor, VIP } from './clusters.ts'
import { checkNear, checkSame, checkWithin } from './checked.ts'
import { ask, firstByteNs, Meter } from './looking.ts'

/** Cables that are never the bottleneck. */
const FAST = '{rate: 100gbit, delay: 5us, queue: 100000}'
/** A Pentium of 1998, and room for what waits. */
const ZHANG_CPU = '{per_packet: 60us, queue: 100000}'

/** Bytes a second of IP packets that clients get when every real server streams 400 KB/s in packets of 536 bytes. */
async function streamThroughput(layout: ClusterOptions['layout'], servers: number, seconds: number): Promise<number> {
  const directorCpu = '{per_packet: 60us}'
  const world = await openCluster({ layout, servers, clients: 10, service: '-u', directorCpu, cables: FAST })
  const everyNs = 1_340_000 // 536 bytes / 400,000 bytes a second
  for (const [index, host] of hostsOf(world, 'r').entries()) {
    const firstAfterNs = 20 * NS_PER_MILLISECOND + Math.floor(everyNs * index / servers)
    streamDatagrams(host, { dataBytes: 508, everyNs, firstAfterNs })
  }
  const clients = hostsOf(world, 'c')
  for (let i = 0; i < servers; i++) {
    const client = clients[i % clients.length]
    const socket = client?.udp.connect({ dst: addr(VIP), dport: 80 }, {})
    if (socket?.ok === true) socket.value.send(new Uint8Array(1))
  }
  const meter = new Meter(world, clients.map(({ name }) => `${name}.eth0`))
  runFor(world, 0.1 * NS_PER_SECOND)
  return meter.over(world, seconds).ipBytes
}

describe('V20: a director that needs 60 us a packet', () => {
  it('carries 22 streams of 400 KB/s under NAT, and not one byte more', async () => {
    for (let servers = 1; servers <= 30; servers++) {
      const expected = Math.min(400_000 * servers, 536 / 60e-6)
      const actual = await streamThroughput('nat-two-lans', servers, 0.4)
      checkNear(`bytes/s of ${servers} streams under NAT`, actual, expected, 0.01)
    }
  })

  it('is not in the way of 100 streams under DR and TUN', async () => {
    for (const layout of ['dr-one-lan', 'tun-one-lan'] as const) {
      checkNear(`bytes/s of 100 streams, ${layout}`, await streamThroughput(layout, 100, 0.2), 40_000_000, 0.01)
    }
  })
})

describe('V21: packet rates of a DR director with 100 Mbit/s cables', () => {
  // IP length, packets a second as published, tolerance.
  it.each([
    [60, 73_382, 0.04], [100, 68_456, 0.04], [150, 59_671, 0.04], [200, 50_768, 0.04],
    [250, 43_403, 0.005], [300, 36_883, 0.005], [500, 23_133, 0.005], [1000, 12_009, 0.005],
  ])('%i bytes: %i a second', async (ipBytes, published, tolerance) => {
    const world = await openCluster({
      layout: 'dr-one-lan', service: '-u', directorCpu: '{per_packet: 12us, per_byte: 30ns}', cables: '{rate: 100mbit}',
    })
    const [client] = hostsOf(world, 'c')
    world.host('r1').udp.bind({ addr: IPV4_ANY, port: 80 }, {})
    const socket = client?.udp.connect({ dst: addr(VIP), dport: 80 }, {})
    if (socket?.ok !== true) throw new Error('no socket')
    const data = new Uint8Array(ipBytes - 28)
    const wireNs = (ipBytes + 38) * 80 // header, check sequence, preamble and gap at 10 ns a bit
    const flood = { onEvent: (): void => {
      socket.value.send(data)
      world.sim.schedule(world.sim.nowNs + wireNs, flood, 0, undefined)
    } }
    flood.onEvent()
    const meter = new Meter(world, ['r1.eth0'])
    runFor(world, 0.05 * NS_PER_SECOND)
    checkNear(`packets/s of ${ipBytes} bytes`, meter.over(world, 0.25).packets, published, tolerance)
  })
})

/** Connections a second in a closed loop. */
async function connectionRate(world: World, loops: Parameters<typeof startLoop>[1], seconds: number): Promise<number> {
  const records = startLoop(world, loops)
  runFor(world, 0.2 * NS_PER_SECOND)
  const fromNs = world.sim.nowNs
  runFor(world, seconds * NS_PER_SECOND)
  expect(records().filter(({ outcome }) => outcome !== 'ok')).toEqual([])
  return records().filter(({ endNs }) => endNs >= fromNs).length / seconds
}

describe('V23: what the director saves under DR', () => {
  const base = { clients: 10, servers: 10, directorCpu: ZHANG_CPU, cables: FAST }

  it('is half of its packets with short requests: twice the connections', async () => {
    const short = { loops: 20, sendBytes: 100, replyBytes: 1000 }
    const rates: number[] = []
    for (const layout of ['nat-two-lans', 'dr-one-lan'] as const) {
      const world = await openCluster({ ...base, layout })
      startServers(world)
      rates.push(await connectionRate(world, short, 1))
    }
    const [nat = 0, dr = 0] = rates
    checkNear('connections/s, DR to NAT', dr / nat, 2, 0.03)
  })

  it('is two thirds with downloads of 1 MB: three times the throughput', async () => {
    const rates: number[] = []
    for (const layout of ['nat-two-lans', 'dr-one-lan'] as const) {
      const world = await openCluster({ ...base, layout })
      startServers(world)
      startLoop(world, { loops: 4, sendBytes: 100, replyBytes: 1_000_000 })
      const meter = new Meter(world, hostsOf(world, 'c').map(({ name }) => `${name}.eth0`))
      runFor(world, 0.5 * NS_PER_SECOND)
      rates.push(meter.over(world, 2).dataBytes)
    }
    const [nat = 0, dr = 0] = rates
    checkNear('bytes/s of downloads, DR to NAT', dr / nat, 3, 0.05)
  })
})

describe('V24: 18 servers that make 7,116 connections a second when asked directly', () => {
  it('make 1,667 to 1,790 behind a NAT director of 60 us a packet', async () => {
    const servers = 18
    // 18 servers, one request at a time: 7,115 a second.
    const service = { law: 'constant', meanNs: 2_530_000 } as const
    const loops = { loops: 54, sendBytes: 100, replyBytes: 1000 }
    const behind = await openCluster({ layout: 'nat-two-lans', clients: 18, servers, directorCpu: ZHANG_CPU, cables: FAST })
    startServers(behind, service, 1)
    const nat = await connectionRate(behind, loops, 1)
    const beside = await openCluster({ layout: 'dr-one-lan', clients: 18, servers, cables: FAST })
    startServers(beside, service, 1)
    const direct = await connectionRate(beside, { ...loops, dst: (index) => addr(`10.0.0.${101 + index % servers}`) }, 1)
    checkWithin('connections/s behind the director', nat, [1667 * 0.9, 1790 * 1.1])
    checkWithin('direct connections to those, times', direct / nat, [3.9, 18])
  })
})

describe('V25: what ip_vs adds to a plain router', () => {
  /** Time to the first byte with warm caches, in a world where nothing but the box in the middle takes time. */
  async function latencyNs(options: ClusterOptions, dst?: string): Promise<number> {
    const world = await openCluster({ ...options, cables: FAST })
    startServers(world)
    ask(world, 1, dst === undefined ? {} : { dst: addr(dst) })
    return firstByteNs(ask(world, 1, dst === undefined ? {} : { dst: addr(dst) }))
  }

  it('is 120 us under NAT: six packets of 20 us stand in the way of the first byte', async () => {
    // SYN, SYN-ACK, ACK and request, ACK and answer.
    const routed = await latencyNs({
      layout: 'nat-two-lans', directorCpu: '{per_packet: 60us}', setup: { c: 'ip route add 192.168.1.0/24 via 10.0.0.1' },
    }, '192.168.1.11')
    const balanced = await latencyNs({ layout: 'nat-two-lans', directorCpu: '{per_packet: 80us}' })
    checkSame('ns that a director under NAT adds', balanced - routed, 120_000)
  })

  it('is 60 us under DR: SYN, ACK and request', async () => {
    const routed = await latencyNs({
      layout: 'dr-one-lan', directorCpu: '{per_packet: 60us}',
      setup: {
        c: 'ip route add 10.0.0.11/32 via 10.0.0.1',
        d: 'sysctl -q -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0',
      },
    }, '10.0.0.11')
    const balanced = await latencyNs({ layout: 'dr-one-lan', directorCpu: '{per_packet: 80us}' })
    checkSame('ns that a director under DR adds', balanced - routed, 60_000)
  })
})

describe('V27: a cable of 10 Gbit/s', () => {
  it('carries 1,423,690 frames of 854 bytes a second, to one part in a million', async () => {
    const world = await openWorld(`name: line-rate
segments:
  lan: {rate: 10gbit, delay: 1us, queue: 20000}
hosts:
  a: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}, setup: ping -c 1 10.0.0.2}
  b: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.2/24]}}}
`)
    const arrivals: number[] = []
    world.host('b').udp.bind({ addr: IPV4_ANY, port: 80 }, { onDatagram: () => arrivals.push(world.sim.nowNs) })
    const socket = world.host('a').udp.connect({ dst: addr('10.0.0.2'), dport: 80 }, {})
    if (!socket.ok) throw new Error(socket.error)
    // 854 = 14 + 20 + 8 + 812. The nic is never idle: all frames wait from the beginning.
    for (let i = 0; i <= 10_000; i++) socket.value.send(new Uint8Array(812))
    runFor(world, NS_PER_SECOND)
    const [first = 0, last = 0] = [arrivals[0], arrivals[10_000]]
    const rate = 10_000 * NS_PER_SECOND / (last - first)
    // 10e9 / 8 / (854 + 24)
    checkNear('frames/s, worked out', rate, 1_423_690.205, 1e-6)
    checkNear('frames/s, published', rate, 1_424_608, 0.001)
  })
})

describe('V40: what TCP makes of a cable', () => {
  /** Share of 100 Mbit/s that arrives as data at a nic. */
  async function goodput(
    layout: ClusterOptions['layout'], nic: string, sizes: { sendBytes: number, replyBytes: number },
  ): Promise<number> {
    const world = await openCluster({ layout, cables: '{rate: 100mbit, queue: 10000}' })
    startServers(world)
    // The path is known to be narrow, where it is.
    ask(world, 1, { sendBytes: 6000 })
    ask(world, 1, { timeoutNs: 100 * NS_PER_SECOND, ...sizes })
    const { dataBytes } = new Meter(world, [nic]).over(world, 1)
    // Nothing was lost, so nothing came twice.
    expect(world.sim.frames.lost).toEqual({ loss: 0, queueFull: 0, linkDown: 0 })
    return dataBytes * 8 / 100e6
  }

  it('goodput of a download is 1460 / 1538 under NAT and DR', async () => {
    const download = { sendBytes: 100, replyBytes: 50_000_000 }
    // 1460 / 1538 = 0.9493
    checkNear('goodput of a download, NAT', await goodput('nat-two-lans', 'c.eth0', download), 0.9493, 0.002)
    checkNear('goodput of a download, DR', await goodput('dr-one-lan', 'c.eth0', download), 0.9493, 0.002)
  })

  it('goodput of an upload through a tunnel is 1440 / 1538', async () => {
    const upload = { sendBytes: 50_000_000, replyBytes: 100 }
    checkNear('goodput of an upload, TUN', await goodput('tun-one-lan', 'r1.eth0', upload), 0.9363, 0.002)
  })

  it('100 kB take four round trips, the handshake among them: 10, 20 and 39 segments', async () => {
    const delayNs = 5 * NS_PER_MILLISECOND
    const world = await openCluster({ layout: 'dr-one-lan', cables: `{rate: 100gbit, delay: 5ms, queue: 10000}` })
    startServers(world)
    const small = { sendBytes: 100, replyBytes: 100, dst: addr('10.0.0.11') }
    ask(world, 1, small)
    const { times, endNs = NaN } = ask(world, 1, { ...small, replyBytes: 100_000 })
    // To the server itself a round trip is four cables.
    const roundTrips = (endNs - times.startNs) / (4 * delayNs)
    checkWithin('round trips of 100 kB', roundTrips, [4, 4.01])
  })
})
