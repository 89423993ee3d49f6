/**
 * The index of IPv4 connections: slots of 16 bytes, one line of memory each. Nothing of the key is folded.
 *
 * | word | holds |
 * |---|---|
 * | 0 | client address |
 * | 1 | client port << 16, and the port of the service (of the real server, where replies are found) |
 * | 2 | address of the service (of the real server) |
 * | 3 | code (4 bits), number of the entry + 1 (28 bits) |
 * @module
 */
import { hashIpv4 } from './hash.ts'
import { BATCH_KEY_WORDS, type Ipv4Finder } from './ipv4-finder.ts'
import { isNatCode, replyCodeOf } from './key.ts'
import { type Records, pieceOf, wordOf } from './records.ts'
import { SlotIndex, type SlotOptions, type Slots, homeOf } from './slot-index.ts'

/** Keys that are on their way from memory at the same time. */
const BATCH = 64
const ID_MASK = 0x0fff_ffff

/** The index of IPv4 entries in slots. */
export class Ipv4Index extends SlotIndex implements Ipv4Finder {
  readonly #records: Records
  /** Word where each key of a batch begins to be looked for. */
  readonly #homes = new Int32Array(BATCH)
  /** Whatever was read ahead: kept, so that reading it is not left out as useless. */
  #touched = 0

  constructor(records: Records, options: SlotOptions) {
    super(options, 4)
    this.#records = records
  }

  find(caddr: number, ports: number, other: number, wanted: number): number {
    const hash = hashIpv4(this.seed, caddr, ports, other)
    const slots = this.oldSlots === undefined ? this.slots : this.slotsOf(hash)
    return probe(slots, homeOf(slots, hash) * 4, caddr | 0, ports, other | 0, wanted)
  }

  findBatch(keys: Int32Array, count: number, found: Int32Array): void {
    for (let from = 0; from < count; from += BATCH) {
      const size = Math.min(BATCH, count - from)
      const old = this.oldSlots
      if (old !== undefined) this.#findGrowing(old, keys, from, size, found)
      else this.#findSome(keys, from, size, found)
    }
  }

  probesOf(caddr: number, ports: number, other: number, wanted: number): number {
    const hash = hashIpv4(this.seed, caddr, ports, other)
    const slots = this.slotsOf(hash)
    const found = this.find(caddr, ports, other, wanted)
    let slot = homeOf(slots, hash)
    for (let probes = 1; ; probes++) {
      const last = slots.words[slot * 4 + 3] as number
      if (last === 0 || (last & ID_MASK) - 1 === found) return probes
      if (++slot === slots.slotCount) slot = 0
    }
  }

  add(id: number): void {
    const piece = this.#records.pieces[pieceOf(id)] as Int32Array
    const at = wordOf(id)
    const caddr = piece[at] as number
    const ports = piece[at + 1] as number
    const code = this.#records.codeOf(id)
    this.#insert(caddr, ports, piece[at + 2] as number, code << 28 | id + 1)
    if (!isNatCode(code)) return
    const replyPorts = ports & ~0xffff | (piece[at + 5] as number)
    this.#insert(caddr, replyPorts, piece[at + 4] as number, replyCodeOf(code) << 28 | id + 1)
  }

  drop(id: number): void {
    const piece = this.#records.pieces[pieceOf(id)] as Int32Array
    const at = wordOf(id)
    const caddr = piece[at] as number
    const ports = piece[at + 1] as number
    const code = this.#records.codeOf(id)
    this.removeSlot(hashIpv4(this.seed, caddr, ports, piece[at + 2] as number), code << 28 | id + 1)
    if (!isNatCode(code)) return
    const replyPorts = ports & ~0xffff | (piece[at + 5] as number)
    this.removeSlot(hashIpv4(this.seed, caddr, replyPorts, piece[at + 4] as number), replyCodeOf(code) << 28 | id + 1)
  }

  protected override hashAt(words: Int32Array, at: number): number {
    return hashIpv4(this.seed, words[at] as number, words[at + 1] as number, words[at + 2] as number)
  }

  #insert(caddr: number, ports: number, other: number, code: number): void {
    this.beforeInsert()
    const hash = hashIpv4(this.seed, caddr, ports, other)
    const slots = this.slotsOf(hash)
    const { words } = slots
    let at = homeOf(slots, hash) * 4
    for (let last = code; ;) {
      const there = words[at + 3] as number
      if (there === 0) {
        words[at] = caddr
        words[at + 1] = ports
        words[at + 2] = other
        words[at + 3] = last
        return
      }
      // The slots of one key differ in the last word alone: the newest takes the first of them, and the others move on.
      if (words[at] === caddr && words[at + 1] === ports && words[at + 2] === other) {
        words[at + 3] = last
        last = there
      }
      at += 4
      if (at === words.length) at = 0
    }
  }

  /**
   * Three passes: where each key belongs, then a touch of all these places, then the comparison. The second does nothing but
   * read, so that the processor waits for many lines of memory at once.
   */
  #findSome(keys: Int32Array, from: number, size: number, found: Int32Array): void {
    const homes = this.#homes
    const { slots, seed } = this
    const { words, slotsPerHash } = slots
    for (let i = 0, at = from * BATCH_KEY_WORDS; i < size; i++, at += BATCH_KEY_WORDS) {
      const hash = hashIpv4(seed, keys[at] as number, keys[at + 1] as number, keys[at + 2] as number)
      homes[i] = ((hash >>> 0) * slotsPerHash | 0) * 4
    }
    if (size < BATCH) homes.fill(0, size)
    this.#touched ^= touch(words, homes)
    for (let i = 0, at = from * BATCH_KEY_WORDS; i < size; i++, at += BATCH_KEY_WORDS) {
      found[from + i] = probe(
        slots, homes[i] as number, keys[at] as number, keys[at + 1] as number, keys[at + 2] as number, keys[at + 3] as number,
      )
    }
  }

  /** The same while slots are moved: a home in the old ones is kept as its complement. */
  #findGrowing(old: Slots, keys: Int32Array, from: number, size: number, found: Int32Array): void {
    const homes = this.#homes
    const { slots, seed } = this
    for (let i = 0, at = from * BATCH_KEY_WORDS; i < size; i++, at += BATCH_KEY_WORDS) {
      const hash = hashIpv4(seed, keys[at] as number, keys[at + 1] as number, keys[at + 2] as number)
      homes[i] = this.isInOld(old, hash) ? ~(homeOf(old, hash) * 4) : homeOf(slots, hash) * 4
    }
    let touched = 0
    for (let i = 0; i < size; i++) {
      const home = homes[i] as number
      touched ^= (home < 0 ? old.words[~home] : slots.words[home]) as number
    }
    this.#touched ^= touched
    for (let i = 0, at = from * BATCH_KEY_WORDS; i < size; i++, at += BATCH_KEY_WORDS) {
      const home = homes[i] as number
      found[from + i] = probe(
        home < 0 ? old : slots, home < 0 ? ~home : home,
        keys[at] as number, keys[at + 1] as number, keys[at + 2] as number, keys[at + 3] as number,
      )
    }
  }
}

/** Reads the words at all these places. Eight in a turn: the fewer other instructions, the more reads are under way at once. */
function touch(words: Int32Array, at: Int32Array): number {
  let touched = 0
  for (let i = 0; i < BATCH; i += 8) {
    touched ^= (words[at[i] as number] as number) ^ (words[at[i + 1] as number] as number)
      ^ (words[at[i + 2] as number] as number) ^ (words[at[i + 3] as number] as number)
      ^ (words[at[i + 4] as number] as number) ^ (words[at[i + 5] as number] as number)
      ^ (words[at[i + 6] as number] as number) ^ (words[at[i + 7] as number] as number)
  }
  return touched
}

/** Looks from the word `at` on for a slot of this key; the number of its entry, or -1. */
function probe(slots: Slots, at: number, caddr: number, ports: number, other: number, wanted: number): number {
  const { words } = slots
  for (;;) {
    if (words[at] === caddr && words[at + 1] === ports && words[at + 2] === other) {
      const last = words[at + 3] as number
      // An empty slot may still look like a key in its first words: its number is that of no entry.
      if (((last ^ wanted) & wanted << 4) === 0) return (last & ID_MASK) - 1
    }
    if (words[at + 3] === 0) return -1
    at += 4
    if (at === words.length) at = 0
  }
}
