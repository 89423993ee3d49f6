/**
 * What is left of a connection in TIME_WAIT: enough to answer the peer's repeated FIN, and to let a new
 * connection between the same ports begin when its numbers are beyond the old ones
 * (tcp_timewait_state_process()).
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../base/units.ts'
import type { IpAddr } from '../../wire/address.ts'
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TcpSegment } from '../../wire/tcp-segment.ts'
import type { TcpEndpoint } from './endpoint.ts'
import { type EndpointKey, localPort, remotePort } from './endpoint-table.ts'
import { toWire } from './sequence.ts'

/** TCP_TIMEWAIT_LEN. */
export const TIME_WAIT_NS = 60 * NS_PER_SECOND
/** Distance of a new connection's first number from the last of the old one. */
const ISN_GAP = 65_535 + 2
const ANSWER_INTERVAL_NS = 500 * NS_PER_MILLISECOND

/** What to do with a segment for a connection in TIME_WAIT. */
export type TimeWaitVerdict = 'ignore' | 'acknowledge' | 'forget' | 'begin-anew'

/** One such connection. Fields are live. */
export class TimeWait implements EndpointKey {
  readonly local: IpAddr
  readonly remote: IpAddr
  readonly ports: number
  readonly state = 'TIME_WAIT'
  /** Numbers on the wire: what would be sent and is expected next. */
  readonly seq: number
  readonly ack: number
  /** The window field of the last segment sent. */
  readonly window: number
  readonly timestampOffset: number
  /** The peer's latest timestamp; undefined when timestamps were not used. */
  readonly timestampRecent: number | undefined
  /** When it is over, unless segments of the old connection prolong it. */
  readonly dueNs: number
  #prolongedNs: number | undefined = undefined
  #answeredNs: number | undefined = undefined

  constructor(ep: TcpEndpoint, nowNs: number) {
    this.local = ep.local
    this.remote = ep.remote
    this.ports = ep.ports
    this.seq = toWire(ep.sendIsn, ep.sndNxt)
    this.ack = toWire(ep.recvIsn, ep.rcvNxt)
    this.window = Math.min(ep.rcvWnd >>> ep.rcvScale, 65_535)
    this.timestampOffset = ep.timestampOffset
    this.timestampRecent = ep.timestampsOk ? ep.timestampRecent >>> 0 : undefined
    this.dueNs = nowNs + TIME_WAIT_NS
  }

  /** Port on this host. */
  get lport(): number {
    return localPort(this.ports)
  }

  /** Port of the peer. */
  get rport(): number {
    return remotePort(this.ports)
  }

  /** When it is over. */
  get deadlineNs(): number {
    return this.#prolongedNs ?? this.dueNs
  }

  /** First number of a connection that begins anew between these ports. */
  get nextIsn(): number {
    return (this.seq + ISN_GAP) >>> 0
  }

  /** Judges a segment; a segment of the old connection starts the 60 s again. */
  judge(segment: TcpSegment, nowNs: number): TimeWaitVerdict {
    const { flags, seq } = segment
    const isReset = (flags & TCP_RST) !== 0
    const length = segment.data.length + ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0)
    const value = segment.options.timestamps?.value
    const newer = value === undefined || this.timestampRecent === undefined ? 0 : (value - this.timestampRecent) | 0
    if (newer >= 0 && seq === this.ack && (length === 0 || isReset)) {
      if (isReset) return 'forget'
      this.#prolongedNs = nowNs + TIME_WAIT_NS
      return 'ignore'
    }
    const isSyn = (flags & (TCP_SYN | TCP_RST | TCP_ACK)) === TCP_SYN
    if (isSyn && newer >= 0 && (((seq - this.ack) | 0) > 0 || newer > 0)) return 'begin-anew'
    if (isReset) return 'ignore'
    if (newer < 0 || (flags & TCP_ACK) !== 0) this.#prolongedNs = nowNs + TIME_WAIT_NS
    if (this.#answeredNs !== undefined && nowNs - this.#answeredNs < ANSWER_INTERVAL_NS) return 'ignore'
    this.#answeredNs = nowNs
    return 'acknowledge'
  }
}
