import { describe, expect, it } from 'vitest'
import { ConnectionTable } from '../../src/ipvs/connection-table.ts'
import { type Connection, type ConnectionFields, newConnection } from '../../src/ipvs/connection.ts'
import { IPIP_TUNNEL } from '../../src/ipvs/control/rules.ts'
import { Destination } from '../../src/ipvs/destination.ts'
import { ipv6FromWords, parseIp, type IpAddr } from '../../src/wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../src/wire/ip-packet.ts'

const addr = (text: string): IpAddr => parseIp(text) as IpAddr
/** Addresses of one family: client, service, real server. */
const FAMILIES = {
  IPv4: { client: addr('192.168.0.7'), vip: addr('192.168.0.1'), rip: addr('10.100.0.2') },
  IPv6: { client: addr('2001:db8::7'), vip: addr('2001:db8::1'), rip: addr('fd00::2') },
} as const

type Fields = Pick<ConnectionFields, 'caddr' | 'vaddr'> & Partial<ConnectionFields>

function connection(table: ConnectionTable, fields: Fields, rip: IpAddr): Connection {
  const made = newConnection(table.records, {
    protocol: IPPROTO_TCP, cport: 40_000, vport: 80, dport: 8080, isTemplate: false, isOnePacket: false, ...fields,
  }, 900)
  const rule = { port: 8080, method: 'nat', weight: 1, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL } as const
  made.destination = new Destination({ ...rule, addr: rip }, { round: 0, isRunning: true })
  made.method = 'nat'
  return made
}

function inserted(...args: Parameters<typeof connection>): Connection {
  const [table] = args
  const made = connection(...args)
  table.insert(made)
  return made
}

describe.each(['IPv4', 'IPv6'] as const)('the connection table with %s', (family) => {
  const { client, vip, rip } = FAMILIES[family]
  const ends = { protocol: IPPROTO_TCP, caddr: client, cport: 40_000, vaddr: vip, vport: 80 }
  const reply = { protocol: IPPROTO_TCP, src: rip, sport: 8080, dst: client, dport: 40_000 }

  it('finds a connection by requests and, of NAT, by replies of the real server', () => {
    const table = new ConnectionTable()
    const made = inserted(table, { caddr: client, vaddr: vip }, rip)
    expect(table.find(ends)).toEqual(made)
    expect(table.findRequest({ protocol: IPPROTO_TCP, src: client, dst: vip }, { sport: 40_000, dport: 80 })).toEqual(made)
    expect(table.findReply(reply, reply)).toEqual(made)
    expect(table.find({ ...ends, protocol: IPPROTO_UDP })).toBeUndefined()
    expect(table.findReply({ ...reply, src: vip }, { ...reply, sport: 80 })).toBeUndefined()
    expect(table.findTemplate(ends)).toBeUndefined()
  })

  it('finds the newest of one key, and the older one when that has gone', () => {
    const table = new ConnectionTable()
    const older = inserted(table, { caddr: client, vaddr: vip }, rip)
    const newer = inserted(table, { caddr: client, vaddr: vip }, rip)
    expect([table.find(ends), table.findReply(reply, reply)]).toEqual([newer, newer])
    table.remove(newer)
    table.remove(newer)
    expect([table.size, table.find(ends), table.findReply(reply, reply)]).toEqual([1, older, older])
    expect([...table]).toEqual([older])
  })

  it('keeps an invalid template in its place, where nobody finds it', () => {
    const table = new ConnectionTable()
    const key = { ...ends, cport: 0 }
    const template = inserted(table, { caddr: client, cport: 0, vaddr: vip, isTemplate: true }, rip)
    const other = inserted(table, { caddr: client, vaddr: vip }, rip)
    expect(table.findTemplate(key)).toEqual(template)
    table.invalidate(template)
    expect(table.findTemplate(key)).toBeUndefined()
    expect([template.cport, template.vport, template.dport]).toEqual([0, 65_535, 65_535])
    const next = inserted(table, { caddr: client, cport: 0, vaddr: vip, isTemplate: true }, rip)
    expect(table.findTemplate(key)).toEqual(next)
    expect([...table]).toEqual([template, other, next])
    table.remove(template)
    expect([...table]).toEqual([other, next])
  })

  it('tells templates apart by what an engine has read, an invalid one too', () => {
    const table = new ConnectionTable()
    const [one, two] = [{ engine: 'sip', text: 'a@b' }, { engine: 'sip', text: 'c@d' }]
    const key = { ...ends, cport: 0 }
    const template = inserted(table, { caddr: client, cport: 0, vaddr: vip, isTemplate: true, engineData: one }, rip)
    expect([table.findTemplate(key, one), table.findTemplate(key, two), table.findTemplate(key)])
      .toEqual([template, undefined, undefined])
    table.invalidate(template)
    expect(table.findTemplate(key, one)).toBeUndefined()
    expect(table.findTemplate({ ...key, vport: 65_535 }, one)).toEqual(template)
  })

  it('has the template of a mark apart from that of an address of the same bits', () => {
    const table = new ConnectionTable()
    const mark = family === 'IPv4' ? 0xc0a80001 as IpAddr : ipv6FromWords(7, 0, 0, 0)
    const template = inserted(table, { protocol: 0, caddr: client, cport: 0, vaddr: mark, vport: 0, isTemplate: true }, rip)
    expect(table.findTemplate({ protocol: 0, caddr: client, cport: 0, vaddr: mark, vport: 0 })).toEqual(template)
    expect(table.findTemplate({ ...ends, cport: 0, vaddr: mark, vport: 0 })).toBeUndefined()
    expect(template.vaddr).toBe(mark)
  })
})

describe('the connection table', () => {
  it('keeps the families apart, a real server of the other family too', () => {
    const table = new ConnectionTable()
    const { client, vip } = FAMILIES.IPv6
    const made = connection(table, { caddr: client, vaddr: vip }, FAMILIES.IPv4.rip)
    made.method = 'tun'
    table.insert(made)
    expect(table.find({ protocol: IPPROTO_TCP, caddr: client, cport: 40_000, vaddr: vip, vport: 80 })).toEqual(made)
    expect(table.findReply({ protocol: IPPROTO_TCP, src: vip, dst: client }, { sport: 80, dport: 40_000 })).toEqual(made)
    expect([made.daddr, made.caddr, made.vaddr]).toEqual([FAMILIES.IPv4.rip, client, vip])
    const { client: ipv4Client, vip: ipv4Vip } = FAMILIES.IPv4
    expect(table.find({ protocol: IPPROTO_TCP, caddr: ipv4Client, cport: 40_000, vaddr: ipv4Vip, vport: 80 })).toBeUndefined()
  })
})
