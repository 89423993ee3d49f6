/**
 * The endpoints of a host by their pair of addresses and ports: two `Map`s with number keys, so that a lookup allocates nothing.
 * Walks go by the first use of a pair of addresses, then by insertion.
 * @module
 */
import { assert } from '../../base/assert.ts'
import type { IpAddr } from '../../wire/address.ts'

/** Who an endpoint is, as seen from this host. */
export interface EndpointKey {
  readonly local: IpAddr
  readonly lport: number
  readonly remote: IpAddr
  readonly rport: number
}

const LOCALS_MAX = 65_536

/** A table of whatever has such a key. */
export class EndpointTable<T extends EndpointKey> {
  /** Local addresses get small numbers, so that a remote and a local address fit into one key. */
  readonly #localIndex = new Map<IpAddr, number>()
  readonly #pairs = new Map<number, Map<number, T>>()
  /** Endpoints held. Live. */
  size = 0

  /** The endpoint of this key. */
  find(local: IpAddr, lport: number, remote: IpAddr, rport: number): T | undefined {
    const index = this.#localIndex.get(local)
    if (index === undefined) return undefined
    return this.#pairs.get(remote * LOCALS_MAX + index)?.get(lport * 65_536 + rport)
  }

  /** Adds an endpoint, or puts it in the place of the one with its key. */
  set(entry: T): void {
    let index = this.#localIndex.get(entry.local)
    if (index === undefined) {
      index = this.#localIndex.size
      assert(index < LOCALS_MAX, 'a host uses at most 65,536 addresses of its own')
      this.#localIndex.set(entry.local, index)
    }
    const pair = entry.remote * LOCALS_MAX + index
    let ports = this.#pairs.get(pair)
    if (ports === undefined) {
      ports = new Map()
      this.#pairs.set(pair, ports)
    }
    this.size -= ports.size
    ports.set(entry.lport * 65_536 + entry.rport, entry)
    this.size += ports.size
  }

  /** Removes this very entry; does nothing when another has taken its place. */
  remove(entry: T): void {
    const index = this.#localIndex.get(entry.local)
    if (index === undefined) return
    const pair = entry.remote * LOCALS_MAX + index
    const ports = this.#pairs.get(pair)
    const key = entry.lport * 65_536 + entry.rport
    if (ports === undefined || ports.get(key) !== entry) return
    ports.delete(key)
    this.size--
    if (ports.size === 0) this.#pairs.delete(pair)
  }

  /** All entries. */
  * values(): Generator<T> {
    for (const ports of this.#pairs.values()) yield * ports.values()
  }
}
