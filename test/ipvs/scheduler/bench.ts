/**
 * A service without a network: destinations A, B, C, ... added in this order, and the picks of its scheduler as letters.
 * @module
 */
import type { DestinationRule } from '../../../src/ipvs/control/rules.ts'
import { addressId, IPIP_TUNNEL } from '../../../src/ipvs/control/rules.ts'
import { Destination } from '../../../src/ipvs/destination.ts'
import type { Flow, SchedulerFactory } from '../../../src/ipvs/scheduler/scheduler.ts'
import { SCHEDULERS } from '../../../src/ipvs/scheduler/registry.ts'
import { Service, type ServiceClock } from '../../../src/ipvs/service.ts'
import { randomStream } from '../../../src/sim/random.ts'
import type { IpAddr } from '../../../src/wire/address.ts'

const LETTERS = 'ABCDEFGHIJ'
const VIP = 0x0a000064 as IpAddr
/** 192.168.1.11 is A. */
const FIRST_RIP = 0xc0a8010b

/** What becomes of a connection after its pick: it stays open, is closed at once, or was UDP and is never active. */
export type Fate = 'held' | 'closed'

/** A service and its servers. */
export class SchedulerBench {
  readonly clock = {
    nowNs: 0, lblcExpirationNs: 86_400e9, lblcrExpirationNs: 86_400e9, round: 0, isRunning: true,
  } satisfies ServiceClock
  readonly service: Service
  /** What the scheduler draws from; another one may be put in its place. */
  random = randomStream('bench', 'scheduler')

  constructor(
    scheduler: string, weights: readonly number[], schedulerFlags = 0,
    schedulers: ReadonlyMap<string, SchedulerFactory> = SCHEDULERS,
  ) {
    const options = {
      scheduler, schedulerFlags, persistenceSeconds: undefined, netmask: 0xffffffff, engine: '', onePacket: false,
    }
    this.service = new Service(
      addressId(6, VIP, 80), options, this.clock, { schedulers, random: () => this.random },
    )
    for (const weight of weights) this.add(weight)
  }

  /** Adds the next server. */
  add(weight: number): Destination {
    const destination = new Destination(this.#rule(this.service.destinations.length, weight), this.clock)
    this.service.add(destination)
    return destination
  }

  /** Gives a server another weight. */
  edit(letter: string, weight: number): void {
    const index = LETTERS.indexOf(letter)
    this.service.update(this.server(letter), this.#rule(index, weight))
  }

  /** Removes a server. */
  remove(letter: string): void {
    this.service.remove(this.server(letter))
  }

  /** The server of a letter. */
  server(letter: string): Destination {
    const found = this.service.destinations.find((other) => this.letterOf(other) === letter)
    if (found === undefined) throw new Error(`no server ${letter}`)
    return found
  }

  /** The letter of a server; a dash for none. */
  letterOf(destination: Destination | undefined): string {
    return destination === undefined ? '-' : LETTERS[destination.addr - FIRST_RIP] ?? '?'
  }

  /** So many picks one after the other, of connections that are held open or closed at once. */
  picks(count: number, fate: Fate = 'closed'): string {
    let letters = ''
    for (let i = 0; i < count; i++) {
      const picked = this.pick({ src: 0x0a000002 as IpAddr, dst: VIP, sport: 40_000 + i })
      letters += this.letterOf(picked)
      if (picked === undefined) continue
      if (fate === 'held') picked.activeConns++
      else picked.inactiveConns++
    }
    return letters
  }

  /** One pick. */
  pick(flow: Flow): Destination | undefined {
    return this.service.scheduler.pick(flow)
  }

  /** The picks for the clients 10.0.0.2, 10.0.0.3, ... */
  mapOfClients(count: number): string {
    const clients = Array.from({ length: count }, (_, i) => (0x0a000002 + i) as IpAddr)
    return clients.map((src) => this.letterOf(this.pick({ src, dst: VIP, sport: 40_000 }))).join('')
  }

  #rule(index: number, weight: number): DestinationRule {
    const addr = (FIRST_RIP + index) as IpAddr
    return { addr, port: 80, method: 'nat', weight, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL }
  }
}
