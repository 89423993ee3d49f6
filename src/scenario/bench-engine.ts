/**
 * The scenario that the engine is measured by: clients, one router and servers that echo UDP, in a star of point-to-point
 * links, with everything on that an ordinary run has (sockets, routes, the run's hash, the ledgers). Taking the time is left
 * to the caller, because the core knows no clock.
 * @module
 */
import { assert, InvariantError } from '../base/assert.ts'
import { NS_PER_MICROSECOND, NS_PER_MILLISECOND } from '../base/units.ts'
import type { UdpSocket } from '../host/udp.ts'
import { DEFAULT_LINK, type LinkOptions } from '../link/link.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { Simulator } from '../sim/simulator.ts'
import { IPV4_ANY, MAC_ZERO, type IpAddr } from '../wire/address.ts'
import { World } from './world.ts'

/** Size of the scenario. */
export interface EngineBenchOptions {
  /** 1..1000. */
  readonly servers: number
  /** In all; each of the 2 x `servers` pairs asks as many times, so a remainder is left out. */
  readonly requests: number
}

/** What a run came to. The same options always give the same result. */
export interface EngineBenchResult {
  /** Frames that reached the far end of a link. */
  readonly hops: number
  /** Requests that were answered. */
  readonly answers: number
  /** Frames lost on links and packets dropped by hosts. */
  readonly lost: number
  readonly events: number
  /** Time of the last event. */
  readonly endNs: number
  readonly hash: string
}

/** Clients; each asks two servers in eight. */
export const ENGINE_BENCH_CLIENTS = 8

const PAYLOAD_BYTES = 512
const ECHO_PORT = 9
const FIRST_REQUEST_NS = NS_PER_MILLISECOND
/** Between any two requests: 800,000 a second in all. */
const REQUEST_GAP_NS = 1_250
const CLIENT_LINK: LinkOptions = { ...DEFAULT_LINK, framing: 'ppp', rateBitsPerSecond: 1e10, delayNs: 50 * NS_PER_MICROSECOND }
const SERVER_LINK: LinkOptions = { ...DEFAULT_LINK, framing: 'ppp', rateBitsPerSecond: 1e9, delayNs: 10 * NS_PER_MICROSECOND }

/** The scenario, built and ready to run once. */
export class EngineBench {
  readonly #world: World
  readonly #askers: Asker[] = []

  constructor(options: EngineBenchOptions) {
    assert(options.servers >= 1 && options.servers <= 1000, 'there are 1..1000 servers')
    this.#world = new World('42')
    this.#world.addHost({ name: 'router' }).sysctl.set('net.ipv4.ip_forward', '1')
    for (let i = 0; i < ENGINE_BENCH_CLIENTS; i++) this.#addLeaf(`client${i}`, networkOf(1, i), CLIENT_LINK)
    for (let i = 0; i < options.servers; i++) this.#addLeaf(`server${i}`, networkOf(100, i), SERVER_LINK)
    const pairs = options.servers * 2
    for (let server = 0; server < options.servers; server++) {
      this.#startServer(server)
      for (let j = 0; j < 2; j++) {
        this.#startAsker({ client: (server + j) % ENGINE_BENCH_CLIENTS, server, pair: server * 2 + j }, {
          requests: Math.floor(options.requests / pairs), gapNs: pairs * REQUEST_GAP_NS,
        })
      }
    }
  }

  /** Events handled so far, and the clock: for reports of a failure. */
  get sim(): Simulator {
    return this.#world.sim
  }

  /** Runs to the end. Throws InvariantError when the books do not balance. */
  run(): EngineBenchResult {
    const { sim, hosts } = this.#world
    sim.run(Infinity)
    this.#world.checkLedgers()
    const { queueFull, loss, linkDown } = sim.frames.lost
    let lost = queueFull + loss + linkDown
    for (const host of hosts.values()) lost += host.ledger.dropped
    let answers = 0
    for (const asker of this.#askers) answers += asker.answers
    return { hops: sim.frames.delivered, answers, lost, events: sim.eventCount, endNs: sim.nowNs, hash: sim.hash.digest() }
  }

  /** A host with one link to the router, which is .1 of their network and the way to everywhere. */
  #addLeaf(name: string, network: number, link: LinkOptions): void {
    const world = this.#world
    world.addHost({ name })
    const end = (host: string, device: string, part: number): Parameters<World['join']>[0] => ({
      host, device, mac: MAC_ZERO, mtuBytes: 1500, addresses: [{ addr: network + part as IpAddr, prefixLength: 24 }],
    })
    world.join(end(name, 'ppp0', 2), end('router', name, 1), link)
    const refused = world.addRoute(name, { network: IPV4_ANY, prefixLength: 0, gateway: network + 1 as IpAddr })
    assert(refused === undefined, `${name} has a default route`)
  }

  #startServer(server: number): void {
    const bound = this.#world.host(`server${server}`).udp.bind({ addr: IPV4_ANY, port: ECHO_PORT }, {
      onDatagram: (socket, datagram) => {
        socket.sendTo(datagram.from, datagram.fromPort, datagram.data)
      },
    })
    assert(bound.ok, 'the port of the echo service is free')
  }

  #startAsker(pair: { client: number, server: number, pair: number }, plan: { requests: number, gapNs: number }): void {
    if (plan.requests === 0) return
    const sim = this.#world.sim
    const asker = new Asker(sim, plan)
    const socket = this.#world.host(`client${pair.client}`).udp.connect({
      sport: 40_000 + pair.pair, dst: networkOf(100, pair.server) + 2 as IpAddr, dport: ECHO_PORT,
    }, { onDatagram: () => asker.answers++ })
    if (!socket.ok) throw new InvariantError(`no socket for pair ${pair.pair}: ${socket.error}`)
    asker.socket = socket.value
    this.#askers.push(asker)
    sim.schedule(FIRST_REQUEST_NS + pair.pair * REQUEST_GAP_NS, asker, 0, undefined)
  }
}

/** Asks one server at a fixed gap, and counts the answers. */
class Asker implements Actor {
  answers = 0
  socket: UdpSocket | undefined
  readonly #sim: Simulator
  readonly #gapNs: number
  readonly #question = new Uint8Array(PAYLOAD_BYTES)
  #left: number

  constructor(sim: Simulator, plan: { requests: number, gapNs: number }) {
    this.#sim = sim
    this.#gapNs = plan.gapNs
    this.#left = plan.requests
  }

  onEvent(): void {
    this.socket?.send(this.#question)
    if (--this.#left > 0) this.#sim.schedule(this.#sim.nowNs + this.#gapNs, this, 0, undefined)
  }
}

/** A /24 of its own per link: 10.`first`.0.0 and on, 250 to each second octet. */
function networkOf(first: number, index: number): number {
  return 10 * 0x1000000 + (first + Math.floor(index / 250)) * 0x10000 + (index % 250) * 0x100
}
