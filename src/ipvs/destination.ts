/**
 * A destination while it lives: what the admin said of it, and the counters that schedulers look at (struct ip_vs_dest).
 * It outlives its rule for a while, so that a server that is added again finds its connections (the trash).
 * @module
 */
import type { Route } from '../host/routing.ts'
import type { IpAddr } from '../wire/address.ts'
import type { DestinationRule, ForwardingMethod, TunnelRule } from './control/rules.ts'
import type { Service } from './service.ts'
import { Stats, type EstimatorClock } from './stats.ts'

/** What is kept of the route to a destination (struct ip_vs_dest_dst). */
export interface KeptRoute {
  /** `Routing.generation` when it was looked up: with another one it is kept no longer. */
  readonly generation: number
  /** It was looked up as the way to a neighbor of this name (IP_VS_RT_MODE_KNOWN_NH), not for packets that name it themselves. */
  readonly namesNextHop: boolean
  /** As the tables have it. */
  readonly found: Route
  /** As packets use it: where `namesNextHop`, and without a gateway, the destination is the next hop of packets for the VIP. */
  readonly route: Route
}

/** One destination. Live. */
export class Destination {
  readonly addr: IpAddr
  readonly port: number
  readonly stats: Stats
  method: ForwardingMethod
  tunnel: TunnelRule
  weight: number
  /** The latest weight that was not 0 (mh builds its table from it). */
  lastWeight: number
  upperThreshold: number
  lowerThreshold: number
  activeConns = 0
  inactiveConns = 0
  /** Persistence templates. */
  persistConns = 0
  /** At its upper threshold: no scheduler picks it. */
  overloaded = false
  /** False once it was deleted. */
  available = true
  /** Connections and schedulers' caches that point here. */
  references = 0
  /** The service that it belongs to; undefined once it was deleted. */
  service: Service | undefined = undefined
  /** The connections' own: its number among those that have some; 0 while it never had one. */
  number = 0
  /** The route that packets of all its connections use, whatever their method. */
  route: KeptRoute | undefined

  constructor(rule: DestinationRule, clock: EstimatorClock) {
    this.addr = rule.addr
    this.port = rule.port
    this.stats = new Stats(clock)
    this.method = rule.method
    this.tunnel = rule.tunnel
    this.weight = rule.weight
    this.lastWeight = rule.weight
    this.upperThreshold = rule.upperThreshold
    this.lowerThreshold = rule.lowerThreshold
  }

  /** Takes over a rule: on an edit, or (`isAdded`) when it is added again (__ip_vs_update_dest). */
  update(rule: DestinationRule, isAdded: boolean): void {
    this.weight = rule.weight
    if (isAdded || rule.weight !== 0) this.lastWeight = rule.weight
    this.method = rule.method
    this.tunnel = rule.tunnel
    this.available = true
    if (rule.upperThreshold === 0 || rule.upperThreshold > this.upperThreshold) this.overloaded = false
    this.upperThreshold = rule.upperThreshold
    this.lowerThreshold = rule.lowerThreshold
    this.route = undefined
  }

  /** Connections of either kind. */
  get totalConns(): number {
    return this.activeConns + this.inactiveConns
  }

  /** A connection was bound: the upper threshold may be reached. */
  checkUpperThreshold(): void {
    if (this.upperThreshold !== 0 && this.totalConns >= this.upperThreshold) this.overloaded = true
  }

  /** A connection went: below the lower threshold, or three quarters of the upper one, it is free again. */
  checkLowerThreshold(): void {
    const total = this.totalConns
    if (this.lowerThreshold !== 0) {
      if (total < this.lowerThreshold) this.overloaded = false
    } else if (this.upperThreshold === 0 || total * 4 < this.upperThreshold * 3) {
      this.overloaded = false
    }
  }
}

/** True when a scheduler may pick it. */
export function accepts(destination: Destination): boolean {
  return destination.weight > 0 && !destination.overloaded
}
