import { describe, expect, it } from 'vitest'
import { Host } from '../../src/host/host.ts'
import { NO_TICK, type Connection, type ConnectionFields } from '../../src/ipvs/connection.ts'
import { IPIP_TUNNEL, type ForwardingMethod } from '../../src/ipvs/control/rules.ts'
import { Destination } from '../../src/ipvs/destination.ts'
import { attachIpvs } from '../../src/ipvs/director.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../src/wire/ip-packet.ts'
import { NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'

const MS = 1_000_000
const PORTS = { sport: 40_000, dport: 80 }
/** From 10.0.0.10:40000 to 10.0.0.100:80, for 192.168.1.11:80. */
const FIELDS: ConnectionFields = {
  protocol: IPPROTO_TCP, caddr: 0x0a00000a as IpAddr, cport: 40_000, vaddr: 0x0a000064 as IpAddr, vport: 80,
  dport: 80, isTemplate: false, isOnePacket: false,
}

/** A director without a network. Its ticks are 4 ms. */
class Bench {
  readonly sim = new Simulator('connections')
  readonly host = new Host(this.sim, { name: 'lb' })
  readonly connections
  readonly #clock

  constructor() {
    this.host.modules.load('ip_vs')
    const ipvs = attachIpvs(this.host)
    this.connections = ipvs.connections
    this.#clock = { round: 0, isRunning: true }
  }

  server(method: ForwardingMethod = 'nat', upperThreshold = 0, lowerThreshold = 0): Destination {
    return new Destination({
      addr: 0xc0a8010b as IpAddr, port: FIELDS.dport, method, weight: 1, upperThreshold, lowerThreshold, tunnel: IPIP_TUNNEL,
    }, this.#clock)
  }

  /** Made, bound and given back, as for the first packet. */
  create(destination: Destination | undefined, fields: Partial<ConnectionFields> = {}): Connection {
    const connection = this.connections.create({ ...FIELDS, ...fields }, destination)
    this.connections.restart(connection)
    return connection
  }

  /** A template and a connection that it controls. */
  controlled(destination: Destination, template = this.create(destination, { cport: 0, isTemplate: true })): Connection[] {
    const connection = this.create(destination)
    this.connections.control(connection, template)
    return [connection, template]
  }

  tcp(connection: Connection, flags: number, direction: 'input' | 'output' = 'input'): string {
    const segment = tcpSegment(PORTS, { seq: 1, ack: 1, window: 1000 }, flags, NO_TCP_OPTIONS, NO_DATA)
    this.connections.follow(connection, segment, direction)
    return `${connection.stateName} ${connection.timeoutSeconds}`
  }

  udp(connection: Connection, direction: 'input' | 'output'): void {
    this.connections.follow(connection, udpDatagram(PORTS, NO_DATA), direction)
  }

  /** Connections in the table at this time. */
  sizeAt(ms: number): number {
    this.sim.run(ms * MS)
    return this.connections.table.size
  }
}

/** The counters of a destination: active/inactive/templates, and references. */
function counts({ activeConns, inactiveConns, persistConns, references }: Destination): string {
  return `${activeConns}/${inactiveConns}/${persistConns} ${references}`
}

describe('the timer of a connection', () => {
  it('ends a new one after 3 s, late by what the wheel rounds up', () => {
    const bench = new Bench()
    const server = bench.server()
    const connection = bench.create(server)
    // 3 s are 750 ticks, 504 or more: a multiple of 64 ticks. 12 * 64 = 768 ticks of 4 ms are 3072 ms.
    expect(connection.expiresTick).toBe(750)
    expect(bench.sizeAt(3071)).toBe(1)
    expect(counts(server)).toBe('0/1/0 1')
    expect(bench.sizeAt(3072)).toBe(0)
    expect(connection.isDead).toBe(true)
    expect(counts(server)).toBe('0/0/0 0')
  })

  it('starts anew with each packet', () => {
    const bench = new Bench()
    const connection = bench.create(bench.server())
    bench.sim.run(2000 * MS)
    bench.connections.restart(connection)
    // Its event stays in the queue for tick 768, and is the only one.
    expect(connection.queuedTick).toBe(768)
    // 2 s are 500 ticks. 500 + 750 = 1250; the next multiple of 64 is 1280: 5120 ms.
    expect(connection.expiresTick).toBe(1250)
    expect(bench.sizeAt(5119)).toBe(1)
    expect(bench.sizeAt(5120)).toBe(0)
  })

  it('fires at the next tick when it is to expire now', () => {
    const bench = new Bench()
    const connection = bench.create(bench.server())
    bench.sim.run(1000 * MS)
    bench.connections.expireNow(connection)
    expect(connection.expiresTick).toBe(250)
    expect(bench.sizeAt(1003)).toBe(1)
    expect(bench.sizeAt(1004)).toBe(0)
  })

  it('is left alone by that when its tick has come, though the wheel is late', () => {
    const bench = new Bench()
    const connection = bench.create(bench.server())
    bench.sim.run(3000 * MS)
    bench.connections.expireNow(connection)
    expect(bench.sizeAt(3071)).toBe(1)
    expect(bench.sizeAt(3072)).toBe(0)
  })

  it('is not set by that where none is running', () => {
    const bench = new Bench()
    const ended = bench.create(bench.server())
    bench.connections.delete(ended)
    bench.connections.expireNow(ended)
    expect([ended.expiresTick, ended.queuedTick]).toEqual([750, 768])
    const unused = bench.connections.create(FIELDS, undefined)
    unused.startTimer(750)
    bench.connections.expireNow(unused)
    expect([unused.expiresTick, unused.queuedTick]).toEqual([750, NO_TICK])
  })
})

describe('a connection and its destination', () => {
  it.each([
    ['nat', false], ['dr', true], ['tun', true],
  ] as const)('%s: it is forwarded so, expects no output: %s', (method, noOutput) => {
    const bench = new Bench()
    const connection = bench.create(bench.server(method))
    expect([connection.method, connection.noOutput, connection.isTracked]).toEqual([method, noOutput, false])
  })

  it('is known to conntrack when that is asked for', () => {
    const bench = new Bench()
    bench.host.sysctl.set('net.ipv4.vs.conntrack', '1')
    expect(bench.create(bench.server()).isTracked).toBe(true)
  })

  it('counts as inactive at first, as active from SYN to FIN, and as inactive until it is gone', () => {
    const bench = new Bench()
    const server = bench.server()
    const connection = bench.create(server)
    const after = (flags: number): string => {
      bench.tcp(connection, flags)
      return counts(server)
    }
    expect(counts(server)).toBe('0/1/0 1')
    expect([TCP_SYN, TCP_ACK, TCP_FIN, TCP_ACK].map(after)).toEqual(['1/0/0 1', '1/0/0 1', '0/1/0 1', '0/1/0 1'])
    bench.connections.delete(connection)
    expect(counts(server)).toBe('0/0/0 0')
  })

  it('stays inactive when it is reset before it was active', () => {
    const bench = new Bench()
    const server = bench.server()
    expect(bench.tcp(bench.create(server), TCP_RST)).toBe('CLOSE 10')
    expect(counts(server)).toBe('0/1/0 1')
  })

  it('leaves no active connection behind when it ends while open, nor a template', () => {
    const bench = new Bench()
    const server = bench.server()
    const [connection, template] = bench.controlled(server)
    bench.tcp(connection as Connection, TCP_SYN)
    expect(counts(server)).toBe('1/0/1 2')
    bench.connections.delete(connection as Connection)
    expect(counts(server)).toBe('0/0/0 0')
    expect(template?.isDead).toBe(true)
  })

  it('fills it to its upper threshold, and frees it below the lower one', () => {
    const bench = new Bench()
    const server = bench.server('nat', 2, 2)
    const first = bench.create(server)
    expect(server.overloaded).toBe(false)
    bench.create(server)
    expect(server.overloaded).toBe(true)
    bench.connections.delete(first)
    expect(server.overloaded).toBe(false)
  })

  it('may have none: then it goes to where its packets were addressed', () => {
    const bench = new Bench()
    const connection = bench.create(undefined)
    bench.tcp(connection, TCP_SYN)
    bench.tcp(connection, TCP_ACK)
    expect(connection.inactive).toBe(false)
    expect([connection.method, bench.tcp(connection, TCP_RST), connection.inactive]).toEqual(['bypass', 'CLOSE 10', true])
    bench.connections.restart(connection)
    // 10 s are 2500 ticks, 504 or more: a multiple of 64 ticks. 40 * 64 = 2560 ticks of 4 ms are 10,240 ms.
    expect([bench.sizeAt(10_239), bench.sizeAt(10_240)]).toEqual([1, 0])
  })

  it('of one packet counts until that has gone, and is in no table', () => {
    const bench = new Bench()
    const server = bench.server()
    const connection = bench.connections.create(
      { ...FIELDS, protocol: IPPROTO_UDP, isOnePacket: true }, server,
    )
    expect([counts(server), bench.connections.table.size]).toEqual(['0/1/0 1', 0])
    bench.connections.restart(connection)
    expect([counts(server), connection.isDead, connection.queuedTick]).toEqual(['0/0/0 0', true, NO_TICK])
  })
})

describe('a connection in its states', () => {
  it.each([
    ['nat', 'CLOSE_WAIT 60'], ['dr', 'FIN_WAIT 120'],
  ] as const)('%s: open, and closed by the client: %s', (method, closed) => {
    const bench = new Bench()
    const connection = bench.create(bench.server(method))
    expect(bench.tcp(connection, TCP_SYN)).toBe('SYN_RECV 60')
    expect(bench.tcp(connection, TCP_ACK)).toBe('ESTABLISHED 900')
    expect(bench.tcp(connection, TCP_FIN | TCP_ACK)).toBe(closed)
  })

  it('is followed in both directions once the server is heard', () => {
    const bench = new Bench()
    const connection = bench.create(bench.server('tun'))
    bench.tcp(connection, TCP_SYN)
    expect(bench.tcp(connection, TCP_SYN | TCP_ACK, 'output')).toBe('SYN_RECV 60')
    bench.tcp(connection, TCP_ACK)
    expect(bench.tcp(connection, TCP_FIN | TCP_ACK)).toBe('CLOSE_WAIT 60')
    expect(bench.tcp(connection, TCP_FIN | TCP_ACK, 'output')).toBe('TIME_WAIT 120')
  })

  it('goes by the table of secure_tcp while that is on', () => {
    const bench = new Bench()
    const connection = bench.create(bench.server('dr'))
    bench.connections.isSecure = true
    expect(bench.tcp(connection, TCP_SYN)).toBe('SYNACK 120')
  })

  it('has new timeouts from its next packet on', () => {
    const bench = new Bench()
    const [open, datagrams] = [bench.create(bench.server()), bench.create(bench.server(), { protocol: IPPROTO_UDP })]
    bench.tcp(open, TCP_ACK)
    bench.udp(datagrams, 'input')
    bench.connections.setTimeouts({ tcpSeconds: 30, tcpFinSeconds: 20, udpSeconds: 10 })
    expect([open.timeoutSeconds, datagrams.timeoutSeconds]).toEqual([900, 300])
    bench.udp(datagrams, 'output')
    expect([bench.tcp(open, TCP_ACK), datagrams.timeoutSeconds]).toEqual(['ESTABLISHED 30', 10])
  })
})

describe('a template', () => {
  it('is assured by a connection that is established, not by one that is opening', () => {
    const bench = new Bench()
    const [connection, template] = bench.controlled(bench.server())
    bench.tcp(connection as Connection, TCP_SYN)
    expect(template?.stateName).toBe('NONE')
    bench.tcp(connection as Connection, TCP_ACK)
    expect(template?.stateName).toBe('ASSURED')
  })

  it('is assured by a datagram of the server, not by one of the client', () => {
    const bench = new Bench()
    const [connection, template] = bench.controlled(bench.server())
    bench.udp(connection as Connection, 'input')
    expect(template?.assured).toBe(false)
    bench.udp(connection as Connection, 'output')
    expect(template?.assured).toBe(true)
  })

  it('alone can be assured: the control connection of FTP cannot', () => {
    const bench = new Bench()
    const server = bench.server()
    const [data, control] = bench.controlled(server, bench.create(server, { cport: 40_001, vport: 21 }))
    bench.tcp(data as Connection, TCP_ACK)
    expect(control?.assured).toBe(false)
  })

  it('lives a minute longer each time its timer fires while it controls a connection', () => {
    const bench = new Bench()
    const [connection, template] = bench.controlled(bench.server())
    bench.tcp(connection as Connection, TCP_ACK)
    bench.connections.restart(connection as Connection)
    expect(bench.sizeAt(3072)).toBe(2)
    // It fired at tick 768: 768 + 60 * 250 = 15768; the next multiple of 512 is 15872: 63,488 ms.
    expect([template?.timeoutSeconds, template?.expiresTick]).toEqual([60, 15_768])
    bench.sim.run(63_487 * MS)
    expect(template?.expiresTick).toBe(15_768)
    bench.sim.run(63_488 * MS)
    expect(template?.expiresTick).toBe(30_872)
  })

  it('goes with its last connection unless it is assured', () => {
    const bench = new Bench()
    const server = bench.server()
    const [first, template] = bench.controlled(server) as [Connection, Connection]
    const [second] = bench.controlled(server, template) as [Connection]
    bench.connections.delete(first)
    expect([first.isDead, template.isDead, template.controlledCount, template.timeoutSeconds]).toEqual([true, false, 1, 3])
    expect(first.control).toBeUndefined()
    template.assured = true
    bench.connections.delete(second)
    expect([template.isDead, template.controlledCount, counts(server)]).toEqual([false, 0, '0/0/1 1'])
  })

  it('is not deleted while it controls a connection, but kept for a minute', () => {
    const bench = new Bench()
    const [, template] = bench.controlled(bench.server()) as [Connection, Connection]
    bench.connections.delete(template)
    expect([template.isDead, template.timeoutSeconds, template.expiresTick]).toEqual([false, 60, 15_000])
  })
})

describe('a connection that has ended', () => {
  it('does not end again', () => {
    const bench = new Bench()
    const server = bench.server()
    const [connection, other] = [bench.create(server), bench.create(server)]
    bench.connections.delete(connection)
    bench.connections.delete(connection)
    bench.connections.onEvent(connection.number, connection.serial)
    expect([counts(server), bench.connections.table.size, other.isDead]).toEqual(['0/1/0 1', 1, false])
    // The event that is still queued for its timer does nothing either.
    bench.sim.run(3072 * MS)
    expect(counts(server)).toBe('0/0/0 0')
  })

})
