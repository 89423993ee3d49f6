/**
 * The endpoints of a host by their pair of addresses and ports: open addressing with linear probing, so that a lookup allocates
 * nothing and a connection takes 22 to 43 bytes here.
 * Walks go by the first use of a pair of addresses, then by insertion.
 * @module
 */
import { assert } from '../../base/assert.ts'
import { mix32 } from '../../base/hash.ts'
import type { IpAddr } from '../../wire/address.ts'

/** Who an endpoint is, as seen from this host. */
export interface EndpointKey {
  readonly local: IpAddr
  readonly remote: IpAddr
  /** Both ports, as `joinPorts` puts them together. */
  readonly ports: number
}

/** The local and the remote port in one number of 32 bits. */
export function joinPorts(lport: number, rport: number): number {
  return (lport << 16) | rport
}

/** The local one of joined ports. */
export function localPort(ports: number): number {
  return ports >>> 16
}

/** The remote one of joined ports. */
export function remotePort(ports: number): number {
  return ports & 0xffff
}

/** A pair of addresses that some entry has: its place in walks. */
interface Pair {
  readonly order: number
  count: number
}

const LOCALS_MAX = 65_536
const SLOTS_MIN = 16

/** A table of whatever has such a key. */
export class EndpointTable<T extends EndpointKey> {
  /** A power of two of them, at most three quarters used. */
  #slots: (T | undefined)[] = emptySlots(SLOTS_MIN)
  /** Per slot, the hash of its entry's key, which spares most looks at the entries of others. */
  #hashes = new Int32Array(SLOTS_MIN)
  /** Per slot, when its entry was added: for walks. */
  #orders = new Uint32Array(SLOTS_MIN)
  #added = 0
  readonly #pairs = new Map<number, Pair>()
  /** Local addresses get small numbers, so that a remote and a local address fit into one key. */
  readonly #localIndex = new Map<IpAddr, number>()
  /** Endpoints held. Live. */
  size = 0

  /** The endpoint of this key. */
  find(local: IpAddr, remote: IpAddr, ports: number): T | undefined {
    return this.#slots[this.#slotOf(hashOf(local, remote, ports), local, remote, ports)]
  }

  /** Adds an endpoint, or puts it in the place of the one with its key. */
  set(entry: T): void {
    const { local, remote, ports } = entry
    const hash = hashOf(local, remote, ports)
    let slot = this.#slotOf(hash, local, remote, ports)
    if (this.#slots[slot] === undefined) {
      if ((this.size + 1) * 4 > this.#slots.length * 3) {
        this.#grow()
        slot = this.#slotOf(hash, local, remote, ports)
      }
      this.#hashes[slot] = hash
      this.#orders[slot] = this.#added++
      this.size++
      this.#countPair(entry)
    }
    this.#slots[slot] = entry
  }

  /** Removes this very entry; does nothing when another has taken its place. */
  remove(entry: T): void {
    const { local, remote, ports } = entry
    const slot = this.#slotOf(hashOf(local, remote, ports), local, remote, ports)
    if (this.#slots[slot] !== entry) return
    this.size--
    const key = this.#pairKey(entry)
    const pair = this.#pairs.get(key)
    if (pair !== undefined && --pair.count === 0) this.#pairs.delete(key)
    this.#closeGap(slot)
  }

  /** All entries, as they are now. */
  values(): T[] {
    const found: { entry: T, pair: number, order: number }[] = []
    for (const [slot, entry] of this.#slots.entries()) {
      if (entry === undefined) continue
      const pair = this.#pairs.get(this.#pairKey(entry)) as Pair
      found.push({ entry, pair: pair.order, order: this.#orders[slot] as number })
    }
    return found.sort((a, b) => a.pair - b.pair || a.order - b.order).map(({ entry }) => entry)
  }

  /** The slot that has this key, or the free one where it would go. */
  #slotOf(hash: number, local: IpAddr, remote: IpAddr, ports: number): number {
    const slots = this.#slots, hashes = this.#hashes, mask = slots.length - 1
    let slot = hash & mask
    for (;;) {
      const entry = slots[slot]
      if (entry === undefined) return slot
      if (hashes[slot] === hash && entry.ports === ports && entry.remote === remote && entry.local === local) return slot
      slot = (slot + 1) & mask
    }
  }

  /** Empties a slot, and moves up what would not be found behind it. */
  #closeGap(emptied: number): void {
    const slots = this.#slots, hashes = this.#hashes, orders = this.#orders, mask = slots.length - 1
    let gap = emptied
    let slot = emptied
    for (;;) {
      slot = (slot + 1) & mask
      const entry = slots[slot]
      if (entry === undefined) break
      const hash = hashes[slot] as number
      // An entry whose home lies behind the gap is found without crossing it.
      if (((slot - hash) & mask) < ((slot - gap) & mask)) continue
      slots[gap] = entry
      hashes[gap] = hash
      orders[gap] = orders[slot] as number
      gap = slot
    }
    slots[gap] = undefined
  }

  #grow(): void {
    const slots = this.#slots, hashes = this.#hashes, orders = this.#orders
    this.#slots = emptySlots(slots.length * 2)
    this.#hashes = new Int32Array(slots.length * 2)
    this.#orders = new Uint32Array(slots.length * 2)
    for (const [old, entry] of slots.entries()) {
      if (entry === undefined) continue
      const hash = hashes[old] as number
      const slot = this.#slotOf(hash, entry.local, entry.remote, entry.ports)
      this.#slots[slot] = entry
      this.#hashes[slot] = hash
      this.#orders[slot] = orders[old] as number
    }
  }

  #countPair(entry: T): void {
    const key = this.#pairKey(entry)
    const pair = this.#pairs.get(key)
    if (pair === undefined) this.#pairs.set(key, { order: this.#added, count: 1 })
    else pair.count++
  }

  #pairKey({ local, remote }: T): number {
    let index = this.#localIndex.get(local)
    if (index === undefined) {
      index = this.#localIndex.size
      assert(index < LOCALS_MAX, 'a host uses at most 65,536 addresses of its own')
      this.#localIndex.set(local, index)
    }
    return remote * LOCALS_MAX + index
  }
}

function emptySlots<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined)
}

function hashOf(local: IpAddr, remote: IpAddr, ports: number): number {
  return mix32(Math.imul(remote, 0x9e3779b1) ^ Math.imul(local, 0x85ebca6b) ^ ports) | 0
}
