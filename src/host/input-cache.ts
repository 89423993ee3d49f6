/**
 * What a host has worked out about packets that come in: for a source, a destination and a device, whether they stay here or
 * which way they go on. Direct-mapped: flows that meet in one slot displace each other, and where that happens often the cache
 * grows. One look here takes the place of four, and of all checks that depend on nothing else.
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { Device } from './device.ts'
import type { Route } from './routing.ts'

/** The way of packets from one source to one destination that come in by one device, and that nothing turns away. */
export interface InputRoute {
  readonly src: IpAddr
  readonly dst: IpAddr
  readonly inDevice: Device
  readonly route: Route
  /** They are for this host. */
  readonly isLocal: boolean
  /** Their sender is a direct neighbor. */
  readonly isFromNeighbor: boolean
}

/** Powers of two, as is each step from one to the other. */
const SLOTS_MIN = 64
const SLOTS_MAX = 16_384
const GROWTH = 4

/** The input routes of one host. */
export class InputCache {
  #slots = emptySlots(SLOTS_MIN)
  #isEmpty = true
  /** How many were displaced since the cache last grew. */
  #displaced = 0

  /** The way of these packets, if it is known. */
  find(src: IpAddr, dst: IpAddr, inDevice: Device): InputRoute | undefined {
    const known = this.#slots[slotOf(src, dst) & (this.#slots.length - 1)]
    return known !== undefined && known.src === src && known.dst === dst && known.inDevice === inDevice ? known : undefined
  }

  /** Takes note of a way. */
  add(known: InputRoute): void {
    if (this.#displaced >= this.#slots.length && this.#slots.length < SLOTS_MAX) this.#grow()
    if (this.#put(known) !== undefined) this.#displaced++
    this.#isEmpty = false
  }

  /** Forgets all. */
  clear(): void {
    if (this.#isEmpty) return
    this.#slots.fill(undefined)
    this.#isEmpty = true
  }

  /** Returns what was in its slot. */
  #put(known: InputRoute): InputRoute | undefined {
    const slot = slotOf(known.src, known.dst) & (this.#slots.length - 1)
    const before = this.#slots[slot]
    this.#slots[slot] = known
    return before
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = emptySlots(before.length * GROWTH)
    this.#displaced = 0
    for (const known of before) if (known !== undefined) this.#put(known)
  }
}

function emptySlots(count: number): (InputRoute | undefined)[] {
  return new Array<InputRoute | undefined>(count).fill(undefined)
}

/** Mixes both addresses into the low bits. */
function slotOf(src: IpAddr, dst: IpAddr): number {
  const mixed = Math.imul(src ^ Math.imul(dst, 0x9e3779b1), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
