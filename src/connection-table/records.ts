/**
 * The entries of a connection table by number: the key, and the neighbours in the order in which they were made. A number is
 * given again once its entry is gone, so numbers stay below the greatest count there ever was, and arrays of the caller's can
 * hold what else belongs to an entry.
 * Kept in pieces of 65,536 entries: more of them are added without moving one.
 * @module
 */
import { assert } from '../base/assert.ts'
import { type Entry, type Ipv6Words, codeOf, isNatCode, isWanted, kindOf, portWord, protocolOf, replyCodeOf } from './key.ts'

/** No entry. */
export const NONE = -1
/** The greatest number that an entry can have: an index keeps one more in 28 bits. */
export const ID_MAX = 0x0fff_fffe

const PIECE_BITS = 16
const PIECE_MASK = 0xffff
// Words of a record: client, ports of client and service, service, code and marks, real server, its port, older and newer entry.
const WORDS = 8
const CODE = 3
const SERVER_PORT = 5
const OLDER = 6
const NEWER = 7
/** Marks beside the code. */
const IS_LIVE = 1 << 8
const IS_IPV6 = 1 << 9
const HAS_DATA = 1 << 10
/** Words of the three addresses of an IPv6 entry. */
const WIDE_WORDS = 12

/** All entries of one table. */
export class Records {
  readonly #pieces: Int32Array[] = []
  /** The three addresses of IPv6 entries, only for pieces that have one. */
  readonly #wide: (Int32Array | undefined)[] = []
  #count = 0
  /** Numbers below this one have been given at least once. */
  #given = 0
  /** The last number that was given back; the others follow in the word of the newer neighbour. */
  #free = NONE
  #oldest = NONE
  #newest = NONE

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  /** The entry that was made first; `NONE` when there is none. */
  get oldest(): number {
    return this.#oldest
  }

  /** Bytes that the records take. */
  get bytes(): number {
    const wide = this.#wide.reduce((sum, piece) => sum + (piece?.byteLength ?? 0), 0)
    return wide + this.#pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
  }

  /** True while there is such an entry. */
  isLive(id: number): boolean {
    return id >= 0 && id < this.#given && (this.#word(id, CODE) & IS_LIVE) !== 0
  }

  /** The entry that was made next after this one; `NONE` for the newest. */
  newerThan(id: number): number {
    return this.#word(id, NEWER)
  }

  /** The code of the entry's first place. */
  codeOf(id: number): number {
    return this.#word(id, CODE) & 15
  }

  /** True for an entry of IPv6 addresses. */
  isIpv6(id: number): boolean {
    return (this.#word(id, CODE) & IS_IPV6) !== 0
  }

  /** True for an entry that is found by data of a persistence engine. */
  hasData(id: number): boolean {
    return (this.#word(id, CODE) & HAS_DATA) !== 0
  }

  /** Marks an entry as one that is found by data of a persistence engine. */
  markData(id: number): void {
    this.#setWord(id, CODE, this.#word(id, CODE) | HAS_DATA)
  }

  /** The piece that an entry's record lies in. */
  pieceOf(id: number): Int32Array {
    return this.#pieces[id >>> PIECE_BITS] as Int32Array
  }

  /** Where the record of an entry begins in its piece. */
  wordOf(id: number): number {
    return (id & PIECE_MASK) * WORDS
  }

  /** Adds an IPv4 entry and gives its number. */
  add(entry: Entry): number {
    const id = this.#take()
    const piece = this.pieceOf(id)
    const at = this.wordOf(id)
    piece[at] = entry.caddr
    piece[at + 1] = portWord(entry.cport, entry.vport)
    piece[at + 2] = entry.vaddr
    piece[at + CODE] = codeOf(entry.protocol, entry.kind) | IS_LIVE
    piece[at + 4] = entry.daddr
    piece[at + SERVER_PORT] = entry.dport
    this.#link(id, piece, at)
    return id
  }

  /** Adds an IPv6 entry and gives its number. */
  addIpv6(entry: Entry<Ipv6Words>): number {
    const id = this.#take()
    const piece = this.pieceOf(id)
    const at = this.wordOf(id)
    const wide = this.#wide[id >>> PIECE_BITS] ??= new Int32Array(WIDE_WORDS << PIECE_BITS)
    wide.set(entry.caddr, (id & PIECE_MASK) * WIDE_WORDS)
    wide.set(entry.vaddr, (id & PIECE_MASK) * WIDE_WORDS + 4)
    wide.set(entry.daddr, (id & PIECE_MASK) * WIDE_WORDS + 8)
    piece[at + 1] = portWord(entry.cport, entry.vport)
    piece[at + CODE] = codeOf(entry.protocol, entry.kind) | IS_LIVE | IS_IPV6
    piece[at + SERVER_PORT] = entry.dport
    this.#link(id, piece, at)
    return id
  }

  /** Changes the ports of an entry, which is in no index at the moment. */
  setPorts(id: number, { cport, vport, dport }: Pick<Entry, 'cport' | 'vport' | 'dport'>): void {
    this.#setWord(id, 1, portWord(cport, vport))
    this.#setWord(id, SERVER_PORT, dport)
  }

  /** Takes an entry out. Its key can be read until its number is given again. */
  drop(id: number): void {
    const piece = this.pieceOf(id)
    const at = this.wordOf(id)
    const older = piece[at + OLDER] as number
    const newer = piece[at + NEWER] as number
    if (older === NONE) this.#oldest = newer
    else this.#setWord(older, NEWER, newer)
    if (newer === NONE) this.#newest = older
    else this.#setWord(newer, OLDER, older)
    piece[at + CODE] = (piece[at + CODE] as number) & ~IS_LIVE
    piece[at + NEWER] = this.#free
    this.#free = id
    this.#count--
  }

  /** What an IPv4 entry was made of. */
  read(id: number): Entry {
    const piece = this.pieceOf(id)
    const at = this.wordOf(id)
    const word = (index: number): number => (piece[at + index] as number) >>> 0
    return { ...this.#rest(id), caddr: word(0), vaddr: word(2), daddr: word(4) }
  }

  /** What an IPv6 entry was made of. */
  readIpv6(id: number): Entry<Ipv6Words> {
    const wide = this.#wide[id >>> PIECE_BITS] as Int32Array
    const address = (index: number): [number, number, number, number] => {
      const at = (id & PIECE_MASK) * WIDE_WORDS + index * 4
      return [0, 1, 2, 3].map((word) => (wide[at + word] as number) >>> 0) as [number, number, number, number]
    }
    return { ...this.#rest(id), caddr: address(0), vaddr: address(1), daddr: address(2) }
  }

  /** True when an IPv4 entry has this key: that of its first place or, of NAT, that of its replies. */
  isFoundBy(id: number, caddr: number, ports: number, other: number, wanted: number): boolean {
    const piece = this.pieceOf(id)
    const at = this.wordOf(id)
    if (piece[at] !== (caddr | 0)) return false
    const code = (piece[at + CODE] as number) & 15
    const entryPorts = piece[at + 1] as number
    if (isWanted(code, wanted)) return entryPorts === ports && piece[at + 2] === (other | 0)
    if (!isNatCode(code) || !isWanted(replyCodeOf(code), wanted)) return false
    return (entryPorts & ~0xffff | (piece[at + SERVER_PORT] as number)) === ports && piece[at + 4] === (other | 0)
  }

  /** Writes the key of an IPv6 entry, by which requests or replies find it: two addresses, and the ports. */
  readIpv6Key(id: number, key: Int32Array, isOfReply: boolean): void {
    const wide = this.#wide[id >>> PIECE_BITS] as Int32Array
    const at = (id & PIECE_MASK) * WIDE_WORDS
    const ports = this.#word(id, 1)
    const other = isOfReply ? at + 8 : at + 4
    for (let i = 0; i < 4; i++) {
      key[i] = wide[at + i] as number
      key[4 + i] = wide[other + i] as number
    }
    key[8] = isOfReply ? ports & ~0xffff | this.#word(id, SERVER_PORT) : ports
  }

  #rest(id: number): Pick<Entry, 'kind' | 'protocol' | 'cport' | 'vport' | 'dport'> {
    const code = this.codeOf(id)
    const ports = this.#word(id, 1)
    return {
      kind: kindOf(code), protocol: protocolOf(code), cport: ports >>> 16, vport: ports & 0xffff,
      dport: this.#word(id, SERVER_PORT),
    }
  }

  #take(): number {
    const freed = this.#free
    if (freed !== NONE) {
      this.#free = this.#word(freed, NEWER)
      return freed
    }
    const id = this.#given++
    assert(id <= ID_MAX, `a table has at most ${ID_MAX + 1} entries`)
    if (id >>> PIECE_BITS === this.#pieces.length) this.#pieces.push(new Int32Array(WORDS << PIECE_BITS))
    return id
  }

  #link(id: number, piece: Int32Array, at: number): void {
    const newest = this.#newest
    piece[at + OLDER] = newest
    piece[at + NEWER] = NONE
    if (newest === NONE) this.#oldest = id
    else this.#setWord(newest, NEWER, id)
    this.#newest = id
    this.#count++
  }

  #word(id: number, index: number): number {
    return this.pieceOf(id)[this.wordOf(id) + index] as number
  }

  #setWord(id: number, index: number, value: number): void {
    this.pieceOf(id)[this.wordOf(id) + index] = value
  }
}
