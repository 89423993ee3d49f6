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
import type { Actor } from '../sim/event-queue.ts'
import type { Simulator } from '../sim/simulator.ts'
import { type IpAddr, IPV4_ANY } from '../wire/address.ts'
import { IPPROTO_UDP } from '../wire/ip-packet.ts'
import { udpBytes, udpDatagram } from '../wire/udp-datagram.ts'
import { BENCH_CLIENTS, type BenchNetwork } from './bench-network.ts'

/** Datagrams, short connections, or connections that stay. */
export const BENCH_TRAFFICS = ['udp', 'tcp', 'hold'] as const
/** One of these. */
export type BenchTrafficKind = (typeof BENCH_TRAFFICS)[number]

/** Port of the service that echoes datagrams. */
export const UDP_SERVICE_PORT = 9
/** Port of the service that answers connections. */
export const TCP_SERVICE_PORT = 80
/** Ports of each client for flows and for connections that stay. */
export const CLIENT_PORTS = 64_000
/** Addresses of each client for flows: a router keeps at most 1024 neighbors. */
export const CLIENT_ADDRESSES = 50

const FIRST_CLIENT_PORT = 1024
const FIRST_NS = NS_PER_MILLISECOND
const QUESTION = new Uint8Array(512)
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
 * pair asks from one port of its own; where `flows` are given, from any address and port of its client, which has an eighth of
 * them.
 */
export function startUdp(network: BenchNetwork, requests: number, flows: number | undefined): Tally {
  const { world: { sim }, servers } = network
  const pairs = servers.length * 2
  const plan = { requests: Math.floor(requests / pairs), gapNs: pairs * UDP_GAP_NS }
  const tally = new Tally(sim, plan.requests * pairs)
  if (plan.requests === 0) return tally
  for (const server of servers) startEcho(server, network.listenAddress)
  const senders = flows === undefined ? undefined : network.clients.map((_, client) => flowSender(network, client, flows, tally))
  for (let pair = 0; pair < pairs; pair++) {
    const client = ((pair >> 1) + pair % 2) % BENCH_CLIENTS
    const send = senders?.[client] ?? pairSender(network, client, pair, tally)
    sim.schedule(FIRST_NS + pair * UDP_GAP_NS, new Asker(sim, send, plan), pair, undefined)
  }
  return tally
}

/** Sends a question. Different numbers may choose different flows. */
type Send = (number: number) => void

/** From a connected socket of its own. */
function pairSender(network: BenchNetwork, client: number, pair: number, tally: Tally): Send {
  const to = { sport: UDP_PORT_OF_FIRST_PAIR + pair, dst: network.targetOf(pair >> 1), dport: UDP_SERVICE_PORT }
  const socket = granted(present(network.clients[client], 'client').udp.connect(to, { onDatagram: () => tally.add() }))
  return () => {
    socket.send(QUESTION)
  }
}

/** From sockets for all addresses of a client, each question from one of them (as IP_PKTINFO does it). */
function flowSender(network: BenchNetwork, client: number, flows: number, tally: Tally): Send {
  const host = present(network.clients[client], 'client')
  const flowsOfClient = Math.max(1, Math.floor(flows / BENCH_CLIENTS))
  const handlers = { onDatagram: () => tally.add() }
  for (let i = 0; i * CLIENT_ADDRESSES < flowsOfClient; i++) {
    granted(host.udp.bind({ addr: IPV4_ANY, port: FIRST_CLIENT_PORT + i }, handlers))
  }
  const dst = network.targetOf(0), firstAddress = network.clientAddress(client, 0)
  const step = network.clientAddress(client, 1) - firstAddress
  return (number) => {
    const flow = number % flowsOfClient
    const src = firstAddress + flow % CLIENT_ADDRESSES * step as IpAddr
    const sport = FIRST_CLIENT_PORT + Math.floor(flow / CLIENT_ADDRESSES)
    const payload = udpDatagram({ sport, dport: UDP_SERVICE_PORT }, QUESTION)
    host.sendPacket({ src, dst, protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload), dontFragment: true })
  }
}

function startEcho(server: Host, addr: IpAddr): void {
  granted(server.udp.bind({ addr, port: UDP_SERVICE_PORT }, {
    onDatagram: (socket, datagram) => {
      socket.sendTo(datagram.from, datagram.fromPort, datagram.data)
    },
  }))
}

/** Sends one request after the other at a fixed gap. */
class Asker implements Actor {
  readonly #sim: Simulator
  readonly #send: Send
  readonly #gapNs: number
  #left: number

  constructor(sim: Simulator, send: Send, plan: { readonly requests: number, readonly gapNs: number }) {
    this.#sim = sim
    this.#send = send
    this.#gapNs = plan.gapNs
    this.#left = plan.requests
  }

  onEvent(pair: number): void {
    // Out of order, so that the director meets its entries as they come from many clients.
    this.#send(mix32(Math.imul(this.#left, 0x9e3779b1) ^ pair))
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
