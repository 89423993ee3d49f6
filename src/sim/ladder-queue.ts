/**
 * A ladder queue (Tang, Goh and Thng, ACM TOMACS 15(3), 2005): a priority queue in which adding and taking cost the same
 * few steps however many wait and however unevenly their times are spread.
 *
 * What is far off lies unsorted at the top. When it is due, it is spread over the buckets of a rung by time; a bucket of
 * too many is spread over a finer rung below; a bucket of few is sorted into the bottom, which items are taken from.
 * So an item is sorted among a few dozen neighbours only, and not long before it is taken.
 *
 * Items are slots: small integers that the queue gives out and takes back, so nothing is allocated per item. Times are
 * whole numbers; with fractions the order stays right, but a bucket is never made narrower than 1.
 * @module
 */
import { assert } from '../base/assert.ts'

const INITIAL_SLOTS = 1024
const SLOTS_MAX = 1 << 26
/** More than so many are not sorted one by one but spread over a rung. */
const BOTTOM_MAX = 50
/** The slot that is none: it ends a list. */
const NONE = 0

/** Buckets of equal width, each a list of slots, the one added last first. */
class Rung {
  start = 0
  bucketsPerTime = 0
  bucketCount = 0
  /** Buckets before this one have been emptied for good. */
  current = 0
  /** Of one bucket: it holds a single time, so spreading it would not help. */
  isFinest = false
  heads = new Int32Array(BOTTOM_MAX * 2)
}

/** Slots in order of time, and those of one time in the order in which they were added. */
export class LadderQueue {
  /** Per slot: its time, and the next slot of the list that it is in. */
  #times = new Float64Array(INITIAL_SLOTS)
  #next = new Int32Array(INITIAL_SLOTS)
  /** Slots that were taken, as a list; and how many slots there ever were, NONE included. */
  #free = NONE
  #slotCount = 1
  /** What is later than `topStart`, in the order of adding, with the earliest and the latest time of it. */
  #top = new Int32Array(INITIAL_SLOTS)
  #topCount = 0
  #topStart = -Infinity
  #topMin = Infinity
  #topMax = -Infinity
  /** Rungs 0..depth-1 are in use, each within one bucket of the one before. None is exhausted. */
  readonly #rungs: Rung[] = []
  #depth = 0
  /** Sorted, from `first` to before `end`. Everything in it comes before everything on the rungs. */
  #bottom = new Int32Array(INITIAL_SLOTS)
  #first = 0
  #end = 0

  /** Items that wait. Counted when asked for, slot by slot. */
  get size(): number {
    let free = 0
    for (let slot = this.#free; slot !== NONE; slot = this.#next[slot] as number) free++
    return this.#slotCount - 1 - free
  }

  /** Time of the next item; Infinity when there is none. */
  get nextTime(): number {
    if (this.#first === this.#end && !this.#refill()) return Infinity
    return this.#times[this.#bottom[this.#first] as number] as number
  }

  /** Adds an item at `time`. Its slot is its own until it is taken. */
  add(time: number): number {
    let slot = this.#free
    if (slot !== NONE) this.#free = this.#next[slot] as number
    else slot = this.#newSlot()
    this.#times[slot] = time
    if (time > this.#topStart) this.#addToTop(time, slot)
    else this.#addBelow(time, slot)
    return slot
  }

  /** Takes the next item, which there must be. */
  take(): number {
    if (this.#first === this.#end && !this.#refill()) return NONE
    const slot = this.#bottom[this.#first++] as number
    this.#next[slot] = this.#free
    this.#free = slot
    return slot
  }

  #newSlot(): number {
    const slot = this.#slotCount++
    if (slot === this.#times.length) {
      assert(slot < SLOTS_MAX, `the event queue holds at most ${SLOTS_MAX - 1} events`)
      const times = new Float64Array(slot * 2)
      times.set(this.#times)
      this.#times = times
      this.#next = doubled(this.#next)
    }
    return slot
  }

  #addToTop(time: number, slot: number): void {
    if (this.#topCount === this.#top.length) this.#top = doubled(this.#top)
    this.#top[this.#topCount++] = slot
    if (time < this.#topMin) this.#topMin = time
    if (time > this.#topMax) this.#topMax = time
  }

  #addBelow(time: number, slot: number): void {
    for (let i = 0; i < this.#depth; i++) {
      const rung = this.#rungs[i] as Rung
      // The place rises with the time, rounded or not, and equal times have one place: the order is never at risk.
      const place = (time - rung.start) * rung.bucketsPerTime
      if (place >= rung.current) {
        const bucket = place < rung.bucketCount ? place | 0 : rung.bucketCount - 1
        this.#next[slot] = rung.heads[bucket] as number
        rung.heads[bucket] = slot
        return
      }
    }
    const end = this.#end
    if (end < this.#bottom.length && (end === this.#first || (this.#times[this.#bottom[end - 1] as number] as number) <= time)) {
      this.#bottom[end] = slot
      this.#end = end + 1
    } else if (this.#first > 0 && time < (this.#times[this.#bottom[this.#first] as number] as number)) {
      this.#bottom[--this.#first] = slot
    } else {
      this.#insert(time, slot)
    }
  }

  /** Puts an item behind those of its time or earlier, by moving the earlier or the later ones: whichever are fewer. */
  #insert(time: number, slot: number): void {
    if (this.#end === this.#bottom.length) this.#makeRoom()
    const bottom = this.#bottom, times = this.#times, first = this.#first, end = this.#end
    if (first > 0 && time < (times[bottom[(first + end) >> 1] as number] as number)) {
      let hole = --this.#first
      while ((times[bottom[hole + 1] as number] as number) <= time) {
        bottom[hole] = bottom[hole + 1] as number
        hole++
      }
      bottom[hole] = slot
    } else {
      let hole = this.#end++
      while (hole > first && (times[bottom[hole - 1] as number] as number) > time) {
        bottom[hole] = bottom[hole - 1] as number
        hole--
      }
      bottom[hole] = slot
    }
    if (end - first >= BOTTOM_MAX) this.#relieveBottom()
  }

  /** Spreads a bottom that has grown too long over a rung of its own. */
  #relieveBottom(): void {
    const earliest = this.#times[this.#bottom[this.#first] as number] as number
    const latest = this.#times[this.#bottom[this.#end - 1] as number] as number
    if (earliest === latest) return
    this.#spread(this.#bottom, this.#first, this.#end, earliest, latest)
    this.#first = this.#end = 0
  }

  #makeRoom(): void {
    if (this.#first > 0) {
      this.#bottom.copyWithin(0, this.#first, this.#end)
      this.#end -= this.#first
      this.#first = 0
    } else {
      this.#bottom = doubled(this.#bottom)
    }
  }

  /** Fills the empty bottom from the rungs, and these from the top. False when nothing is left. */
  #refill(): boolean {
    for (;;) {
      if (this.#depth === 0) {
        if (this.#topCount === 0) return false
        if (this.#takeTop()) return true
      }
      const rung = this.#rungs[this.#depth - 1] as Rung
      const list = this.#takeBucket(rung)
      if (list !== NONE && (this.#sortList(list) || this.#spreadList(list, rung.isFinest))) return true
    }
  }

  /** Empties the top: few are sorted into the bottom, many spread over the first rung. True when there were few. */
  #takeTop(): boolean {
    const count = this.#topCount, earliest = this.#topMin, latest = this.#topMax
    this.#topStart = latest
    this.#topCount = 0
    this.#topMin = Infinity
    this.#topMax = -Infinity
    if (count <= BOTTOM_MAX) this.#sortIntoBottom(this.#top, count)
    else this.#spread(this.#top, 0, count, earliest, latest)
    return count <= BOTTOM_MAX
  }

  /** Takes the next list of a rung, and the rung off the ladder with its last bucket. NONE when there was none. */
  #takeBucket(rung: Rung): number {
    const heads = rung.heads, bucketCount = rung.bucketCount
    let bucket = rung.current
    while (bucket < bucketCount && heads[bucket] === NONE) bucket++
    rung.current = bucket + 1
    if (bucket + 1 >= bucketCount) this.#depth--
    if (bucket === bucketCount) return NONE
    const list = heads[bucket] as number
    heads[bucket] = NONE
    return list
  }

  /** Sorts a list, the one added last first, into the empty bottom. False when it is too long. */
  #sortList(list: number): boolean {
    const bottom = this.#bottom, times = this.#times, next = this.#next
    let first = BOTTOM_MAX
    for (let slot = list; slot !== NONE; slot = next[slot] as number) {
      if (first === 0) return false
      const time = times[slot] as number
      let hole = first--
      while (hole < BOTTOM_MAX && (times[bottom[hole] as number] as number) < time) {
        bottom[hole - 1] = bottom[hole] as number
        hole++
      }
      bottom[hole - 1] = slot
    }
    this.#first = first
    this.#end = BOTTOM_MAX
    return true
  }

  /** Spreads a long list over a finer rung, or sorts it into the bottom when that would not help. True when it was sorted. */
  #spreadList(list: number, isFinest: boolean): boolean {
    const next = this.#next
    let count = 0
    for (let slot = list; slot !== NONE; slot = next[slot] as number) {
      if (count === this.#bottom.length) this.#bottom = doubled(this.#bottom)
      this.#bottom[count++] = slot
    }
    reverse(this.#bottom, count)
    if (isFinest) this.#sortIntoBottom(this.#bottom, count)
    else this.#spreadBottom(count)
    return isFinest
  }

  /** Spreads the first `count` of the bottom, unsorted, over a rung of their own. */
  #spreadBottom(count: number): void {
    const bottom = this.#bottom, times = this.#times
    let earliest = Infinity, latest = -Infinity
    for (let i = 0; i < count; i++) {
      const time = times[bottom[i] as number] as number
      if (time < earliest) earliest = time
      if (time > latest) latest = time
    }
    this.#spread(bottom, 0, count, earliest, latest)
  }

  /** Makes a rung below the others of `slots[from..to-1]`, which are in the order of adding. */
  #spread(slots: Int32Array, from: number, to: number, earliest: number, latest: number): void {
    if (this.#depth === this.#rungs.length) this.#rungs.push(new Rung())
    const rung = this.#rungs[this.#depth++] as Rung
    const count = to - from, range = latest - earliest
    rung.isFinest = range < count
    rung.bucketCount = rung.isFinest ? Math.floor(range) + 1 : count
    rung.bucketsPerTime = rung.isFinest ? 1 : count / range
    rung.start = earliest
    rung.current = 0
    if (rung.heads.length < rung.bucketCount) rung.heads = new Int32Array(rung.bucketCount * 2)
    const times = this.#times, next = this.#next
    const { heads, bucketCount, bucketsPerTime } = rung
    for (let i = from; i < to; i++) {
      const slot = slots[i] as number
      const place = ((times[slot] as number) - earliest) * bucketsPerTime
      const bucket = place < bucketCount ? place | 0 : bucketCount - 1
      next[slot] = heads[bucket] as number
      heads[bucket] = slot
    }
  }

  /** Sorts so many slots, which may be the bottom's own, into the bottom. Equal times keep their order. */
  #sortIntoBottom(slots: Int32Array, count: number): void {
    const bottom = this.#bottom, times = this.#times
    for (let i = 0; i < count; i++) {
      const slot = slots[i] as number, time = times[slot] as number
      let hole = i
      while (hole > 0 && (times[bottom[hole - 1] as number] as number) > time) {
        bottom[hole] = bottom[hole - 1] as number
        hole--
      }
      bottom[hole] = slot
    }
    this.#first = 0
    this.#end = count
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}

/** Turns the first `count` around. */
function reverse(array: Int32Array, count: number): void {
  for (let i = 0, j = count - 1; i < j; i++, j--) {
    const value = array[i] as number
    array[i] = array[j] as number
    array[j] = value
  }
}
