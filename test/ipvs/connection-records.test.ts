import { describe, expect, it } from 'vitest'
import { Connection, connectionOf, newConnection, NO_NUMBER, type ConnectionFields } from '../../src/ipvs/connection.ts'
import { ConnectionRecords } from '../../src/ipvs/connection-records.ts'
import { IPIP_TUNNEL } from '../../src/ipvs/control/rules.ts'
import { Destination } from '../../src/ipvs/destination.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { IPPROTO_TCP } from '../../src/wire/ip-packet.ts'

const FIELDS: ConnectionFields = {
  protocol: IPPROTO_TCP, caddr: 0xc0a80007 as IpAddr, cport: 40_000, vaddr: 0xc0a80001 as IpAddr, vport: 80,
  dport: 8080, isTemplate: false, isOnePacket: false,
}

function entered(records: ConnectionRecords, number: number, fields: Partial<ConnectionFields> = {}): Connection {
  const made = newConnection(records, { ...FIELDS, ...fields }, 900)
  made.enter(number)
  return made
}

function server(): Destination {
  return new Destination({
    addr: 0x0a000001 as IpAddr, port: 8080, method: 'nat', weight: 1, upperThreshold: 0, lowerThreshold: 0, tunnel: IPIP_TUNNEL,
  }, { round: 0, isRunning: true })
}

describe('the record of a connection', () => {
  it('is the same to all who look at it, in the first piece or far behind it', () => {
    const records = new ConnectionRecords()
    for (const number of [0, 4_095, 4_096, 70_000]) {
      const made = entered(records, number, { cport: number % 65_536 })
      made.state = 3
      made.startTimer(0xf000_0000)
      made.countInPacket()
      const seen = connectionOf(records, number)
      expect([seen.caddr, seen.cport, seen.vaddr, seen.vport, seen.dport, seen.timeoutSeconds])
        .toEqual([FIELDS.caddr, number % 65_536, FIELDS.vaddr, 80, 8080, 900])
      expect([seen.state, seen.expiresTick, seen.inPackets, seen.isDead]).toEqual([3, 0xf000_0000, 1, false])
      seen.timeoutSeconds = 60
      expect(made.timeoutSeconds).toBe(60)
    }
  })

  it('is dead to who knew its number before', () => {
    const records = new ConnectionRecords()
    const first = entered(records, 5)
    const seen = connectionOf(records, 5)
    first.end()
    first.end()
    const second = entered(records, 5)
    expect([first.isDead, seen.isDead, second.isDead]).toEqual([true, true, false])
    expect([first.serial, second.serial]).toEqual([0, 1])
  })

  it('has what only persistent services need as long as it lives', () => {
    const records = new ConnectionRecords()
    const engineData = { engine: 'sip', text: 'a@b' }
    const template = entered(records, 1, { isTemplate: true, engineData })
    const connection = newConnection(records, FIELDS, 900)
    connection.control = template
    connection.enter(2)
    template.controlledCount++
    expect([connectionOf(records, 2).control?.number, connectionOf(records, 1).controlledCount]).toEqual([1, 1])
    expect(connectionOf(records, 1).engineData).toBe(engineData)
    template.end()
    connection.end()
    expect([connection.control, template.controlledCount, records.persistence.size]).toEqual([undefined, 0, 0])
    expect(entered(records, 1).engineData).toBeUndefined()
  })

  it('of a connection that never gets a number is its own', () => {
    const records = new ConnectionRecords()
    const [one, other] = [0, 1].map(() => newConnection(records, { ...FIELDS, isOnePacket: true }, 3)) as [Connection, Connection]
    one.startTimer(7)
    expect([one.number, one.expiresTick, other.expiresTick]).toEqual([NO_NUMBER, 7, 0])
    one.end()
    expect([one.isDead, other.isDead]).toEqual([true, false])
  })

  it('tells replies that leave as they came from those that are turned', () => {
    const records = new ConnectionRecords()
    const same = entered(records, 1, { dport: 80 })
    expect([same.repliesFrom(FIELDS.vaddr), same.repliesFrom(0x0a000001 as IpAddr)]).toEqual([true, false])
    expect(entered(records, 2).repliesFrom(FIELDS.vaddr)).toBe(false)
  })
})

describe('destinations that connections are bound to', () => {
  it('have numbers, which are given again once they are released', () => {
    const records = new ConnectionRecords()
    const [one, two, three] = [server(), server(), server()]
    expect([one, two, one].map((each) => records.numberOf(each))).toEqual([1, 2, 1])
    expect([records.destinationOf(0), records.destinationOf(2)]).toEqual([undefined, two])
    records.release(one)
    records.release(one)
    expect(records.destinationOf(1)).toBeUndefined()
    expect([three, one].map((each) => records.numberOf(each))).toEqual([1, 3])
    expect(records.destinationOf(1)).toBe(three)
  })

  it('are found by the connection', () => {
    const records = new ConnectionRecords()
    const made = newConnection(records, FIELDS, 900)
    const destination = server()
    made.destination = destination
    made.enter(9)
    expect([connectionOf(records, 9).destination, connectionOf(records, 9).daddr]).toEqual([destination, 0x0a000001])
    made.destination = undefined
    expect(connectionOf(records, 9).destination).toBeUndefined()
  })
})
