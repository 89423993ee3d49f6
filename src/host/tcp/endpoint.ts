/**
 * One end of a TCP connection: its state, and what an application does with it. What segments do to it is in `input.ts`, what it
 * sends in `output.ts`, its timers in `timers.ts`. Reno without undo, SACK, window scaling and timestamps are modelled;
 * urgent data, keepalive, Fast Open, cork and limits on what an application may write are not.
 * @module
 */
import { assert } from '../../base/assert.ts'
import type { Actor } from '../../sim/event-queue.ts'
import { Timer } from '../../sim/timer.ts'
import { type IpAddr, isIpv6 } from '../../wire/address.ts'
import { TCP_HEADER_BYTES } from '../../wire/tcp-segment.ts'
import type { Errno } from '../errno.ts'
import { AckPolicy } from './ack-policy.ts'
import { AppSide, type TcpHandlers } from './app-side.ts'
import { Congestion } from './congestion.ts'
import type { EndpointKey } from './endpoint-table.ts'
import { hasUnsent, sendPending, sendReset } from './output.ts'
import { Reassembly } from './reassembly.ts'
import { ReceiveWindow } from './receive-window.ts'
import { RttEstimator } from './rtt-estimator.ts'
import { SendBuffer } from './send-buffer.ts'
import { SentQueue } from './sent-queue.ts'
import type { TcpListener } from './listener.ts'
import type { TcpStack } from './stack.ts'
import type { TcpState } from './state.ts'
import { armFinTimeout, TIMER_DELAYED_ACK, TIMER_RETRANSMIT, TIMER_SEND, timerFired } from './timers.ts'
import { writeOut } from './write-out.ts'

/** MSS of a peer that does not say (RFC 9293 3.7.1). */
const PEER_MSS_DEFAULT = 536
/** Bytes of the timestamps option in every segment. */
const TIMESTAMPS_BYTES = 12

/** An endpoint. Fields are live, and written by the files of this folder only; positions are as in `sequence.ts`. */
export class TcpEndpoint implements Actor, EndpointKey {
  readonly stack: TcpStack
  readonly local: IpAddr
  readonly lport: number
  readonly remote: IpAddr
  readonly rport: number
  /** Initial sequence number of this side. */
  readonly sendIsn: number
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
  sndScale = 0
  peerMss = PEER_MSS_DEFAULT
  readonly sendBuffer = new SendBuffer()
  readonly sent = new SentQueue()
  readonly rtt = new RttEstimator()
  readonly congestion = new Congestion()
  finQueued = false
  /** Up to here the writer has had its data pushed. */
  pushedTo = 1
  /** Sending is due at the end of this instant. */
  isSending = false
  /** End of the last segment that was not full, for Nagle's rule in Minshall's variant. */
  smallEnd = 0
  lastSentNs = 0
  /** Whether the congestion window was what limited sending, and how many segments were out, over the last flight. */
  windowWasLimit = false
  segmentsOutMax = 0
  flightEnd = 0
  duplicateAcks = 0

  recvIsn = 0
  rcvNxt = 0
  /** `rcvNxt` when the last acknowledgement was sent, and the window that it offered. */
  rcvAcked = 0
  rcvWnd = 0
  rcvScale = 0
  /** Position of the peer's FIN; -1 until it is seen. */
  rcvFin = -1
  readonly reassembly = new Reassembly()
  readonly window: ReceiveWindow
  readonly ack: AckPolicy

  sackOk = false
  timestampsOk = false
  readonly timestampOffset: number
  timestampRecent = 0

  /** When the SYN, or the first segment that is being repeated, went out; and how often it was repeated. */
  repeatingSinceNs = 0
  repeats = 0
  readonly retransmitTimer: Timer
  /** The retransmission timer probes a closed window instead. */
  probing = false
  /** Probes since the peer was heard last. */
  probesOut = 0
  /** Made when first needed: few connections ever delay an acknowledgement or meet a narrow path. */
  delayedAckTimer: Timer | undefined = undefined
  pathTimer: Timer | undefined = undefined
  /** Time of the last answer to a segment out of the window, which are limited in rate. */
  challengedNs = -Infinity
  /** Nagle's rule is off (TCP_NODELAY). */
  noDelay = false
  readonly app: AppSide

  constructor(stack: TcpStack, key: EndpointKey, state: TcpState, sendIsn: number, timestampOffset: number) {
    this.stack = stack
    this.local = key.local
    this.lport = key.lport
    this.remote = key.remote
    this.rport = key.rport
    this.state = state
    this.sendIsn = sendIsn
    this.timestampOffset = timestampOffset
    const sim = stack.ip.sim
    this.offeredMss = stack.ip.advertisedMss(key.remote, key.local)
      ?? Math.max(stack.ip.pathMtuBytes(key.remote, key.local) - headerBytes(key.remote), 88)
    this.window = new ReceiveWindow(this.offeredMss)
    this.ack = new AckPolicy(this.offeredMss, sim.nowNs)
    this.retransmitTimer = new Timer(sim, this, TIMER_RETRANSMIT, undefined)
    this.app = new AppSide(this)
  }

  /** Gives the endpoint its application. What has come in before is delivered now. */
  attach(handlers: TcpHandlers): void {
    this.app.handlers = handlers
    this.app.notify()
  }

  /** Sends bytes, or keeps them until they can be sent; they must not change afterwards. EPIPE after close or shutdown. */
  send(bytes: Uint8Array): Errno | undefined {
    if (this.state === 'CLOSE' || this.state === 'TIME_WAIT' || this.finQueued) return 'EPIPE'
    const { congestion, stack } = this
    if (this.sent.count === 0 && stack.ip.sysctlInt('net.ipv4.tcp_slow_start_after_idle') !== 0) {
      const idleNs = stack.ip.sim.nowNs - this.lastSentNs
      if (idleNs > this.rtt.rtoNs && congestion.window > 10) congestion.restartAfterIdle(idleNs, this.rtt.rtoNs)
    }
    this.sendBuffer.append(bytes)
    writeOut(this)
    return undefined
  }

  /** Ends the data of this side; the other side may go on (shutdown(SHUT_WR)). */
  shutdownWrite(): void {
    if (this.finQueued || this.state === 'CLOSE' || this.state === 'TIME_WAIT') return
    this.finQueued = true
    if (this.state === 'CLOSE_WAIT') this.state = 'LAST_ACK'
    else if (this.state === 'ESTABLISHED') this.state = 'FIN_WAIT1'
    sendPending(this, Infinity)
  }

  /**
   * Closes (close(2)): a FIN follows what was sent; data that comes in later is answered with a reset, and so is the peer at
   * once when something was left unread. `onClosed` or `onError` still tells of the end, unless the handshake was not over.
   */
  close(): void {
    if (this.app.isClosed) return
    if (this.state === 'SYN_SENT' || (this.app.unreadBytes > 0 && this.state !== 'CLOSE')) {
      this.abort()
      return
    }
    this.app.isClosed = true
    this.shutdownWrite()
    if (this.state === 'FIN_WAIT2') armFinTimeout(this)
  }

  /** Resets the connection: the peer gets an RST, what was not sent is lost. The application hears nothing more. */
  abort(): void {
    if (this.state === 'CLOSE' || this.state === 'TIME_WAIT') return
    this.app.isClosed = true
    this.app.handlers = undefined
    if (this.state !== 'SYN_SENT' && this.state !== 'CLOSING' && this.state !== 'LAST_ACK') sendReset(this)
    this.end(undefined)
  }

  /** Leaves data unread from now on: the window closes as it fills. */
  pauseReading(): void {
    this.app.isPaused = true
  }

  /** Reads again, what has waited first. */
  resumeReading(): void {
    this.app.isPaused = false
    this.app.notify()
  }

  /** Bytes written and not yet acknowledged (Send-Q of `ss`). */
  get unacknowledgedBytes(): number {
    return Math.max(this.sendBuffer.written - Math.max(this.sndUna, 1), 0)
  }

  /** Bytes received and not yet read (Recv-Q of `ss`). */
  get unreadBytes(): number {
    return this.app.unreadBytes
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
    if (this.isSending || !(hasUnsent(this) || this.sent.lostCount > this.sent.resentCount)) return
    this.isSending = true
    const { sim } = this.stack.ip
    sim.schedule(sim.nowNs, this, TIMER_SEND, undefined)
  }

  /** Bytes that fill the receive buffer. */
  get heldBytes(): number {
    return this.app.unreadBytes + this.reassembly.bytes
  }

  /** The connection is over, with an error or without. The endpoint leaves the table of the host. */
  end(errno: Errno | undefined): void {
    assert(this.state !== 'CLOSE', 'an endpoint ends once')
    this.cancelTimers()
    this.listener?.forget(this)
    this.listener = undefined
    this.state = 'CLOSE'
    this.stack.remove(this)
    this.app.ended(errno)
  }

  /** Forgets all deadlines. */
  cancelTimers(): void {
    this.retransmitTimer.cancel()
    this.delayedAckTimer?.cancel()
    this.pathTimer?.cancel()
  }

  /** Arms the timer that sends a delayed acknowledgement, unless it is to fire earlier anyway. */
  armDelayedAck(): void {
    this.delayedAckTimer ??= new Timer(this.stack.ip.sim, this, TIMER_DELAYED_ACK, undefined)
    const deadlineNs = this.stack.ip.sim.nowNs + this.ack.delayNs(this.rtt.srttNs)
    if (deadlineNs < this.delayedAckTimer.deadlineNs) this.delayedAckTimer.armAt(deadlineNs)
  }

  /** A timer fired. */
  onEvent(kind: number): void {
    timerFired(this, kind)
    this.app.notify()
  }
}

/** Bytes of an IP header without options and a TCP header, for this family of addresses. */
function headerBytes(addr: IpAddr): number {
  return (isIpv6(addr) ? 40 : 20) + TCP_HEADER_BYTES
}
