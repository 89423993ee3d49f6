/**
 * The traffic that the engine is measured by. UDP: requests at a fixed gap, echoed at once. TCP: workers that connect, ask, read
 * the answer to its end and begin anew. Held: connections that are opened one after the other and stay open.
 * @module
 */
import { InvariantError, present } from '../base/assert.ts'
import { mix32 } from '../base/hash.ts'
import type { Result } from '../base/result.ts'
import { NS_PER_MICROSECOND, NS_PER_MILLISECOND } from '../base/units.ts'
import type { Host } from '../host/host.ts'
import type { TcpHandlers } from '../host/tcp/app-side.ts'
import type { TcpEndpoint } from '../host/tcp/endpoint.ts'
import type { UdpSocket } from '../host/udp.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { Simulator } from '../sim/simulator.ts'
import { type IpAddr, IPV4_ANY } from '../wire/address.ts'
import { BENCH_CLIENTS, type BenchNetwork } from './bench-network.ts'

/** Datagrams, short connections, or connections that stay. */
export const BENCH_TRAFFICS = ['udp', 'tcp', 'hold'] as const
/** One of these. */
export type BenchTrafficKind = (typeof BENCH_TRAFFICS)[number]

/** Port of the service that echoes datagrams. */
export const UDP_SERVICE_PORT = 9
/** Port of the service that answers connections. */
export const TCP_SERVICE_PORT = 80
/** Ports that each client has for flows and for connections that stay. */
export const CLIENT_PORTS = 64_000

const FIRST_CLIENT_PORT = 1024
const FIRST_NS = NS_PER_MILLISECOND
const UDP_PAYLOAD_BYTES = 512
/** Between any two requests: 800,000 a second in all. */
const UDP_GAP_NS = 1_250
const UDP_PORT_OF_FIRST_PAIR = 40_000
const TCP_WORKERS = 64
/** From the start of one worker, or of one connection that stays, to that of the next. */
const TCP_START_GAP_NS = 2 * NS_PER_MICROSECOND
const TCP_REQUEST = new Uint8Array(200)
const TCP_ANSWER = new Uint8Array(10_000)

/** Counts answers, and makes the simulator stop at the last of them. */
export class Tally {
  /** Live. */
  answers = 0
  /** When the last of them came. Live. */
  lastNs = 0
  readonly #sim: Simulator
  readonly #wanted: number

  constructor(sim: Simulator, wanted: number) {
    this.#sim = sim
    this.#wanted = wanted
  }

  /** One more. */
  add(): void {
    this.lastNs = this.#sim.nowNs
    if (++this.answers === this.#wanted) this.#sim.stop()
  }
}

/**
 * Datagrams. Each server is asked by two clients, or the service as often; each of these pairs has as many of the `requests`. A
 * pair asks from one port of its own; where `flows` are given, from any of its client's, which are an eighth of them.
 */
export function startUdp(network: BenchNetwork, requests: number, flows: number | undefined): Tally {
  const { world: { sim }, clients, servers } = network
  const pairs = servers.length * 2
  const plan = { requests: Math.floor(requests / pairs), gapNs: pairs * UDP_GAP_NS }
  const tally = new Tally(sim, plan.requests * pairs)
  if (plan.requests === 0) return tally
  const handlers = { onDatagram: () => tally.add() }
  const connect = (client: Host, sport: number, server: number): UdpSocket => {
    const to = { sport, dst: network.targetOf(server), dport: UDP_SERVICE_PORT }
    return granted(client.udp.connect(to, handlers))
  }
  // Before a service all servers are one: its clients' sockets are for any pair.
  const shared = flows === undefined ? undefined : clients.map((client) =>
    Array.from({ length: Math.max(1, Math.floor(flows / BENCH_CLIENTS)) }, (_, i) => connect(client, FIRST_CLIENT_PORT + i, 0)))
  for (const server of servers) startEcho(server, network.listenAddress)
  for (let pair = 0; pair < pairs; pair++) {
    const server = pair >> 1
    const client = (server + pair % 2) % BENCH_CLIENTS
    const sockets = shared?.[client] ?? [connect(present(clients[client], 'client'), UDP_PORT_OF_FIRST_PAIR + pair, server)]
    sim.schedule(FIRST_NS + pair * UDP_GAP_NS, new Asker(sim, sockets, plan), pair, undefined)
  }
  return tally
}

function startEcho(server: Host, addr: IpAddr): void {
  granted(server.udp.bind({ addr, port: UDP_SERVICE_PORT }, {
    onDatagram: (socket, datagram) => {
      socket.sendTo(datagram.from, datagram.fromPort, datagram.data)
    },
  }))
}

/** Sends one request after the other at a fixed gap, each from any of its sockets. */
class Asker implements Actor {
  readonly #sim: Simulator
  readonly #sockets: readonly UdpSocket[]
  readonly #gapNs: number
  readonly #question = new Uint8Array(UDP_PAYLOAD_BYTES)
  #left: number

  constructor(sim: Simulator, sockets: readonly UdpSocket[], plan: { readonly requests: number, readonly gapNs: number }) {
    this.#sim = sim
    this.#sockets = sockets
    this.#gapNs = plan.gapNs
    this.#left = plan.requests
  }

  onEvent(pair: number): void {
    const { length } = this.#sockets
    // Out of order, so that the director meets its entries as they come from many clients.
    const index = length === 1 ? 0 : mix32(Math.imul(this.#left, 0x9e3779b1) ^ pair) % length
    this.#sockets[index]?.send(this.#question)
    if (--this.#left > 0) this.#sim.schedule(this.#sim.nowNs + this.#gapNs, this, pair, undefined)
  }
}

/** Short connections: 64 workers that have `flows` of them one after the other. */
export function startTcp(network: BenchNetwork, flows: number): Tally {
  const { world: { sim }, clients, servers } = network
  const tally = new Tally(sim, flows)
  for (const server of servers) listen(server, (endpoint) => endpoint.attach(new AnsweringServer()))
  const left = { flows }
  for (let i = 0; i < Math.min(TCP_WORKERS, flows); i++) {
    const worker = new Worker({
      host: present(clients[i % clients.length], 'client'), dst: network.targetOf(i % servers.length), tally, left,
    })
    sim.schedule(FIRST_NS + i * TCP_START_GAP_NS, worker, 0, undefined)
  }
  return tally
}

/** The server's side of a short connection: answers when the request is whole, and closes. */
class AnsweringServer implements TcpHandlers {
  #received = 0

  onData(endpoint: TcpEndpoint, bytes: Uint8Array): void {
    this.#received += bytes.length
    if (this.#received < TCP_REQUEST.length) return
    endpoint.send(TCP_ANSWER)
    endpoint.close()
  }
}

/** Connects, asks, reads the answer and closes, until no flow is left for it. */
class Worker implements Actor {
  readonly #host: Host
  readonly #dst: IpAddr
  readonly #tally: Tally
  readonly #left: { flows: number }

  constructor(parts: { host: Host, dst: IpAddr, tally: Tally, left: { flows: number } }) {
    this.#host = parts.host
    this.#dst = parts.dst
    this.#tally = parts.tally
    this.#left = parts.left
  }

  onEvent(): void {
    if (this.#left.flows === 0) return
    this.#left.flows--
    let received = 0
    granted(this.#host.tcp.connect({ dst: this.#dst, dport: TCP_SERVICE_PORT }, {
      onConnected: (endpoint) => {
        endpoint.send(TCP_REQUEST)
      },
      onData: (_endpoint, bytes) => {
        received += bytes.length
      },
      onPeerClosed: (endpoint) => {
        endpoint.close()
        this.onEvent()
      },
      onClosed: () => {
        if (received === TCP_ANSWER.length) this.#tally.add()
      },
    }))
  }
}

/** Connections that are opened at a fixed gap and stay open, without a byte sent. */
export function startHeld(network: BenchNetwork, connections: number): Tally {
  const { world: { sim }, servers } = network
  const tally = new Tally(sim, connections)
  for (const server of servers) {
    listen(server, (endpoint) => {
      endpoint.attach(SILENT)
      // The server is the last to know that a connection is open.
      tally.add()
    })
  }
  sim.schedule(FIRST_NS, new Opener(network, connections), 0, undefined)
  return tally
}

/** An application that does nothing. One for all connections: what is measured is TCP. */
const SILENT: TcpHandlers = {}

class Opener implements Actor {
  readonly #network: BenchNetwork
  readonly #connections: number
  #opened = 0

  constructor(network: BenchNetwork, connections: number) {
    this.#network = network
    this.#connections = connections
  }

  onEvent(): void {
    const { world: { sim }, clients, servers } = this.#network
    const index = this.#opened++
    const sport = FIRST_CLIENT_PORT + Math.floor(index / clients.length)
    const to = { sport, dst: this.#network.targetOf(index % servers.length), dport: TCP_SERVICE_PORT }
    granted(present(clients[index % clients.length], 'client').tcp.connect(to, SILENT))
    if (this.#opened < this.#connections) sim.schedule(sim.nowNs + TCP_START_GAP_NS, this, 0, undefined)
  }
}

function listen(server: Host, onAccept: (endpoint: TcpEndpoint) => void): void {
  granted(server.tcp.listen({ addr: IPV4_ANY, port: TCP_SERVICE_PORT, backlog: 4096 }, (listener) => {
    for (let endpoint = listener.accept(); endpoint !== undefined; endpoint = listener.accept()) onAccept(endpoint)
  }))
}

function granted<T>(result: Result<T, string>): T {
  if (!result.ok) throw new InvariantError(`a host of the bench was refused: ${result.error}`)
  return result.value
}
