/**
 * The kernel's table until 2026, for comparison: 2^n buckets, each a chain of connections, the newest first. One place per
 * connection, by the client's address and port and the protocol, serves requests, replies and templates. It never grows.
 * Follows ip_vs_conn_hashkey(), ip_vs_conn_in_get() and ip_vs_conn_out_get() in ip_vs_conn.c of Linux 6.1, with a hash of our own
 * in place of jhash, and without locks.
 * @module
 */
import { assert } from '../base/assert.ts'
import { ChainNodes, NO_NODE, makeHeads } from './chains.ts'
import { hashIpv4 } from './hash.ts'
import { type Ipv4Finder, findEach } from './ipv4-finder.ts'
import type { Records } from './records.ts'

/** The index of IPv4 entries in a fixed number of chains. */
export class ClassicIndex implements Ipv4Finder {
  /** It is as large as it was made. */
  readonly isGrowing = false
  readonly #records: Records
  readonly #seed: number
  readonly #shift: number
  readonly #heads: Int32Array
  readonly #nodes = new ChainNodes()

  constructor(records: Records, { seed, tabBits }: { readonly seed: number, readonly tabBits: number }) {
    assert(tabBits >= 8 && tabBits <= 27, 'conn_tab_bits is 8..27')
    this.#records = records
    this.#seed = seed | 0
    this.#shift = 32 - tabBits
    this.#heads = makeHeads(tabBits)
  }

  get bytes(): number {
    return this.#heads.byteLength + this.#nodes.bytes
  }

  find(caddr: number, ports: number, other: number, wanted: number): number {
    let id = this.#heads[this.#bucketOf(caddr, ports, wanted >>> 28)] as number
    while (id !== NO_NODE && !this.#records.isFoundBy(id, caddr, ports, other, wanted)) id = this.#nodes.next(id)
    return id
  }

  findBatch(keys: Int32Array, count: number, found: Int32Array): void {
    findEach(this, keys, count, found)
  }

  probesOf(caddr: number, ports: number, other: number, wanted: number): number {
    let probes = 1
    let id = this.#heads[this.#bucketOf(caddr, ports, wanted >>> 28)] as number
    for (; id !== NO_NODE && !this.#records.isFoundBy(id, caddr, ports, other, wanted); id = this.#nodes.next(id)) probes++
    return probes
  }

  add(id: number): void {
    this.#nodes.push(this.#heads, this.#bucketOfEntry(id), id, 0)
  }

  drop(id: number): void {
    this.#nodes.unlink(this.#heads, this.#bucketOfEntry(id), id)
  }

  #bucketOfEntry(id: number): number {
    const piece = this.#records.pieceOf(id)
    const at = this.#records.wordOf(id)
    return this.#bucketOf(piece[at] as number, piece[at + 1] as number, this.#records.codeOf(id))
  }

  #bucketOf(caddr: number, ports: number, code: number): number {
    return hashIpv4(this.#seed, caddr, ports >>> 16, code & 3) >>> this.#shift
  }
}
