import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import loadWabt from 'wabt'
import { BATCH_KEY_WORDS, ConnectionTable, writeReply, writeRequest } from '../../src/connection-table/connection-table.ts'
import { hashIpv4 } from '../../src/connection-table/hash.ts'
import { Ipv4Batch } from '../../src/connection-table/ipv4-batch.ts'
import { makeSlots } from '../../src/connection-table/slots.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

const ROOM = '../../src/connection-table'

describe('the program for batches', () => {
  // After a change of the .wat file: npx vitest run test/connection-table/ipv4-batch.test.ts -u
  it('is compiled from its text', async () => {
    const text = readFileSync(new URL(`${ROOM}/ipv4-batch.wat`, import.meta.url), 'utf8')
    const { parseWat } = await loadWabt()
    const { buffer } = parseWat('ipv4-batch.wat', text, { simd: true }).toBinary({})
    await expect(moduleText(buffer)).toMatchFileSnapshot(`${ROOM}/ipv4-batch-program.ts`)
  })

  it('is for many slots, where there is WebAssembly', () => {
    expect(Ipv4Batch.make(makeSlots(LARGE, 4))).toBeDefined()
    expect(Ipv4Batch.make(makeSlots(LARGE / 2, 4))).toBeUndefined()
    const slots = makeSlots(LARGE, 4)
    vi.stubGlobal('WebAssembly', undefined)
    expect(Ipv4Batch.make(slots)).toBeUndefined()
    expect(Ipv4Batch.make(makeSlots(LARGE, 4))).toBeUndefined()
  })

  // Slots filled to three quarters: one line in three is full, so that ways go on over several lines and around the end.
  it.each([['', true], [', without it', false]])('finds what a lookup finds%s', (_, hasProgram) => {
    if (!hasProgram) vi.stubGlobal('WebAssembly', undefined)
    const table = crowdedTable()
    const keys = someKeys()
    const count = keys.length / BATCH_KEY_WORDS
    const one = Int32Array.from({ length: count }, (_, i) => table.findAt(keys, i))
    const found = new Int32Array(count).fill(-7)
    table.findBatch(keys, count, found)
    expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(one.buffer))).toBe(0)
    expect(one.filter((id) => id >= 0).length / count).toBeCloseTo(0.28, 2)
    // Batches of every size up to beyond one block; what is behind them stays as it was.
    for (let size = 0; size <= 130; size++) {
      const some = new Int32Array(size + 1).fill(-7)
      table.findBatch(keys.subarray(size * BATCH_KEY_WORDS), size, some)
      expect([...some]).toEqual([...one.subarray(size, 2 * size), -7])
    }
  })

  it('goes on from the last line to the first', () => {
    const slots = Math.ceil(LARGE / LOAD / 4) * 4
    const clients: number[] = []
    // Two that belong to the second slot of the last line.
    for (let caddr = 1; clients.length < 2; caddr++) {
      const hash = hashIpv4(3, caddr, 5 << 16 | 80, SERVICE.vaddr | 0)
      if (Math.floor((hash >>> 0) / 2 ** 32 * slots) === slots - 3) clients.push(caddr)
    }
    const table = new ConnectionTable({ seed: 3, capacity: LARGE, loadMax: LOAD })
    const [first = 0, second = 0] = clients
    const insert = (caddr: number): number => table.insert({
      ...SERVICE, kind: 'direct', caddr, cport: 5, daddr: 0xc0a8_0002, dport: 80,
    })
    const ids = [first, first, first, first, second, second, second].map(insert)
    const wanted = [ids[3], ids[6], -1]
    const keys = new Int32Array(3 * BATCH_KEY_WORDS), found = new Int32Array(3)
    for (const [i, caddr] of [first, second, 0].entries()) writeRequest(keys, i, { ...SERVICE, caddr, cport: 5 })
    table.findBatch(keys, 3, found)
    expect([[...found], [0, 1, 2].map((i) => table.findAt(keys, i))]).toEqual([wanted, wanted])
    expect(table.probesAt(keys, 1)).toBeGreaterThan(4)
  })
})

/** Slots of 16 MiB, from where on they have a memory of their own. */
const LARGE = 1 << 20
const LOAD = 0.75
const CLIENTS = 350_000
const SERVICE = { protocol: 6, vaddr: 0xc0a8_0001, vport: 80 }

/** Entries of some clients: NAT, with a second one that hides the first, with a template; some of each were removed again. */
function crowdedTable(): ConnectionTable {
  const table = new ConnectionTable({ seed: 3, capacity: LARGE, loadMax: LOAD })
  for (let i = 0; i < CLIENTS; i++) {
    const entry = { ...SERVICE, caddr: 0x0a00_0000 + i, cport: i & 0xffff, daddr: 0xc0a8_0002, dport: 80 }
    const ids = [table.insert({ ...entry, kind: 'nat' })]
    if (i % 4 === 1) ids.push(table.insert({ ...entry, kind: 'direct' }))
    if (i % 8 === 2) ids.push(table.insert({ ...entry, kind: 'template' }))
    if (i % 16 === 5) table.remove(ids.at(-1) as number)
    if (i % 16 === 6) for (const id of ids) table.remove(id)
  }
  expect([table.isGrowing, table.bytes.index >= LARGE * 16]).toEqual([false, true])
  return table
}

/** Requests and replies of twice as many clients. */
function someKeys(): Int32Array {
  const keys = new Int32Array(CLIENTS * BATCH_KEY_WORDS)
  for (let i = 0, at = 0; at < CLIENTS; i += 4 + i % 5, at += 2) {
    const client = { protocol: 6, caddr: 0x0a00_0000 + i, cport: i & 0xffff }
    writeRequest(keys, at, { ...client, vaddr: SERVICE.vaddr, vport: i % 16 === 7 ? 81 : 80 })
    writeReply(keys, at + 1, { ...client, saddr: i % 16 === 8 ? SERVICE.vaddr : 0xc0a8_0002, sport: 80 })
  }
  return keys
}

function moduleText(program: Uint8Array): string {
  const lines: string[] = []
  for (let i = 0; i < program.length; i += 24) lines.push(`  ${program.subarray(i, i + 24).join(', ')},`)
  return `/**
 * \`ipv4-batch.wat\`, compiled; a test compares the two.
 * @module
 */

/** A module of WebAssembly. */
export const IPV4_BATCH_PROGRAM = Uint8Array.of(
${lines.join('\n')}
)
`
}
