/**
 * A service without a network, on which a trial is played: the scheduler, its pool and its hooks are those of a director, only
 * the packets are not there. The counters of a server are set as a director would set them, overload as a trial says.
 * @module
 */
import { present } from '../base/assert.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import { addressId, IPIP_TUNNEL, type DestinationRule } from '../ipvs/control/rules.ts'
import { accepts, Destination } from '../ipvs/destination.ts'
import type { Flow } from '../ipvs/scheduler/scheduler.ts'
import { Service, type ServiceClock } from '../ipvs/service.ts'
import { randomStream } from '../sim/random.ts'
import type { IpAddr } from '../wire/address.ts'
import { type Candidate, factoryOf, SchedulerFault } from './candidate.ts'
import type { Connect, Step, Trial } from './trial.ts'

const FIRST_CLIENT = 0x0a000002
const VIP = 0x0a000064
/** 192.168.1.11 is A. */
const FIRST_SERVER = 0xc0a8010b
const PORT = 80
const TCP = 6
/** What lblc and lblcr have in Linux: a day. */
const EXPIRATION_NS = 86_400 * NS_PER_SECOND

/** Looks at a pick, the counters being those that the scheduler saw; answers what is wrong with it, or nothing. */
export type Look = (bench: Bench, picked: number | undefined, step: Connect) => string | undefined

/** A service under trial. */
export class Bench {
  /** Every server there was, in the order of adding. */
  readonly servers: Destination[] = []
  /** The server of each connection so far; undefined where nobody was picked. */
  readonly picks: (number | undefined)[] = []
  /** Steps played. */
  stepsPlayed = 0
  readonly #clock = {
    nowNs: 0, lblcExpirationNs: EXPIRATION_NS, lblcrExpirationNs: EXPIRATION_NS, round: 0, isRunning: true,
  } satisfies ServiceClock
  readonly #service: Service
  /** The servers of connections that are held. */
  readonly #held: Destination[] = []
  #fault: string | undefined

  /** `order` says in which order the servers are added; A first, then B, and so on, unless told. Throws SchedulerFault. */
  constructor(candidate: Candidate, { weights, flags, draw }: Trial, order: readonly number[] = weights.map((_, i) => i)) {
    const factory = factoryOf(candidate, (what) => (this.#fault ??= what))
    const random = randomStream('laws', `${draw}`)
    this.#service = new Service(addressId(TCP, VIP as IpAddr, PORT), {
      scheduler: 'candidate', schedulerFlags: flags, persistenceSeconds: undefined, netmask: 0xffffffff, engine: '',
      onePacket: false,
    }, this.#clock, { schedulers: new Map([['candidate', factory]]), random: () => random })
    this.#mindFaults()
    this.servers = weights.map((weight, server) => new Destination(ruleOf(server, weight), this.#clock))
    for (const server of order) this.#add(present(this.servers[server], 'server'))
  }

  /** The servers of the service as its scheduler sees them: the one added last comes first. */
  get list(): readonly Destination[] {
    return this.#service.destinations
  }

  /** Seconds since the beginning. */
  get nowSeconds(): number {
    return this.#clock.nowNs / NS_PER_SECOND
  }

  /** True when this server may be picked: it is in the list, its weight is above 0, and it is not overloaded. */
  isOpen(server: number): boolean {
    const destination = this.servers[server]
    return destination !== undefined && destination.available && accepts(destination)
  }

  /** The number of a server. */
  numberOf(destination: Destination): number {
    return this.servers.indexOf(destination)
  }

  /** Plays a step; for a connection, answers what `look` has to say. Throws SchedulerFault. */
  play(step: Step, look?: Look): string | undefined {
    this.stepsPlayed++
    if (step.kind === 'connect') return this.#connect(step, look)
    if (step.kind === 'end') this.#end(step.connection)
    else if (step.kind === 'wait') this.#clock.nowNs += step.seconds * NS_PER_SECOND
    else if (step.kind === 'add') this.#add(this.#newServer(step.weight))
    else this.#change(step)
    this.#mindFaults()
    return undefined
  }

  /** Plays steps until `look` has something to say, and answers it. Throws SchedulerFault. */
  playAll(steps: readonly Step[], look?: Look): string | undefined {
    for (const step of steps) {
      const wrong = this.play(step, look)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  #connect(step: Connect, look: Look | undefined): string | undefined {
    const flow: Flow = {
      src: (FIRST_CLIENT + step.client) as IpAddr, dst: (VIP + step.target) as IpAddr, sport: step.port,
    }
    const picked = this.#service.scheduler.pick(flow)
    this.#mindFaults()
    const server = picked === undefined ? undefined : this.numberOf(picked)
    const wrong = look?.(this, server, step)
    this.picks.push(server)
    if (picked === undefined) return wrong
    if (step.fate === 'held') {
      picked.activeConns++
      this.#held.push(picked)
    } else if (step.fate === 'closed') {
      picked.inactiveConns++
    }
    return wrong
  }

  #end(connection: number): void {
    const [ended] = this.#held.splice(connection % Math.max(1, this.#held.length), 1)
    if (ended === undefined) return
    ended.activeConns = Math.max(0, ended.activeConns - 1)
    ended.inactiveConns++
  }

  #change(step: Exclude<Step, Connect | { kind: 'end' | 'wait' | 'add' }>): void {
    const server = step.server % Math.max(1, this.servers.length)
    const destination = this.servers[server]
    if (destination?.available !== true) return
    if (step.kind === 'load') [destination.activeConns, destination.inactiveConns] = [step.active, step.inactive]
    else if (step.kind === 'overload') destination.overloaded = step.overloaded
    else if (step.kind === 'remove') this.#service.remove(destination)
    else this.#service.update(destination, ruleOf(server, step.weight))
  }

  #newServer(weight: number): Destination {
    const destination = new Destination(ruleOf(this.servers.length, weight), this.#clock)
    this.servers.push(destination)
    return destination
  }

  #add(destination: Destination): void {
    this.#service.add(destination)
    this.#mindFaults()
  }

  #mindFaults(): void {
    if (this.#fault !== undefined) throw new SchedulerFault(this.#fault)
  }
}

function ruleOf(server: number, weight: number): DestinationRule {
  const addr = (FIRST_SERVER + server) as IpAddr
  return { addr, port: PORT, method: 'nat', weight, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL }
}

/** A trial played from its beginning to its end. Throws SchedulerFault. */
export function played(candidate: Candidate, trial: Trial, order?: readonly number[]): Bench {
  const bench = new Bench(candidate, trial, order)
  bench.playAll(trial.steps)
  return bench
}
