/**
 * A connection table as typed 16-byte slots with linear probing: what the connection table may become when a run has millions
 * of connections. It only inserts and finds; IPv4 only.
 * @module
 */
import { mix32 } from '../../src/base/hash.ts'

/** Protocol code and direction sit above the id in the last word of a slot: 3 bits, 1 bit, 28 bits. */
const ID_MASK = 0x0fffffff

/** Found by client, service and protocol; gives back the number it was inserted with, 0..2^28-1. */
export class SlotTable {
  readonly #slots: Int32Array
  readonly #mask: number

  /** `capacity` connections, a power of two; half the slots stay empty. */
  constructor(capacity: number) {
    this.#slots = new Int32Array(capacity * 2 * 4).fill(-1)
    this.#mask = capacity * 2 - 1
  }

  /** Adds a connection that is not there yet. */
  insert(caddr: number, ports: number, vaddr: number, code: number, id: number): void {
    const slots = this.#slots
    let at = slotOf(caddr, ports, vaddr) & this.#mask
    while (slots[at * 4 + 3] !== -1) at = (at + 1) & this.#mask
    slots[at * 4] = caddr
    slots[at * 4 + 1] = ports
    slots[at * 4 + 2] = vaddr
    slots[at * 4 + 3] = (code << 28) | id
  }

  /** The number of a connection; -1 when there is none. */
  find(caddr: number, ports: number, vaddr: number, code: number): number {
    const slots = this.#slots
    for (let at = slotOf(caddr, ports, vaddr) & this.#mask; ; at = (at + 1) & this.#mask) {
      const last = slots[at * 4 + 3] as number
      if (last === -1) return -1
      if (slots[at * 4] !== (caddr | 0) || slots[at * 4 + 1] !== (ports | 0) || slots[at * 4 + 2] !== (vaddr | 0)) continue
      if (last >>> 28 === code) return last & ID_MASK
    }
  }
}

function slotOf(caddr: number, ports: number, vaddr: number): number {
  return mix32(Math.imul(caddr, 0x9e3779b1) ^ Math.imul(ports, 0x85ebca6b) ^ vaddr)
}
