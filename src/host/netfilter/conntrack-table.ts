/**
 * The table of conntrack entries, found by the tuple of either direction. An entry whose time is over is gone for everybody
 * who looks; the memory is swept now and then, so that no event is ever queued for it.
 * @module
 */
import { NS_PER_SECOND } from '../../base/units.ts'
import type { ConntrackEntry, Direction } from './conntrack-entry.ts'
import { sameTuple, tupleKey, type Tuple } from './tuple.ts'

const SWEEP_EVERY_NS = 60 * NS_PER_SECOND

/** An entry and the direction that a tuple has in it. */
export interface Found {
  readonly entry: ConntrackEntry
  readonly direction: Direction
}

/** The entries of one host. */
export class ConntrackTable {
  readonly #byTuple = new Map<number, Found[]>()
  readonly #entries = new Set<ConntrackEntry>()
  #nextSweepNs = SWEEP_EVERY_NS

  /** Entries in the table, those that are over but not yet swept included. */
  get size(): number {
    return this.#entries.size
  }

  /** The live entry that has this tuple in one of its directions. */
  find(tuple: Tuple, nowNs: number): Found | undefined {
    const bucket = this.#byTuple.get(tupleKey(tuple))
    if (bucket === undefined) return undefined
    const found = bucket.find(({ entry, direction }) => sameTuple(entry.tuple(direction), tuple))
    if (found === undefined || found.entry.deadlineNs > nowNs) return found
    this.remove(found.entry)
    return undefined
  }

  /** Puts an entry in, under both its tuples. False, and nothing done, when another entry has one of them. */
  insert(entry: ConntrackEntry, nowNs: number): boolean {
    if (nowNs >= this.#nextSweepNs) this.#sweep(nowNs)
    if (this.find(entry.original, nowNs) !== undefined || this.find(entry.reply, nowNs) !== undefined) return false
    this.#entries.add(entry)
    this.#bucket(entry.original).push({ entry, direction: 'original' })
    this.#bucket(entry.reply).push({ entry, direction: 'reply' })
    entry.isConfirmed = true
    return true
  }

  /** Takes an entry out. */
  remove(entry: ConntrackEntry): void {
    entry.isDead = true
    if (!this.#entries.delete(entry)) return
    for (const tuple of [entry.original, entry.reply]) {
      const key = tupleKey(tuple)
      const rest = (this.#byTuple.get(key) ?? []).filter((found) => found.entry !== entry)
      if (rest.length === 0) this.#byTuple.delete(key)
      else this.#byTuple.set(key, rest)
    }
  }

  /** The live entries, the oldest first. */
  entries(nowNs: number): ConntrackEntry[] {
    return [...this.#entries].filter((entry) => entry.deadlineNs > nowNs)
  }

  #bucket(tuple: Tuple): Found[] {
    const key = tupleKey(tuple)
    let bucket = this.#byTuple.get(key)
    if (bucket === undefined) {
      bucket = []
      this.#byTuple.set(key, bucket)
    }
    return bucket
  }

  #sweep(nowNs: number): void {
    this.#nextSweepNs = nowNs + SWEEP_EVERY_NS
    for (const entry of this.#entries) if (entry.deadlineNs <= nowNs) this.remove(entry)
  }
}
