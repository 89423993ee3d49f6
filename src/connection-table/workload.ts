/**
 * Work for a connection table, made from a seed: which connections there are, and a list of operations on them. Connections
 * come and go in order, so that a fixed number of them, the window, is in the table; keys outside of the window are missed.
 * All are of IPv4, and of TCP unless flows are given.
 * @module
 */
import { assert } from '../base/assert.ts'
import { exactExp, exactLn } from '../base/exact-math.ts'
import { mix32 } from '../base/hash.ts'
import { BATCH_KEY_WORDS, type Entry, type EntryKind, writeReply, writeRequest } from './connection-table.ts'

/** What a client asks for: of these, connections are made by client port. */
export type Flow = Pick<Entry, 'protocol' | 'caddr' | 'vaddr' | 'vport'>

/** What the operations are. */
export interface WorkloadOptions {
  readonly seed: number
  /** Connections in the table. */
  readonly connections: number
  /** Share of lookups that find something, 0..1. */
  readonly hitRate: number
  /** Which connection is looked up: any, or few of them most of the time (s = 1.05). */
  readonly distribution: 'uniform' | 'zipf'
  /** Share of operations that replace the oldest connection by a new one, 0..1, spread evenly; the others are lookups. */
  readonly churn: number
  /** NAT: every second lookup is a reply's. */
  readonly mode: 'nat' | 'dr'
  /** Clients and services to use instead of made-up ones; no two alike. */
  readonly flows?: readonly Flow[]
}

/** What an operation is: a lookup of the key beside it, or the replacement of the oldest connection. */
export const FIND_REQUEST = 0
/** See `FIND_REQUEST`. */
export const FIND_REPLY = 1
/** See `FIND_REQUEST`. */
export const REPLACE = 2

/** A list of operations. */
export interface Operations {
  readonly kinds: Uint8Array
  /** Keys of lookups, as `findBatch` reads them; of a replacement, the request key of the new connection. */
  readonly keys: Int32Array
  /** Whether each lookup must find something: 1 or 0. */
  readonly hits: Uint8Array
  /** How many of them are replacements. */
  readonly replacements: number
}

/** The port of every real server. */
export const SERVER_PORT = 8080

const PORTS = 64_512
const PORT_MIN = 1024
const ZIPF_EXPONENT = 1.05
/** Connections of one client of the made-up ones. */
const PER_CLIENT = 8

/** Connections by number, and what is done with them. */
export class Workload {
  readonly #options: WorkloadOptions
  readonly #clients: number
  #state: number

  constructor(options: WorkloadOptions) {
    this.#options = options
    this.#clients = Math.max(1, Math.ceil(options.connections / PER_CLIENT))
    this.#state = mix32(options.seed ^ 0x5bd1e995) | 1
    assert(this.#clients <= 1 << 24, 'made-up clients have 24 bits')
    const { flows } = options
    assert(flows === undefined || flows.length * PORTS >= 2 * options.connections, 'each flow has 64512 ports')
  }

  /** Connections that there are keys for: twice the window. Their numbers go round. */
  get keyCount(): number {
    return 2 * this.#options.connections
  }

  /** Of which kind they all are. */
  get kind(): EntryKind {
    return this.#options.mode === 'nat' ? 'nat' : 'direct'
  }

  /** Connection `index`, 0..keyCount-1. */
  entryOf(index: number): Entry {
    const { flows } = this.#options
    const { kind } = this
    const daddr = serverOf(index)
    if (flows !== undefined) {
      const which = index % flows.length
      const cport = PORT_MIN + (mix32(which) + Math.floor(index / flows.length)) % PORTS
      return { ...flows[which] as Flow, kind, cport, daddr, dport: SERVER_PORT }
    }
    const client = index % this.#clients
    const turn = Math.floor(index / this.#clients)
    const service = mix32(index)
    return {
      kind, protocol: 6, caddr: 0x0a000000 + scattered(client),
      cport: PORT_MIN + (turn * 7919 + mix32(client)) % PORTS,
      vaddr: 0xc0a80001 + (service & 3), vport: (service & 4) === 0 ? 80 : 443, daddr, dport: SERVER_PORT,
    }
  }

  /** The next `count` operations on a table whose oldest connection is number `oldest`. */
  operations(count: number, oldest: number): Operations {
    const { churn, hitRate, distribution, mode, connections } = this.#options
    const made = {
      kinds: new Uint8Array(count), keys: new Int32Array(count * BATCH_KEY_WORDS), hits: new Uint8Array(count),
    }
    let first = oldest, due = 0, lookups = 0
    for (let i = 0; i < count; i++) {
      due += churn
      if (due >= 1) {
        due--
        made.kinds[i] = REPLACE
        writeRequest(made.keys, i, this.entryOf((first + connections) % this.keyCount))
        first++
        continue
      }
      const isHit = this.#share() < hitRate
      const place = distribution === 'zipf' ? this.#zipf() : Math.floor(this.#share() * connections)
      const entry = this.entryOf((first + place + (isHit ? 0 : connections)) % this.keyCount)
      made.hits[i] = isHit ? 1 : 0
      if (mode === 'nat' && ++lookups % 2 === 0) {
        made.kinds[i] = FIND_REPLY
        writeReply(made.keys, i, { ...entry, saddr: entry.daddr, sport: entry.dport })
      } else {
        writeRequest(made.keys, i, entry)
      }
    }
    return { ...made, replacements: first - oldest }
  }

  /** 0 up to but without 1 (xorshift32). */
  #share(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) / 4_294_967_296
  }

  /** A place in the window: rank by the inverse of the distribution's integral, then scattered. */
  #zipf(): number {
    const { connections } = this.#options
    const power = 1 - ZIPF_EXPONENT
    const all = exactExp(power * exactLn(connections)) - 1
    const rank = Math.floor(exactExp(exactLn(all * this.#share() + 1) / power)) - 1
    return mix32(Math.min(connections - 1, Math.max(0, rank))) % connections
  }
}

/** The real server of connection `index`. */
export function serverOf(index: number): number {
  return 0x0ac80000 + index % 251
}

/** Another 24-bit number for each: clients of one network seldom follow each other. */
function scattered(client: number): number {
  const first = Math.imul(client, 0x9e3779b1) & 0xff_ffff
  return Math.imul(first ^ first >>> 12, 0x85ebca6b) & 0xff_ffff
}
