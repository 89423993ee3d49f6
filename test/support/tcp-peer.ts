/**
 * The other side of a TCP connection in tests, made of single segments: `inject` sends exactly one, with numbers relative to both
 * sides' first ones. What the endpoint under test does is in the ladder of the wire.
 * @module
 */
import type { TcpEndpoint } from '../../src/host/tcp/endpoint.ts'
import type { TcpHandlers } from '../../src/host/tcp/app-side.ts'
import { ipPacket } from '../../src/wire/ip-packet.ts'
import {
  NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, tcpBytes, type TcpOptions, tcpSegment,
} from '../../src/wire/tcp-segment.ts'
import { ip, WirePair } from './wire-pair.ts'

const BITS: Readonly<Record<string, number>> = { S: TCP_SYN, A: TCP_ACK, F: TCP_FIN, R: TCP_RST, P: TCP_PSH }

/** Fields of a segment; numbers are relative, data is zeros. */
export interface Injected {
  readonly seq?: number
  readonly ack?: number
  readonly bytes?: number
  readonly window?: number
  readonly options?: Partial<TcpOptions>
  /** False when more follows before A reacts. */
  readonly isLast?: boolean
}

/** A wire whose host B is played by hand: nothing that reaches it is answered. */
export class TcpPeer {
  readonly wire: WirePair
  /** First number of the hand-made side. */
  isn = 1_000_000
  /** First number of the endpoint's side, from its SYN. */
  theirIsn = 0
  sport = 40_001
  dport = 80
  readonly events: string[] = []
  endpoint: TcpEndpoint | undefined

  constructor() {
    this.wire = new WirePair({ delayNs: 0 })
    this.wire.rule = (packet) => {
      if (packet.payload.kind === 'tcp' && packet.src === this.wire.a.addr && (packet.payload.flags & TCP_SYN) !== 0) {
        this.theirIsn = packet.payload.seq
      }
      // What the endpoint sends is seen and goes no further.
      return packet.src === this.wire.a.addr ? 'lose' : 'pass'
    }
  }

  /** Handlers that write down what they are told. */
  get handlers(): TcpHandlers {
    return {
      onConnected: () => this.events.push('connected'),
      onData: (_, bytes) => this.events.push(`data ${bytes.length}`),
      onPeerClosed: () => this.events.push('peer closed'),
      onClosed: () => this.events.push('closed'),
      onError: (_, errno) => this.events.push(errno),
    }
  }

  /** A listens on port 80. */
  listen(backlog = 128): void {
    this.sport = 40_001
    this.wire.a.tcp.listen({ addr: ip('0.0.0.0'), port: 80, backlog }, (listener) => {
      this.endpoint = listener.accept()
      this.endpoint?.attach(this.handlers)
    })
  }

  /** A connects to the hand-made side. */
  connect(): void {
    const begun = this.wire.a.tcp.connect({ dst: this.wire.b.addr, dport: 40_001, sport: 80 }, this.handlers)
    if (begun.ok) this.endpoint = begun.value
    this.settle()
  }

  /** A connection that A accepted, in ESTABLISHED. */
  accepted(): this {
    this.listen()
    this.inject('S', { options: { mss: 1460, sackPermitted: true } })
    this.inject('A', { seq: 1, ack: 1 })
    this.take()
    this.events.length = 0
    return this
  }

  /** Sends one segment to A and lets it react. */
  inject(flags: string, fields: Injected = {}): void {
    const { seq = 0, ack, bytes = 0, window = 65_535, options = {} } = fields
    const segment = tcpSegment(
      { sport: this.sport, dport: this.dport },
      { seq: (this.isn + seq) >>> 0, ack: ack === undefined ? 0 : (this.theirIsn + ack) >>> 0, window },
      [...flags].reduce((bits, letter) => bits | (BITS[letter] ?? 0), 0),
      { ...NO_TCP_OPTIONS, ...options }, new Uint8Array(bytes),
    )
    const packet = ipPacket({
      uid: 0, src: this.wire.b.addr, dst: this.wire.a.addr, protocol: 6, payload: segment, payloadBytes: tcpBytes(segment),
    })
    this.wire.send(this.wire.b, packet)
    if (fields.isLast !== false) this.settle()
  }

  /** Lets what happens now happen. */
  settle(): void {
    this.wire.runFor(0)
  }

  /** What A has sent since the last call. */
  take(): string[] {
    const lines = this.wire.takeLadder().filter((line) => line.startsWith('A'))
    return lines.map((line) => line.replace('A > B: ', '').replace(' (lost)', ''))
  }

  /** State of the connection as `netstat` would show it; CLOSE when there is none. */
  get state(): string {
    for (const { state } of this.wire.a.tcp.connections()) return state
    return 'CLOSE'
  }
}
