/**
 * A table of connections for IPVS, or for anything that must find one of millions by addresses and ports: typed arrays, no
 * object for an entry, nothing left to chance. It can be used without the simulator.
 *
 * An entry is a small number, which the table gives when it is inserted; what else belongs to it, the caller keeps in arrays by
 * that number. A newer entry hides an older one of the same key. Entries come in the order in which they were made, whatever
 * the seed, and however the table grew.
 *
 * The layouts of the kernel, which are here for comparison, are for IPv4 only: IPv6 entries are kept in slots beside them.
 * @module
 */
import { assert } from '../base/assert.ts'
import { ClassicIndex } from './classic-index.ts'
import { DataIndex } from './data-index.ts'
import { BATCH_KEY_WORDS, type Ipv4Finder } from './ipv4-finder.ts'
import { Ipv4Index } from './ipv4-index.ts'
import { IPV6_KEY_WORDS, Ipv6Index } from './ipv6-index.ts'
import {
  type Address, type Entry, type EntryKind, type Ipv6Words, type ReplyKey, type RequestKey, portWord, wantedByReply,
  wantedByRequest, wantedTemplate,
} from './key.ts'
import { NONE, Records } from './records.ts'
import { ResizableIndex } from './resizable-index.ts'

export { BATCH_KEY_WORDS } from './ipv4-finder.ts'
export type { Address, Entry, EntryKind, Ipv6Words, ReplyKey, RequestKey } from './key.ts'

/**
 * How IPv4 entries are indexed. `slots`: 16 bytes by open addressing, the fastest. `classic`: 2^`tabBits` buckets with chains,
 * 8..27, as the kernel had it until 2026 (12 unless told). `resizable`: the kernel's table of 2026, at most 2^`tabBits` buckets.
 */
export type Layout = 'slots' | 'classic' | 'resizable'

/** How a table is made. */
export interface TableOptions {
  /** Any 32 bits. It decides where keys lie, and nothing that can be seen but speed. */
  readonly seed: number
  /** Places of IPv4 keys to begin with (a NAT connection takes two): more are made when they are needed. 0 unless told. */
  readonly capacity?: number
  /** Slots: greatest share in use, 1/8..3/4. 1/2 unless told; 1/4 is faster, and takes twice the memory. */
  readonly loadMax?: number
  readonly layout?: Layout
  readonly tabBits?: number
}

// A constant of this file, which the compiler knows without looking it up.
const KEY_WORDS = BATCH_KEY_WORDS
/** A batch has fewer keys than this: saying so spares the compiler checks. */
const INDEX_MASK = 0x0fff_ffff

/** A place in the table that a reader goes to next. */
interface Reader {
  next: number
}

/** Connections and templates by key. Wherever an entry is looked for, -1 says that there is none. */
export class ConnectionTable {
  readonly #records = new Records()
  readonly #ipv4: Ipv4Finder
  readonly #ipv6: Ipv6Index
  readonly #data = new DataIndex()
  readonly #ipv6Key = new Int32Array(IPV6_KEY_WORDS)
  readonly #readers: Reader[] = []

  constructor({ seed, capacity = 0, loadMax = 0.5, layout = 'slots', tabBits = 12 }: TableOptions) {
    const records = this.#records
    if (layout === 'slots') this.#ipv4 = new Ipv4Index(records, { seed, capacity, loadMax })
    else if (layout === 'classic') this.#ipv4 = new ClassicIndex(records, { seed, tabBits })
    else this.#ipv4 = new ResizableIndex(records, { seed, tabBits })
    this.#ipv6 = new Ipv6Index(records, { seed, capacity: 0, loadMax })
  }

  /** How many there are, templates included. */
  get size(): number {
    return this.#records.count
  }

  /** True while entries are being moved to a larger index, a few with each insertion and removal. */
  get isGrowing(): boolean {
    return this.#ipv4.isGrowing || this.#ipv6.isGrowing
  }

  /** Bytes of the index and of the records, without what engines have read. */
  get bytes(): { readonly index: number, readonly records: number } {
    return { index: this.#ipv4.bytes + this.#ipv6.bytes, records: this.#records.bytes }
  }

  /** The connection of a request. */
  find(key: RequestKey): number {
    return this.#ipv4.find(key.caddr, portWord(key.cport, key.vport), key.vaddr, wantedByRequest(key.protocol))
  }

  /** The connection of a reply. */
  findReply(key: ReplyKey): number {
    return this.#ipv4.find(key.caddr, portWord(key.cport, key.sport), key.saddr, wantedByReply(key.protocol))
  }

  /** The template of a client's network (`caddr` masked, `cport` 0), and of what a persistence engine has read, if one did. */
  findTemplate(key: RequestKey, data = ''): number {
    if (data !== '') return this.#data.find(key, data)
    return this.#ipv4.find(key.caddr, portWord(key.cport, key.vport), key.vaddr, wantedTemplate(key.protocol))
  }

  /** The entry of key number `index` of a batch: the fastest way to look for one, since its key is in words already. */
  findAt(keys: Int32Array, index: number): number {
    const at = (index & INDEX_MASK) * KEY_WORDS
    return this.#ipv4.find(keys[at] as number, keys[at + 1] as number, keys[at + 2] as number, keys[at + 3] as number)
  }

  /**
   * The entries of the first `count` keys of a batch, by number, into `found`. A key is `BATCH_KEY_WORDS` words, as
   * `writeRequest` and `writeReply` write them. Faster than one after the other, because memory is asked for many at once.
   */
  findBatch(keys: Int32Array, count: number, found: Int32Array): void {
    assert(count * BATCH_KEY_WORDS <= keys.length, 'a batch has as many keys as it says')
    assert(count <= found.length, 'there is room for what is found')
    this.#ipv4.findBatch(keys, count, found)
  }

  /** The connection of a request of IPv6. */
  findIpv6(key: RequestKey<Ipv6Words>): number {
    this.#setIpv6Key(key.caddr, key.vaddr, portWord(key.cport, key.vport))
    return this.#ipv6.find(this.#ipv6Key, wantedByRequest(key.protocol))
  }

  /** The connection of a reply of IPv6. */
  findReplyIpv6(key: ReplyKey<Ipv6Words>): number {
    this.#setIpv6Key(key.caddr, key.saddr, portWord(key.cport, key.sport))
    return this.#ipv6.find(this.#ipv6Key, wantedByReply(key.protocol))
  }

  /** The template of a client's network of IPv6; see `findTemplate`. */
  findTemplateIpv6(key: RequestKey<Ipv6Words>, data = ''): number {
    if (data !== '') return this.#data.find(key, data)
    this.#setIpv6Key(key.caddr, key.vaddr, portWord(key.cport, key.vport))
    return this.#ipv6.find(this.#ipv6Key, wantedTemplate(key.protocol))
  }

  /** Adds an entry, which hides an older one of the same key; its number. */
  insert(entry: Entry): number {
    assertData(entry)
    const id = this.#records.add(entry)
    this.#index(id, entry)
    return this.#announce(id)
  }

  /** Adds an entry of IPv6; see `insert`. */
  insertIpv6(entry: Entry<Ipv6Words>): number {
    assertData(entry)
    const id = this.#records.addIpv6(entry)
    this.#index(id, entry)
    return this.#announce(id)
  }

  /** Removes an entry; false for one that is not there. Its number may be given to another. */
  remove(id: number): boolean {
    const records = this.#records
    if (!records.isLive(id)) return false
    if (this.#readers.length > 0) this.#passBy(id)
    records.drop(id)
    this.#unindex(id)
    return true
  }

  /** Changes the ports of an entry, which now hides older ones of its new key; false for one that is not there. */
  setPorts(id: number, ports: Pick<Entry, 'cport' | 'vport' | 'dport'>): boolean {
    const entry = this.entryOf(id) ?? this.entryOfIpv6(id)
    if (entry === undefined) return false
    this.#unindex(id)
    this.#records.setPorts(id, ports)
    this.#index(id, { ...entry, ...ports })
    return true
  }

  /** What an IPv4 entry was made of; undefined when there is no such entry, or it is of IPv6. */
  entryOf(id: number): Entry | undefined {
    const records = this.#records
    if (!records.isLive(id) || records.isIpv6(id)) return undefined
    return this.#withData(id, records.read(id))
  }

  /** What an IPv6 entry was made of; undefined when there is no such entry, or it is of IPv4. */
  entryOfIpv6(id: number): Entry<Ipv6Words> | undefined {
    const records = this.#records
    if (!records.isLive(id) || !records.isIpv6(id)) return undefined
    return this.#withData(id, records.readIpv6(id))
  }

  /** How many places of the index `findAt` looks at for key number `index` of a batch. */
  probesAt(keys: Int32Array, index: number): number {
    const at = index * BATCH_KEY_WORDS
    return this.#ipv4.probesOf(keys[at] as number, keys[at + 1] as number, keys[at + 2] as number, keys[at + 3] as number)
  }

  /** The numbers of all entries, the oldest first. Those that are removed meanwhile are left out, those that are added come. */
  *[Symbol.iterator](): IterableIterator<number> {
    const reader: Reader = { next: this.#records.oldest }
    this.#readers.push(reader)
    try {
      while (reader.next !== NONE) {
        const id = reader.next
        reader.next = this.#records.newerThan(id)
        yield id
      }
    } finally {
      this.#readers.splice(this.#readers.indexOf(reader), 1)
    }
  }

  #index(id: number, entry: Entry<Address>): void {
    if (entry.data !== undefined && entry.data !== '') {
      this.#records.markData(id)
      this.#data.add(id, entry, entry.data)
    } else if (this.#records.isIpv6(id)) {
      this.#ipv6.add(id)
    } else {
      this.#ipv4.add(id)
    }
  }

  #unindex(id: number): void {
    if (this.#records.hasData(id)) this.#data.drop(id)
    else if (this.#records.isIpv6(id)) this.#ipv6.drop(id)
    else this.#ipv4.drop(id)
  }

  /** Tells readers who were at the end of an entry that was added. */
  #announce(id: number): number {
    if (this.#readers.length > 0) for (const reader of this.#readers) if (reader.next === NONE) reader.next = id
    return id
  }

  /** Sends readers who were to come to an entry on to the next. */
  #passBy(id: number): void {
    for (const reader of this.#readers) if (reader.next === id) reader.next = this.#records.newerThan(id)
  }

  #withData<E extends object>(id: number, entry: E): E {
    return this.#records.hasData(id) ? { ...entry, data: this.#data.dataOf(id) } : entry
  }

  #setIpv6Key(caddr: Ipv6Words, other: Ipv6Words, ports: number): void {
    const key = this.#ipv6Key
    for (let i = 0; i < 4; i++) {
      key[i] = caddr[i] as number
      key[4 + i] = other[i] as number
    }
    key[8] = ports
  }
}

/** Writes the key of a request as key number `index` of a batch. */
export function writeRequest(keys: Int32Array, index: number, key: RequestKey): void {
  writeKey(keys, index, key.caddr, portWord(key.cport, key.vport), key.vaddr, wantedByRequest(key.protocol))
}

/** Writes the key of a reply as key number `index` of a batch. */
export function writeReply(keys: Int32Array, index: number, key: ReplyKey): void {
  writeKey(keys, index, key.caddr, portWord(key.cport, key.sport), key.saddr, wantedByReply(key.protocol))
}

function writeKey(keys: Int32Array, index: number, ...words: readonly [number, number, number, number]): void {
  keys.set(words, index * BATCH_KEY_WORDS)
}

function assertData({ kind, data = '' }: { readonly kind: EntryKind, readonly data?: string }): void {
  assert(data === '' || kind === 'template', 'only a template has data of an engine')
}
