/**
 * The connection-level simulation: a virtual service of a director, and real servers as queues, without packets; a million
 * connections take a second or two. The director's side is the same code that directors run: `Service`, `Destination`, and the
 * scheduler objects of `ipvs/scheduler`. A connection is active from its arrival until its server is done with it (`endNs`),
 * and inactive while it stays in the table after that, for the time of FIN_WAIT on the kernel's timer wheel.
 *
 * `new ConnectionSimulator(options, observer).run(source)` takes connections from a source (`RandomSource`, or one's own), has
 * the scheduler pick, and lets the queues work. The observer is told of each pick, each refusal and each end, in the order of
 * time; `connection.waitNs` is what it lost to others, `connection.endNs - connection.arrivalNs` its whole time at the server.
 * So a queue of c workers is one server of `workers: c`; k queues behind a scheduler are k servers; who waits for a worker is
 * an active connection. Handshakes take no time, no connection is lost or given up, and the table has no bound.
 * @module
 */
import { addressId, IPIP_TUNNEL } from '../ipvs/control/rules.ts'
import { Destination } from '../ipvs/destination.ts'
import { SCHEDULERS } from '../ipvs/scheduler/registry.ts'
import type { SchedulerFactory } from '../ipvs/scheduler/scheduler.ts'
import { Service, type ServiceClock } from '../ipvs/service.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { RunLimits } from '../sim/limits.ts'
import { Simulator } from '../sim/simulator.ts'
import type { IpAddr } from '../wire/address.ts'
import { IPPROTO_TCP } from '../wire/ip-packet.ts'
import { realServerAddress, SERVICE_PORT, VIP } from './addresses.ts'
import { SimulatedConnection } from './connection.ts'
import { FcfsQueue, type ServerQueue, SharedQueue } from './server.ts'
import { timerFiresNs } from './table-timer.ts'
import { Templates } from './templates.ts'

/** A real server. */
export interface SimulatedServer {
  /** Of `ipvsadm -w`: 0 or more, whole. */
  readonly weight: number
  /** Work that a worker does in a nanosecond; 1 unless given. */
  readonly speed?: number
  /** Connections worked on at full speed at once; 1 unless given, Infinity for a server at which nobody waits. */
  readonly workers?: number
  /** Connections at which it counts as overloaded, and below which no longer (`-x`, `-y`); 0, for never, unless given. */
  readonly upperThreshold?: number
  readonly lowerThreshold?: number
}

/** Who is served when: `fcfs`, first come, first served; `shared`, all at once at equal parts of the speed. */
export type Discipline = 'fcfs' | 'shared'

/** A service and its servers. */
export interface ConnectionSimulatorOptions {
  /** Names the streams of chance. */
  readonly seed: string
  /** One of `schedulers`. */
  readonly scheduler: string
  /** Those of Linux unless given. */
  readonly schedulers?: ReadonlyMap<string, SchedulerFactory>
  /** Bits 1, 2 and 4 of `ipvsadm -b`; 0 unless given. */
  readonly schedulerFlags?: number
  /** In the order in which they are added; the scheduler lists the last one first. */
  readonly servers: readonly SimulatedServer[]
  /** `fcfs` unless given. */
  readonly discipline?: Discipline
  /** How long a connection is inactive after its end, in whole seconds; at 0 it leaves the table at once. 120 unless given. */
  readonly finSeconds?: number
  /** No persistence unless given; whole seconds. */
  readonly persistenceSeconds?: number
}

/** A connection that is to come. */
export interface NextConnection {
  /** Whole, and not before the one before. */
  readonly arrivalNs: number
  readonly client: IpAddr
  /** Time that a server of speed 1 works on it. */
  readonly workNs: number
}

/** Where connections come from. */
export interface ConnectionSource {
  /** The next one; undefined after the last. */
  next(): NextConnection | undefined
}

/** Is told what happens. */
export interface ConnectionObserver {
  /** A server was picked; counters are already those after it. */
  onPick?(connection: SimulatedConnection): void
  /** No server could be had; the client is refused. */
  onRefusal?(connection: SimulatedConnection): void
  /** The server is done with it. */
  onEnd?(connection: SimulatedConnection): void
}

/** FIN_WAIT of `ipvsadm --set` unless it is set. */
export const FIN_SECONDS = 120

const DAY_NS = 86_400e9
/** Ports of clients come round by this. */
const PORTS = 64_512
const FIRST_PORT = 1024
/** The source ends, and so does the run: nothing else bounds it, but that time must stay exact. */
const LIMITS: RunLimits = {
  eventsMax: Infinity, timeNsMax: Number.MAX_SAFE_INTEGER, livePacketsMax: Infinity, eventsAtOneInstantMax: Infinity,
}

/** One run. */
export class ConnectionSimulator implements Actor {
  readonly sim: Simulator
  /** Live; a hook may look at its destinations, the newest first, or change them as an admin would. */
  readonly service: Service
  /** Destinations in the order in which they were added: at the index of their server. */
  readonly destinations: readonly Destination[]
  readonly #queues: readonly ServerQueue[]
  readonly #indexes: ReadonlyMap<Destination, number>
  readonly #finSeconds: number
  readonly #templates: Templates | undefined
  readonly #observer: ConnectionObserver
  #source: ConnectionSource = { next: () => undefined }
  #arrived = 0
  /** Connections that have ended and are still in the table, in the order in which they leave it; from #closingFrom on. */
  #closing: SimulatedConnection[] = []
  #closingFrom = 0

  constructor(options: ConnectionSimulatorOptions, observer: ConnectionObserver) {
    const { seed, servers, discipline = 'fcfs', finSeconds = FIN_SECONDS, persistenceSeconds } = options
    this.sim = new Simulator(seed, LIMITS)
    this.#observer = observer
    this.#finSeconds = finSeconds
    this.#templates = persistenceSeconds === undefined ? undefined : new Templates(persistenceSeconds)
    const clock = clockOf(this.sim)
    this.service = serviceOf(options, this.sim, clock)
    this.destinations = servers.map((server, index) => new Destination(ruleOf(server, index), clock))
    this.#indexes = new Map(this.destinations.map((destination, index) => [destination, index]))
    for (const destination of this.destinations) this.service.add(destination)
    const Queue = discipline === 'fcfs' ? FcfsQueue : SharedQueue
    this.#queues = servers.map(({ speed = 1, workers = 1 }) => (
      new Queue(this.sim, { speed, workers }, (connection) => this.#end(connection))))
  }

  /** Takes all connections of a source, and comes back when the servers are done with the last of them, or after `stop`. */
  run(source: ConnectionSource): void {
    this.#source = source
    this.#awaitNext()
    this.sim.run(Infinity)
  }

  /** Makes `run` come back after what is being handled. */
  stop(): void {
    this.sim.stop()
  }

  /** A connection arrives. */
  onEvent(_kind: number, data: unknown): void {
    const connection = new SimulatedConnection(this.#arrived++, data as NextConnection)
    this.#forgetUntil(this.sim.nowNs)
    const destination = this.#pick(connection)
    if (destination === undefined) {
      this.#observer.onRefusal?.(connection)
    } else {
      connection.server = this.#indexes.get(destination) as number
      destination.activeConns++
      destination.checkUpperThreshold()
      this.#queues[connection.server]?.take(connection)
      this.#observer.onPick?.(connection)
    }
    this.#awaitNext()
  }

  #awaitNext(): void {
    const next = this.#source.next()
    if (next !== undefined) this.sim.schedule(next.arrivalNs, this, 0, next)
  }

  #pick(connection: SimulatedConnection): Destination | undefined {
    const { client, index } = connection
    const { nowNs } = this.sim
    const known = this.#templates?.find(client, nowNs)
    const destination = known?.destination
      ?? this.service.scheduler.pick({ src: client, dst: VIP, sport: FIRST_PORT + index % PORTS })
    if (this.#templates !== undefined && destination !== undefined) {
      connection.template = known ?? this.#templates.make(client, destination)
      this.#templates.bind(connection.template, nowNs)
    }
    return destination
  }

  #end(connection: SimulatedConnection): void {
    const { nowNs } = this.sim
    const destination = this.destinations[connection.server] as Destination
    connection.endNs = nowNs
    destination.activeConns--
    destination.inactiveConns++
    if (this.#finSeconds > 0) {
      connection.leavesTableNs = timerFiresNs(nowNs, this.#finSeconds)
      this.#closing.push(connection)
    } else {
      connection.leavesTableNs = nowNs
      this.#forget(connection)
    }
    this.#observer.onEnd?.(connection)
  }

  /** Whoever has ended first leaves the table first, because the time in between is the same for all. */
  #forgetUntil(nowNs: number): void {
    for (; this.#closingFrom < this.#closing.length; this.#closingFrom++) {
      const connection = this.#closing[this.#closingFrom] as SimulatedConnection
      if (connection.leavesTableNs > nowNs) break
      this.#forget(connection)
    }
    if (this.#closingFrom > 1024 && this.#closingFrom * 2 > this.#closing.length) {
      this.#closing = this.#closing.slice(this.#closingFrom)
      this.#closingFrom = 0
    }
  }

  #forget(connection: SimulatedConnection): void {
    const destination = this.destinations[connection.server] as Destination
    destination.inactiveConns--
    destination.checkLowerThreshold()
    if (connection.template !== undefined) this.#templates?.unbind(connection.template, connection.leavesTableNs)
  }
}

function clockOf(sim: Simulator): ServiceClock {
  return {
    get nowNs() { return sim.nowNs },
    lblcExpirationNs: DAY_NS, lblcrExpirationNs: DAY_NS, round: 0, isRunning: false,
  }
}

function serviceOf(
  { scheduler, schedulerFlags = 0, schedulers = SCHEDULERS }: ConnectionSimulatorOptions, sim: Simulator, clock: ServiceClock,
): Service {
  const rest = { persistenceSeconds: undefined, netmask: 0xffffffff, engine: '', onePacket: false }
  const random = sim.stream('scheduler')
  const id = addressId(IPPROTO_TCP, VIP, SERVICE_PORT)
  return new Service(id, { scheduler, schedulerFlags, ...rest }, clock, { schedulers, random: () => random })
}

function ruleOf({ weight, upperThreshold = 0, lowerThreshold = 0 }: SimulatedServer, index: number) {
  const addr = realServerAddress(index)
  return { addr, port: SERVICE_PORT, method: 'dr', weight, upperThreshold, lowerThreshold, tunnel: IPIP_TUNNEL } as const
}
