/**
 * A world: the simulator, the segments, the cables and the hosts of one run. What is built from a scenario, from a lab, or by
 * hand in a test, ends up here.
 * @module
 */
import { InvariantError, present } from '../base/assert.ts'
import { addAddress } from '../host/config/addresses.ts'
import { addIpv6Address, settleIpv6Addresses } from '../host/config/ipv6-config.ts'
import { setDeviceUp } from '../host/config/devices.ts'
import { addRoute, type NewRoute } from '../host/config/routes.ts'
import type { Errno } from '../host/errno.ts'
import { Host, type HostOptions } from '../host/host.ts'
import { attachIpvs } from '../ipvs/director.ts'
import { SCHEDULERS } from '../ipvs/scheduler/registry.ts'
import type { SchedulerFactory } from '../ipvs/scheduler/scheduler.ts'
import { Bridge } from '../link/bridge.ts'
import { plugIntoBridge, plugTogether, type Cable } from '../link/cable.ts'
import type { LinkOptions } from '../link/link.ts'
import { Nic } from '../link/nic.ts'
import { DEFAULT_LIMITS, type RunLimits } from '../sim/limits.ts'
import { Simulator } from '../sim/simulator.ts'
import { broadcastOf, isIpv6, MAC_ZERO, type IpAddr, type MacAddr } from '../wire/address.ts'
import type { Result } from '../base/result.ts'

/** A nic to be added to a host. */
export interface NicSpec {
  readonly host: string
  /** The device's name: `eth0`. */
  readonly device: string
  readonly mac: MacAddr
  readonly mtuBytes: number
  readonly addresses: readonly { readonly addr: IpAddr, readonly prefixLength: number }[]
  /** True unless given. */
  readonly isUp?: boolean
}

/** The schedulers that the IPVS of a host has. */
export type SchedulersOf = (host: Host) => ReadonlyMap<string, SchedulerFactory>

/** One run's network. */
export class World {
  readonly sim: Simulator
  readonly hosts = new Map<string, Host>()
  readonly bridges = new Map<string, Bridge>()
  /** Cables by the name of the nic at their (first) end. */
  readonly cables = new Map<string, Cable>()
  readonly nics = new Map<string, Nic>()

  readonly #schedulersOf: SchedulersOf

  constructor(seed: string, limits: RunLimits = DEFAULT_LIMITS, schedulersOf: SchedulersOf = () => SCHEDULERS) {
    this.#schedulersOf = schedulersOf
    this.sim = new Simulator(seed, limits)
    this.sim.checkpoint = () => this.checkLedgers()
  }

  /** Adds a host. */
  addHost(options: HostOptions): Host {
    const host = new Host(this.sim, options)
    host.modules.onLoad((module) => {
      if (module === 'ip_vs') attachIpvs(host, this.#schedulersOf(host))
    })
    this.hosts.set(options.name, host)
    return host
  }

  /** Adds a segment: a learning switch. */
  addSegment(name: string): void {
    this.bridges.set(name, new Bridge(this.sim, name))
  }

  /** Adds a nic to a host, plugs it into a segment, brings it up and gives it its addresses. */
  plug(spec: NicSpec, segment: string, options: LinkOptions): Nic {
    const nic = this.#addNic(spec, 'ethernet')
    this.cables.set(nic.name, plugIntoBridge(this.sim, nic, present(this.bridges.get(segment), `segment ${segment}`), options))
    this.#start(spec)
    return nic
  }

  /** Joins two hosts by a point-to-point link, which needs no neighbor tables when its framing is `ppp`. */
  join(first: NicSpec, second: NicSpec, options: LinkOptions): void {
    const kind = options.framing
    const ends = { first: this.#addNic(first, kind), second: this.#addNic(second, kind) }
    const cable = plugTogether(this.sim, ends, options)
    this.cables.set(ends.first.name, cable)
    this.cables.set(ends.second.name, { up: cable.down, down: cable.up, isBridged: false })
    this.#start(first)
    this.#start(second)
  }

  /** Adds a route; says why not. */
  addRoute(host: string, route: NewRoute): Errno | undefined {
    const target = this.host(host)
    const next = addRoute(target.net, route)
    if (!next.ok) return next.error
    target.reconfigure(next.value)
    return undefined
  }

  /** The host of this name, which must exist. */
  host(name: string): Host {
    return present(this.hosts.get(name), `host ${name}`)
  }

  /** Throws InvariantError unless every frame and every packet is accounted for. */
  checkLedgers(): void {
    const frames = this.sim.frames.balance()
    if (frames !== 0) throw new InvariantError(`the ledger of frames is off by ${frames}`)
    for (const host of this.hosts.values()) {
      const packets = host.ledger.balance()
      if (packets !== 0) throw new InvariantError(`the ledger of packets of ${host.name} is off by ${packets}`)
    }
  }

  #addNic(spec: NicSpec, kind: 'ethernet' | 'ppp'): Nic {
    const host = this.host(spec.host)
    // A point-to-point link has no addresses: its frames name nobody, and its nics take them all.
    const nic = new Nic(this.sim, `${spec.host}.${spec.device}`, kind === 'ppp' ? MAC_ZERO : spec.mac, host)
    this.nics.set(nic.name, nic)
    host.addNic(spec.device, nic, { mtuBytes: spec.mtuBytes, kind })
    return nic
  }

  #start(spec: NicSpec): void {
    const host = this.host(spec.host)
    if (spec.isUp !== false) host.reconfigure(settleIpv6Addresses(accepted(setDeviceUp(host.net, spec.device))))
    for (const { addr, prefixLength } of spec.addresses) {
      if (isIpv6(addr)) {
        host.reconfigure(settleIpv6Addresses(accepted(addIpv6Address(host.net, spec.device, { addr, prefixLength }))))
        continue
      }
      // What `ip addr add ... brd +` does; there is none to a prefix of 31 or 32 bits.
      const broadcast = prefixLength < 31 ? broadcastOf(addr, prefixLength) : undefined
      host.reconfigure(accepted(addAddress(host.net, spec.device, { addr, prefixLength, broadcast })))
    }
  }
}

function accepted<T>(result: Result<T, Errno>): T {
  if (!result.ok) throw new InvariantError(`a checked configuration was refused: ${result.error}`)
  return result.value
}
