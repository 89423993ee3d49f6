import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { present } from '../../../src/base/assert.ts'
import { type Connection, newConnection } from '../../../src/ipvs/connection.ts'
import { ConnectionTable } from '../../../src/ipvs/connection-table.ts'
import { attachIpvs } from '../../../src/ipvs/director.ts'
import type { IpAddr } from '../../../src/wire/address.ts'
import { IPPROTO_TCP } from '../../../src/wire/ip-packet.ts'
import { seed } from '../../support/seed.ts'
import { DirectorBench } from '../director-bench.ts'
import { benchAfter, CIRCLE, commandLine, LINE, RULE_VIEWS, textsOf } from './scripts.ts'

const VIEWS = [...RULE_VIEWS, 'ipvsadm -Ln --nosort', 'ipvsadm -Ln --thresholds', 'cat /proc/net/ip_vs']
const script = fc.array(commandLine(CIRCLE), { maxLength: 40, size: 'max' })

/** Rows of `ipvsadm -Lnc` of these clients, of those that sent a SYN one after the other; the others only let time pass. */
async function rowsOf(clients: readonly number[], shown: ReadonlySet<number>, sends: ReadonlySet<number>): Promise<string[]> {
  const bench = new DirectorBench()
  await bench.ipvsadm('-A -t 10.0.0.100:80 -s sh -b sh-port')
  await bench.ipvsadm('-a -t 10.0.0.100:80 -r 192.168.1.11 -m')
  await bench.ipvsadm('-a -t 10.0.0.100:80 -r 192.168.1.12 -m')
  for (const port of clients) {
    if (sends.has(port)) bench.tcp('client', `10.0.0.10:${port}`, '10.0.0.100:80', 'S')
    else bench.pass(0.01)
  }
  return (await bench.ipvsadm('-Lnc')).split('\n').slice(2)
    .filter((row) => shown.has(Number(/10\.0\.0\.10:(\d+)/.exec(row)?.[1])))
}

function connection({ records }: ConnectionTable, client: number): Connection {
  return newConnection(records, {
    protocol: IPPROTO_TCP, caddr: client as IpAddr, cport: client % 7, vaddr: 1 as IpAddr, vport: 80,
    dport: 80, isTemplate: false, isOnePacket: false,
  }, 900)
}

describe(`no text depends on the order or the growth of a hash table (seed ${seed})`, () => {
  it('a listing follows from the rules and the order of adding alone, whatever came and went on the way', async () => {
    let services = 0
    await fc.assert(fc.asyncProperty(script, async (lines) => {
      const bench = await benchAfter(lines)
      const { rules } = attachIpvs(bench.host)
      services += rules.services.length
      const other = await benchAfter([])
      const fresh = attachIpvs(other.host)
      for (const service of rules.services) {
        expect(fresh.apply({ kind: 'add-service', service, options: service }).ok).toBe(true)
        for (const destination of [...service.destinations].reverse()) {
          expect(fresh.apply({ kind: 'add-destination', service, destination }).ok).toBe(true)
        }
      }
      expect(await textsOf(other, VIEWS)).toEqual(await textsOf(bench, VIEWS))
    }), { seed, numRuns: 150 })
    expect(services).toBeGreaterThan(300)
  })

  it('a sorted listing does not even know the order of adding, where addresses have one order', async () => {
    const shuffled = <T>(all: readonly T[]): fc.Arbitrary<T[]> => fc.shuffledSubarray([...all], { minLength: all.length })
    const order = fc.tuple(shuffled(LINE), shuffled(['80', '81', '443']))
    await fc.assert(fc.asyncProperty(order, async ([addresses, ports]) => {
      const lines = ports.flatMap((port) => [
        `-A -t 10.0.0.100:${port} -s rr`, ...addresses.map((rs) => `-a -t 10.0.0.100:${port} -r ${rs}:${port} -m`),
      ])
      const text = (await (await benchAfter(lines)).run('ipvsadm -Ln')).stdout
      const sorted = ['80', '81', '443'].flatMap((port) => [
        `TCP  10.0.0.100:${port} rr`, ...['10.0.0.9', '10.0.0.100', '10.0.0.200'].map((rs) => `  -> ${rs}:${port}`),
      ])
      expect(text.split('\n').slice(3, -1).map((line) => line.replace(/ +Masq.*/, ''))).toEqual(sorted)
    }), { seed, numRuns: 40 })
  })

  it('the rows of some connections are the same whoever else is in the table', async () => {
    const ports = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 40, size: 'max' })
    await fc.assert(fc.asyncProperty(ports, fc.integer({ min: 1, max: 5 }), async (clients, every) => {
      const shown = new Set(clients.filter((_, index) => index % every === 0))
      const alone = await rowsOf(clients, shown, shown)
      expect(alone).toHaveLength(shown.size)
      expect(await rowsOf(clients, shown, new Set(clients))).toEqual(alone)
    }), { seed, numRuns: 20 })
  })

  it('a table of any size gives its connections in the order in which they were made', () => {
    const steps = fc.array(fc.tuple(fc.nat(500), fc.boolean()), { maxLength: 400, size: 'max' })
    fc.assert(fc.property(steps, (all) => {
      const table = new ConnectionTable()
      const kept: Connection[] = []
      for (const [number, isNew] of all) {
        if (isNew || kept.length === 0) {
          const made = connection(table, number)
          kept.push(made)
          table.insert(made)
        } else {
          const [gone] = kept.splice(number % kept.length, 1)
          table.remove(present(gone, 'connection'))
        }
      }
      expect([...table]).toEqual(kept)
      for (const { caddr, cport } of kept) {
        const newest = kept.findLast((other) => other.caddr === caddr && other.cport === cport)
        expect(table.find({ protocol: IPPROTO_TCP, caddr, cport, vaddr: 1 as IpAddr, vport: 80 })).toEqual(newest)
      }
    }), { seed, numRuns: 60 })
  })
})
