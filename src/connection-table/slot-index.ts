/**
 * An index of open addressing: slots of a few words that hold a whole key and the number of its entry, found by linear probing.
 *
 * - The entries of one key lie in one run of slots, the newest first, so that it is the one that is found.
 * - Removal moves later slots of the run up; there are no tombstones, so that churn leaves nothing behind.
 * - Growth moves a few slots with each insertion and removal. Slots are moved in the order of their places, whole runs at a
 *   time, so a key's place in the old slots tells in which of the two it is: a lookup reads one of them, never both.
 *
 * It never shrinks.
 * @module
 */
import { assert } from '../base/assert.ts'

/** Slots that are moved with each insertion and removal, at least. */
const MOVED_PER_STEP = 16
const SLOTS_MIN = 64
const HASHES = 4_294_967_296

/** A number of slots in one array. A slot whose last word is 0 is empty. */
export interface Slots {
  readonly words: Int32Array
  readonly slotCount: number
  /** An unsigned hash times this, rounded down, is the slot where a key belongs. */
  readonly slotsPerHash: number
}

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
  protected slots: Slots
  /** The slots that are being left; undefined but during growth. */
  protected oldSlots: Slots | undefined
  protected readonly seed: number
  readonly #loadMax: number
  #used = 0
  #usedMax: number
  /** A slot of the old ones that was empty when growth began; places are counted from here. */
  #start = 0
  /** Keys of the old slots that belong to places below this one have been moved. */
  #movedPlaces = 0

  protected constructor({ seed, capacity, loadMax }: SlotOptions, slotWords: number) {
    assert(loadMax >= 0.125 && loadMax <= 0.75, 'the greatest load is 1/8 to 3/4')
    this.slotWords = slotWords
    this.seed = seed | 0
    this.#loadMax = loadMax
    this.slots = makeSlots(Math.max(SLOTS_MIN, Math.ceil(capacity / loadMax)), slotWords)
    this.#usedMax = Math.floor(this.slots.slotCount * loadMax)
  }

  /** True while slots are being moved to a larger array. */
  get isGrowing(): boolean {
    return this.oldSlots !== undefined
  }

  /** Bytes that the slots take, both arrays during growth. */
  get bytes(): number {
    return this.slots.words.byteLength + (this.oldSlots?.words.byteLength ?? 0)
  }

  /** The hash of the key of the slot that begins at `words[at]`. */
  protected abstract hashAt(words: Int32Array, at: number): number

  /** Where a key of this hash is, if it is anywhere. */
  protected slotsOf(hash: number): Slots {
    const old = this.oldSlots
    return old !== undefined && this.isInOld(old, hash) ? old : this.slots
  }

  /** True when a key of this hash is still in the old slots, if it is anywhere. */
  protected isInOld(old: Slots, hash: number): boolean {
    return distance(this.#start, homeOf(old, hash), old.slotCount) >= this.#movedPlaces
  }

  /** Makes room for one more. Before every insertion. */
  protected beforeInsert(): void {
    if (this.oldSlots !== undefined) this.#moveSome(this.oldSlots)
    if (++this.#used > this.#usedMax) this.#grow()
  }

  /** Frees the slot of the key with this hash whose last word is `last`; it must be there. */
  protected removeSlot(hash: number, last: number): void {
    if (this.oldSlots !== undefined) this.#moveSome(this.oldSlots)
    this.#used--
    const { slotWords } = this
    const slots = this.slotsOf(hash)
    const { words, slotCount } = slots
    let hole = homeOf(slots, hash)
    for (let word = words[(hole + 1) * slotWords - 1]; word !== last; word = words[(hole + 1) * slotWords - 1]) {
      assert(word !== 0, 'the entry is in the index')
      if (++hole === slotCount) hole = 0
    }
    for (let slot = hole; ;) {
      if (++slot === slotCount) slot = 0
      const at = slot * slotWords
      if (words[at + slotWords - 1] === 0) break
      // A key may move up to the hole unless it belongs behind it.
      const home = homeOf(slots, this.hashAt(words, at))
      if (distance(home, slot, slotCount) < distance(hole, slot, slotCount)) continue
      for (let i = 0; i < slotWords; i++) words[hole * slotWords + i] = words[at + i] as number
      hole = slot
    }
    words[(hole + 1) * slotWords - 1] = 0
  }

  #grow(): void {
    assert(this.oldSlots === undefined, 'growth ends before the next one begins')
    const old = this.slots
    this.oldSlots = old
    this.slots = makeSlots(old.slotCount * 2, this.slotWords)
    this.#usedMax = Math.floor(this.slots.slotCount * this.#loadMax)
    let start = 0
    while (old.words[(start + 1) * this.slotWords - 1] !== 0) start++
    this.#start = start
    // Nothing belongs to the empty slot itself.
    this.#movedPlaces = 1
    this.#moveSome(old)
  }

  /**
   * Moves some slots, up to the end of a run. Keys that were inserted meanwhile may have run over the end of the old slots into
   * places that were emptied; they are fewer than those, and are moved last.
   */
  #moveSome(old: Slots): void {
    const { slotWords } = this
    const { words, slotCount } = old
    const enough = this.#movedPlaces + MOVED_PER_STEP
    for (let place = this.#movedPlaces; ; place++) {
      let slot = this.#start + place
      while (slot >= slotCount) slot -= slotCount
      const last = (slot + 1) * slotWords - 1
      if (words[last] !== 0) {
        this.#move(words, slot * slotWords)
        words[last] = 0
      } else if (place >= slotCount) {
        this.oldSlots = undefined
        return
      } else if (place >= enough) {
        this.#movedPlaces = place + 1
        return
      }
    }
  }

  /** Copies a slot of the old ones behind the slots that belong to the same place: the keys of a run come in their order. */
  #move(from: Int32Array, at: number): void {
    const { slots, slotWords } = this
    const { words, slotCount } = slots
    let slot = homeOf(slots, this.hashAt(from, at))
    while (words[(slot + 1) * slotWords - 1] !== 0) if (++slot === slotCount) slot = 0
    for (let i = 0; i < slotWords; i++) words[slot * slotWords + i] = from[at + i] as number
  }
}

/** The slot where a key of this hash belongs. A larger hash belongs to the same slot or a later one, in any number of slots. */
export function homeOf(slots: Slots, hash: number): number {
  return (hash >>> 0) * slots.slotsPerHash | 0
}

function makeSlots(slotCount: number, slotWords: number): Slots {
  return { words: new Int32Array(slotCount * slotWords), slotCount, slotsPerHash: slotCount / HASHES }
}

/** How far it is from one slot on to another, around the end. */
function distance(from: number, to: number, slotCount: number): number {
  return to >= from ? to - from : to - from + slotCount
}
