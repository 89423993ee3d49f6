/**
 * Locality-based least connection with replication: a destination address keeps a set of servers, which grows when the least
 * loaded of them is crowded and shrinks when it has not grown for a day. Follows ip_vs_lblcr.c.
 * Collecting entries early when there are more than 16384 is not modelled.
 * @module
 */
import type { IpAddr } from '../../wire/address.ts'
import type { Destination } from '../destination.ts'
import { isHeavier, leastLoaded, overhead } from './load.ts'
import { FULL_CHECK_NS, hasGoneStale, isCrowded } from './locality.ts'
import type { Flow, Pool, Scheduler } from './scheduler.ts'
import { weightedLeastConnection } from './wlc.ts'

interface Entry {
  /** The newest first. */
  readonly servers: Destination[]
  lastUseNs: number
  lastChangeNs: number
}

/** Works by locality with replication. */
export class LocalityReplication implements Scheduler {
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
    if (entry === undefined) {
      const first = weightedLeastConnection(destinations)
      if (first === undefined) return undefined
      first.references++
      this.#entries.set(flow.dst, { servers: [first], lastUseNs: clock.nowNs, lastChangeNs: clock.nowNs })
      return first
    }
    entry.lastUseNs = clock.nowNs
    const least = leastLoaded(entry.servers.filter((server) => server.available), overhead)
    if (entry.servers.length > 1 && clock.nowNs > entry.lastChangeNs + clock.lblcrExpirationNs) this.#shrink(entry)
    if (least !== undefined && !isCrowded(least, destinations)) return least
    const picked = weightedLeastConnection(destinations)
    if (picked !== undefined && !entry.servers.includes(picked)) {
      picked.references++
      entry.servers.unshift(picked)
      entry.lastChangeNs = clock.nowNs
    }
    return picked
  }

  dismissed(): void {
    for (const entry of this.#entries.values()) for (const server of entry.servers) server.references--
    this.#entries.clear()
  }

  /** Drops the most loaded server of a set (ip_vs_dest_set_max). */
  #shrink(entry: Entry): void {
    let most: Destination | undefined
    for (const server of entry.servers) {
      if (server.weight <= 0) continue
      if (most === undefined || isHeavier(
        { load: overhead(server), weight: server.weight }, { load: overhead(most), weight: most.weight },
      )) {
        most = server
      }
    }
    if (most === undefined) return
    most.references--
    entry.servers.splice(entry.servers.indexOf(most), 1)
    entry.lastChangeNs = this.#pool.clock.nowNs
  }

  #find(addr: IpAddr): Entry | undefined {
    const entry = this.#entries.get(addr)
    const { nowNs, lblcrExpirationNs } = this.#pool.clock
    if (entry === undefined || !hasGoneStale(
      entry.lastUseNs + lblcrExpirationNs, { startNs: this.#startNs, nowNs, periodNs: FULL_CHECK_NS },
    )) {
      return entry
    }
    for (const server of entry.servers) server.references--
    this.#entries.delete(addr)
    return undefined
  }
}
