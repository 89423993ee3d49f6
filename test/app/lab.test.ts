import { describe, expect, it } from 'vitest'
import { LabConnection, type LabConnectOptions, type LabResult } from '../../src/app/lab-client.ts'
import { sendLabDatagram } from '../../src/app/lab-datagram.ts'
import { encodeLabReply, encodeLabRequest, readLabReply, readLabRequest } from '../../src/app/lab-protocol.ts'
import { type LabServerOptions, type RunningServer, startLabServer, startLabUdpServer } from '../../src/app/lab-server.ts'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { ip, WirePair } from '../support/wire-pair.ts'

interface Lab {
  readonly wire: WirePair
  readonly server: RunningServer
  readonly results: LabResult[]
  connect(options?: Partial<LabConnectOptions>): LabConnection
}

/** B serves on port 80 as `rs1`; A connects from port 40001. */
function lab(options: Partial<LabServerOptions> = {}): Lab {
  const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
  const started = startLabServer(wire.b, { port: 80, name: 'rs1', ...options })
  if (!started.ok) throw new Error(started.error)
  const results: LabResult[] = []
  return {
    wire, server: started.value, results,
    connect: (more = {}) => {
      const target = { dst: wire.b.addr, dport: 80, sport: 40_001, ...more }
      const connection = new LabConnection(wire.a, target, (result) => results.push(result))
      wire.runFor(100 * NS_PER_MILLISECOND)
      return connection
    },
  }
}

const OK = { src: '10.0.0.1:40001', outcome: 'ok', by: 'rs1', seen: '10.0.0.1:40001', rcvd: 64 }

describe('a lab client', () => {
  it('is answered by name, and closes', () => {
    const { wire, results, connect } = lab()
    connect()
    expect(results).toEqual([OK])
    expect(wire.ladder.slice(-3)).toEqual(['A > B: FA seq 33 ack 65', 'B > A: FA seq 65 ack 34', 'A > B: A seq 34 ack 66'])
  })

  it('lets the server close first', () => {
    const { wire, results, connect } = lab()
    connect({ serverCloses: true })
    expect(results).toEqual([OK])
    expect(wire.ladder.filter((line) => line.includes(' F'))).toEqual(['B > A: FA seq 65 ack 33', 'A > B: FA seq 33 ack 66'])
  })

  it('resets instead of closing', () => {
    const { wire, results, connect } = lab()
    connect({ resets: true })
    expect(results).toEqual([OK])
    expect(wire.ladder.at(-1)).toBe('A > B: RA seq 33 ack 65')
  })

  it('keeps a connection for more requests until it is closed', () => {
    const { wire, results, connect } = lab()
    const connection = connect({ hold: true })
    connection.exchange({ sendBytes: 100, replyBytes: 200 }, (result) => results.push(result))
    wire.runFor(100 * NS_PER_MILLISECOND)
    expect(results[1]).toEqual({ outcome: 'ok', by: 'rs1', seen: '10.0.0.1:40001', rcvd: 200 })
    expect(connection.close()).toBeUndefined()
    expect(connection.close()).toEqual({ outcome: 'not-open' })
  })

  it('sends and gets as many bytes as it is told', () => {
    const { wire, results, connect } = lab()
    connect({ sendBytes: 5000, replyBytes: 50_000 })
    expect(results).toEqual([{ ...OK, rcvd: 50_000 }])
    const sent = wire.packets.filter(({ src }) => src === wire.a.addr)
      .reduce((sum, { payload }) => sum + (payload.kind === 'tcp' ? payload.data.length : 0), 0)
    expect(sent).toBe(5000)
  })

  it('is refused where nobody listens', () => {
    const { results, connect } = lab()
    connect({ dport: 81 })
    expect(results).toEqual([{ outcome: 'refused', errno: 'ECONNREFUSED' }])
  })

  it('times out when its SYNs vanish, after 2.5 s', () => {
    const { wire, results, connect } = lab()
    wire.rule = () => 'lose'
    connect()
    wire.runFor(2400 * NS_PER_MILLISECOND - 1)
    expect(results).toEqual([])
    wire.runFor(1)
    expect(results).toEqual([{ outcome: 'timeout' }])
    wire.runFor(10 * NS_PER_SECOND)
    // At 0 and 1 s; nothing once the client has given up.
    expect(wire.ladder).toHaveLength(2)
  })

  it('is told that there is no way', () => {
    const { wire, results, connect } = lab()
    wire.a.refuse = 'ENETUNREACH'
    connect()
    expect(results).toEqual([{ outcome: 'unreachable', errno: 'ENETUNREACH' }])
  })

  it('says when a reply does not come although it was connected', () => {
    const { results, connect } = lab({ serviceTime: { law: 'constant', meanNs: NS_PER_SECOND } })
    connect({ timeoutNs: 50 * NS_PER_MILLISECOND })
    expect(results).toEqual([{ src: '10.0.0.1:40001', outcome: 'timeout', after: 'connected' }])
  })

  it('finds a held connection reset', () => {
    const { wire, results, connect } = lab()
    const connection = connect({ hold: true })
    for (const endpoint of wire.b.tcp.connections()) if ('abort' in endpoint) wire.b.tcp.remove(endpoint)
    connection.exchange({}, (result) => results.push(result))
    wire.runFor(100 * NS_PER_MILLISECOND)
    expect(results[1]).toEqual({ outcome: 'reset', errno: 'ECONNRESET' })
  })

  it('finds a held connection closed when the server has ended, and new ones refused', () => {
    const { wire, server, results, connect } = lab()
    const connection = connect({ hold: true })
    wire.takeLadder()
    server.stop()
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(wire.ladder[0]).toBe('B > A: FA seq 65 ack 33')
    connect({ sport: 40_002 })
    expect(results[1]).toEqual({ outcome: 'refused', errno: 'ECONNREFUSED' })
    connection.exchange({}, (result) => results.push(result))
    expect(results[2]).toEqual({ outcome: 'eof' })
  })

  it('finds a held connection that was reset while it was idle', () => {
    const { wire, results, connect } = lab()
    const connection = connect({ hold: true })
    for (const endpoint of wire.b.tcp.connections()) if ('abort' in endpoint) endpoint.abort()
    wire.runFor(10 * NS_PER_MILLISECOND)
    connection.exchange({}, (result) => results.push(result))
    expect(results[1]).toEqual({ outcome: 'reset', errno: 'ECONNRESET' })
    expect(connection.close()).toBeUndefined()
  })

  it('has nothing to close when it was never open', () => {
    const { results, connect } = lab()
    const connection = connect({ dport: 81, hold: true })
    connection.exchange({}, (result) => results.push(result))
    expect(results[1]).toEqual({ outcome: 'not-open' })
    expect([connection.close(), connection.reset()]).toEqual([{ outcome: 'not-open' }, { outcome: 'not-open' }])
  })
})

describe('a lab datagram', () => {
  it('is answered by name', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    startLabUdpServer(wire.b, { port: 53, name: 'rs1' })
    const results: unknown[] = []
    sendLabDatagram(wire.a, { dst: wire.b.addr, dport: 53, sport: 5001 }, (result, bytes) => results.push(result, bytes))
    wire.runFor(NS_PER_SECOND)
    expect(results).toEqual([{ src: '10.0.0.1:5001', outcome: 'ok', by: 'rs1', seen: '10.0.0.1:5001' }, 64])
    expect(wire.ladder).toEqual(['A > B: UDP len 32', 'B > A: UDP len 64'])
  })

  it('is refused by ICMP', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    const results: LabResult[] = []
    sendLabDatagram(wire.a, { dst: wire.b.addr, dport: 53, sport: 5001 }, (result) => results.push(result))
    wire.runFor(NS_PER_SECOND)
    expect(results).toEqual([{ src: '10.0.0.1:5001', outcome: 'refused', errno: 'ECONNREFUSED' }])
  })

  it('times out after 1.5 s, and wants no answer when it says so', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    wire.rule = () => 'lose'
    const results: LabResult[] = []
    sendLabDatagram(wire.a, { dst: wire.b.addr, dport: 53, sport: 5001 }, (result) => results.push(result))
    sendLabDatagram(wire.a, { dst: wire.b.addr, dport: 53, sport: 5002, replyBytes: 0 }, (result) => results.push(result))
    wire.runFor(1500 * NS_PER_MILLISECOND)
    expect(results).toEqual([{ src: '10.0.0.1:5002', outcome: 'ok' }, { src: '10.0.0.1:5001', outcome: 'timeout' }])
  })

  it('waits its turn at a server with one worker', () => {
    const wire = new WirePair({ delayNs: 0 })
    const serviceTime = { law: 'constant', meanNs: 10 * NS_PER_MILLISECOND } as const
    startLabUdpServer(wire.b, { port: 53, name: 'rs1', workers: 1, serviceTime })
    const ends: number[] = []
    for (let i = 0; i < 3; i++) {
      const target = { dst: wire.b.addr, dport: 53, sport: 5001 + i }
      sendLabDatagram(wire.a, target, () => ends.push(wire.sim.nowNs / NS_PER_MILLISECOND))
    }
    wire.runFor(NS_PER_SECOND)
    expect(ends).toEqual([10, 20, 30])
  })
})

describe('the words of labs', () => {
  it('carry the sizes and who closes', () => {
    const bytes = encodeLabRequest({ sendBytes: 32, replyBytes: 64, serverCloses: true })
    expect(new TextDecoder().decode(bytes)).toBe(`32 64!\n${'.'.repeat(25)}`)
    expect(readLabRequest(bytes)).toEqual({ sendBytes: 32, replyBytes: 64, serverCloses: true })
    expect(readLabRequest(bytes.subarray(0, 4))).toBeUndefined()
  })

  it('are dots alone when a request is too small for them', () => {
    const bytes = encodeLabRequest({ sendBytes: 2, replyBytes: 64, serverCloses: false })
    expect(readLabRequest(bytes)).toEqual({ sendBytes: 2, replyBytes: 64, serverCloses: false })
  })

  it('name the server and the client in a reply of any size', () => {
    const reply = encodeLabReply('rs1', { addr: ip('10.0.0.10'), port: 40_001 }, 64)
    expect(reply).toHaveLength(64)
    expect(readLabReply(reply)).toEqual({ by: 'rs1', seen: '10.0.0.10:40001' })
    expect(encodeLabReply('rs1', { addr: ip('10.0.0.10'), port: 40_001 }, 3)).toHaveLength(3)
  })
})
