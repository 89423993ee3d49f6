/**
 * The table of connections: found by a request's addresses and ports, and by a reply's, since both share the client's.
 * Newer entries are found first. Follows ip_vs_conn_in_get(), ip_vs_ct_in_get() and ip_vs_conn_out_get() in ip_vs_conn.c.
 * @module
 */
import { hashText } from '../base/hash.ts'
import type { IpAddr } from '../wire/address.ts'
import type { Connection } from './connection.ts'
import type { EngineData } from './persistence-engine.ts'

/** What a request is looked up by. */
export interface RequestKey {
  readonly protocol: number
  readonly caddr: IpAddr
  readonly cport: number
  readonly vaddr: IpAddr
  readonly vport: number
}

/** What a reply is looked up by: `saddr` and `sport` are those of the real server or, beside NAT, of the service. */
export interface ReplyKey {
  readonly protocol: number
  readonly saddr: IpAddr
  readonly sport: number
  readonly caddr: IpAddr
  readonly cport: number
}

/** All connections of one director. */
export class ConnectionTable {
  readonly #byClient = new Map<number, Connection>()
  /** In the order in which they were made. */
  readonly #all = new Set<Connection>()

  /** How many there are, templates included. */
  get size(): number {
    return this.#all.size
  }

  /** The connection of a request. */
  find(key: RequestKey): Connection | undefined {
    return this.#find(key, false, undefined)
  }

  /** The template of a client's network (`caddr` masked, `cport` 0), and of what a persistence engine has read, if one did. */
  findTemplate(key: RequestKey, engineData?: EngineData): Connection | undefined {
    return this.#find(key, true, engineData)
  }

  /** The connection of a reply. */
  findReply(key: ReplyKey): Connection | undefined {
    let connection = this.#byClient.get(clientKey(key.caddr, key.cport))
    for (; connection !== undefined; connection = connection.nextOfClient) {
      if (!isOfClient(connection, key) || connection.protocol !== key.protocol || connection.isTemplate) continue
      const isNat = connection.method === 'nat'
      const sport = isNat ? connection.dport : connection.vport
      const saddr = isNat ? connection.daddr : connection.vaddr
      if (sport === key.sport && saddr === key.saddr) return connection
    }
    return undefined
  }

  /** Adds a connection; it hides an older one of the same key. */
  insert(connection: Connection): void {
    const key = chainKey(connection.caddr, connection.cport, connection.engineData)
    connection.nextOfClient = this.#byClient.get(key)
    this.#byClient.set(key, connection)
    this.#all.add(connection)
  }

  /** Removes a connection; does nothing for one that is not there. */
  remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    const key = chainKey(connection.caddr, connection.cport, connection.engineData)
    const first = this.#byClient.get(key)
    if (first === connection) {
      if (connection.nextOfClient === undefined) this.#byClient.delete(key)
      else this.#byClient.set(key, connection.nextOfClient)
    } else {
      for (let before = first; before !== undefined; before = before.nextOfClient) {
        if (before.nextOfClient === connection) before.nextOfClient = connection.nextOfClient
      }
    }
    connection.nextOfClient = undefined
  }

  /** The oldest first. Entries that are removed meanwhile are left out. */
  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all.values()
  }

  #find(key: RequestKey, isTemplate: boolean, engineData: EngineData | undefined): Connection | undefined {
    let connection = this.#byClient.get(chainKey(key.caddr, key.cport, engineData))
    for (; connection !== undefined; connection = connection.nextOfClient) {
      if (isOfClient(connection, key) && connection.vport === key.vport && connection.vaddr === key.vaddr
        && connection.protocol === key.protocol && connection.isTemplate === isTemplate
        && isSameData(connection.engineData, engineData)) return connection
    }
    return undefined
  }
}

/** Where the chain of a client hangs: 32 bits, which make a quicker key than an exact number would. Clients may share it. */
function clientKey(addr: IpAddr, port: number): number {
  return Math.imul(addr, 0x9e3779b1) ^ port
}

/** What an engine has read has a chain of its own, so that one client's many calls are found as fast. */
function chainKey(addr: IpAddr, port: number, engineData: EngineData | undefined): number {
  const key = clientKey(addr, port)
  return engineData === undefined ? key : key ^ hashText(engineData.text)
}

function isSameData(a: EngineData | undefined, b: EngineData | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.engine === b.engine && a.text === b.text)
}

function isOfClient(connection: Connection, key: { readonly caddr: IpAddr, readonly cport: number }): boolean {
  return connection.caddr === key.caddr && connection.cport === key.cport
}
