/**
 * The key of the connection table: one lookup per packet of a director, uniform over all connections.
 * 65,536 connections; LVSIM_BENCH=large adds 1,048,576.
 * @module
 */
import { bench, describe, expect } from 'vitest'
import { ConnectionTable } from '../src/ipvs/connection-table.ts'
import { newConnection } from '../src/ipvs/connection.ts'
import { randomStream } from '../src/sim/random.ts'
import type { IpAddr } from '../src/wire/address.ts'
import { IPPROTO_TCP } from '../src/wire/ip-packet.ts'
import { SlotTable } from './support/slot-table.ts'

const LOOKUPS = 65_536
const TCP_CODE = 0
const SIZES = process.env['LVSIM_BENCH'] === 'large' ? [65_536, 1_048_576] : [65_536]

/** Connection `i`: 8 connections of each client, to 4 services of two ports. */
function fieldsOf(i: number): { caddr: IpAddr, cport: number, vaddr: IpAddr, vport: number } {
  return {
    caddr: 0x0a000000 + (i >> 3) as IpAddr, cport: 1024 + (i * 7919) % 64_512,
    vaddr: 0xc0a80001 + (i & 3) as IpAddr, vport: (i & 4) === 0 ? 80 : 443,
  }
}

type Find = (i: number) => number

/** Each gives back the number of the connection that a packet of connection `i` belongs to. */
const TABLES: readonly (readonly [string, (size: number) => Find])[] = [
  ['slots, and a record by number (a director of ours)', (size) => {
    const table = new ConnectionTable()
    for (let i = 0; i < size; i++) {
      const { caddr, cport, vaddr, vport } = fieldsOf(i)
      const connection = newConnection(table.records, {
        protocol: IPPROTO_TCP, caddr, cport, vaddr, vport, dport: vport, isTemplate: false, isOnePacket: false,
      }, 900)
      connection.startTimer(i)
      table.insert(connection)
    }
    return (i) => {
      const { caddr, cport, vaddr, vport } = fieldsOf(i)
      return table.find({ protocol: IPPROTO_TCP, caddr, cport, vaddr, vport })?.expiresTick ?? -1
    }
  }],
  ['text of the whole key', (size) => {
    const table = new Map<string, number>()
    const keyOf = (i: number): string => {
      const { caddr, cport, vaddr, vport } = fieldsOf(i)
      return `${IPPROTO_TCP}:${caddr}:${cport}:${vaddr}:${vport}`
    }
    for (let i = 0; i < size; i++) table.set(keyOf(i), i)
    return (i) => table.get(keyOf(i)) ?? -1
  }],
  ['16-byte slots', (size) => {
    const table = new SlotTable(size)
    for (let i = 0; i < size; i++) {
      const { caddr, cport, vaddr, vport } = fieldsOf(i)
      table.insert(caddr, (cport << 16) | vport, vaddr, TCP_CODE, i)
    }
    return (i) => {
      const { caddr, cport, vaddr, vport } = fieldsOf(i)
      return table.find(caddr, (cport << 16) | vport, vaddr, TCP_CODE)
    }
  }],
]

function sumOf(find: Find, asked: Int32Array): number {
  let sum = 0
  for (const i of asked) sum = (Math.imul(sum, 31) + find(i)) | 0
  return sum
}

describe.each(SIZES)('%i connections, 65,536 lookups (seed 42)', (size) => {
  const chance = randomStream('42', 'bench:connection-key')
  const asked = Int32Array.from({ length: LOOKUPS }, () => chance.int(size))
  const sums = TABLES.map(([, make]) => sumOf(make(size), asked))
  console.log(`connection key, ${size} connections: sum ${sums[0]}`)
  expect(new Set(sums).size).toBe(1)
  expect(sums[0]).toBe(sumOf((i) => i, asked))
  for (const [name, make] of TABLES) {
    // Made when its turn comes: tables that only wait would fill the processor's caches.
    let find: Find | undefined
    bench(name, () => {
      find ??= make(size)
      sumOf(find, asked)
    }, {
      time: 500, warmupTime: 200, teardown: (_task, mode) => {
        if (mode === 'run') find = undefined
      },
    })
  }
})
