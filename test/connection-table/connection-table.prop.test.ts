import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BATCH_KEY_WORDS, ConnectionTable, type Entry, type Ipv6Words, type Layout, writeReply, writeRequest,
} from '../../src/connection-table/connection-table.ts'
import { seed } from '../support/seed.ts'

/** Few values, so that keys meet often; addresses of more than 31 bits among them. */
const caddr = fc.constantFrom(0, 1, 0x0a000001, 0xc0a80001, 0xffffffff)
const vaddr = fc.constantFrom(0, 0x0a000001, 0xc0a80001)
const port = fc.constantFrom(0, 80, 0xffff)
const ipv4Entry: fc.Arbitrary<Entry> = fc.record({
  kind: fc.constantFrom('nat', 'direct', 'template'), protocol: fc.constantFrom(6, 17, 132),
  caddr, cport: port, vaddr, vport: port, daddr: vaddr, dport: port,
})

/** An operation on both families alike: an IPv6 address is four words, of which one is the IPv4 address. */
type Step =
  | { readonly do: 'insert', readonly entry: Entry, readonly place: number, readonly data: string }
  | { readonly do: 'remove', readonly pick: number }
  | { readonly do: 'find', readonly entry: Entry, readonly place: number, readonly data: string }

/** Place 4 is IPv4; 0..3 say which word of an IPv6 address it is. */
const place = fc.nat({ max: 4 })
const data = fc.constantFrom('', '', 'call@a', 'call b')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('insert' as const), entry: ipv4Entry, place, data }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), pick: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('find' as const), entry: ipv4Entry, place, data }) },
)

function wide(address: number, at: number): Ipv6Words {
  return [0, 1, 2, 3].map((word) => (word === at ? address : 0x20010db8)) as unknown as Ipv6Words
}

function wideEntry(entry: Entry, at: number): Entry<Ipv6Words> {
  return { ...entry, caddr: wide(entry.caddr, at), vaddr: wide(entry.vaddr, at), daddr: wide(entry.daddr, at) }
}

/** The plainest table: a Map in the order of insertion, searched from its end. */
class Model {
  readonly entries = new Map<number, { readonly entry: Entry, readonly place: number, readonly data: string }>()

  newest(place: number, isIt: (entry: Entry, data: string) => boolean): number {
    let found = -1
    for (const [id, other] of this.entries) if (other.place === place && isIt(other.entry, other.data)) found = id
    return found
  }

  request(key: Entry, place: number): number {
    return this.newest(place, (entry) => entry.kind !== 'template' && isSameRequest(entry, key))
  }

  template(key: Entry, place: number, wanted: string): number {
    return this.newest(place, (entry, text) => entry.kind === 'template' && text === wanted && isSameRequest(entry, key))
  }

  reply(key: Entry, place: number): number {
    return this.newest(place, (entry) => {
      const [saddr, sport] = entry.kind === 'nat' ? [entry.daddr, entry.dport] : [entry.vaddr, entry.vport]
      return entry.kind !== 'template' && entry.protocol === key.protocol && entry.caddr === key.caddr
        && entry.cport === key.cport && saddr === key.vaddr && sport === key.vport
    })
  }
}

function isSameRequest(a: Entry, b: Entry): boolean {
  return a.protocol === b.protocol && a.caddr === b.caddr && a.cport === b.cport && a.vaddr === b.vaddr && a.vport === b.vport
}

function insert(table: ConnectionTable, entry: Entry, at: number): number {
  return at === 4 ? table.insert(entry) : table.insertIpv6(wideEntry(entry, at))
}

/** What the table finds: by request, by reply (the key's virtual address is where it comes from), as template. */
function findAll(table: ConnectionTable, key: Entry, at: number, text: string): number[] {
  if (at === 4) {
    const reply = { ...key, saddr: key.vaddr, sport: key.vport }
    return [table.find(key), table.findReply(reply), table.findTemplate(key, text)]
  }
  const wideKey = wideEntry(key, at)
  const reply = { ...wideKey, saddr: wideKey.vaddr, sport: key.vport }
  return [table.findIpv6(wideKey), table.findReplyIpv6(reply), table.findTemplateIpv6(wideKey, text)]
}

/** Plays the steps on a table and on the model, and compares them after each. */
function play(table: ConnectionTable, steps: readonly Step[]): void {
  const model = new Model()
  for (const step of steps) {
    if (step.do === 'insert') {
      const text = step.entry.kind === 'template' ? step.data : ''
      const entry = text === '' ? step.entry : { ...step.entry, data: text }
      const id = insert(table, entry, step.place)
      expect(model.entries.has(id)).toBe(false)
      model.entries.set(id, { entry, place: step.place, data: text })
    } else if (step.do === 'remove') {
      const ids = [...model.entries.keys()]
      const id = ids[step.pick % (ids.length + 1)] ?? -1
      expect(table.remove(id)).toBe(model.entries.delete(id))
    } else {
      const { entry, place: at, data: text } = step
      const expected = [model.request(entry, at), model.reply(entry, at), model.template(entry, at, text)]
      expect(findAll(table, entry, at, text)).toEqual(expected)
    }
    expect(table.size).toBe(model.entries.size)
  }
  expect([...table]).toEqual([...model.entries.keys()])
  for (const [id, { entry, place: at }] of model.entries) {
    expect(at === 4 ? table.entryOf(id) : table.entryOfIpv6(id)).toEqual(at === 4 ? entry : wideEntry(entry, at))
    expect(at === 4 ? table.entryOfIpv6(id) : table.entryOf(id)).toBe(undefined)
  }
}

describe.each<Layout>(['slots', 'classic', 'resizable'])(`a table of %s (seed ${seed})`, (layout) => {
  it('always does what a Map would do', () => {
    fc.assert(fc.property(fc.integer(), fc.array(step, { maxLength: 120, size: 'max' }), (hashSeed, steps) => {
      play(new ConnectionTable({ seed: hashSeed, layout, tabBits: 8 }), steps)
    }), { seed, numRuns: 120 })
  })

  it('finds everything, whatever was inserted and removed while it grew', () => {
    fc.assert(fc.property(fc.integer(), fc.constantFrom(0.125, 0.5, 0.75), fc.array(fc.nat({ max: 9 }), { minLength: 20 }),
      (hashSeed, loadMax, lives) => {
        const table = new ConnectionTable({ seed: hashSeed, layout, loadMax, tabBits: 14 })
        const live: number[] = []
        // Every so often one is removed: the first, the last, or one between them.
        for (let i = 0; i < 1000; i++) {
          table.insert(numbered(i))
          live.push(i)
          const life = lives[i % lives.length] as number
          if (life < 4) removeNumber(table, live.splice(life === 0 ? 0 : life * 7919 % live.length, 1)[0] as number)
        }
        expect([...table].map((id) => table.entryOf(id)?.caddr)).toEqual(live)
        expectFound(table, live)
      }), { seed, numRuns: 15 })
  })

  it('does changes in their order, however many come before something is looked for', () => {
    fc.assert(fc.property(fc.integer(), fc.array(fc.nat(), { minLength: 1, maxLength: 300, size: 'max' }), (hashSeed, picks) => {
      const table = new ConnectionTable({ seed: hashSeed, layout, loadMax: 0.75, tabBits: 8 })
      // Which of 20 connections the entries are, by number: the number of one that is gone is given to another connection.
      const live = new Map<number, number>()
      for (const pick of picks) {
        const ids = [...live.keys()]
        const id = ids[(pick >>> 5) % (ids.length + 1)]
        if (pick % 32 >= 20 && id !== undefined) {
          table.remove(id)
          live.delete(id)
        } else {
          live.set(table.insert(numbered(pick % 20)), pick % 20)
        }
      }
      for (let i = 0; i < 20; i++) {
        const newest = [...live].findLast(([, connection]) => connection === i)?.[0] ?? -1
        expect(table.find(numbered(i))).toBe(newest)
      }
    }), { seed, numRuns: 100 })
  })
})

/** Connection `i`, of NAT if it is odd. */
function numbered(i: number): Entry {
  return {
    kind: i % 2 === 1 ? 'nat' : 'direct', protocol: 6, caddr: i, cport: 1024 + i, vaddr: 0xc0a80001, vport: 80,
    daddr: 0x0a000001 + i % 3, dport: 8080,
  }
}

function removeNumber(table: ConnectionTable, i: number): void {
  expect(table.remove(table.find(numbered(i)))).toBe(true)
}

/** All of them are found, one by one and by batch, by requests and by replies; and nothing else is. */
function expectFound(table: ConnectionTable, live: readonly number[]): void {
  const keys = new Int32Array(2000 * BATCH_KEY_WORDS)
  const found = new Int32Array(2000)
  for (let i = 0; i < 1000; i++) {
    const entry = numbered(i)
    const [saddr, sport] = entry.kind === 'nat' ? [entry.daddr, entry.dport] : [entry.vaddr, entry.vport]
    writeRequest(keys, 2 * i, entry)
    writeReply(keys, 2 * i + 1, { ...entry, saddr, sport })
    expect(table.findReply({ ...entry, saddr, sport })).toBe(table.find(entry))
  }
  table.findBatch(keys, 2000, found)
  const isLive = new Set(live)
  for (let i = 0; i < 1000; i++) {
    const id = table.find(numbered(i))
    expect(id === -1 ? -1 : table.entryOf(id)?.caddr).toBe(isLive.has(i) ? i : -1)
    expect([found[2 * i], found[2 * i + 1], table.findAt(keys, 2 * i), table.findAt(keys, 2 * i + 1)]).toEqual([id, id, id, id])
  }
}
