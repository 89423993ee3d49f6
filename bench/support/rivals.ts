/**
 * Queues that the event queue is measured against: what one would write first, and what a package would give.
 * They hold whole events as objects and keep the same order (time, sequence).
 * @module
 */

interface Entry {
  readonly timeNs: number
  readonly seq: number
  readonly data: number
}

/** What all queues of the bench can do. `pop` returns the data and leaves the time in `timeNs`. */
export interface BenchQueue {
  timeNs: number
  push(timeNs: number, data: number): void
  pop(): number
}

/** A binary heap of objects with a comparator, as the packages on npm are made (tinyqueue, heap-js). */
export class ComparatorHeap implements BenchQueue {
  timeNs = 0
  readonly #heap: Entry[] = []
  #seq = 0

  push(timeNs: number, data: number): void {
    const heap = this.#heap, entry = { timeNs, seq: this.#seq++, data }
    let hole = heap.push(entry) - 1
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (compare(entry, heap[parent] as Entry) >= 0) break
      heap[hole] = heap[parent] as Entry
      hole = parent
    }
    heap[hole] = entry
  }

  pop(): number {
    const heap = this.#heap, top = heap[0] as Entry, last = heap.pop() as Entry
    if (heap.length > 0) this.#sink(last)
    this.timeNs = top.timeNs
    return top.data
  }

  #sink(entry: Entry): void {
    const heap = this.#heap
    let hole = 0
    for (let child = 1; child < heap.length; child = 2 * hole + 1) {
      if (child + 1 < heap.length && compare(heap[child + 1] as Entry, heap[child] as Entry) < 0) child++
      if (compare(entry, heap[child] as Entry) <= 0) break
      heap[hole] = heap[child] as Entry
      hole = child
    }
    heap[hole] = entry
  }
}

/** One array, kept sorted by insertion, the earliest last. Quick while few events wait. */
export class SortedArray implements BenchQueue {
  timeNs = 0
  readonly #entries: Entry[] = []
  #seq = 0

  push(timeNs: number, data: number): void {
    const entries = this.#entries
    // The newest of equal times goes to the front of them: it is taken last.
    let low = 0, high = entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((entries[middle] as Entry).timeNs > timeNs) low = middle + 1
      else high = middle
    }
    entries.splice(low, 0, { timeNs, seq: this.#seq++, data })
  }

  pop(): number {
    const entry = this.#entries.pop() as Entry
    this.timeNs = entry.timeNs
    return entry.data
  }
}

function compare(a: Entry, b: Entry): number {
  return a.timeNs - b.timeNs || a.seq - b.seq
}
