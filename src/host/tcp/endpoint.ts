/**
 * One end of a TCP connection: its state, and what an application does with it. What segments do to it is in `input.ts`, what it
 * sends in `output.ts`, its timers in `timers.ts`. Reno without undo, SACK, window scaling and timestamps are modelled;
 * urgent data, keepalive, Fast Open, cork and limits on what an application may write are not.
 * Here is what every connection needs, an idle one among a million included; what only data and trouble need is in `Sender`,
 * `Receiver` and the timers, which come into being with it.
 * @module
 */
import { assert } from '../../base/assert.ts'
import type { Actor } from '../../sim/event-queue.ts'
import { type IpAddr, isIpv6 } from '../../wire/address.ts'
import { TCP_HEADER_BYTES } from '../../wire/tcp-segment.ts'
import type { Errno } from '../errno.ts'
import { tellApp, type TcpHandlers } from './app-side.ts'
import { INITIAL_WINDOW } from './congestion.ts'
import { EndpointFlags } from './endpoint-flags.ts'
import { type EndpointKey, localPort, remotePort } from './endpoint-table.ts'
import type { EndpointTimer } from './endpoint-timer.ts'
import type { TcpListener } from './listener.ts'
import { hasUnsent, sendPending, sendReset } from './output.ts'
import { initialOffer } from './receive-window.ts'
import { Receiver } from './receiver.ts'
import { type RoundTrip, RTO_INITIAL_NS } from './rtt-estimator.ts'
import { Sender } from './sender.ts'
import type { TcpStack } from './stack.ts'
import type { TcpState } from './state.ts'
import { armFinTimeout, EVENT_SEND, timerFired, TIMER_DELAYED_ACK, TIMER_RETRANSMIT } from './timers.ts'
import { writeOut } from './write-out.ts'

/** MSS of a peer that does not say (RFC 9293 3.7.1). */
const PEER_MSS_DEFAULT = 536
/** Bytes of the timestamps option in every segment. */
const TIMESTAMPS_BYTES = 12

/** An endpoint. Fields are live, and written by the files of this folder only; positions are as in `sequence.ts`. */
export class TcpEndpoint extends EndpointFlags implements Actor, EndpointKey, RoundTrip {
  readonly stack: TcpStack
  readonly local: IpAddr
  readonly remote: IpAddr
  readonly ports: number
  /** Initial sequence number of this side, as a signed number of 32 bits. */
  readonly sendIsn: number
  /** When the SYN came or went, and the endpoint was made. */
  readonly begunNs: number
  /** MSS offered to the peer. */
  readonly offeredMss: number
  state: TcpState
  /** The listener it came by, until the handshake is over. */
  listener: TcpListener | undefined = undefined

  sndUna = 0
  sndNxt = 0
  /** Window of the peer, from `sndUna` on, in bytes. */
  sndWnd = 0
  /** Largest window of the peer so far. */
  sndWndMax = 0
  /** Position and acknowledgement of the segment that the window was taken from last. */
  sndWl1 = 0
  peerMss = PEER_MSS_DEFAULT
  /** What is sent; undefined before the first write or FIN. */
  sender: Sender | undefined = undefined

  /** Initial sequence number of the peer, as a signed number of 32 bits. */
  recvIsn = 0
  rcvNxt = 0
  /** `rcvNxt` when the last acknowledgement was sent, and the window that it offered. */
  rcvAcked = 0
  rcvWnd = 0
  /** What came in; undefined before the first data or FIN. See `receiving`. */
  receiver: Receiver | undefined = undefined

  srttNs = 0
  deviationNs = 0
  minRttNs: number | undefined = undefined
  rtoNs = RTO_INITIAL_NS

  readonly timestampOffset: number
  /** The peer's latest timestamp, as a signed number of 32 bits. */
  timestampRecent = 0

  /** How often the SYN or the first segment on its way was repeated. */
  repeats = 0
  /** Made when armed. Also measures the time in FIN_WAIT2. */
  retransmitTimer: EndpointTimer | undefined = undefined

  /** The application; undefined before it is there and after it has heard of the end. */
  handlers: TcpHandlers | undefined = undefined

  constructor(stack: TcpStack, key: EndpointKey, state: TcpState, sendIsn: number, timestampOffset: number) {
    super()
    this.stack = stack
    this.local = key.local
    this.remote = key.remote
    this.ports = key.ports
    this.state = state
    this.sendIsn = sendIsn | 0
    this.timestampOffset = timestampOffset | 0
    this.begunNs = stack.ip.sim.nowNs
    this.offeredMss = stack.ip.advertisedMss(key.remote, key.local)
      ?? Math.max(stack.ip.pathMtuBytes(key.remote, key.local) - headerBytes(key.remote), 88)
  }

  /** Port on this host. */
  get lport(): number {
    return localPort(this.ports)
  }

  /** Port of the peer. */
  get rport(): number {
    return remotePort(this.ports)
  }

  /** Gives the endpoint its application. What has come in before is delivered now. */
  attach(handlers: TcpHandlers): void {
    this.handlers = handlers
    tellApp(this)
  }

  /** Sends bytes, or keeps them until they can be sent; they must not change afterwards. EPIPE after close or shutdown. */
  send(bytes: Uint8Array): Errno | undefined {
    if (this.state === 'CLOSE' || this.state === 'TIME_WAIT' || this.finQueued) return 'EPIPE'
    const sender = this.sending
    const { congestion, sent } = sender
    const { ip } = this.stack
    if (congestion.window > INITIAL_WINDOW && sent.count === 0 && ip.sysctlInt('net.ipv4.tcp_slow_start_after_idle') !== 0) {
      const idleNs = ip.sim.nowNs - sender.lastSentNs
      if (idleNs > this.rtoNs) congestion.restartAfterIdle(idleNs, this.rtoNs)
    }
    sender.buffer.append(bytes)
    writeOut(this, sender)
    return undefined
  }

  /** Ends the data of this side; the other side may go on (shutdown(SHUT_WR)). */
  shutdownWrite(): void {
    if (this.finQueued || this.state === 'CLOSE' || this.state === 'TIME_WAIT') return
    this.finQueued = true
    if (this.state === 'CLOSE_WAIT') this.state = 'LAST_ACK'
    else if (this.state === 'ESTABLISHED') this.state = 'FIN_WAIT1'
    sendPending(this, this.sending, Infinity)
  }

  /**
   * Closes (close(2)): a FIN follows what was sent; data that comes in later is answered with a reset, and so is the peer at
   * once when something was left unread. `onClosed` or `onError` still tells of the end, unless the handshake was not over.
   */
  close(): void {
    if (this.appClosed) return
    if (this.state === 'SYN_SENT' || (this.unreadBytes > 0 && this.state !== 'CLOSE')) {
      this.abort()
      return
    }
    this.appClosed = true
    this.shutdownWrite()
    if (this.state === 'FIN_WAIT2') armFinTimeout(this)
  }

  /** Resets the connection: the peer gets an RST, what was not sent is lost. The application hears nothing more. */
  abort(): void {
    if (this.state === 'CLOSE' || this.state === 'TIME_WAIT') return
    this.appClosed = true
    this.handlers = undefined
    if (this.state !== 'SYN_SENT' && this.state !== 'CLOSING' && this.state !== 'LAST_ACK') sendReset(this)
    this.end(undefined)
  }

  /** Leaves data unread from now on: the window closes as it fills. */
  pauseReading(): void {
    this.readingPaused = true
  }

  /** Reads again, what has waited first. */
  resumeReading(): void {
    this.readingPaused = false
    tellApp(this)
  }

  /** Bytes written so far. */
  get writtenBytes(): number {
    return this.sender === undefined ? 0 : this.sender.buffer.written - 1
  }

  /** Bytes written and not yet acknowledged (Send-Q of `ss`). */
  get unacknowledgedBytes(): number {
    return Math.max(this.writtenBytes + 1 - Math.max(this.sndUna, 1), 0)
  }

  /** Bytes received and not yet read (Recv-Q of `ss`). */
  get unreadBytes(): number {
    return this.receiver === undefined ? 0 : this.receiver.unreadBytes
  }

  /** The sending side, made if it is not there. */
  get sending(): Sender {
    return this.sender ??= new Sender(this.begunNs)
  }

  /** The receiving side, made if it is not there. */
  get receiving(): Receiver {
    return this.receiver ??= new Receiver(this.offeredMss, this.begunNs)
  }

  /** The receive window to offer now. */
  get windowOffer(): number {
    return this.receiver === undefined ? initialOffer(this.offeredMss) : this.receiver.offer
  }

  /** Bytes that one segment to the peer can carry now: its MSS or what the path takes, less options. */
  currentMss(): number {
    const fits = this.stack.ip.pathMtuBytes(this.remote, this.local) - headerBytes(this.remote)
    return Math.max(Math.min(this.peerMss, fits) - (this.timestampsOk ? TIMESTAMPS_BYTES : 0), 48)
  }

  /**
   * Sends what can be sent once all segments of this instant are dealt with: Linux merges acknowledgements that
   * come in while a writer holds the socket.
   */
  sendSoon(): void {
    const { sender } = this
    if (sender === undefined || sender.isSending) return
    if (!(hasUnsent(this, sender) || sender.sent.lostCount > sender.sent.resentCount)) return
    sender.isSending = true
    const { sim } = this.stack.ip
    sim.schedule(sim.nowNs, this, EVENT_SEND, undefined)
  }

  /** The connection is over, with an error or without. The endpoint leaves the table of the host. */
  end(errno: Errno | undefined): void {
    assert(this.state !== 'CLOSE', 'an endpoint ends once')
    this.cancelTimers()
    this.listener?.forget(this)
    this.listener = undefined
    this.state = 'CLOSE'
    this.stack.remove(this)
    this.newsEnded = true
    if (errno !== undefined) this.receiving.errno = errno
  }

  /** Forgets all deadlines, for good. */
  cancelTimers(): void {
    const { sender, receiver } = this
    this.retransmitTimer?.release()
    this.retransmitTimer = undefined
    if (receiver !== undefined) {
      receiver.delayedAckTimer?.release()
      receiver.delayedAckTimer = undefined
    }
    if (sender !== undefined) {
      sender.pathTimer?.release()
      sender.pathTimer = undefined
    }
  }

  /** The queue holds no event for a timer any more: it is forgotten, and has fired unless it was cancelled before. */
  timerOver(kind: number, fires: boolean): void {
    if (kind === TIMER_RETRANSMIT) this.retransmitTimer = undefined
    else if (kind === TIMER_DELAYED_ACK) this.receiving.delayedAckTimer = undefined
    else this.sending.pathTimer = undefined
    if (fires) this.onEvent(kind)
  }

  /** Something is due: see the kinds in `timers.ts`. */
  onEvent(kind: number): void {
    timerFired(this, kind)
    tellApp(this)
  }
}

/** Bytes of an IP header without options and a TCP header, for this family of addresses. */
function headerBytes(addr: IpAddr): number {
  return (isIpv6(addr) ? 40 : 20) + TCP_HEADER_BYTES
}
