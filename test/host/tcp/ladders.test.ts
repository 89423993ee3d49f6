import { describe, expect, it } from 'vitest'
import { NS_PER_MICROSECOND, NS_PER_MILLISECOND, NS_PER_SECOND } from '../../../src/base/units.ts'
import type { TcpEndpoint } from '../../../src/host/tcp/endpoint.ts'
import type { TcpHandlers } from '../../../src/host/tcp/app-side.ts'
import { ip, WirePair } from '../../support/wire-pair.ts'

function pair(): WirePair {
  return new WirePair({ delayNs: 50 * NS_PER_MICROSECOND })
}

function serve(wire: WirePair, handlers: TcpHandlers): void {
  wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => listener.accept()?.attach(handlers))
}

function connect(wire: WirePair, handlers: TcpHandlers): TcpEndpoint {
  const begun = wire.a.tcp.connect({ dst: wire.b.addr, dport: 80, sport: 40_001 }, handlers)
  if (!begun.ok) throw new Error(begun.error)
  return begun.value
}

/** A server that answers each read with `bytes`, and closes when the client does. */
function answering(bytes: number): TcpHandlers {
  return {
    onData: (endpoint) => { endpoint.send(new Uint8Array(bytes)) },
    onPeerClosed: (endpoint) => endpoint.close(),
  }
}

describe('ladders as recorded from Linux 6.1', () => {
  it('has the ten segments of a request whose client closes, the acknowledgement of the request before the reply', () => {
    const wire = pair()
    serve(wire, answering(64))
    connect(wire, {
      onConnected: (endpoint) => { endpoint.send(new Uint8Array(32)) },
      onData: (endpoint) => endpoint.close(),
    })
    wire.runFor(NS_PER_SECOND)
    expect(wire.ladder).toEqual([
      'A > B: S seq 0',
      'B > A: SA seq 0 ack 1',
      'A > B: A seq 1 ack 1',
      'A > B: PA seq 1 ack 1 len 32',
      'B > A: A seq 1 ack 33',
      'B > A: PA seq 1 ack 33 len 64',
      'A > B: A seq 33 ack 65',
      'A > B: FA seq 33 ack 65',
      'B > A: FA seq 65 ack 34',
      'A > B: A seq 34 ack 66',
    ])
  })

  it('acknowledges the second request of a connection with its reply alone', () => {
    const wire = pair()
    serve(wire, answering(200))
    const endpoint = connect(wire, { onConnected: (e) => { e.send(new Uint8Array(32)) } })
    wire.runFor(50 * NS_PER_MILLISECOND)
    wire.takeLadder()
    endpoint.send(new Uint8Array(100))
    wire.runFor(50 * NS_PER_MILLISECOND)
    expect(wire.ladder).toEqual([
      'A > B: PA seq 33 ack 201 len 100',
      'B > A: PA seq 201 ack 133 len 200',
      'A > B: A seq 133 ack 401',
    ])
  })

  it('has the FIN of a server that closes first acknowledged by the FIN of the client', () => {
    const wire = pair()
    serve(wire, {
      onData: (endpoint) => {
        endpoint.send(new Uint8Array(64))
        endpoint.close()
      },
    })
    connect(wire, {
      onConnected: (endpoint) => { endpoint.send(new Uint8Array(32)) },
      onPeerClosed: (endpoint) => endpoint.close(),
    })
    wire.runFor(NS_PER_SECOND)
    expect(wire.ladder.slice(5)).toEqual([
      'B > A: PA seq 1 ack 33 len 64',
      'B > A: FA seq 65 ack 33',
      'A > B: A seq 33 ack 65',
      'A > B: FA seq 33 ack 66',
      'B > A: A seq 66 ack 34',
    ])
  })

  it('pushes the last segment of a write, and only that', () => {
    const wire = pair()
    serve(wire, { onData: () => {} })
    connect(wire, { onConnected: (endpoint) => { endpoint.send(new Uint8Array(4000)) } })
    wire.runFor(NS_PER_SECOND)
    // 4000 = 2 * 1460 + 1080
    expect(wire.ladder.slice(3, 6)).toEqual([
      'A > B: A seq 1 ack 1 len 1460',
      'A > B: A seq 1461 ack 1 len 1460',
      'A > B: PA seq 2921 ack 1 len 1080',
    ])
  })

  it('sends a large write in bursts as Linux does, each with its last segment pushed', () => {
    const wire = pair()
    serve(wire, { onData: (endpoint) => { endpoint.send(new Uint8Array(50_000)) } })
    connect(wire, { onConnected: (endpoint) => { endpoint.send(new Uint8Array(1000)) }, onData: () => {} })
    wire.runFor(NS_PER_SECOND)
    const ends = wire.ladder.flatMap((line) => /^B > A: PA seq (\d+) .* len (\d+)/.exec(line)?.slice(1).map(Number) ?? [])
    // Half of the window of ten, twice; half of twenty, twice. What is written is kept in buffers of 22 full
    // segments, half of the peer's window of 64240, refilled while it goes out: the first ends after 5 + 5 + 22
    // = 32 segments, which leaves 2, and 3 in the second.
    const seqs = ends.filter((_, i) => i % 2 === 0)
    expect(seqs).toEqual([5841, 13_141, 27_741, 42_341, 45_261, 49_641])
  })

  it('cuts what is not selectively acknowledged anew when the path is narrower than thought', () => {
    const wire = pair()
    wire.rule = (packet) => packet.src === wire.a.addr ? { narrowMtu: 1400 } : 'pass'
    serve(wire, { onData: () => {} })
    connect(wire, { onConnected: (endpoint) => { endpoint.send(new Uint8Array(4000)) } })
    wire.runFor(NS_PER_SECOND)
    // 2920 bytes up to the block at 2921 make 1360 + 1360 + 200 with an MTU of 1400.
    expect(wire.ladder.slice(3)).toEqual([
      'A > B: A seq 1 ack 1 len 1460',
      'B > A: ICMP 3/4',
      'A > B: A seq 1461 ack 1 len 1460',
      'B > A: ICMP 3/4',
      'A > B: PA seq 2921 ack 1 len 1080',
      'B > A: A seq 1 ack 1 sack 2921-4001',
      'A > B: A seq 1 ack 1 len 1360',
      'A > B: A seq 1361 ack 1 len 1360',
      'A > B: PA seq 2721 ack 1 len 200',
      'B > A: A seq 1 ack 1361 sack 2921-4001',
      'B > A: A seq 1 ack 2721 sack 2921-4001',
      'B > A: A seq 1 ack 4001',
    ])
  })

  it('refuses a connection to a port without a listener with RST and ACK', () => {
    const wire = pair()
    const errors: string[] = []
    connect(wire, { onError: (_, errno) => errors.push(errno) })
    wire.runFor(NS_PER_SECOND)
    expect(wire.ladder).toEqual(['A > B: S seq 0', 'B > A: RA seq 0 ack 1'])
    expect(errors).toEqual(['ECONNREFUSED'])
    expect(wire.b.drops).toEqual(['no-listener'])
  })

  it('resets with RST and ACK when the application aborts', () => {
    const wire = pair()
    const errors: string[] = []
    serve(wire, { onError: (_, errno) => errors.push(errno) })
    const endpoint = connect(wire, {})
    wire.runFor(NS_PER_MILLISECOND)
    wire.takeLadder()
    endpoint.abort()
    wire.runFor(NS_PER_MILLISECOND)
    expect(wire.ladder).toEqual(['A > B: RA seq 1 ack 1'])
    expect(errors).toEqual(['ECONNRESET'])
  })

  it('opens a connection when both sides begin at the same time', () => {
    const wire = pair()
    const connected: string[] = []
    wire.a.tcp.connect({ dst: wire.b.addr, dport: 2000, sport: 1000 }, { onConnected: () => connected.push('A') })
    wire.b.tcp.connect({ dst: wire.a.addr, dport: 1000, sport: 2000 }, { onConnected: () => connected.push('B') })
    wire.runFor(NS_PER_SECOND)
    expect(wire.ladder.slice(0, 4)).toEqual([
      'A > B: S seq 0', 'B > A: S seq 0', 'B > A: SA seq 0 ack 1', 'A > B: SA seq 0 ack 1',
    ])
    expect(connected.sort()).toEqual(['A', 'B'])
  })

  it('closes when both sides close at the same time, both waiting afterwards', () => {
    const wire = pair()
    let server: TcpEndpoint | undefined
    wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => {
      server = listener.accept()
      server?.attach({})
    })
    const client = connect(wire, {})
    wire.runFor(NS_PER_MILLISECOND)
    wire.takeLadder()
    client.close()
    server?.close()
    wire.runFor(NS_PER_MILLISECOND)
    expect(wire.ladder).toEqual([
      'A > B: FA seq 1 ack 1', 'B > A: FA seq 1 ack 1', 'B > A: A seq 2 ack 2', 'A > B: A seq 2 ack 2',
    ])
    expect([client.state, server?.state]).toEqual(['TIME_WAIT', 'TIME_WAIT'])
  })

  it('uses timestamps when both sides have them, and then fewer bytes a segment', () => {
    const wire = pair()
    for (const host of [wire.a, wire.b]) host.sysctl.set('net.ipv4.tcp_timestamps', '1')
    serve(wire, {})
    connect(wire, { onConnected: (endpoint) => { endpoint.send(new Uint8Array(1460)) } })
    wire.runFor(NS_PER_SECOND)
    // 1500 - 40 - 12 = 1448
    expect(wire.ladder.slice(3, 5)).toEqual(['A > B: A seq 1 ack 1 len 1448', 'A > B: PA seq 1449 ack 1 len 12'])
    const segments = wire.packets.slice(2, 5).flatMap(({ payload }) => payload.kind === 'tcp' ? [payload] : [])
    expect(segments.map(({ options }) => options.timestamps !== undefined)).toEqual([true, true, true])
  })

  it('offers a window of 64240 bytes and a scale of 7', () => {
    const wire = pair()
    serve(wire, {})
    connect(wire, {})
    wire.runFor(NS_PER_MILLISECOND)
    const [syn, synAck, ack] = wire.packets.map(({ payload }) =>
      payload.kind === 'tcp' ? [payload.window, payload.options.windowScale] : [])
    expect(syn).toEqual([64_240, 7])
    expect(synAck).toEqual([64_240, 7])
    // 64240 / 128 = 501.9, rounded up.
    expect(ack).toEqual([502, undefined])
  })
})
