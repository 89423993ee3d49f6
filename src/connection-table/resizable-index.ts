/**
 * The kernel's table of 2026, for comparison: 2^8 buckets at first and at most 2^n, doubled when an eighth are in use, so that
 * a chain rarely has two nodes. A NAT connection has two nodes, one for requests and one for replies. A node keeps its hash,
 * which is compared before the entry is looked at. Growth moves some buckets with each insertion.
 * Follows the description of net-next's ip_vs_conn.c with conn_lfactor -4, with a hash of our own in place of SipHash, and
 * without locks. It never shrinks.
 * @module
 */
import { assert } from '../base/assert.ts'
import { ChainNodes, NO_NODE, makeHeads } from './chains.ts'
import { hashIpv4 } from './hash.ts'
import { type Ipv4Finder, findEach } from './ipv4-finder.ts'
import { isNatCode } from './key.ts'
import type { Records } from './records.ts'

const TAB_BITS_MIN = 8
/** Buckets for each node, at least, until there are as many buckets as there may be. */
const BUCKETS_PER_NODE = 8
/** Buckets that are moved with each insertion during growth: all of them before the next growth is due. */
const MOVED_PER_STEP = 16

/** The index of IPv4 entries in chains that become more. Nodes are 2 x entry, and one more for the replies of NAT. */
export class ResizableIndex implements Ipv4Finder {
  readonly #records: Records
  readonly #seed: number
  readonly #tabBitsMax: number
  readonly #nodes = new ChainNodes()
  #bits = TAB_BITS_MIN
  #heads = makeHeads(TAB_BITS_MIN)
  /** The buckets that are being left; those below `#moved` are empty. */
  #oldHeads: Int32Array | undefined
  #moved = 0
  #count = 0

  constructor(records: Records, { seed, tabBits }: { readonly seed: number, readonly tabBits: number }) {
    assert(tabBits >= TAB_BITS_MIN && tabBits <= 27, 'conn_tab_bits is 8..27')
    this.#records = records
    this.#seed = seed | 0
    this.#tabBitsMax = tabBits
  }

  get isGrowing(): boolean {
    return this.#oldHeads !== undefined
  }

  get bytes(): number {
    return this.#heads.byteLength + (this.#oldHeads?.byteLength ?? 0) + this.#nodes.bytes
  }

  find(caddr: number, ports: number, other: number, wanted: number): number {
    const hash = hashIpv4(this.#seed, caddr, ports, other)
    const heads = this.#headsOf(hash)
    for (let node = heads[hash & heads.length - 1] as number; node !== NO_NODE; node = this.#nodes.next(node)) {
      if (this.#isFound(node, hash, caddr, ports, other, wanted)) return node >>> 1
    }
    return -1
  }

  findBatch(keys: Int32Array, count: number, found: Int32Array): void {
    findEach(this, keys, count, found)
  }

  probesOf(caddr: number, ports: number, other: number, wanted: number): number {
    const hash = hashIpv4(this.#seed, caddr, ports, other)
    const heads = this.#headsOf(hash)
    let probes = 1
    for (let node = heads[hash & heads.length - 1] as number; node !== NO_NODE; node = this.#nodes.next(node), probes++) {
      if (this.#isFound(node, hash, caddr, ports, other, wanted)) break
    }
    return probes
  }

  add(id: number): void {
    this.#push(id * 2, this.#hashOf(id, false))
    if (isNatCode(this.#records.codeOf(id))) this.#push(id * 2 + 1, this.#hashOf(id, true))
  }

  drop(id: number): void {
    this.#unlink(id * 2)
    if (isNatCode(this.#records.codeOf(id))) this.#unlink(id * 2 + 1)
  }

  /** An entry of NAT has two keys; a node with the hash of one of them stands for that one. */
  #isFound(node: number, hash: number, caddr: number, ports: number, other: number, wanted: number): boolean {
    return this.#nodes.hash(node) === hash && this.#records.isFoundBy(node >>> 1, caddr, ports, other, wanted)
  }

  #hashOf(id: number, isOfReply: boolean): number {
    const piece = this.#records.pieceOf(id)
    const at = this.#records.wordOf(id)
    const ports = piece[at + 1] as number
    if (!isOfReply) return hashIpv4(this.#seed, piece[at] as number, ports, piece[at + 2] as number)
    const replyPorts = ports & ~0xffff | (piece[at + 5] as number)
    return hashIpv4(this.#seed, piece[at] as number, replyPorts, piece[at + 4] as number)
  }

  #headsOf(hash: number): Int32Array {
    const old = this.#oldHeads
    return old !== undefined && (hash & old.length - 1) >= this.#moved ? old : this.#heads
  }

  #push(node: number, hash: number): void {
    if (this.#oldHeads !== undefined) this.#moveSome(this.#oldHeads)
    else if (this.#count * BUCKETS_PER_NODE >= this.#heads.length && this.#bits < this.#tabBitsMax) this.#grow()
    this.#count++
    const heads = this.#headsOf(hash)
    this.#nodes.push(heads, hash & heads.length - 1, node, hash)
  }

  #unlink(node: number): void {
    this.#count--
    const hash = this.#nodes.hash(node)
    const heads = this.#headsOf(hash)
    this.#nodes.unlink(heads, hash & heads.length - 1, node)
  }

  #grow(): void {
    this.#oldHeads = this.#heads
    this.#moved = 0
    this.#heads = makeHeads(++this.#bits)
  }

  #moveSome(old: Int32Array): void {
    for (const end = Math.min(this.#moved + MOVED_PER_STEP, old.length); this.#moved < end; this.#moved++) {
      const first = old[this.#moved] as number
      if (first === NO_NODE) continue
      let last = first
      for (let next = this.#nodes.next(last); next !== NO_NODE; next = this.#nodes.next(last)) last = next
      // Backwards, because each one becomes the first of its bucket.
      for (let node = last; node !== NO_NODE;) {
        const previous = this.#nodes.previous(node)
        const hash = this.#nodes.hash(node)
        this.#nodes.push(this.#heads, hash & this.#heads.length - 1, node, hash)
        node = previous
      }
      old[this.#moved] = NO_NODE
    }
    if (this.#moved === old.length) this.#oldHeads = undefined
  }
}
