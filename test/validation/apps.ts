/**
 * What runs on the clusters of the validation: a client and a server that take their time, as the recorded ones did, and a
 * server that streams datagrams.
 * @module
 */
import { startLabServer } from '../../src/app/lab-server.ts'
import { Load } from '../../src/app/load.ts'
import type { RequestRecord } from '../../src/app/outcome.ts'
import { connectRequests } from '../../src/app/requests.ts'
import type { ServiceTime } from '../../src/app/service-time.ts'
import type { Host } from '../../src/host/host.ts'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import type { World } from '../../src/scenario/world.ts'
import { Timer } from '../../src/sim/timer.ts'
import { IPV4_ANY, type IpAddr } from '../../src/wire/address.ts'
import { addr, hostsOf, VIP } from './clusters.ts'

/** Calls `act` so much later. */
function after(host: Host, ns: number, act: () => void): void {
  new Timer(host.sim, { onEvent: act }, 0, undefined).armIn(ns)
}

/** Sizes of the recorded exchange: request and reply. */
const RECORDED = { sendBytes: 100, replyBytes: 1000 } as const

/** A server that reads a request, answers a little later, and closes a little after that. */
export function serveSlowly(host: Host): void {
  host.tcp.listen({ addr: IPV4_ANY, port: 80 }, (listener) => {
    let receivedBytes = 0
    listener.accept()?.attach({
      onData: (endpoint, bytes) => {
        receivedBytes += bytes.length
        if (receivedBytes < RECORDED.sendBytes) return
        after(host, 2 * NS_PER_MILLISECOND, () => {
          endpoint.send(new Uint8Array(RECORDED.replyBytes))
          after(host, 2 * NS_PER_MILLISECOND, () => endpoint.close())
        })
      },
    })
  })
}

/** A client that sends its request a little after it is connected, and closes so long after the server has. */
export function askSlowly(host: Host, sport: number, closesAfterNs = 10 * NS_PER_MILLISECOND): void {
  host.tcp.connect({ dst: addr(VIP), dport: 80, sport }, {
    onConnected: (endpoint) => after(host, 5 * NS_PER_MILLISECOND, () => endpoint.send(new Uint8Array(RECORDED.sendBytes))),
    onPeerClosed: (endpoint) => after(host, closesAfterNs, () => endpoint.close()),
  })
}

/** Starts a lab server on port 80 of every real server. */
export function startServers(world: World, serviceTime?: ServiceTime, workers?: number): void {
  for (const host of hostsOf(world, 'r')) {
    startLabServer(host, {
      name: host.name, port: 80, ...(serviceTime === undefined ? {} : { serviceTime }),
      ...(workers === undefined ? {} : { workers }),
    })
  }
}

/** A closed loop: so many requests are always under way, in turn from all clients, one after the other, until time is up. */
export interface LoopOptions {
  /** Unless it is the virtual service on port 80. */
  readonly dst?: (index: number) => IpAddr
  readonly loops: number
  readonly sendBytes: number
  readonly replyBytes: number
}

/** Starts a closed loop now; its records. */
export function startLoop(world: World, { dst, loops, ...sizes }: LoopOptions): () => RequestRecord[] {
  const clients = hostsOf(world, 'c')
  const starters = new Map<IpAddr, ReturnType<typeof connectRequests>>()
  const load = new Load({
    name: 'loop', clients: Array.from({ length: loops }, (_, i) => clients[i % clients.length] as Host), count: 10_000_000,
    arrivals: { law: 'closed', thinkNs: 0 },
    start: (client, index, done) => {
      const to = dst?.(index) ?? addr(VIP)
      let starter = starters.get(to)
      if (starter === undefined) {
        const target = { dst: to, dport: 80, timeoutNs: 10 * NS_PER_SECOND }
        starter = connectRequests(target, { ...sizes, holdNs: 0, serverCloses: true })
        starters.set(to, starter)
      }
      starter(client, index, done)
    },
  })
  load.begin(world.sim.nowNs)
  return () => load.records
}

/** A server that answers the first datagram of each client with a stream that never ends. */
export function streamDatagrams(
  host: Host, options: { readonly dataBytes: number, readonly everyNs: number, readonly firstAfterNs: number },
): void {
  const data = new Uint8Array(options.dataBytes)
  host.udp.bind({ addr: IPV4_ANY, port: 80 }, {
    onDatagram: (socket, { from, fromPort }) => {
      const timer = new Timer(host.sim, {
        onEvent: () => {
          socket.sendTo(from, fromPort, data)
          timer.armIn(options.everyNs)
        },
      }, 0, undefined)
      timer.armIn(options.firstAfterNs)
    },
  })
}
