/**
 * An array of slots of a few words, and the order in which the slots are looked through for a key: first the line of memory that
 * its home is in, around from the home on; then the lines that follow, each from its first slot on. So nearly all keys are found
 * in one line.
 * @module
 */
import { assert } from '../base/assert.ts'

/** A number of slots in one array. A slot whose last word is 0 is empty. */
export interface Slots {
  readonly words: Int32Array
  readonly slotCount: number
  /** An unsigned hash times this, rounded down, is the home of a key. */
  readonly slotsPerHash: number
  /** Where the words lie, behind one page of another use, when they are many. */
  readonly memory: SlotMemory | undefined
}

/** A memory of WebAssembly. */
export interface SlotMemory {
  readonly buffer: ArrayBuffer
}

const HASHES = 4_294_967_296
/** So many slots at most: of four words each, a word's number has 30 bits. */
export const SLOTS_MAX = 0x1000_0000
/** A home is below `SLOTS_MAX`: saying so spares the compiler checks. */
const SLOT_MASK = 0x0fff_ffff
/** From so many bytes on it pays that lines of slots are lines of memory: fewer are in the caches anyway. */
const MEMORY_BYTES_MIN = 16_777_216
const PAGE_BYTES = 65_536

// Of the standard, but not in the library of ECMAScript.
declare const WebAssembly: { readonly Memory: new (size: { readonly initial: number }) => SlotMemory }

/** Empty slots. */
export function makeSlots(slotCount: number, slotWords: number): Slots {
  assert(slotCount <= SLOTS_MAX, `an index has at most ${SLOTS_MAX} slots`)
  const count = slotCount * slotWords
  const memory = makeMemory(count * Int32Array.BYTES_PER_ELEMENT)
  const words = memory === undefined ? new Int32Array(count) : new Int32Array(memory.buffer, PAGE_BYTES, count)
  return { words, slotCount, slotsPerHash: slotCount / HASHES, memory }
}

/**
 * A memory for so many bytes and a page before them. It begins with a line of memory, which an array does not promise. Undefined
 * when they are too few for that, there is no WebAssembly, or no address space left for one.
 */
function makeMemory(bytes: number): SlotMemory | undefined {
  if (bytes < MEMORY_BYTES_MIN) return undefined
  try {
    return new WebAssembly.Memory({ initial: 1 + Math.ceil(bytes / PAGE_BYTES) })
  } catch {
    return undefined
  }
}

/** The slot where a key of this hash belongs. A larger hash belongs to the same slot or a later one, in any number of slots. */
export function homeOf(slots: Slots, hash: number): number {
  return (hash >>> 0) * slots.slotsPerHash & SLOT_MASK
}

/** How many slots of a key are looked through before this one, when each line has `lineMask + 1`, a power of two. */
export function distance(home: number, slot: number, slotCount: number, lineMask: number): number {
  const lines = (slot & ~lineMask) - (home & ~lineMask)
  if (lines === 0) return slot - home & lineMask
  return (lines > 0 ? lines : lines + slotCount) + (slot & lineMask)
}
