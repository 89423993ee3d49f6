import { describe, expect, it } from 'vitest'
import type { AppHost } from '../../src/app/app-host.ts'
import { startHttpServer } from '../../src/app/http-server.ts'
import { startLabServer, startLabUdpServer } from '../../src/app/lab-server.ts'
import { type Arrivals, Load, type StartRequest } from '../../src/app/load.ts'
import { outcomeOf } from '../../src/app/outcome.ts'
import { connectRequests, httpRequests, pingRequests, udpRequests } from '../../src/app/requests.ts'
import { drawServiceNs } from '../../src/app/service-time.ts'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { IcmpEcho } from '../../src/host/ping.ts'
import { randomStream } from '../../src/sim/random.ts'
import { WirePair } from '../support/wire-pair.ts'
import { seed } from '../support/seed.ts'

function run(wire: WirePair, clients: readonly AppHost[], count: number, arrivals: Arrivals, start: StartRequest): Load {
  const load = new Load({ name: 'test', clients, count, arrivals, start })
  load.begin(wire.sim.nowNs)
  wire.runFor(1000 * NS_PER_SECOND)
  return load
}

/** Requests that take 10 ms. */
function slow(wire: WirePair): StartRequest {
  return (client, _index, done) => {
    const startNs = wire.sim.nowNs
    wire.sim.schedule(startNs + 10 * NS_PER_MILLISECOND, {
      onEvent: () => done({
        client: client.name, startNs, connectedNs: undefined, firstByteNs: undefined, endNs: wire.sim.nowNs, outcome: 'ok',
        answeredBy: undefined, bytes: 0, status: undefined,
      }),
    }, 0, undefined)
  }
}

function starts(load: Load): [string, number][] {
  return load.records.map(({ client, startNs }) => [client, startNs / NS_PER_MILLISECOND])
}

describe('arrivals', () => {
  it('in turn: the next begins when the one before is over, the clients taking turns', () => {
    const wire = new WirePair({ delayNs: 0 })
    const load = run(wire, [wire.a, wire.b], 4, { law: 'in-turn' }, slow(wire))
    expect(starts(load)).toEqual([['A', 0], ['B', 10], ['A', 20], ['B', 30]])
    expect(load.isOver).toBe(true)
  })

  it('closed: each client begins its next when its own is over and it has thought', () => {
    const wire = new WirePair({ delayNs: 0 })
    const load = run(wire, [wire.a, wire.b], 4, { law: 'closed', thinkNs: 5 * NS_PER_MILLISECOND }, slow(wire))
    expect(starts(load)).toEqual([['A', 0], ['B', 0], ['A', 15], ['B', 15]])
  })

  it('constant: at equal distances, whether or not the ones before are over', () => {
    const wire = new WirePair({ delayNs: 0 })
    const load = run(wire, [wire.a], 4, { law: 'constant', everyNs: 3 * NS_PER_MILLISECOND }, slow(wire))
    expect(starts(load)).toEqual([['A', 0], ['A', 3], ['A', 6], ['A', 9]])
  })

  it(`poisson: exponential gaps of the given mean (seed ${seed})`, () => {
    const wire = new WirePair({ delayNs: 0, seed: String(seed) })
    const load = run(wire, [wire.a], 10_000, { law: 'poisson', everyNs: NS_PER_MILLISECOND }, slow(wire))
    const times = load.records.map(({ startNs }) => startNs)
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0))
    // Standard error of the mean of 10,000 exponential gaps: 1 %; of the share beyond the mean, 1/e: 0.5 %.
    const mean = (times.at(-1) ?? 0) / 10_000 / NS_PER_MILLISECOND
    const beyond = gaps.filter((gap) => gap > NS_PER_MILLISECOND).length / 10_000
    expect(Math.abs(mean - 1)).toBeLessThan(0.04)
    expect(Math.abs(beyond - 0.3679)).toBeLessThan(0.02)
  })

  it(`pareto: gaps of the given mean, most of them shorter, with a tail (seed ${seed})`, () => {
    const wire = new WirePair({ delayNs: 0, seed: String(seed) })
    const load = run(wire, [wire.a], 10_000, { law: 'pareto', everyNs: NS_PER_MILLISECOND, shape: 2.5 }, slow(wire))
    const times = load.records.map(({ startNs }) => startNs)
    const gaps = times.map((time, i) => (time - (times[i - 1] ?? 0)) / NS_PER_MILLISECOND)
    // As in ms: least 1 * 1.5 / 2.5 = 0.6, variance 0.6^2 * 2.5 / (1.5^2 * 0.5) = 0.8, standard error of the mean 0.009. Beyond
    // the mean lie (1 / 0.6)^-2.5 = 27.9 % (standard error 0.45 %), where an exponential has 36.8 %; beyond four times the mean
    // (4 / 0.6)^-2.5 = 0.87 % (0.093 %).
    const share = (beyond: number): number => gaps.filter((gap) => gap > beyond).length / 10_000
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.599999)
    expect(Math.abs((times.at(-1) ?? 0) / 10_000 / NS_PER_MILLISECOND - 1)).toBeLessThan(0.045)
    expect(Math.abs(share(1) - 0.2789)).toBeLessThan(0.018)
    expect(Math.abs(share(4) - 0.0087)).toBeLessThan(0.0038)
  })

  it('recorded: each at its time, one source always by the same client', () => {
    const wire = new WirePair({ delayNs: 0 })
    const recorded = [[0, 0], [2, 1], [2, 2], [9, 1]]
    const requests = recorded.map(([ms = 0, source = 0]) => ({ afterNs: ms * NS_PER_MILLISECOND, source }))
    const load = new Load({
      name: 'test', clients: [wire.a, wire.b], count: 4, arrivals: { law: 'recorded', requests }, start: slow(wire),
    })
    load.begin(5 * NS_PER_MILLISECOND)
    wire.runFor(NS_PER_SECOND)
    // Three sources, two clients: the third source is with the first client again.
    expect(starts(load)).toEqual([['A', 5], ['B', 7], ['A', 7], ['B', 14]])
  })

  it('tells when the last request is over', () => {
    const wire = new WirePair({ delayNs: 0 })
    let overNs = -1
    const load = new Load({
      name: 'x', clients: [wire.a], count: 2, arrivals: { law: 'in-turn' }, start: slow(wire),
      onOver: () => { overNs = wire.sim.nowNs },
    })
    load.begin(0)
    wire.runFor(NS_PER_SECOND)
    expect(overNs).toBe(20 * NS_PER_MILLISECOND)
  })
})

describe('requests', () => {
  it('connect: one connection each, with ports counted up', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    startLabServer(wire.b, { port: 80, name: 'rs1' })
    const start = connectRequests(
      { dst: wire.b.addr, dport: 80, firstSourcePort: 40_001, timeoutNs: NS_PER_SECOND },
      { sendBytes: 32, replyBytes: 64, holdNs: 0, serverCloses: false },
    )
    const { records } = run(wire, [wire.a], 2, { law: 'in-turn' }, start)
    expect(records[0]).toEqual({
      client: 'A', startNs: 0, connectedNs: 2 * NS_PER_MILLISECOND, firstByteNs: 4 * NS_PER_MILLISECOND,
      endNs: 4 * NS_PER_MILLISECOND, outcome: 'ok', answeredBy: 'rs1', bytes: 64, status: undefined,
    })
    const ports = wire.packets.flatMap(({ src, payload }) => src === wire.a.addr && payload.kind === 'tcp' ? [payload.sport] : [])
    expect([...new Set(ports)]).toEqual([40_001, 40_002])
  })

  it('connect: keeps the connection open for a while after the reply', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    startLabServer(wire.b, { port: 80, name: 'rs1' })
    const options = { sendBytes: 32, replyBytes: 64, holdNs: NS_PER_SECOND, serverCloses: false }
    const start = connectRequests({ dst: wire.b.addr, dport: 80, timeoutNs: NS_PER_SECOND }, options)
    run(wire, [wire.a], 1, { law: 'in-turn' }, start)
    const fin = wire.ladder.findIndex((line) => line.startsWith('A > B: FA'))
    // 4 ms to the reply, then 1 s.
    expect(wire.sentNs[fin]).toBe(1004 * NS_PER_MILLISECOND)
  })

  it('connect: a refusal is told at once', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    wire.a.refuse = 'EHOSTUNREACH'
    const options = { sendBytes: 32, replyBytes: 64, holdNs: 0, serverCloses: false }
    const start = connectRequests({ dst: wire.b.addr, dport: 80, timeoutNs: 1 }, options)
    const { records } = run(wire, [wire.a], 1, { law: 'in-turn' }, start)
    expect(records.map(({ outcome, connectedNs }) => [outcome, connectedNs])).toEqual([['unreachable', undefined]])
  })

  it('udp: datagrams and replies', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    startLabUdpServer(wire.b, { port: 53, name: 'rs1' })
    const start = udpRequests({ dst: wire.b.addr, dport: 53, timeoutNs: NS_PER_SECOND }, { sendBytes: 32, replyBytes: 100 })
    const { records } = run(wire, [wire.a], 1, { law: 'in-turn' }, start)
    expect(records).toMatchObject([{ outcome: 'ok', answeredBy: 'rs1', bytes: 100, firstByteNs: 2 * NS_PER_MILLISECOND }])
  })

  it('http: as many requests over one connection as wanted, with pages drawn for each', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    const pages = new Map([['/a', { sizeBytes: 1000 }], ['/b', { sizeBytes: 10 }]])
    startHttpServer(wire.b, { port: 80, name: 'rs1', closes: false, pages })
    let draws = 0
    const start = httpRequests({ dst: wire.b.addr, dport: 80, timeoutNs: NS_PER_SECOND }, {
      hostHeader: 'www', requestsPerConnection: 2, drawPath: () => ++draws % 2 === 0 ? '/b' : '/a',
    })
    const { records } = run(wire, [wire.a], 4, { law: 'in-turn' }, start)
    const answers = records.map(({ outcome, status, answeredBy }) => [outcome, status, answeredBy])
    expect(answers).toEqual(Array(4).fill(['ok', 200, 'rs1']))
    // Heads are alike but for the length, 4 digits and 2, and the first says keep-alive, the second close.
    expect((records[0]?.bytes ?? 0) - (records[1]?.bytes ?? 0)).toBe(990 + 2 + 5)
    expect(wire.ladder.filter((line) => line.startsWith('A > B: S '))).toHaveLength(2)
  })

  it('http: outcomes of failures', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    const start = httpRequests({ dst: wire.b.addr, dport: 80, timeoutNs: NS_PER_SECOND }, {
      hostHeader: 'www', requestsPerConnection: 1, drawPath: () => '/',
    })
    expect(run(wire, [wire.a], 1, { law: 'in-turn' }, start).records).toMatchObject([{ outcome: 'refused', status: undefined }])
    wire.rule = () => 'lose'
    expect(run(wire, [wire.a], 1, { law: 'in-turn' }, start).records).toMatchObject([{ outcome: 'timeout' }])
  })

  it('ping: times out without a reply', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    const echo = new IcmpEcho(wire.a)
    const start = pingRequests({ dst: wire.b.addr, timeoutNs: NS_PER_SECOND, sizeBytes: 56 }, () => echo)
    const { records } = run(wire, [wire.a], 1, { law: 'in-turn' }, start)
    expect(records).toMatchObject([{ outcome: 'timeout', endNs: NS_PER_SECOND }])
  })
})

describe('service times', () => {
  it('are constant, uniform or exponential', () => {
    const stream = randomStream('42', 'service')
    expect(drawServiceNs({ law: 'constant', meanNs: 5 }, stream)).toBe(5)
    const uniform = Array.from({ length: 1000 }, () => drawServiceNs({ law: 'uniform', fromNs: 10, toNs: 20 }, stream))
    expect([Math.min(...uniform), Math.max(...uniform)]).toEqual([10, 20])
    const exponential = Array.from({ length: 10_000 }, () => drawServiceNs({ law: 'exponential', meanNs: 1e6 }, stream))
    const mean = exponential.reduce((sum, ns) => sum + ns, 0) / 10_000
    expect(Math.abs(mean - 1e6)).toBeLessThan(4e4)
    expect(exponential.every(Number.isInteger)).toBe(true)
  })
})

describe('outcomes of error numbers', () => {
  it.each([
    ['ECONNREFUSED', 'refused'], ['ETIMEDOUT', 'timeout'], ['ECONNRESET', 'reset'], ['EPIPE', 'reset'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'], ['ENOPROTOOPT', 'unreachable'], ['EADDRNOTAVAIL', 'error'], ['EMSGSIZE', 'error'],
  ] as const)('%s is %s', (errno, outcome) => {
    expect(outcomeOf(errno)).toBe(outcome)
  })
})
