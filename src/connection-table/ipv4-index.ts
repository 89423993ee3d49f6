/**
 * The index of IPv4 connections: slots of 16 bytes, four in a line of memory. Nothing of the key is folded. A line has the first
 * words of its four slots, then the second ones, and so on, so that one word of four slots can be compared at once.
 *
 * | word | holds |
 * |---|---|
 * | 0 | client address |
 * | 1 | client port << 16, and the port of the service (of the real server, where replies are found) |
 * | 2 | address of the service (of the real server) |
 * | 3 | code (4 bits), number of the entry + 1 (28 bits) |
 *
 * Insertions and removals wait until a key like theirs is looked for, or until they are many: then the places of all of them are
 * read at once, and they are done in their order. So they do not wait for memory one by one.
 * @module
 */
import { assert } from '../base/assert.ts'
import { hashIpv4 } from './hash.ts'
import { BATCH_KEYS_MAX, Ipv4Batch } from './ipv4-batch.ts'
import { BATCH_KEY_WORDS, type Ipv4Finder } from './ipv4-finder.ts'
import { isNatCode, replyCodeOf } from './key.ts'
import type { Records } from './records.ts'
import { SlotIndex, type SlotOptions } from './slot-index.ts'
import { type Slots, homeOf } from './slots.ts'

/** Keys that are on their way from memory at the same time. */
const BATCH = 64
/** Words of a change that waits, as bits of a number: the four of its slot, its hash, whether it is a removal. */
const CHANGE_BITS = 3
/** Bits of a hash that tell whether a change of this key may be waiting: the upper ones number a word of marks. */
const MARK_WORD_SHIFT = 22
const MARK_BIT_SHIFT = 17
const ID_MASK = 0x0fff_ffff
/** Words of a slot, and slots of a line. */
const SLOT_WORDS = 4
const LINE_SLOTS = 4

// The compiler knows a constant of this file; a function, or what another file exports, it looks up at each use.
const hashOf = hashIpv4
const homeIn = homeOf
const KEY_WORDS = BATCH_KEY_WORDS

/** The first word of a slot. */
const atOf = (slot: number): number => slot << 2 & ~15 | slot & 3
/** The slot of a first word. */
const slotOf = (at: number): number => at >> 2 & ~3 | at & 3
/** The slot behind this one, around in its line. */
const nextInLine = (at: number): number => at & ~3 | at + 1 & 3
/** The first slot of the line behind this slot's. */
const nextLine = (words: Int32Array, at: number): number => {
  const next = (at | 15) + 1
  return next === words.length ? 0 : next
}

/** The index of IPv4 entries in slots. `at` is the first word of a slot; its other words are `at | 4`, `at | 8` and `at | 12`. */
export class Ipv4Index extends SlotIndex implements Ipv4Finder {
  readonly #records: Records
  /** First word of the home of each key of a batch, or of each change that waits. */
  readonly #homes = new Int32Array(BATCH)
  /** Whatever was read ahead: kept, so that reading it is not left out as useless. */
  #touched = 0
  #batch: Ipv4Batch | undefined
  /** The slots that `#batch` is for. */
  #batchSlots: Slots | undefined
  readonly #changes = new Int32Array(BATCH << CHANGE_BITS)
  #changeCount = 0
  /** A bit for the hash of each change that waits. */
  readonly #marks = new Int32Array(1 << 32 - MARK_WORD_SHIFT)

  constructor(records: Records, options: SlotOptions) {
    super(options, SLOT_WORDS, LINE_SLOTS)
    this.#records = records
  }

  override get isGrowing(): boolean {
    this.#settle()
    return super.isGrowing
  }

  override get bytes(): number {
    this.#settle()
    return super.bytes
  }

  find(caddr: number, ports: number, other: number, wanted: number): number {
    const hash = hashOf(this.seed, caddr, ports, other)
    if ((this.#changeCount !== 0 && this.#isMarked(hash)) || this.oldSlots !== undefined) {
      return this.#findLater(hash, caddr | 0, ports, other | 0, wanted)
    }
    const { slots } = this
    return this.findFrom(slots.words, atOf(homeIn(slots, hash)), caddr | 0, ports, other | 0, wanted)
  }

  findBatch(keys: Int32Array, count: number, found: Int32Array): void {
    this.#settle()
    const old = this.oldSlots
    const batch = old === undefined ? this.#batchOf(this.slots) : undefined
    if (batch !== undefined) {
      for (let from = 0; from < count; from += BATCH_KEYS_MAX) {
        batch.find(keys, from, Math.min(BATCH_KEYS_MAX, count - from), found, this.seed)
      }
      return
    }
    for (let from = 0; from < count; from += BATCH) {
      const size = Math.min(BATCH, count - from)
      if (old !== undefined) this.#findGrowing(old, keys, from, size, found)
      else this.#findSome(keys, from, size, found)
    }
  }

  probesOf(caddr: number, ports: number, other: number, wanted: number): number {
    this.#settle()
    const hash = hashOf(this.seed, caddr, ports, other)
    const slots = this.slotsOf(hash)
    const { words } = slots
    const found = this.find(caddr, ports, other, wanted)
    let at = atOf(homeIn(slots, hash))
    let first = at
    for (let probes = 1; ; probes++) {
      const last = words[at | 12] as number
      if (last === 0 || (last & ID_MASK) - 1 === found) return probes
      at = nextInLine(at)
      if (at === first) first = at = nextLine(words, at)
    }
  }

  add(id: number): void {
    this.#changeEntry(id, 0)
  }

  drop(id: number): void {
    this.#changeEntry(id, 1)
  }

  protected override hashAt(words: Int32Array, at: number): number {
    return hashOf(this.seed, words[at] as number, words[at | 4] as number, words[at | 8] as number)
  }

  /** Looks from its home on for a slot of this key; the number of its entry, or -1. */
  protected findFrom(words: Int32Array, home: number, caddr: number, ports: number, other: number, wanted: number): number {
    const last = words[home | 12] as number
    // An empty slot may match by what is left in it; it has number 0, which says that nothing is found.
    if (words[home] === caddr && words[home | 4] === ports && words[home | 8] === other
      && ((last ^ wanted) & wanted << 4) === 0) return (last & ID_MASK) - 1
    if (last === 0) return -1
    return this.findBehind(words, home, caddr, ports, other, wanted)
  }

  /** The same behind its home: what one lookup in six does, apart from what all of them do. */
  protected findBehind(words: Int32Array, home: number, caddr: number, ports: number, other: number, wanted: number): number {
    let first = home
    for (let at = home; ;) {
      at = nextInLine(at)
      if (at === first) first = at = nextLine(words, at)
      const last = words[at | 12] as number
      if (last === 0) return -1
      if (words[at] === caddr && words[at | 4] === ports && words[at | 8] === other
        && ((last ^ wanted) & wanted << 4) === 0) return (last & ID_MASK) - 1
    }
  }

  /** The same when a change of a key like this one waits, or slots are moved. */
  #findLater(hash: number, caddr: number, ports: number, other: number, wanted: number): number {
    this.#settle()
    const slots = this.slotsOf(hash)
    return this.findFrom(slots.words, atOf(homeIn(slots, hash)), caddr, ports, other, wanted)
  }

  /** The program for batches in these slots; undefined when there is none, and they are found here. */
  #batchOf(slots: Slots): Ipv4Batch | undefined {
    if (this.#batchSlots !== slots) {
      this.#batchSlots = slots
      this.#batch = Ipv4Batch.make(slots)
    }
    return this.#batch
  }

  /** Lets the insertion or removal of an entry wait. */
  #changeEntry(id: number, isRemoval: 0 | 1): void {
    const piece = this.#records.pieceOf(id)
    const at = this.#records.wordOf(id)
    const caddr = piece[at] as number
    const ports = piece[at | 1] as number
    const code = (piece[at | 3] as number) & 15
    this.#change(caddr, ports, piece[at | 2] as number, code << 28 | id + 1, isRemoval)
    if (!isNatCode(code)) return
    const replyPorts = ports & ~0xffff | (piece[at | 5] as number)
    this.#change(caddr, replyPorts, piece[at | 4] as number, replyCodeOf(code) << 28 | id + 1, isRemoval)
  }

  #change(caddr: number, ports: number, other: number, last: number, isRemoval: 0 | 1): void {
    const { slots } = this
    const changes = this.#changes
    const count = this.#changeCount
    const hash = hashOf(this.seed, caddr, ports, other)
    const at = count << CHANGE_BITS
    changes[at] = caddr
    changes[at | 1] = ports
    changes[at | 2] = other
    changes[at | 3] = last
    changes[at | 4] = hash
    changes[at | 5] = isRemoval
    this.#homes[count] = atOf(homeIn(slots, hash))
    this.#marks[hash >>> MARK_WORD_SHIFT] = (this.#marks[hash >>> MARK_WORD_SHIFT] as number) | 1 << (hash >>> MARK_BIT_SHIFT)
    this.#changeCount = count + 1
    if (count + 1 === BATCH) this.#settle()
  }

  /** False when no change of a key of this hash is waiting. */
  #isMarked(hash: number): boolean {
    return ((this.#marks[hash >>> MARK_WORD_SHIFT] as number) & 1 << (hash >>> MARK_BIT_SHIFT)) !== 0
  }

  /**
   * Does what waits, in its order, after a read of all the places. During growth some of these are not the right ones, which
   * costs time alone.
   */
  #settle(): void {
    const count = this.#changeCount
    if (count === 0) return
    this.#changeCount = 0
    const { words } = this.slots
    const homes = this.#homes
    if (count === BATCH) this.#touched ^= touch(words, homes)
    else for (let i = 0; i < count; i++) this.#touched ^= words[homes[i] as number] as number
    const changes = this.#changes
    const end = count << CHANGE_BITS
    for (let at = 0; at < end; at += 1 << CHANGE_BITS) {
      const hash = changes[at | 4] as number
      this.#marks[hash >>> MARK_WORD_SHIFT] = 0
      const last = changes[at | 3] as number
      if (changes[at | 5] === 1) this.#remove(hash, last)
      else this.#insert(hash, changes[at] as number, changes[at | 1] as number, changes[at | 2] as number, last)
    }
  }

  #insert(hash: number, caddr: number, ports: number, other: number, code: number): void {
    this.beforeInsert()
    const slots = this.slotsOf(hash)
    const { words } = slots
    let at = atOf(homeIn(slots, hash))
    let first = at
    let last = code
    for (let there = words[at | 12] as number; there !== 0; there = words[at | 12] as number) {
      // The slots of one key differ in the last word alone: the newest takes the first of them, and the others move on.
      if (words[at] === caddr && words[at | 4] === ports && words[at | 8] === other) {
        words[at | 12] = last
        last = there
      }
      at = nextInLine(at)
      if (at === first) first = at = nextLine(words, at)
    }
    words[at] = caddr
    words[at | 4] = ports
    words[at | 8] = other
    words[at | 12] = last
  }

  /** Frees the slot of the key with this hash whose last word is `last`; it must be there. */
  #remove(hash: number, last: number): void {
    this.beforeRemoval()
    const slots = this.slotsOf(hash)
    const { words } = slots
    let at = atOf(homeIn(slots, hash))
    let first = at
    for (let word = words[at | 12] as number; word !== last; word = words[at | 12] as number) {
      assert(word !== 0, 'the entry is in the index')
      at = nextInLine(at)
      if (at === first) first = at = nextLine(words, at)
    }
    words[at | 12] = 0
    // Mostly the next slot of its line is empty: no key was pushed on.
    if (words[nextInLine(at) | 12] !== 0) this.fillHole(slots, slotOf(at))
  }

  /**
   * Three passes: where each key belongs, then a touch of all these places, then the comparison. The second does nothing but
   * read, so that the processor waits for many lines of memory at once.
   */
  #findSome(keys: Int32Array, from: number, size: number, found: Int32Array): void {
    const homes = this.#homes
    const { slots, seed } = this
    for (let i = 0, at = from * KEY_WORDS; i < size; i++, at += KEY_WORDS) {
      homes[i] = atOf(homeIn(slots, hashOf(seed, keys[at] as number, keys[at | 1] as number, keys[at | 2] as number)))
    }
    if (size < BATCH) homes.fill(0, size)
    const { words } = slots
    this.#touched ^= touch(words, homes)
    for (let i = 0, at = from * KEY_WORDS; i < size; i++, at += KEY_WORDS) {
      found[from + i] = this.findFrom(
        words, homes[i] as number, keys[at] as number, keys[at | 1] as number, keys[at | 2] as number, keys[at | 3] as number,
      )
    }
  }

  /** The same while slots are moved: a home in the old ones is kept as its complement. */
  #findGrowing(old: Slots, keys: Int32Array, from: number, size: number, found: Int32Array): void {
    const homes = this.#homes
    const { slots, seed } = this
    for (let i = 0, at = from * KEY_WORDS; i < size; i++, at += KEY_WORDS) {
      const hash = hashOf(seed, keys[at] as number, keys[at | 1] as number, keys[at | 2] as number)
      homes[i] = this.isInOld(old, hash) ? ~atOf(homeIn(old, hash)) : atOf(homeIn(slots, hash))
    }
    let touched = 0
    for (let i = 0; i < size; i++) {
      const home = homes[i] as number
      touched ^= (home < 0 ? old.words[~home] : slots.words[home]) as number
    }
    this.#touched ^= touched
    for (let i = 0, at = from * KEY_WORDS; i < size; i++, at += KEY_WORDS) {
      const home = homes[i] as number
      found[from + i] = this.findFrom(
        home < 0 ? old.words : slots.words, home < 0 ? ~home : home,
        keys[at] as number, keys[at | 1] as number, keys[at | 2] as number, keys[at | 3] as number,
      )
    }
  }
}

/** Reads the words at all these places. Eight in a turn: the fewer other instructions, the more reads are under way at once. */
function touch(words: Int32Array, at: Int32Array): number {
  let touched = 0
  for (let i = 0; i < BATCH; i += 8) {
    touched ^= (words[at[i] as number] as number) ^ (words[at[i | 1] as number] as number)
      ^ (words[at[i | 2] as number] as number) ^ (words[at[i | 3] as number] as number)
      ^ (words[at[i | 4] as number] as number) ^ (words[at[i | 5] as number] as number)
      ^ (words[at[i | 6] as number] as number) ^ (words[at[i | 7] as number] as number)
  }
  return touched
}
