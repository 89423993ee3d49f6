import { describe, expect, it } from 'vitest'
import { ConnectionTable } from '../../src/ipvs/connection-table.ts'
import { Connection } from '../../src/ipvs/connection.ts'
import { parseIpv4, type IpAddr } from '../../src/wire/address.ts'
import { IPPROTO_TCP } from '../../src/wire/ip-packet.ts'

const addr = (text: string): IpAddr => parseIpv4(text) as IpAddr
const VIP = addr('192.168.0.1')
const RIP = addr('10.100.0.2')

function connection(caddr: IpAddr, cport: number): Connection {
  const made = new Connection({
    protocol: IPPROTO_TCP, caddr, cport, vaddr: VIP, vport: 80, daddr: RIP, dport: 8080, fwmark: 0,
    isTemplate: false, isOnePacket: false,
  }, 900)
  made.method = 'nat'
  return made
}

/** The connection of a client's request to the service, and that of the real server's reply to the client. */
function found(table: ConnectionTable, caddr: IpAddr, cport: number): readonly (Connection | undefined)[] {
  return [
    table.find({ protocol: IPPROTO_TCP, caddr, cport, vaddr: VIP, vport: 80 }),
    table.findReply({ protocol: IPPROTO_TCP, saddr: RIP, sport: 8080, caddr, cport }),
  ]
}

describe('the connection table', () => {
  // 0x0a000001 and 0x0a00c576 with these ports hang in one chain: mul32(addr, 0x9e3779b1) ^ port is -2,009,602,575 for both.
  const [a, b] = [{ caddr: addr('10.0.0.1'), cport: 40_000 }, { caddr: addr('10.0.197.118'), cport: 43_367 }] as const

  it('tells clients apart that share a chain', () => {
    const table = new ConnectionTable()
    const first = connection(a.caddr, a.cport)
    table.insert(first)
    expect(found(table, b.caddr, b.cport)).toEqual([undefined, undefined])
    const second = connection(b.caddr, b.cport)
    table.insert(second)
    expect(found(table, a.caddr, a.cport)).toEqual([first, first])
    expect(found(table, b.caddr, b.cport)).toEqual([second, second])
  })

  it('keeps the rest of a chain when one of its entries goes', () => {
    const table = new ConnectionTable()
    const connections = [connection(a.caddr, a.cport), connection(b.caddr, b.cport), connection(a.caddr, a.cport)]
    for (const each of connections) table.insert(each)
    const which = (caddr: IpAddr, cport: number): number[] =>
      found(table, caddr, cport).map((each) => connections.indexOf(each as Connection))
    // The newest of two with one key is found first, and the older one when it has gone.
    expect(which(a.caddr, a.cport)).toEqual([2, 2])
    table.remove(connections[2] as Connection)
    expect(which(a.caddr, a.cport)).toEqual([0, 0])
    table.remove(connections[0] as Connection)
    expect(which(a.caddr, a.cport)).toEqual([-1, -1])
    expect(which(b.caddr, b.cport)).toEqual([1, 1])
    expect([...table]).toEqual([connections[1]])
  })
})
