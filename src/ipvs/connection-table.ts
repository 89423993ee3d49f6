/**
 * The connections of a director, in the table of `src/connection-table`: it finds their numbers, and by these lie their records.
 * Newer entries are found first. Follows ip_vs_conn_in_get(), ip_vs_ct_in_get() and ip_vs_conn_out_get() in
 * ip_vs_conn.c.
 * @module
 */
import { ConnectionTable as NumberTable, type EntryKind, type Ipv6Words } from '../connection-table/connection-table.ts'
import { ipWords, isIpv6, type IpAddr } from '../wire/address.ts'
import { type Connection, connectionOf, NO_NUMBER } from './connection.ts'
import { ConnectionRecords } from './connection-records.ts'
import type { Addresses, Ports } from './headers.ts'
import type { EngineData } from './persistence-engine.ts'

/** What an entry is looked up by. */
export interface RequestKey {
  readonly protocol: number
  readonly caddr: IpAddr
  readonly cport: number
  readonly vaddr: IpAddr
  readonly vport: number
}

/** The ports of a template that nobody will find again. */
const INVALID_PORTS = { cport: 0, vport: 0xffff, dport: 0xffff }

/** Parts that client addresses are counted by. */
const CLIENT_PARTS_BITS = 12

/** All connections of one director. */
export class ConnectionTable {
  /** Those of the connections that are in this table, or are to be. */
  readonly records = new ConnectionRecords()
  /** Its seed decides about speed alone. */
  readonly #numbers = new NumberTable({ seed: 0 })
  /**
   * How many connections the clients of each part have: most packets that are no replies are known by it, and for them no line of
   * the table comes from memory.
   */
  readonly #clients = new Int32Array(1 << CLIENT_PARTS_BITS)

  /** How many there are, templates included. */
  get size(): number {
    return this.#numbers.size
  }

  /** The connection of a request. */
  find(key: RequestKey): Connection | undefined {
    const { protocol, caddr, cport, vaddr, vport } = key
    if (!isIpv6(caddr)) return this.#at(this.#numbers.find(key))
    return this.#at(this.#numbers.findIpv6({ protocol, caddr: wordsOf(caddr), cport, vaddr: wordsOf(vaddr), vport }))
  }

  /** The connection of a request with these headers. */
  findRequest({ protocol, src, dst }: Addresses, { sport, dport }: Ports): Connection | undefined {
    return this.find({ protocol, caddr: src, cport: sport, vaddr: dst, vport: dport })
  }

  /** The connection of a reply: it comes from the real server or, beside NAT, from the service. */
  findReply({ protocol, src: saddr, dst: caddr }: Addresses, { sport, dport: cport }: Ports): Connection | undefined {
    if (this.#clients[partOf(caddr)] === 0) return undefined
    if (!isIpv6(caddr)) return this.#at(this.#numbers.findReply({ protocol, saddr, sport, caddr, cport }))
    return this.#at(this.#numbers.findReplyIpv6({ protocol, saddr: wordsOf(saddr), sport, caddr: wordsOf(caddr), cport }))
  }

  /** The template of a client's network (`caddr` masked, `cport` 0), and of what a persistence engine has read, if one did. */
  findTemplate(key: RequestKey, engineData?: EngineData): Connection | undefined {
    const { protocol, caddr, cport, vaddr, vport } = key
    const data = dataOf(engineData)
    if (!isIpv6(caddr)) return this.#at(this.#numbers.findTemplate(key, data))
    const wide = { protocol, caddr: wordsOf(caddr), cport, vaddr: wordsOf(vaddr), vport }
    return this.#at(this.#numbers.findTemplateIpv6(wide, data))
  }

  /** Adds a connection; it hides an older one of the same key. */
  insert(connection: Connection): void {
    const { protocol, caddr, cport, vaddr, vport, daddr, dport } = connection
    const kind = kindOf(connection)
    const data = dataOf(connection.engineData)
    const number = isIpv6(caddr) ? this.#numbers.insertIpv6({
      // A real server of the other family is reached by tunnel: nobody looks for its replies.
      kind, protocol, caddr: wordsOf(caddr), cport, vaddr: wordsOf(vaddr), vport, data, dport,
      daddr: wordsOf(isIpv6(daddr) ? daddr : vaddr),
    }) : this.#numbers.insert({ kind, protocol, caddr, cport, vaddr, vport, daddr, dport, data })
    connection.enter(number)
    this.#countClient(caddr, 1)
  }

  /** Removes a connection, which ends it; does nothing for one that is not there. */
  remove(connection: Connection): void {
    if (connection.number === NO_NUMBER || connection.isDead) return
    this.#numbers.remove(connection.number)
    this.#countClient(connection.caddr, -1)
    connection.end()
  }

  /** Makes a template invalid: nobody will find it again, but it stays until its timer ends it (ip_vs_check_template). */
  invalidate(template: Connection): void {
    template.setPorts(INVALID_PORTS)
    this.#numbers.setPorts(template.number, INVALID_PORTS)
  }

  /** The oldest first. Entries that are removed meanwhile are left out. */
  *[Symbol.iterator](): IterableIterator<Connection> {
    for (const number of this.#numbers) yield connectionOf(this.records, number)
  }

  #countClient(caddr: IpAddr, count: number): void {
    const part = partOf(caddr)
    this.#clients[part] = (this.#clients[part] as number) + count
  }

  #at(number: number): Connection | undefined {
    return number < 0 ? undefined : connectionOf(this.records, number)
  }
}

function partOf(caddr: IpAddr): number {
  return Math.imul(caddr, 0x9e3779b1) >>> 32 - CLIENT_PARTS_BITS
}

function kindOf(connection: Connection): EntryKind {
  if (connection.isTemplate) return 'template'
  return connection.method === 'nat' ? 'nat' : 'direct'
}

/** What tells templates of one key apart, as one text. */
function dataOf(engineData: EngineData | undefined): string {
  return engineData === undefined ? '' : `${engineData.engine} ${engineData.text}`
}

function wordsOf(addr: IpAddr): Ipv6Words {
  return ipWords(addr) as Ipv6Words
}
