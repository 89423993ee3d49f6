/**
 * The second model of the schedulers that go by a hash of an address: dh sh mh.
 * @module
 */
import { sipHash13 } from './sip-hash.ts'
import { gcdOf, isFree, type ModelServer, type SchedulerModel } from './scheduler-model.ts'

type Table = readonly (ModelServer | undefined)[]

/** The 8 high bits of a number times 0x61C88647, in 32 bits. */
function hash8(value: number): number {
  return Number(((BigInt(value >>> 0) * 0x61C88647n) & 0xffffffffn) >> 24n)
}

function freeOrNone(server: ModelServer | undefined): ModelServer | undefined {
  return server !== undefined && isFree(server) ? server : undefined
}

/** 256 slots dealt out along the list, each server getting `turnsOf` slots in a row. */
function deal(servers: readonly ModelServer[], turnsOf: (server: ModelServer) => number): Table {
  const table: ModelServer[] = []
  while (servers.length > 0 && table.length < 256) {
    for (const server of servers) {
      for (let i = 0; i < turnsOf(server) && table.length < 256; i++) table.push(server)
    }
  }
  return table
}

/** dh: the slot of the address asked for. */
export function dhModel(initial: readonly ModelServer[]): SchedulerModel {
  let table = deal(initial, () => 1)
  return {
    changed: (servers) => { table = deal(servers, () => 1) },
    pick: ({ flow }) => freeOrNone(table[hash8(flow.target)]),
  }
}

/** sh: the slot of the client. */
export function shModel(initial: readonly ModelServer[]): SchedulerModel {
  const turnsOf = ({ weight }: ModelServer): number => Math.max(1, weight)
  let table = deal(initial, turnsOf)
  return {
    changed: (servers) => { table = deal(servers, turnsOf) },
    pick: ({ flow, mayFallBack, usesPort }) => {
      const home = hash8(flow.client + (usesPort ? flow.clientPort : 0))
      const first = freeOrNone(table[home])
      if (first !== undefined || !mayFallBack) return first
      const probes = Array.from({ length: 256 }, (_, k) => table[(k + 2 * home) % 256])
      return probes.find((server) => server !== undefined && isFree(server))
    },
  }
}

const SLOTS = 4093
const KEY_1 = 2654435761n
const KEY_2 = 2654446892n
const hashes = new Map<string, number>()

/** The low 32 bits of the keyed hash of a number mod 2^32, as four little-endian bytes. */
function keyedHash(value: number, key: bigint): number {
  const text = `${value % 4294967296}/${key}`
  let hash = hashes.get(text)
  if (hash === undefined) {
    hash = Number(sipHash13(BigInt(value % 4294967296), 4, key, key) & 0xffffffffn)
    if (hashes.size < 500_000) hashes.set(text, hash)
  }
  return hash
}

/** The table of Maglev: each server in turn takes free slots of its own permutation. */
function permute(servers: readonly ModelServer[]): Table {
  const weights = servers.map(({ lastWeight }) => lastWeight).filter((weight) => weight > 0)
  if (weights.length === 0) return []
  const gcd = gcdOf(weights)
  const bits = (Math.max(...weights) / gcd).toString(2).length
  const shift = Math.max(0, bits - 6)
  const takers = servers.filter(({ lastWeight }) => lastWeight > 0).map((server) => ({
    server, turns: Math.max(1, Math.floor(server.lastWeight / gcd / 2 ** shift)),
    next: keyedHash(server.addr + server.port, KEY_1) % SLOTS,
    skip: keyedHash(server.addr + server.port, KEY_2) % (SLOTS - 1) + 1,
  }))
  const table = Array<ModelServer | undefined>(SLOTS).fill(undefined)
  let free = SLOTS
  for (;;) {
    for (const taker of takers) {
      for (let turn = 0; turn < taker.turns; turn++) {
        while (table[taker.next] !== undefined) taker.next = (taker.next + taker.skip) % SLOTS
        table[taker.next] = taker.server
        if (--free === 0) return table
      }
    }
  }
}

/** mh: the slot of the client in the table of Maglev, which goes by the latest weights that were not 0. */
export function mhModel(initial: readonly ModelServer[]): SchedulerModel {
  let table = permute(initial)
  return {
    changed: (servers) => { table = permute(servers) },
    pick: ({ servers, flow, mayFallBack, usesPort }) => {
      const value = flow.client + (usesPort ? flow.clientPort : 0)
      const home = keyedHash(value, KEY_1) % SLOTS
      const first = freeOrNone(table[home])
      if (first !== undefined || !mayFallBack || !servers.some(isFree)) return first
      for (let k = 0; k < SLOTS; k++) {
        const found = freeOrNone(table[keyedHash(value + (home + k) % SLOTS, KEY_1) % SLOTS])
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}
