/**
 * Rows of the validation that are queues and tables of whole clusters, packet by packet.
 * @module
 */
import { NS_PER_MICROSECOND, NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { Load } from '../../src/app/load.ts'
import type { RequestRecord } from '../../src/app/outcome.ts'
import { connectRequests } from '../../src/app/requests.ts'
import type { ServiceTime } from '../../src/app/service-time.ts'
import { findIpvs } from '../../src/ipvs/director.ts'
import { BatchMeans, BatchPlan } from '../../src/measure/batches.ts'
import type { World } from '../../src/scenario/world.ts'
import { randomStream } from '../../src/sim/random.ts'
import { IPV4_ANY } from '../../src/wire/address.ts'
import { startServers } from './apps.ts'
import { checkEstimate, checkNear, checkWithin } from './checked.ts'
import { addr, type ClusterOptions, hostsOf, openCluster, runFor, setCables, VIP } from './clusters.ts'
import { shell } from './looking.ts'
import { meanOf } from './queues.ts'

/** Means of 20 batches of what is left when the first tenth is gone. */
function batchMeans(values: readonly number[]): number[] {
  const batches = new BatchMeans(new BatchPlan({ count: values.length }))
  for (const [index, value] of values.entries()) batches.add(index, value)
  return batches.means
}

/** A cluster whose cables take no time. */
async function instantCluster(options: ClusterOptions): Promise<World> {
  const world = await openCluster(options)
  setCables(world, { rateBitsPerSecond: Infinity, delayNs: 0 })
  return world
}

/** V28: flows of one datagram each, at random, through a director that needs 60 us for a packet: M/D/1. */
export async function checkDirectorQueue(perRun: number, seeds: readonly number[]): Promise<void> {
  const workNs = 60 * NS_PER_MICROSECOND
  // Packets a second, and their mean wait in us: rho / (2 (1 - rho)) of 60 us.
  for (const [rate, waitUs] of [[5_000, 12.857], [10_000, 45], [15_000, 270]] as const) {
    const means: number[] = []
    for (const seed of seeds) {
      const world = await instantCluster({
        layout: 'dr-one-lan', service: '-u', directorCpu: '{per_packet: 60us, queue: 100000}',
        setup: { d: 'ipvsadm --set 0 0 1', c: 'ping -c 1 10.0.0.100' },
      })
      means.push(...batchMeans(await oneWayNs(world, perRun, rate, seed)).map((ns) => (ns - workNs) / NS_PER_MICROSECOND))
    }
    checkEstimate(`us that a packet waits for the director, ${rate} a second`, meanOf(means), waitUs)
  }
}

/** Times from a client to a server of datagrams that are sent at random. */
async function oneWayNs(world: World, count: number, rate: number, seed: number): Promise<number[]> {
  const { sim } = world
  const client = world.host('c')
  const sentNs: number[] = []
  const times: number[] = []
  world.host('r1').udp.bind({ addr: IPV4_ANY, port: 80 }, {
    onDatagram: () => void times.push(sim.nowNs - (sentNs[times.length] as number)),
  })
  const gaps = randomStream(String(seed), 'gaps')
  // Ports come round after a minute, when the director has long forgotten them.
  const sockets = Array.from({ length: 20_000 }, (_, i) => {
    const opened = client.udp.connect({ dst: addr(VIP), dport: 80, sport: 20_000 + i }, {})
    if (!opened.ok) throw new Error(opened.error)
    return opened.value
  })
  const sender = {
    onEvent: () => {
      sockets[sentNs.length % sockets.length]?.send(new Uint8Array(1))
      sentNs.push(sim.nowNs)
      const gapNs = Math.round(gaps.exponential(NS_PER_SECOND / rate))
      if (sentNs.length < count) sim.schedule(sim.nowNs + gapNs, sender, 0, undefined)
    },
  }
  // A first datagram, so that the director and the server know each other.
  sockets[0]?.send(new Uint8Array(1))
  sentNs.push(sim.nowNs)
  runFor(world, 2 * NS_PER_SECOND)
  sentNs.length = times.length = 0
  sender.onEvent()
  runFor(world, (count / rate + 10) * NS_PER_SECOND)
  if (times.length !== count) throw new Error(`${count - times.length} datagrams are lost`)
  return times
}

/** Connections at random from all clients to the virtual service, from now on. */
function connections(
  world: World, options: { count: number, rate: number, holdNs: number, seed: number },
): () => RequestRecord[] {
  const load = new Load({
    name: `connections-${options.seed}`, clients: hostsOf(world, 'c'), count: options.count,
    arrivals: { law: 'poisson', everyNs: NS_PER_SECOND / options.rate },
    // A port of its own for each: one that is used again finds its old connection in the table.
    start: connectRequests({ dst: addr(VIP), dport: 80, firstSourcePort: 1024, timeoutNs: 10_000 * NS_PER_SECOND }, {
      sendBytes: 100, replyBytes: 100, holdNs: options.holdNs, serverCloses: options.holdNs === 0,
    }),
  })
  load.begin(world.sim.nowNs)
  return () => load.records
}

/** Lets time pass, and gives the mean numbers of active and inactive connections, looked at 20 times a second. */
function meanConnections(world: World, seconds: number): { active: number, inactive: number } {
  const looks = seconds * 20
  const [service] = findIpvs(world.host('d'))?.services.all ?? []
  let [active, inactive] = [0, 0]
  for (let i = 0; i < looks; i++) {
    runFor(world, NS_PER_SECOND / 20)
    for (const { activeConns, inactiveConns } of service?.destinations ?? []) {
      active += activeConns / looks
      inactive += inactiveConns / looks
    }
  }
  return { active, inactive }
}

/** V38: 50 connections a second of 0.1 s each, which stay for 120 s when they are over; means over the seeds. */
export async function checkInactive(seeds: readonly number[]): Promise<void> {
  const [active, inactive]: [number[], number[]] = [[], []]
  for (const seed of seeds) {
    const world = await instantCluster({ layout: 'dr-one-lan', clients: 4, servers: 3 })
    startServers(world, { law: 'constant', meanNs: 100 * NS_PER_MILLISECOND })
    connections(world, { count: 50 * 400, rate: 50, holdNs: 0, seed })
    active.push(meanConnections(world, 300).active)
    const text = await shell(world, 'd', 'ipvsadm -Ln')
    inactive.push([...text.matchAll(/ (\d+) +\n/g)].reduce((sum, [, count]) => sum + Number(count), 0))
  }
  checkWithin('active connections, mean of 300 s', meanOf(active).mean, [4.7, 5.3])
  // 50 x 120, and two standard deviations of one look.
  checkWithin('InActConn after 300 s', meanOf(inactive).mean, [6000 - 155, 6000 + 155])
}

/** V26: 660 connections a second that stay for 7.5 s: a thousandth of what DPVS had with four workers. */
export async function checkOccupancy(seconds: number, seeds: readonly number[]): Promise<void> {
  const rate = 660
  const means: number[] = []
  for (const seed of seeds) {
    const world = await instantCluster({ layout: 'dr-one-lan', clients: 8, servers: 4, setup: { d: 'ipvsadm --set 0 7 0' } })
    startServers(world)
    // FIN_WAIT of 7 s, which the kernel's timer wheel makes half a bucket of 64 ticks longer in the mean: 0.128 s.
    const records = connections(world, { count: rate * (seconds + 11), rate, holdNs: 372 * NS_PER_MILLISECOND, seed })
    runFor(world, 10 * NS_PER_SECOND)
    const { active, inactive } = meanConnections(world, seconds)
    means.push(active + inactive)
    runFor(world, 20 * NS_PER_SECOND)
    const text = await shell(world, 'd', 'ipvsadm -Ln --stats --exact')
    const [conns = 0, packets = 0] = (/TCP {2}\S+ +(.*)/.exec(text)?.[1] ?? '').split(/ +/).map(Number)
    checkNear(`packets of a connection, seed ${seed}`, packets / conns, 6, 0.001)
    if (records().some(({ outcome }) => outcome !== 'ok')) throw new Error('a request failed')
  }
  checkNear('connections in the table', meanOf(means).mean, rate * 7.5, 0.01)
}

/** V30 with packets: lc over two servers, through a DR director, 30 s of service, `--set 0 1 0`. */
export async function checkShortestQueueInPackets(perRun: number, seeds: readonly number[]): Promise<void> {
  const service: ServiceTime = { law: 'exponential', meanNs: 30 * NS_PER_SECOND }
  for (const [load, time] of [[0.5, 1.42632], [0.7, 2.1082]] as const) {
    const means: number[] = []
    for (const seed of seeds) {
      const world = await instantCluster({
        layout: 'dr-one-lan', clients: 8, servers: 2, setup: { d: `ipvsadm -E -t ${VIP}:80 -s lc; ipvsadm --set 0 1 0` },
      })
      startServers(world, service, 1)
      const records = connections(world, { count: perRun, rate: 2 * load / 30, holdNs: 0, seed })
      runFor(world, perRun / (2 * load / 30) * 1.5 * NS_PER_SECOND)
      const all = records()
      if (all.length !== perRun || all.some(({ outcome }) => outcome !== 'ok')) throw new Error('a request failed')
      means.push(...batchMeans(all.map(({ startNs, endNs }) => (endNs - startNs) / service.meanNs)))
    }
    checkEstimate(`T of lc over 2 in packets, load ${load}`, meanOf(means), time)
  }
}
