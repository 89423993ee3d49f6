/**
 * An index of open addressing: slots of a few words that hold a whole key and the number of its entry.
 *
 * - A line of slots has the first words of all its slots, then their second words, and so on.
 * - A key is in the first slot that was empty on its way (see `slots.ts`), so an empty slot ends a search.
 * - Of the entries of one key the newest comes first, so that it is the one that is found.
 * - Removal moves later keys up; there are no tombstones, so that churn leaves nothing behind.
 * - Growth moves a few lines with each insertion and removal, in the order of their places, up to a line that is not full.
 *   So the place of a key's home tells in which of the two arrays it is: a lookup reads one of them, never both.
 *
 * It never shrinks.
 * @module
 */
import { assert } from '../base/assert.ts'
import { type Slots, distance, homeOf, makeSlots } from './slots.ts'

/** Slots that are moved with each insertion and removal, at least. */
const MOVED_PER_STEP = 16
const SLOTS_MIN = 64

/** How an index is filled. */
export interface SlotOptions {
  /** The seed of the hash. */
  readonly seed: number
  /** Places that are there from the beginning. */
  readonly capacity: number
  /** Greatest share of slots in use, 1/8 to 3/4. */
  readonly loadMax: number
}

/** What every such index does, whatever its keys. */
export abstract class SlotIndex {
  /** Words of a slot; the last one holds code and number. */
  protected readonly slotWords: number
  /** Slots of a line, a power of two, less one. */
  protected readonly lineMask: number
  /** From the first word of a slot to its last one. */
  readonly #toLast: number
  protected slots: Slots
  /** The slots that are being left; undefined but during growth. */
  protected oldSlots: Slots | undefined
  protected readonly seed: number
  readonly #loadMax: number
  #used = 0
  #usedMax: number
  /** The slot behind a line of the old ones that was not full when growth began; places are counted from here. */
  #start = 0
  /** Keys of the old slots whose home has a place below this one have been moved. Always a whole number of lines. */
  #movedPlaces = 0

  protected constructor({ seed, capacity, loadMax }: SlotOptions, slotWords: number, lineSlots: number) {
    assert(loadMax >= 0.125 && loadMax <= 0.75, 'the greatest load is 1/8 to 3/4')
    this.slotWords = slotWords
    this.lineMask = lineSlots - 1
    this.#toLast = (slotWords - 1) * lineSlots
    this.seed = seed | 0
    this.#loadMax = loadMax
    const slotCount = Math.max(SLOTS_MIN, Math.ceil(capacity / loadMax / lineSlots) * lineSlots)
    this.slots = makeSlots(slotCount, slotWords)
    this.#usedMax = Math.floor(slotCount * loadMax)
  }

  /** True while slots are being moved to a larger array. */
  get isGrowing(): boolean {
    return this.oldSlots !== undefined
  }

  /** Bytes that the slots take, both arrays during growth. */
  get bytes(): number {
    return this.slots.words.byteLength + (this.oldSlots?.words.byteLength ?? 0)
  }

  /** The hash of the key of the slot whose first word is `words[at]`. */
  protected abstract hashAt(words: Int32Array, at: number): number

  /** Where a key of this hash is, if it is anywhere. */
  protected slotsOf(hash: number): Slots {
    const old = this.oldSlots
    return old !== undefined && this.isInOld(old, hash) ? old : this.slots
  }

  /** True when a key of this hash is still in the old slots, if it is anywhere. */
  protected isInOld(old: Slots, hash: number): boolean {
    const place = homeOf(old, hash) - this.#start
    return (place < 0 ? place + old.slotCount : place) >= this.#movedPlaces
  }

  /** Makes room for one more. Before every insertion. */
  protected beforeInsert(): void {
    if (this.oldSlots !== undefined) this.#moveSome(this.oldSlots)
    if (++this.#used > this.#usedMax) this.#grow()
  }

  /** Counts one less. Before every removal. */
  protected beforeRemoval(): void {
    if (this.oldSlots !== undefined) this.#moveSome(this.oldSlots)
    this.#used--
  }

  /** Frees the slot of the key with this hash whose last word is `last`; it must be there. */
  protected removeSlot(hash: number, last: number): void {
    this.beforeRemoval()
    const slots = this.slotsOf(hash)
    const { words } = slots
    let slot = homeOf(slots, hash)
    let first = slot
    for (let word = words[this.#lastOf(slot)]; word !== last; word = words[this.#lastOf(slot)]) {
      assert(word !== 0, 'the entry is in the index')
      slot = this.#nextInLine(slot)
      if (slot === first) first = slot = this.#nextLine(slots, slot)
    }
    words[this.#lastOf(slot)] = 0
    this.fillHole(slots, slot)
  }

  /** Moves a key that was pushed on by the one that is gone up to its slot, and so on, until no key is left that was. */
  protected fillHole(slots: Slots, emptied: number): void {
    const { lineMask } = this
    const { words, slotCount } = slots
    let hole = emptied
    let first = hole
    for (let slot = hole; ;) {
      slot = this.#nextInLine(slot)
      if (slot === first) first = slot = this.#nextLine(slots, slot)
      if (words[this.#lastOf(slot)] === 0) return
      const home = homeOf(slots, this.hashAt(words, this.#firstOf(slot)))
      if (distance(home, hole, slotCount, lineMask) >= distance(home, slot, slotCount, lineMask)) continue
      this.#copySlot(words, slot, words, hole)
      words[this.#lastOf(slot)] = 0
      first = hole = slot
    }
  }

  /** Where the first word of a slot is. */
  #firstOf(slot: number): number {
    return (slot & ~this.lineMask) * this.slotWords + (slot & this.lineMask)
  }

  /** Where the last word of a slot is. */
  #lastOf(slot: number): number {
    return this.#firstOf(slot) + this.#toLast
  }

  /** The slot behind this one, around in its line. */
  #nextInLine(slot: number): number {
    return slot & ~this.lineMask | slot + 1 & this.lineMask
  }

  /** The first slot of the line behind this slot's. */
  #nextLine({ slotCount }: Slots, slot: number): number {
    const next = (slot | this.lineMask) + 1
    return next === slotCount ? 0 : next
  }

  #grow(): void {
    assert(this.oldSlots === undefined, 'growth ends before the next one begins')
    const old = this.slots
    this.oldSlots = old
    this.slots = makeSlots(old.slotCount * 2, this.slotWords)
    this.#usedMax = Math.floor(this.slots.slotCount * this.#loadMax)
    let line = 0
    while (this.#isFull(old, line)) line = this.#nextLine(old, line)
    this.#start = this.#nextLine(old, line)
    this.#movedPlaces = 0
    this.#moveSome(old)
  }

  /**
   * Moves some lines, up to one that is not full: no key is pushed beyond it. Keys that were inserted meanwhile may have been
   * pushed over the end of the old slots into lines that were emptied; they are fewer than those, and are moved last.
   */
  #moveSome(old: Slots): void {
    const enough = this.#movedPlaces + MOVED_PER_STEP
    const lineSlots = this.lineMask + 1
    for (let place = this.#movedPlaces; ;) {
      let line = this.#start + place
      while (line >= old.slotCount) line -= old.slotCount
      const isFull = this.#isFull(old, line)
      this.#moveLine(old, line)
      place += lineSlots
      if (isFull) continue
      if (place >= old.slotCount) {
        this.oldSlots = undefined
        return
      }
      if (place >= enough) {
        this.#movedPlaces = place
        return
      }
    }
  }

  #isFull({ words }: Slots, line: number): boolean {
    for (let slot = line; slot <= line + this.lineMask; slot++) if (words[this.#lastOf(slot)] === 0) return false
    return true
  }

  /** Moves the keys of a line of the old slots, those first that come first on their way, and so the newest of one key. */
  #moveLine(old: Slots, line: number): void {
    const { lineMask } = this
    const { words } = old
    for (let rank = 0; rank <= lineMask; rank++) {
      for (let slot = line; slot <= line + lineMask; slot++) {
        if (words[this.#lastOf(slot)] === 0) continue
        const hash = this.hashAt(words, this.#firstOf(slot))
        if ((distance(homeOf(old, hash), slot, old.slotCount, lineMask) & lineMask) !== rank) continue
        this.#append(words, slot, hash)
        words[this.#lastOf(slot)] = 0
      }
    }
  }

  /** Copies a slot of the old ones behind the keys that are on its way. */
  #append(from: Int32Array, fromSlot: number, hash: number): void {
    const { slots } = this
    const { words } = slots
    let slot = homeOf(slots, hash)
    let first = slot
    while (words[this.#lastOf(slot)] !== 0) {
      slot = this.#nextInLine(slot)
      if (slot === first) first = slot = this.#nextLine(slots, slot)
    }
    this.#copySlot(from, fromSlot, words, slot)
  }

  #copySlot(from: Int32Array, fromSlot: number, to: Int32Array, toSlot: number): void {
    const lineSlots = this.lineMask + 1
    const fromAt = this.#firstOf(fromSlot)
    const toAt = this.#firstOf(toSlot)
    for (let i = 0; i <= this.#toLast; i += lineSlots) to[toAt + i] = from[fromAt + i] as number
  }
}
