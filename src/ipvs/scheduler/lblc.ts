/**
 * Locality-based least connection: a destination address keeps its server, found by wlc at first, until that cannot or should not
 * take more. Follows ip_vs_lblc.c. Collecting entries early when there are more than 16384 is not modelled.
 * @module
 */
import type { IpAddr } from '../../wire/address.ts'
import type { Destination } from '../destination.ts'
import { FULL_CHECK_NS, hasGoneStale, isCrowded } from './locality.ts'
import type { Flow, Pool, Scheduler } from './scheduler.ts'
import { weightedLeastConnection } from './wlc.ts'

interface Entry {
  destination: Destination
  lastUseNs: number
}

/** Works by locality. */
export class LocalityLeastConnection implements Scheduler {
  readonly #pool: Pool
  readonly #entries = new Map<IpAddr, Entry>()
  readonly #startNs: number

  constructor(pool: Pool) {
    this.#pool = pool
    this.#startNs = pool.clock.nowNs
  }

  pick(flow: Flow): Destination | undefined {
    const { destinations, clock } = this.#pool
    const entry = this.#find(flow.dst)
    if (entry !== undefined) {
      entry.lastUseNs = clock.nowNs
      const { destination } = entry
      if (destination.available && destination.weight > 0 && !isCrowded(destination, destinations)) return destination
    }
    const picked = weightedLeastConnection(destinations)
    if (picked === undefined) return undefined
    picked.references++
    if (entry === undefined) {
      this.#entries.set(flow.dst, { destination: picked, lastUseNs: clock.nowNs })
    } else {
      entry.destination.references--
      entry.destination = picked
    }
    return picked
  }

  dismissed(): void {
    for (const entry of this.#entries.values()) entry.destination.references--
    this.#entries.clear()
  }

  #find(addr: IpAddr): Entry | undefined {
    const entry = this.#entries.get(addr)
    const { nowNs, lblcExpirationNs } = this.#pool.clock
    if (entry === undefined || !hasGoneStale(
      entry.lastUseNs + lblcExpirationNs, { startNs: this.#startNs, nowNs, periodNs: FULL_CHECK_NS },
    )) {
      return entry
    }
    entry.destination.references--
    this.#entries.delete(addr)
    return undefined
  }
}
