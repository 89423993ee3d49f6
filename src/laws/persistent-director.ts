/**
 * A director with two persistent services of one address, ports 80 and 443, on the same servers: a host with nothing but `lo`,
 * told of rules as `ipvsadm` tells them, and handed the first packets of connections where they pass its hooks. The servers
 * are addresses of its own, so that packets go nowhere, and none of them is answered.
 * @module
 */
import { assert } from '../base/assert.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import { addAddress } from '../host/config/addresses.ts'
import { newPassage } from '../host/hooks.ts'
import { Host } from '../host/host.ts'
import type { IpvsCommand } from '../ipvs/control/command.ts'
import { addressId, IPIP_TUNNEL, type DestinationRule } from '../ipvs/control/rules.ts'
import { attachIpvs, type Ipvs } from '../ipvs/director.ts'
import { SCHEDULERS } from '../ipvs/scheduler/registry.ts'
import { Simulator } from '../sim/simulator.ts'
import type { IpAddr } from '../wire/address.ts'
import { ipPacket } from '../wire/ip-packet.ts'
import { NO_DATA, NO_TCP_OPTIONS, TCP_SYN, tcpSegment } from '../wire/tcp-segment.ts'
import { type Candidate, factoryOf, SchedulerFault } from './candidate.ts'
import type { Connect, Step, Trial } from './trial.ts'

/** The timeout of the templates of both services: that of `ipvsadm -p`. */
export const PERSISTENCE_SECONDS = 360
/** The ports of the services, by the target of a connection. */
export const PORTS = [80, 443] as const
const FIRST_CLIENT = 0x0a000002
const VIP = 0x0a000064 as IpAddr
const FIRST_SERVER = 0xc0a8010b
const FIRST_CLIENT_PORT = 1024
const TCP = 6

/** What laws of persistence judge. */
export interface PersistentDirector {
  /** Plays a step; for a connection, answers its server. Overload, load and ends of connections are not for it. */
  play(step: Step): number | undefined
}

/** Makes a director whose services have this mask (`ipvsadm -M`). */
export type PersistentDirectorFactory = (candidate: Candidate, trial: Trial, netmask: number) => PersistentDirector

/** The director of the simulator. Throws SchedulerFault. */
export const simulatedDirector: PersistentDirectorFactory = (candidate, trial, netmask) => (
  new SimulatedDirector(candidate, trial, netmask))

class SimulatedDirector implements PersistentDirector {
  readonly #sim: Simulator
  readonly #host: Host
  readonly #ipvs: Ipvs
  readonly #weights: (number | undefined)[] = []
  #connections = 0
  #fault: string | undefined

  constructor(candidate: Candidate, { weights, flags, draw }: Trial, netmask: number) {
    this.#sim = new Simulator(`laws/${draw}`)
    this.#host = new Host(this.#sim, { name: 'lb' })
    this.#host.modules.load('ip_vs')
    const factory = factoryOf(candidate, (what) => (this.#fault ??= what))
    // Any module that a host has will do for the name.
    this.#ipvs = attachIpvs(this.#host, new Map([...SCHEDULERS, ['rr', factory]]))
    for (const port of PORTS) {
      this.#apply({
        kind: 'add-service', service: addressId(TCP, VIP, port), options: {
          scheduler: 'rr', schedulerFlags: flags, persistenceSeconds: PERSISTENCE_SECONDS, netmask, engine: '', onePacket: false,
        },
      })
    }
    for (const weight of weights) this.#add(weight)
  }

  play(step: Step): number | undefined {
    if (step.kind === 'connect') return this.#connect(step)
    if (step.kind === 'wait') this.#sim.run(this.#sim.nowNs + step.seconds * NS_PER_SECOND)
    else if (step.kind === 'add') this.#add(step.weight)
    else if (step.kind === 'weigh' || step.kind === 'remove') this.#change(step)
    return undefined
  }

  #connect({ client, target }: Connect): number | undefined {
    const [src, sport, dport] = [(FIRST_CLIENT + client) as IpAddr, FIRST_CLIENT_PORT + this.#connections++, PORTS[target] ?? 0]
    const segment = tcpSegment({ sport, dport }, { seq: 1, ack: 0, window: 1000 }, TCP_SYN, NO_TCP_OPTIONS, NO_DATA)
    const packet = ipPacket({ uid: this.#connections, src, dst: VIP, protocol: TCP, payload: segment, payloadBytes: 20 })
    this.#host.hooks.run('localIn', packet, newPassage(undefined, undefined))
    if (this.#fault !== undefined) throw new SchedulerFault(this.#fault)
    const connection = this.#ipvs.connections.table.find({ protocol: TCP, caddr: src, cport: sport, vaddr: VIP, vport: dport })
    return connection === undefined ? undefined : Number(connection.daddr) - FIRST_SERVER
  }

  #add(weight: number): void {
    const server = this.#weights.push(weight) - 1
    const address = addAddress(this.#host.net, 'lo', { addr: (FIRST_SERVER + server) as IpAddr, prefixLength: 32 })
    assert(address.ok, 'lo takes the address of a server')
    this.#host.reconfigure(address.value)
    for (const port of PORTS) {
      this.#apply({ kind: 'add-destination', service: addressId(TCP, VIP, port), destination: ruleOf(server, weight, port) })
    }
  }

  #change(step: Extract<Step, { kind: 'weigh' | 'remove' }>): void {
    const server = step.server % Math.max(1, this.#weights.length)
    if (this.#weights[server] === undefined) return
    this.#weights[server] = step.kind === 'weigh' ? step.weight : undefined
    for (const port of PORTS) {
      const service = addressId(TCP, VIP, port)
      this.#apply(step.kind === 'weigh'
        ? { kind: 'edit-destination', service, destination: ruleOf(server, step.weight, port) }
        : { kind: 'delete-destination', service, addr: (FIRST_SERVER + server) as IpAddr, port })
    }
  }

  #apply(command: IpvsCommand): void {
    assert(this.#ipvs.apply(command).ok, `${command.kind} is no wrong request`)
    if (this.#fault !== undefined) throw new SchedulerFault(this.#fault)
  }
}

function ruleOf(server: number, weight: number, port: number): DestinationRule {
  const addr = (FIRST_SERVER + server) as IpAddr
  return { addr, port, method: 'dr', weight, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL }
}
