import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../../src/base/units.ts'
import { Congestion } from '../../../src/host/tcp/congestion.ts'
import { endHandshake, type RoundTrip, RTO_INITIAL_NS, sampleRoundTrip } from '../../../src/host/tcp/rtt-estimator.ts'
import { type WireRule, WirePair, ip } from '../../support/wire-pair.ts'

interface Download {
  readonly wire: WirePair
  readonly bytes: () => number
  readonly doneNs: () => number
}

interface DownloadOptions {
  readonly bytes: number
  readonly delayNs: number
  readonly rateBitsPerSecond?: number
  readonly rule?: WireRule
  readonly sack?: boolean
  readonly timestamps?: boolean
}

/** A asks, B answers with so many bytes and closes. Rate and delay are those of each direction. */
function download(options: DownloadOptions): Download {
  const wire = new WirePair(options)
  for (const host of [wire.a, wire.b]) {
    if (options.sack === false) host.sysctl.set('net.ipv4.tcp_sack', '0')
    if (options.timestamps === true) host.sysctl.set('net.ipv4.tcp_timestamps', '1')
  }
  if (options.rule !== undefined) wire.rule = options.rule
  let bytes = 0
  let doneNs = 0
  wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => listener.accept()?.attach({
    onData: (endpoint) => {
      endpoint.send(new Uint8Array(options.bytes))
      endpoint.close()
    },
  }))
  wire.a.tcp.connect({ dst: wire.b.addr, dport: 80 }, {
    onConnected: (endpoint) => { endpoint.send(new Uint8Array(100)) },
    onData: (_, data) => {
      bytes += data.length
      doneNs = wire.sim.nowNs
    },
    onPeerClosed: (endpoint) => endpoint.close(),
  })
  wire.runFor(20 * NS_PER_SECOND)
  return { wire, bytes: () => bytes, doneNs: () => doneNs }
}

/** Loses the data segments of these numbers (the first is 1), each time counting only those that were not lost before. */
function losing(...numbers: number[]): WireRule {
  let seen = 0
  return (packet) => packet.payloadBytes > 1000 && numbers.includes(++seen) ? 'lose' : 'pass'
}

describe('congestion control', () => {
  it('fetches 100 kB in four round trips with an initial window of ten', () => {
    const { doneNs, bytes } = download({ bytes: 100_000, delayNs: 50 * NS_PER_MILLISECOND })
    expect(bytes()).toBe(100_000)
    // 69 segments in flights of 10, 20 and 39 (of 40), after one round trip for the handshake.
    expect(doneNs()).toBe(400 * NS_PER_MILLISECOND)
  })

  it('fills 100 Mbit/s with 1460 bytes out of 1538', () => {
    const { doneNs } = download({ bytes: 10_000_000, delayNs: 100_000, rateBitsPerSecond: 100e6 })
    const share = 10_000_000 * 8 / (doneNs() / 1e9) / 100e6
    // 1460 / 1538 = 94.93 %
    expect(share).toBeGreaterThan(0.9473)
    expect(share).toBeLessThan(0.9494)
  })

  it('fills it with 1448 bytes out of 1538 with timestamps', () => {
    const { doneNs } = download({ bytes: 10_000_000, delayNs: 100_000, rateBitsPerSecond: 100e6, timestamps: true })
    const share = 10_000_000 * 8 / (doneNs() / 1e9) / 100e6
    // 1448 / 1538 = 94.15 %
    expect(share).toBeGreaterThan(0.9395)
    expect(share).toBeLessThan(0.9416)
  })

  it('resends one lost segment after three later ones have arrived, without waiting for a timeout', () => {
    const { doneNs, wire } = download({ bytes: 14_600, delayNs: 50 * NS_PER_MILLISECOND, rule: losing(2) })
    // Handshake, request and first flight, retransmission: 100 + 100 + 100 ms.
    expect(doneNs()).toBe(300 * NS_PER_MILLISECOND)
    expect(wire.ladder.filter((line) => line.includes('seq 1461 '))).toEqual([
      // On such a path a burst is two segments, and the last one of a burst is pushed.
      'B > A: PA seq 1461 ack 101 len 1460 (lost)', 'B > A: PA seq 1461 ack 101 len 1460',
    ])
  })

  it('resends one lost segment from duplicate acknowledgements alone when the peer has no SACK', () => {
    const { doneNs } = download({ bytes: 14_600, delayNs: 50 * NS_PER_MILLISECOND, rule: losing(2), sack: false })
    expect(doneNs()).toBe(300 * NS_PER_MILLISECOND)
  })

  it('repairs several losses of one flight in one more round trip with SACK, in one each without', () => {
    const withSack = download({ bytes: 14_600, delayNs: 50 * NS_PER_MILLISECOND, rule: losing(2, 4) })
    const without = download({ bytes: 14_600, delayNs: 50 * NS_PER_MILLISECOND, rule: losing(2, 4), sack: false })
    expect(withSack.doneNs()).toBe(300 * NS_PER_MILLISECOND)
    expect(without.doneNs()).toBe(400 * NS_PER_MILLISECOND)
  })

  it('waits for the timeout when the last segment is lost', () => {
    const { doneNs } = download({ bytes: 14_600, delayNs: 50 * NS_PER_MILLISECOND, rule: losing(10) })
    // Round trip samples of 100 ms: the deviation falls from 50 to 37.5 and below 50 ms, so the bound of 200 ms
    // counts. The timer runs from the last acknowledgement, at 250 ms + 50 ms.
    expect(doneNs()).toBeGreaterThan(550 * NS_PER_MILLISECOND)
    expect(doneNs()).toBeLessThan(700 * NS_PER_MILLISECOND)
  })

  it('notices that a retransmission was lost too, from what was sent after it', () => {
    const sent: number[] = []
    const { wire } = download({
      bytes: 43_800, delayNs: 50 * NS_PER_MILLISECOND,
      rule: ({ payload }) => {
        if (payload.kind !== 'tcp' || payload.data.length < 1000) return 'pass'
        sent.push(payload.seq)
        return payload.seq === sent[1] && sent.filter((seq) => seq === payload.seq).length <= 2 ? 'lose' : 'pass'
      },
    })
    const times = wire.ladder.flatMap((line, i) => line.includes('seq 1461 ') ? [(wire.sentNs[i] ?? 0) / 1e6] : [])
    // One round trip each; the timeout would fire 300 ms after the first.
    expect(times).toEqual([150, 250, 350])
  })
})

describe('the congestion window', () => {
  it('doubles in slow start and grows by one a round trip after it', () => {
    const congestion = new Congestion()
    congestion.acknowledged(10, true)
    expect(congestion.window).toBe(20)
    congestion.threshold = 20
    for (let i = 0; i < 10; i++) congestion.acknowledged(2, true)
    expect(congestion.window).toBe(21)
  })

  it('does not grow while the application is what limits sending', () => {
    const congestion = new Congestion()
    congestion.acknowledged(10, false)
    expect(congestion.window).toBe(10)
  })

  it('is halved by a fast recovery and one after a timeout', () => {
    const congestion = new Congestion()
    congestion.window = 20
    congestion.enterRecovery(100)
    expect(congestion.threshold).toBe(10)
    congestion.recovered()
    expect(congestion.window).toBe(10)
    congestion.timedOut(200, true)
    expect([congestion.window, congestion.threshold]).toEqual([1, 5])
  })

  it('sends one segment for every two that arrive while it is being halved', () => {
    const congestion = new Congestion()
    congestion.window = 20
    congestion.enterRecovery(100)
    let sent = 0
    let inFlight = 17
    for (let arrived = 0; arrived < 10; arrived++) {
      inFlight--
      congestion.reduce(1, inFlight)
      while (inFlight < congestion.window) {
        inFlight++
        sent++
        congestion.countSent()
      }
    }
    // ceil(10 * 10 / 20) = 5
    expect(sent).toBe(5)
  })

  it('decays towards ten when nothing is sent for a while', () => {
    const congestion = new Congestion()
    congestion.window = 80
    congestion.restartAfterIdle(3 * NS_PER_SECOND, NS_PER_SECOND)
    // Twice: the first timeout's worth of idling is free.
    expect(congestion.window).toBe(20)
  })
})

/** Before the first sample. */
function unsampled(): RoundTrip {
  return { srttNs: 0, deviationNs: 0, minRttNs: undefined, rtoNs: RTO_INITIAL_NS }
}

describe('the round trip estimator', () => {
  it('takes the first sample, then an eighth of the difference (RFC 6298)', () => {
    const trip = unsampled()
    sampleRoundTrip(trip, 800 * NS_PER_MILLISECOND)
    // 800 + 4 * 400
    expect([trip.srttNs, trip.rtoNs].map((ns) => ns / 1e6)).toEqual([800, 2400])
    sampleRoundTrip(trip, 1600 * NS_PER_MILLISECOND)
    // 800 + 800 / 8; deviation 400 + (800 - 400) / 4 = 500; 900 + 4 * 500
    expect([trip.srttNs, trip.rtoNs].map((ns) => ns / 1e6)).toEqual([900, 2900])
  })

  it('keeps the timeout 200 ms above the round trip at least, and at 120 s at most', () => {
    const trip = unsampled()
    sampleRoundTrip(trip, NS_PER_MILLISECOND)
    expect(trip.rtoNs).toBe(201 * NS_PER_MILLISECOND)
    sampleRoundTrip(trip, 500 * NS_PER_SECOND)
    expect(trip.rtoNs).toBe(120 * NS_PER_SECOND)
  })

  it('is 1 s before the handshake and 3 s after one without a sample', () => {
    const trip = unsampled()
    expect(trip.rtoNs).toBe(NS_PER_SECOND)
    endHandshake(trip)
    expect(trip.rtoNs).toBe(3 * NS_PER_SECOND)
  })
})
