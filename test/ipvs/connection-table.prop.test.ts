import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConnectionTable } from '../../src/ipvs/connection-table.ts'
import { type Connection, newConnection } from '../../src/ipvs/connection.ts'
import { IPIP_TUNNEL } from '../../src/ipvs/control/rules.ts'
import { Destination } from '../../src/ipvs/destination.ts'
import type { EngineData } from '../../src/ipvs/persistence-engine.ts'
import { parseIp, type IpAddr } from '../../src/wire/address.ts'
import { seed } from '../support/seed.ts'

/** Few values, so that keys meet often. */
const FAMILIES = [
  ['10.0.0.1', '192.168.0.1'], ['2001:db8::1', 'ffff::'],
].map((texts) => texts.map((text) => parseIp(text) as IpAddr))
const ENGINE_DATA: readonly (EngineData | undefined)[] = [undefined, { engine: 'sip', text: 'a' }, { engine: 'sip', text: 'b c' }]
const port = fc.constantFrom(80, 80, 80, 0, 0xffff)

/** What a step is about: an entry to be made, and the key that is looked for in each way. */
interface Draw {
  readonly family: 0 | 1
  readonly protocol: number
  readonly client: number
  readonly cport: number
  readonly service: number
  readonly vport: number
  readonly server: number
  readonly dport: number
  readonly kind: 'nat' | 'dr' | 'template'
  readonly data: number
}

const draw: fc.Arbitrary<Draw> = fc.record({
  family: fc.constantFrom(0, 1), protocol: fc.constantFrom(6, 17), client: fc.nat(1), cport: port, service: fc.nat(1),
  vport: port, server: fc.nat(1), dport: port, kind: fc.constantFrom('nat', 'dr', 'template'), data: fc.nat(2),
})
type Step =
  | { readonly do: 'insert', readonly draw: Draw }
  | { readonly do: 'find', readonly draw: Draw }
  | { readonly do: 'remove' | 'invalidate', readonly pick: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('insert' as const), draw }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('find' as const), draw }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'invalidate' as const), pick: fc.nat() }) },
)

/** The plainest table: the connections in a Map by the order in which they got their keys, and another by that of creation. */
class Model {
  readonly made = new Set<Connection>()
  readonly keyed = new Set<Connection>()

  insert(connection: Connection): void {
    this.made.add(connection)
    this.keyed.add(connection)
  }

  remove(connection: Connection): void {
    this.made.delete(connection)
    this.keyed.delete(connection)
  }

  /** A template gets another key: nothing changes in the order of creation. */
  invalidate(connection: Connection): void {
    this.keyed.delete(connection)
    this.keyed.add(connection)
  }

  newest(isIt: (connection: Connection) => boolean): Connection | undefined {
    return [...this.keyed].findLast(isIt)
  }
}

function connectionOf({ records }: ConnectionTable, d: Draw): Connection {
  const made = newConnection(records, { ...keyOf(d), dport: d.dport, isTemplate: d.kind === 'template', isOnePacket: false,
    engineData: d.kind === 'template' ? ENGINE_DATA[d.data] : undefined }, 900)
  const method = d.kind === 'nat' ? 'nat' : 'dr'
  const rule = { port: d.dport, method, weight: 1, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL } as const
  made.destination = new Destination({ ...rule, addr: address(d, d.server) }, { round: 0, isRunning: true })
  made.method = method
  return made
}

function address(d: Draw, index: number): IpAddr {
  return FAMILIES[d.family]?.[index] as IpAddr
}

function keyOf(d: Draw): { protocol: number, caddr: IpAddr, cport: number, vaddr: IpAddr, vport: number } {
  return { protocol: d.protocol, caddr: address(d, d.client), cport: d.cport, vaddr: address(d, d.service), vport: d.vport }
}

/** By request, by reply (whose sender is the service of the key), and as template. */
function foundIn(table: ConnectionTable, d: Draw): (Connection | undefined)[] {
  const { protocol, caddr, cport, vaddr, vport } = keyOf(d)
  return [
    table.find(keyOf(d)), table.findRequest({ protocol, src: caddr, dst: vaddr }, { sport: cport, dport: vport }),
    table.findReply({ protocol, src: vaddr, dst: caddr }, { sport: vport, dport: cport }),
    table.findTemplate(keyOf(d), ENGINE_DATA[d.data]),
  ]
}

function expectedOf(model: Model, d: Draw): (Connection | undefined)[] {
  const { protocol, caddr, cport, vaddr, vport } = keyOf(d)
  const isOfClient = (c: Connection): boolean => c.protocol === protocol && c.caddr === caddr && c.cport === cport
  const isAsked = (c: Connection): boolean => isOfClient(c) && c.vaddr === vaddr && c.vport === vport
  const request = model.newest((c) => !c.isTemplate && isAsked(c))
  return [
    request, request,
    model.newest((c) => !c.isTemplate && isOfClient(c) && (
      c.method === 'nat' ? c.daddr === vaddr && c.dport === vport : c.vaddr === vaddr && c.vport === vport)),
    model.newest((c) => c.isTemplate && isAsked(c) && c.engineData === ENGINE_DATA[d.data]),
  ]
}

describe(`the connection table of a director (seed ${seed})`, () => {
  it('always does what a Map would do', () => {
    let hits = 0
    fc.assert(fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const table = new ConnectionTable()
      const model = new Model()
      for (const each of steps) {
        if (each.do === 'insert') {
          const connection = connectionOf(table, each.draw)
          table.insert(connection)
          model.insert(connection)
        } else if (each.do === 'find') {
          const found = foundIn(table, each.draw)
          const expected = expectedOf(model, each.draw)
          expect(found.map((connection, i) => connection?.number === expected[i]?.number)).toEqual([true, true, true, true])
          hits += found.filter((connection) => connection !== undefined).length
        } else {
          const all = [...model.made].filter((connection) => each.do === 'remove' || connection.isTemplate)
          const connection = all[each.pick % all.length]
          if (connection === undefined) continue
          table[each.do](connection)
          model[each.do](connection)
        }
      }
      expect(table.size).toBe(model.made.size)
      const made = [...model.made]
      expect([...table].map(({ number }) => made.findIndex((other) => other.number === number))).toEqual(made.map((_, i) => i))
    }), { seed, numRuns: 200 })
    expect(hits).toBeGreaterThan(500)
  })

  it('can be read while it changes: what is removed is left out, what is added comes', () => {
    fc.assert(fc.property(fc.array(draw, { minLength: 3, maxLength: 12 }), fc.nat(), (draws, pick) => {
      const table = new ConnectionTable()
      const all = draws.map((each) => connectionOf(table, each))
      for (const connection of all) table.insert(connection)
      const gone = 1 + pick % (all.length - 1)
      const added = connectionOf(table, draws[0] as Draw)
      const read: number[] = []
      for (const connection of table) {
        if (read.length === 0) {
          table.remove(all[gone] as Connection)
          table.insert(added)
        }
        // What was added has got the number of what was removed.
        read.push([...all, added].findIndex(({ number, isDead }) => number === connection.number && !isDead))
      }
      expect(read).toEqual([...all, added].map((_, i) => i).filter((i) => i !== gone))
    }), { seed, numRuns: 100 })
  })
})
