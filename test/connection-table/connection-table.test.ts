import { describe, expect, it } from 'vitest'
import { ConnectionTable, type Entry, type Ipv6Words, writeRequest } from '../../src/connection-table/connection-table.ts'

const DIRECT: Entry = {
  kind: 'direct', protocol: 6, caddr: 0x0a000001, cport: 40_000, vaddr: 0xc0a80001, vport: 80, daddr: 0x0a010001, dport: 80,
}

function wide(low: number): Ipv6Words {
  return [0x20010db8, 0, 0, low]
}

describe('a connection table', () => {
  it('tells directions, protocols and templates of the same numbers apart', () => {
    const table = new ConnectionTable({ seed: 1 })
    const nat = table.insert({ ...DIRECT, kind: 'nat', daddr: 0x0a010001, dport: 8080 })
    const datagrams = table.insert({ ...DIRECT, protocol: 17 })
    const template = table.insert({ ...DIRECT, kind: 'template' })
    expect([table.find(DIRECT), table.find({ ...DIRECT, protocol: 17 }), table.findTemplate(DIRECT)])
      .toEqual([nat, datagrams, template])
    const reply = { protocol: 6, caddr: DIRECT.caddr, cport: DIRECT.cport, saddr: 0x0a010001, sport: 8080 }
    expect(table.findReply(reply)).toBe(nat)
    // What the real server sends is no request, and what the service's address sends is no reply of a NAT connection.
    expect(table.find({ ...DIRECT, vaddr: 0x0a010001, vport: 8080 })).toBe(-1)
    expect(table.findReply({ ...reply, saddr: DIRECT.vaddr, sport: 80 })).toBe(-1)
  })

  it('finds a reply of a direct connection by the address of the service', () => {
    const table = new ConnectionTable({ seed: 1 })
    const id = table.insert(DIRECT)
    expect(table.findReply({ protocol: 6, caddr: DIRECT.caddr, cport: 40_000, saddr: DIRECT.vaddr, sport: 80 })).toBe(id)
  })

  it('keeps the template of a firewall mark under protocol 0 and the mark', () => {
    const table = new ConnectionTable({ seed: 1 })
    const mark: Entry = { ...DIRECT, kind: 'template', protocol: 0, cport: 0, vaddr: 7, vport: 0 }
    const id = table.insert(mark)
    expect([table.findTemplate(mark), table.findTemplate({ ...mark, vaddr: 8 })]).toEqual([id, -1])
    expect(() => table.insert({ ...mark, kind: 'direct' })).toThrow('protocol 0 is for templates')
  })

  it('hides an older entry behind a newer one of the same key until that is gone', () => {
    const table = new ConnectionTable({ seed: 1 })
    const ids = [table.insert(DIRECT), table.insert({ ...DIRECT, kind: 'nat' }), table.insert(DIRECT)]
    const seen = ids.map(() => {
      const newest = table.find(DIRECT)
      table.remove(newest)
      return newest
    })
    expect(seen).toEqual([...ids].reverse())
    expect([table.find(DIRECT), table.size]).toEqual([-1, 0])
  })

  it('takes an address signed or unsigned', () => {
    const table = new ConnectionTable({ seed: 1 })
    const id = table.insert({ ...DIRECT, caddr: 0xc0a80002 })
    expect(table.find({ ...DIRECT, caddr: 0xc0a80002 | 0 })).toBe(id)
    expect(table.entryOf(id)).toEqual({ ...DIRECT, caddr: 0xc0a80002 })
  })

  it('gives a number again once its entry is gone, and is not misled by the old one', () => {
    const table = new ConnectionTable({ seed: 1 })
    const first = table.insert(DIRECT)
    expect([table.remove(first), table.remove(first), table.remove(99)]).toEqual([true, false, false])
    expect(table.entryOf(first)).toBe(undefined)
    expect(table.insert({ ...DIRECT, cport: 1 })).toBe(first)
    expect(table.find(DIRECT)).toBe(-1)
  })

  it('leaves out of an iteration what is removed meanwhile, and brings what is added', () => {
    const table = new ConnectionTable({ seed: 1 })
    const [a, b, c, d] = [1, 2, 3, 4].map((cport) => table.insert({ ...DIRECT, cport })) as [number, number, number, number]
    const seen: number[] = []
    for (const id of table) {
      seen.push(id)
      if (id === a) [a, b].forEach((gone) => table.remove(gone))
      if (id === d && table.size === 2) table.insertIpv6({ ...DIRECT, caddr: wide(1), vaddr: wide(2), daddr: wide(3) })
    }
    // The new one has the number that was given back last.
    expect(seen).toEqual([a, c, d, b])
    // A reader who stops early leaves nothing behind.
    for (const id of table) if (id === c) break
    expect([...table]).toEqual([c, d, b])
  })

  it('finds IPv6 connections while and after it grows', () => {
    const table = new ConnectionTable({ seed: 1 })
    const entry = (i: number): Entry<Ipv6Words> =>
      ({ ...DIRECT, kind: i % 2 === 0 ? 'direct' : 'nat', caddr: wide(i), vaddr: [i, 0, 0, 1], daddr: wide(0) })
    const ids: number[] = []
    let foundGrowing = 0
    for (let i = 0; i < 2000; i++) {
      ids.push(table.insertIpv6(entry(i)))
      const older = i * 7919 % (i + 1)
      expect(table.findIpv6(entry(older))).toBe(ids[older])
      if (table.isGrowing) foundGrowing++
    }
    expect(foundGrowing).toBeGreaterThan(50)
    for (let i = 0; i < 2000; i += 3) table.remove(ids[i] as number)
    for (let i = 0; i < 2000; i++) expect(table.findIpv6(entry(i))).toBe(i % 3 === 0 ? -1 : ids[i])
  })

  it('takes 16 bytes for a slot, 32 for a record, and two slots for a NAT connection', () => {
    // 65,536 places at 1/4: 262,144 slots of 16 bytes, and 64 of 40 for IPv6; one piece of 65,536 records of 32 bytes.
    const table = new ConnectionTable({ seed: 1, capacity: 65_536, loadMax: 0.25 })
    table.insert(DIRECT)
    expect(table.bytes).toEqual({ index: 262_144 * 16 + 64 * 40, records: 65_536 * 32 })
    // 64 slots at 1/2 hold 32 places: the 17th NAT connection needs more.
    const small = new ConnectionTable({ seed: 1 })
    const growing = Array.from({ length: 17 }, (_, i) => {
      small.insert({ ...DIRECT, kind: 'nat', cport: i })
      return small.isGrowing
    })
    expect(growing.indexOf(true)).toBe(16)
  })

  it('holds a million connections, finds them all, and forgets them', () => {
    const table = new ConnectionTable({ seed: 1 })
    const key = { ...DIRECT, cport: 0, caddr: 0 }
    const set = (i: number): typeof key => {
      key.caddr = 0x0a000000 + (i >>> 4)
      key.cport = 1024 + (i & 15)
      return key
    }
    let wrong = 0
    for (let i = 0; i < 1_000_000; i++) if (table.insert(set(i)) !== i) wrong++
    for (let i = 0; i < 1_000_000; i++) if (table.find(set(i)) !== i) wrong++
    for (let i = 0; i < 1_000_000; i += 2) table.remove(i)
    for (let i = 0; i < 1_000_000; i++) if (table.find(set(i)) !== (i % 2 === 0 ? -1 : i)) wrong++
    expect([wrong, table.size]).toEqual([0, 500_000])
    let sum = 0, count = 0
    const keys = new Int32Array(4)
    for (let i = 1; i < 1_000_000; i += 1000, count++) {
      writeRequest(keys, 0, set(i))
      sum += table.probesAt(keys, 0)
    }
    // At a load of at most 1/4 a hit takes (1 + 1 / (1 - 1/4)) / 2 = 1.17 probes.
    expect(sum / count).toBeLessThan(1.4)
  })
})
