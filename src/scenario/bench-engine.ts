/**
 * The scenarios that the engine is measured by: one kind of traffic on one kind of network, with everything on that an ordinary
 * run has (sockets, routes, the run's hash, the ledgers). Taking the time is left to the caller, because the core knows no
 * clock.
 * @module
 */
import { InvariantError } from '../base/assert.ts'
import type { Simulator } from '../sim/simulator.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../wire/ip-packet.ts'
import {
  BENCH_CLIENTS, BENCH_SERVERS_MAX, BenchNetwork, type BenchForward, type BenchNetworkKind,
} from './bench-network.ts'
import {
  type BenchTrafficKind, CLIENT_ADDRESSES, CLIENT_PORTS, startHeld, startTcp, startUdp, type Tally, TCP_SERVICE_PORT,
  UDP_SERVICE_PORT,
} from './bench-traffic.ts'

/** What is run. */
export interface EngineBenchOptions {
  /** `udp` unless given. */
  readonly traffic?: BenchTrafficKind
  /** `ptp` unless given. */
  readonly network?: BenchNetworkKind
  /** `route` unless given. */
  readonly forward?: BenchForward
  /** 1..1000, with `ptp` 1..10,000. */
  readonly servers: number
  /**
   * Datagrams, flows or connections in all. Of datagrams each of the 2 x `servers` pairs of a client and a server has as many, so
   * a remainder is left out.
   */
  readonly requests: number
  /**
   * Of `udp` through a director: addresses and ports of all clients together, any of which a request is sent from. The director
   * keeps an entry for each that was. 480,000 unless given.
   */
  readonly flows?: number
}

/** What a run came to. The same options always give the same result. */
export interface EngineBenchResult {
  /** Frames that reached the far end of a link; on the way through a switch, two. */
  readonly hops: number
  /** Datagrams answered, flows that went to their end, or connections open on both sides. */
  readonly answers: number
  /** Frames lost on links and packets dropped by hosts. */
  readonly lost: number
  readonly events: number
  /** Time of the last answer, with which the run ends. */
  readonly endNs: number
  readonly hash: string
}

/** Most connections that stay: clients have no more ports. */
export const ENGINE_BENCH_HELD_MAX = BENCH_CLIENTS * CLIENT_PORTS
/** Most flows: each client has 50 addresses for them. */
export const ENGINE_BENCH_FLOWS_MAX = BENCH_CLIENTS * CLIENT_ADDRESSES * CLIENT_PORTS
const FLOWS_OF_DIRECTOR = 480_000

/** Why these options do not go together; undefined when they do. */
export function engineBenchFault(options: EngineBenchOptions): string | undefined {
  const { traffic = 'udp', network = 'ptp', forward = 'route', servers, requests, flows } = options
  const serversMax = BENCH_SERVERS_MAX[network]
  if (servers < 1 || servers > serversMax) return `--servers is 1..${serversMax} with --network ${network}`
  if (traffic === 'hold' && requests > ENGINE_BENCH_HELD_MAX) {
    return `--requests is at most ${ENGINE_BENCH_HELD_MAX} with --traffic hold: the clients have no more ports`
  }
  if (flows === undefined) return undefined
  if (traffic !== 'udp') return '--flows is for --traffic udp: a connection always has a port of its own'
  return forward === 'route' ? '--flows is for a director, which keeps an entry for each: --forward nat, dr or tun' : undefined
}

/** A scenario, built and ready to run once. */
export class EngineBench {
  readonly #network: BenchNetwork
  readonly #tally: Tally

  /** The options must go together: see `engineBenchFault`. */
  constructor(options: EngineBenchOptions) {
    const fault = engineBenchFault(options)
    if (fault !== undefined) throw new InvariantError(fault)
    const { traffic = 'udp', network: kind = 'ptp', forward = 'route', servers, requests } = options
    const service = traffic === 'udp' ? { protocol: IPPROTO_UDP, port: UDP_SERVICE_PORT }
      : { protocol: IPPROTO_TCP, port: TCP_SERVICE_PORT }
    const flows = traffic !== 'udp' || forward === 'route' ? undefined : options.flows ?? FLOWS_OF_DIRECTOR
    const network = new BenchNetwork({
      kind, forward, servers, service, addressesOfClient: flows === undefined ? 1 : CLIENT_ADDRESSES,
    })
    this.#network = network
    this.#tally = traffic === 'udp' ? startUdp(network, requests, flows)
      : traffic === 'tcp' ? startTcp(network, requests) : startHeld(network, requests)
  }

  /** Events handled so far, and the clock: for reports of a failure. */
  get sim(): Simulator {
    return this.#network.world.sim
  }

  /** Runs to the last answer. Throws InvariantError when the books do not balance. */
  run(): EngineBenchResult {
    const { sim, hosts } = this.#network.world
    sim.run(Infinity)
    this.#network.world.checkLedgers()
    const { queueFull, loss, linkDown } = sim.frames.lost
    let lost = queueFull + loss + linkDown
    for (const host of hosts.values()) lost += host.ledger.dropped
    const { answers, lastNs } = this.#tally
    return { hops: sim.frames.delivered, answers, lost, events: sim.eventCount, endNs: lastNs, hash: sim.hash.digest() }
  }
}
