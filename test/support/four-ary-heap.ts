/**
 * A 4-ary heap over typed arrays, ordered by (time, order of adding): the reference that the ladder queue is tested
 * against, and a rival that it is measured against.
 * @module
 */

const INITIAL_CAPACITY = 1024

/** Items, which are 32-bit integers, in order of time, and those of one time in the order in which they were added. */
export class FourAryHeap {
  /** How many wait. Live. */
  size = 0
  #times = new Float64Array(INITIAL_CAPACITY)
  #seqs = new Float64Array(INITIAL_CAPACITY)
  #items = new Int32Array(INITIAL_CAPACITY)
  #added = 0

  /** Time of the next item; Infinity when there is none. */
  get nextTime(): number {
    return this.size === 0 ? Infinity : this.#times[0] as number
  }

  /** Adds an item at `time`. */
  add(time: number, item: number): void {
    if (this.size === this.#times.length) this.#grow()
    let hole = this.size++
    while (hole > 0) {
      const parent = (hole - 1) >> 2
      // A new item comes after all that are as early.
      if ((this.#times[parent] as number) <= time) break
      this.#move(parent, hole)
      hole = parent
    }
    this.#times[hole] = time
    this.#seqs[hole] = this.#added++
    this.#items[hole] = item
  }

  /** Takes the next item, which there must be. */
  take(): number {
    const taken = this.#items[0] as number
    const last = --this.size
    let hole = 0
    for (let first = 1; first < last; first = 4 * hole + 1) {
      let best = first
      for (let child = first + 1; child < last && child < first + 4; child++) if (this.#isBefore(child, best)) best = child
      if (this.#isBefore(last, best)) break
      this.#move(best, hole)
      hole = best
    }
    this.#move(last, hole)
    return taken
  }

  #isBefore(a: number, b: number): boolean {
    const times = this.#times, seqs = this.#seqs
    const aTime = times[a] as number, bTime = times[b] as number
    return aTime < bTime || (aTime === bTime && (seqs[a] as number) < (seqs[b] as number))
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number
    this.#seqs[to] = this.#seqs[from] as number
    this.#items[to] = this.#items[from] as number
  }

  #grow(): void {
    const [times, seqs, items] = [this.#times, this.#seqs, this.#items]
    this.#times = new Float64Array(times.length * 2)
    this.#seqs = new Float64Array(times.length * 2)
    this.#items = new Int32Array(times.length * 2)
    this.#times.set(times)
    this.#seqs.set(seqs)
    this.#items.set(items)
  }
}
