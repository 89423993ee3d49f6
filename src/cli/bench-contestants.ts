/**
 * What `lvsim bench table` measures: the connection table in its layouts, one lookup at a time or by batch, and a `Map` whose
 * key is a text made for each packet.
 * @module
 */
import { BATCH_KEY_WORDS, ConnectionTable, type Entry, type EntryKind } from '../connection-table/connection-table.ts'
import { FIND_REPLY, type Operations, REPLACE, SERVER_PORT, type Workload, serverOf } from '../connection-table/workload.ts'

/** All of them, by the names that are printed. */
export const CONTESTANTS = ['slots', 'slots-batch', 'classic', 'resizable', 'map'] as const

/** One of the contestants. */
export type ContestantName = (typeof CONTESTANTS)[number]

/** A table under measurement. It is filled when it is made, with connections 0..connections-1. */
export interface Contestant {
  /** Bytes of index and records by its own account; undefined when it cannot know. */
  readonly bytes: { readonly index: number, readonly records: number } | undefined
  readonly isGrowing: boolean
  /** Adds connection `index`. */
  insert(index: number): void
  /** Does operations `from` up to `to`; how many lookups found something. */
  run(operations: Operations, from: number, to: number): number
  /** Connections replaced so far. */
  readonly replaced: number
  /** Places looked at by the lookups of a list, on average; undefined when it cannot know. */
  probes(operations: Operations): number | undefined
}

/** How a contestant is made. */
export interface ContestantOptions {
  readonly seed: number
  readonly capacity: number
  readonly loadMax: number
  readonly tabBits: number
}

/** An empty table of this name. */
export function makeContestant(
  name: ContestantName, workload: Workload, connections: number, options: ContestantOptions,
): Contestant {
  if (name === 'map') return new MapContestant(workload, connections)
  const layout = name === 'slots-batch' ? 'slots' : name
  const table = new ConnectionTable({ ...options, layout })
  return new TableContestant(table, workload, connections, name === 'slots-batch')
}

class TableContestant implements Contestant {
  replaced = 0
  readonly #table: ConnectionTable
  readonly #workload: Workload
  readonly #isBatch: boolean
  /** The next connection to go, and the next one to come. */
  #oldest = 0
  #newest: number
  /** Numbers of the connections in the table, by their own number. */
  readonly #ids: Int32Array
  readonly #found = new Int32Array(4096)
  // One for all insertions: it is filled in anew for each.
  readonly #entry = {
    kind: 'direct' as EntryKind, protocol: 0, caddr: 0, cport: 0, vaddr: 0, vport: 0, daddr: 0, dport: SERVER_PORT,
  }

  constructor(table: ConnectionTable, workload: Workload, connections: number, isBatch: boolean) {
    this.#table = table
    this.#workload = workload
    this.#newest = connections
    this.#isBatch = isBatch
    this.#entry.kind = workload.kind
    this.#ids = new Int32Array(workload.keyCount)
  }

  get bytes(): { readonly index: number, readonly records: number } {
    return this.#table.bytes
  }

  get isGrowing(): boolean {
    return this.#table.isGrowing
  }

  insert(index: number): void {
    this.#ids[index] = this.#table.insert(this.#workload.entryOf(index))
  }

  run(operations: Operations, from: number, to: number): number {
    const { keys } = operations
    if (this.#isBatch) return this.#runBatch(keys, from, to)
    if (operations.replacements > 0) return this.#runMixed(operations, from, to)
    const table = this.#table
    let hits = 0
    for (let i = from; i < to; i++) if (table.findAt(keys, i) >= 0) hits++
    return hits
  }

  probes({ kinds, keys }: Operations): number {
    let sum = 0, lookups = 0
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === REPLACE) continue
      lookups++
      sum += this.#table.probesAt(keys, i)
    }
    return lookups === 0 ? 0 : sum / lookups
  }

  #runMixed({ kinds, keys }: Operations, from: number, to: number): number {
    const table = this.#table
    let hits = 0
    for (let i = from; i < to; i++) {
      if (kinds[i] === REPLACE) this.#replace(keys, i)
      else if (table.findAt(keys, i) >= 0) hits++
    }
    return hits
  }

  #runBatch(keys: Int32Array, from: number, to: number): number {
    const found = this.#found
    this.#table.findBatch(keys.subarray(from * BATCH_KEY_WORDS, to * BATCH_KEY_WORDS), to - from, found)
    let hits = 0
    for (let i = 0; i < to - from; i++) if (found[i] as number >= 0) hits++
    return hits
  }

  #replace(keys: Int32Array, i: number): void {
    const ids = this.#ids
    this.replaced++
    this.#table.remove(ids[this.#oldest] as number)
    if (++this.#oldest === ids.length) this.#oldest = 0
    const newest = this.#newest
    if (++this.#newest === ids.length) this.#newest = 0
    const at = i * BATCH_KEY_WORDS
    const entry = this.#entry
    entry.protocol = protocolIn(keys[at + 3] as number)
    entry.caddr = keys[at] as number
    entry.cport = (keys[at + 1] as number) >>> 16
    entry.vaddr = keys[at + 2] as number
    entry.vport = (keys[at + 1] as number) & 0xffff
    entry.daddr = serverOf(newest)
    ids[newest] = this.#table.insert(entry)
  }
}

/** The tables that people write first. */
class MapContestant implements Contestant {
  replaced = 0
  readonly bytes = undefined
  readonly isGrowing = false
  readonly #map = new Map<string, number>()
  readonly #workload: Workload
  readonly #connections: number

  constructor(workload: Workload, connections: number) {
    this.#workload = workload
    this.#connections = connections
  }

  insert(index: number): void {
    const entry = this.#workload.entryOf(index)
    this.#map.set(requestText(entry), index)
    if (entry.kind === 'nat') this.#map.set(replyText(entry), index)
  }

  run({ kinds, keys }: Operations, from: number, to: number): number {
    let hits = 0
    for (let i = from; i < to; i++) {
      if (kinds[i] === REPLACE) {
        this.#replace()
        continue
      }
      const at = i * BATCH_KEY_WORDS
      const ports = keys[at + 1] as number
      const protocol = protocolIn(keys[at + 3] as number)
      const direction = kinds[i] === FIND_REPLY ? 'out' : 'in'
      const caddr = (keys[at] as number) >>> 0
      const other = (keys[at + 2] as number) >>> 0
      if (this.#map.has(textOf(direction, protocol, caddr, ports >>> 16, other, ports & 0xffff))) hits++
    }
    return hits
  }

  probes(): undefined {
    return undefined
  }

  #replace(): void {
    const oldest = this.replaced++ % this.#workload.keyCount
    const entry = this.#workload.entryOf(oldest)
    this.#map.delete(requestText(entry))
    if (entry.kind === 'nat') this.#map.delete(replyText(entry))
    this.insert((oldest + this.#connections) % this.#workload.keyCount)
  }
}

function requestText({ protocol, caddr, cport, vaddr, vport }: Entry): string {
  return textOf('in', protocol, caddr, cport, vaddr, vport)
}

function replyText({ protocol, caddr, cport, daddr, dport }: Entry): string {
  return textOf('out', protocol, caddr, cport, daddr, dport)
}

function textOf(direction: string, protocol: number, caddr: number, cport: number, other: number, port: number): string {
  return `${direction}:${protocol}:${caddr}:${cport}:${other}:${port}`
}

/** The protocol in the wanted code of a key: TCP or UDP, as captures have them. */
function protocolIn(wanted: number): number {
  return (wanted >>> 28 & 3) === 0 ? 6 : 17
}
