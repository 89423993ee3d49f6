/**
 * Deleted destinations that connections may still point to. One that is added again while it is here comes back with its counters
 * and its connections. Follows ip_vs_trash_get_dest() and ip_vs_dest_trash_expire() in ip_vs_ctl.c.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import type { Simulator } from '../sim/simulator.ts'
import { Timer } from '../sim/timer.ts'
import type { IpAddr } from '../wire/address.ts'
import type { Destination } from './destination.ts'
import type { Service } from './service.ts'

/** A destination without connections is kept at least this long. */
const PERIOD_NS = 120 * NS_PER_SECOND

interface Item {
  readonly destination: Destination
  /** The service it was deleted from, which may be gone itself. */
  readonly service: Service
  idleSinceNs: number | undefined
}

/** The trash of one director. */
export class Trash {
  readonly #sim: Simulator
  readonly #timer: Timer
  /** The newest first. */
  #items: Item[] = []

  constructor(sim: Simulator) {
    this.#sim = sim
    this.#timer = new Timer(sim, this, 0, undefined)
  }

  /** Takes a destination that was deleted from `service`. */
  add(destination: Destination, service: Service): void {
    if (this.#items.length === 0) this.#timer.armIn(PERIOD_NS / 2)
    this.#items.unshift({ destination, service, idleSinceNs: undefined })
  }

  /** Gives back the destination of this address that was deleted from a service of the same name, and that service. */
  take(
    serviceKey: string, server: { readonly addr: IpAddr, readonly port: number },
  ): { destination: Destination, service: Service } | undefined {
    const found = this.#items.find(({ destination, service }) => (
      service.key === serviceKey && destination.addr === server.addr && destination.port === server.port))
    if (found === undefined) return undefined
    this.#items = this.#items.filter((item) => item !== found)
    return found
  }

  /** The timer's call: what has been idle for a whole period goes. */
  onEvent(): void {
    const { nowNs } = this.#sim
    this.#items = this.#items.filter((item) => {
      if (item.destination.references > 0) return true
      if (item.idleSinceNs !== undefined) return nowNs < item.idleSinceNs + PERIOD_NS
      item.idleSinceNs = nowNs
      return true
    })
    if (this.#items.length > 0) this.#timer.armIn(PERIOD_NS / 2)
  }
}
