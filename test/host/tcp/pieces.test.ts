import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EndpointKey, EndpointTable, joinPorts } from '../../../src/host/tcp/endpoint-table.ts'
import { Reassembly } from '../../../src/host/tcp/reassembly.ts'
import { ReceiveWindow } from '../../../src/host/tcp/receive-window.ts'
import { SendBuffer } from '../../../src/host/tcp/send-buffer.ts'
import { fromWire, toWire } from '../../../src/host/tcp/sequence.ts'
import type { IpAddr } from '../../../src/wire/address.ts'
import { seed } from '../../support/seed.ts'

describe('sequence numbers', () => {
  it('wrap at 2^32', () => {
    expect(toWire(0xfffffff0, 0x20)).toBe(0x10)
    // 0x10 is the number of position 0x20, seen from position 0x18 and from 0x30.
    expect([fromWire(0xfffffff0, 0x10, 0x18), fromWire(0xfffffff0, 0x10, 0x30)]).toEqual([0x20, 0x20])
  })

  it(`round-trip within 2^31 of where one looks from (seed ${seed})`, () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 2 ** 40 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (initial, near, offset) => {
        const position = Math.max(near + offset, 0)
        expect(fromWire(initial, toWire(initial, position), near)).toBe(position)
      }), { seed })
  })
})

describe('the send buffer', () => {
  it('gives the bytes of several writes as one segment', () => {
    const buffer = new SendBuffer()
    buffer.append(Uint8Array.of(1, 2, 3))
    buffer.append(Uint8Array.of(4))
    buffer.append(Uint8Array.of(5, 6))
    // Positions begin at 1.
    expect([...buffer.slice(2, 6)]).toEqual([2, 3, 4, 5])
    expect(buffer.written).toBe(7)
  })

  it('does not copy what lies within one write', () => {
    const buffer = new SendBuffer()
    const bytes = new Uint8Array(3000)
    buffer.append(bytes)
    expect(buffer.slice(1, 1461).buffer).toBe(bytes.buffer)
  })

  it('knows where writes end', () => {
    const buffer = new SendBuffer()
    buffer.append(new Uint8Array(10))
    buffer.append(new Uint8Array(10))
    expect([buffer.endsWrite(1, 10), buffer.endsWrite(1, 11), buffer.endsWrite(11, 20), buffer.endsWrite(11, 21)])
      .toEqual([false, true, false, true])
  })

  it('has its bytes sent only as they are exposed, and remembers the seams ahead', () => {
    const buffer = new SendBuffer()
    buffer.append(new Uint8Array(30))
    buffer.expose(10)
    buffer.seal()
    buffer.expose(15)
    expect([buffer.end, buffer.written, buffer.bufferEnd(1), buffer.bufferEnd(11)]).toEqual([26, 31, 11, 26])
    expect(() => buffer.expose(6)).toThrow('only what was written')
  })

  it(`always gives what was written, whatever was released (seed ${seed})`, () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 80 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 30 }), (writes, reads) => {
        const buffer = new SendBuffer()
        for (const bytes of writes) buffer.append(bytes)
        const all = writes.flatMap((bytes) => [...bytes])
        let released = 1
        for (const [from, length, release] of reads) {
          const start = released + from % Math.max(buffer.written - released, 1)
          const end = Math.min(start + length % 40, buffer.written)
          if (start < end) expect([...buffer.slice(start, end)]).toEqual(all.slice(start - 1, end - 1))
          released = Math.max(released, Math.min(released + release % 10, buffer.written - 1))
          buffer.release(released)
        }
      }), { seed })
  })
})

describe('reassembly', () => {
  it('puts pieces in order, whatever the order and overlap they came in', () => {
    const reassembly = new Reassembly()
    reassembly.insert(20, Uint8Array.of(20, 21, 22))
    reassembly.insert(10, Uint8Array.of(10, 11))
    reassembly.insert(9, Uint8Array.of(9, 10, 11, 12))
    expect(reassembly.bytes).toBe(7)
    expect(reassembly.take(8)).toBeUndefined()
    const taken: number[] = []
    for (let position = 9; ;) {
      const bytes = reassembly.take(position)
      if (bytes === undefined) break
      taken.push(...bytes)
      position += bytes.length
    }
    expect(taken).toEqual([9, 10, 11, 12])
    expect(reassembly.bytes).toBe(3)
  })

  it('reports the block that grew last first, blocks that met as one', () => {
    const reassembly = new Reassembly()
    reassembly.insert(100, new Uint8Array(10))
    reassembly.insert(200, new Uint8Array(10))
    expect(reassembly.blocks(1, 4)).toEqual([{ left: 200, right: 210 }, { left: 100, right: 110 }])
    reassembly.insert(110, new Uint8Array(90))
    expect(reassembly.blocks(1, 4)).toEqual([{ left: 100, right: 210 }])
  })

  it('has no block for what was taken', () => {
    const reassembly = new Reassembly()
    reassembly.insert(10, new Uint8Array(5))
    reassembly.insert(30, new Uint8Array(5))
    reassembly.take(10)
    expect(reassembly.blocks(15, 4)).toEqual([{ left: 30, right: 35 }])
  })

  it(`always holds each byte once, and its blocks cover exactly what it holds of the latest four (seed ${seed})`, () => {
    const piece = fc.tuple(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 12 }))
    fc.assert(fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
      const reassembly = new Reassembly()
      const held = new Set<number>()
      for (const [start, length] of pieces) {
        reassembly.insert(start, Uint8Array.from({ length }, (_, i) => start + i))
        for (let i = 0; i < length; i++) held.add(start + i)
      }
      expect(reassembly.bytes).toBe(held.size)
      for (const { left, right } of reassembly.blocks(1, 4)) {
        for (let i = left; i < right; i++) expect(held.has(i)).toBe(true)
        expect(held.has(left - 1) || held.has(right)).toBe(false)
      }
      const taken: number[] = []
      for (let position = 1; position < 80; position++) {
        const bytes = reassembly.take(position)
        if (bytes === undefined) continue
        taken.push(...bytes)
        position += bytes.length - 1
      }
      expect(taken).toEqual([...held].sort((a, b) => a - b))
    }), { seed })
  })
})

describe('the receive window', () => {
  it('begins at 64240 bytes for an MSS of 1460, and grows only as the application reads', () => {
    const window = new ReceiveWindow(1460)
    expect(window.offer(0)).toBe(64_240)
    for (let i = 0; i < 200; i++) window.received(1460)
    expect(window.offer(0)).toBe(65_535)
    window.read(60_000, 10_000_000, 1_000_000)
    for (let i = 0; i < 200; i++) window.received(1460)
    expect(window.offer(0)).toBeGreaterThan(120_000)
  })

  it('offers nothing rather than less than a segment', () => {
    const window = new ReceiveWindow(1460)
    expect([window.offer(64_240 - 1460), window.offer(64_240 - 1459)]).toEqual([1460, 0])
  })
})

describe('the table of endpoints', () => {
  const entry = (lport: number, remote: number, rport = 80): EndpointKey => (
    { local: 1 as IpAddr, remote: remote as IpAddr, ports: joinPorts(lport, rport) })

  it('finds by all four parts of the key', () => {
    const table = new EndpointTable<EndpointKey>()
    const [a, b] = [entry(1000, 7), entry(1001, 7)]
    table.set(a)
    table.set(b)
    expect(table.find(1 as IpAddr, 7 as IpAddr, joinPorts(1001, 80))).toBe(b)
    expect(table.find(1 as IpAddr, 7 as IpAddr, joinPorts(1001, 81))).toBeUndefined()
    expect(table.find(2 as IpAddr, 7 as IpAddr, joinPorts(1001, 80))).toBeUndefined()
    expect(table.size).toBe(2)
  })

  it('does not remove an entry that has taken the place of another', () => {
    const table = new EndpointTable<EndpointKey>()
    const [old, young] = [entry(1000, 7), entry(1000, 7)]
    table.set(old)
    table.set(young)
    table.remove(old)
    expect(table.find(1 as IpAddr, 7 as IpAddr, joinPorts(1000, 80))).toBe(young)
    expect(table.size).toBe(1)
    table.remove(young)
    expect([table.size, [...table.values()]]).toEqual([0, []])
  })

  it(`agrees with a list of pairs of addresses, each with a list of ports (seed ${seed})`, () => {
    const step = fc.record({ adds: fc.boolean(), lport: fc.integer({ min: 1, max: 40 }), remote: fc.integer({ min: 1, max: 4 }) })
    fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new EndpointTable<EndpointKey>()
      // Maps walk by insertion, and a value that is replaced keeps its place.
      const model = new Map<number, Map<number, EndpointKey>>()
      for (const { adds, lport, remote } of steps) {
        const one = entry(lport, remote)
        const ports = model.get(remote) ?? new Map<number, EndpointKey>()
        const known = ports.get(one.ports)
        expect(table.find(one.local, one.remote, one.ports)).toBe(known)
        if (adds) {
          table.set(one)
          model.set(remote, ports.set(one.ports, one))
        } else if (known !== undefined) {
          table.remove(known)
          ports.delete(one.ports)
          if (ports.size === 0) model.delete(remote)
        }
      }
      expect(table.values()).toEqual([...model.values()].flatMap((ports) => [...ports.values()]))
    }), { seed })
  })
})
