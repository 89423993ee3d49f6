/**
 * What an endpoint keeps from the first data, FIN or nonsense of its peer on: when to acknowledge, how large a window to offer,
 * what is out of order, and what waits to be read.
 * @module
 */
import type { Errno } from '../errno.ts'
import { AckPolicy } from './ack-policy.ts'
import type { EndpointTimer } from './endpoint-timer.ts'
import { Reassembly } from './reassembly.ts'
import { ReceiveWindow } from './receive-window.ts'

/** The receiving side of one endpoint. Fields are live. */
export class Receiver {
  readonly ack: AckPolicy
  readonly window: ReceiveWindow
  /** Made when data first arrives ahead of a gap. */
  reassembly: Reassembly | undefined = undefined
  /** Position of the peer's FIN; -1 until it is seen. */
  fin = -1
  /** What waits to be read; undefined for nothing. */
  unread: Uint8Array[] | undefined = undefined
  unreadBytes = 0
  /** Few connections ever delay an acknowledgement. */
  delayedAckTimer: EndpointTimer | undefined = undefined
  /** What the connection has failed of, for an application that is yet to hear of it. */
  errno: Errno | undefined = undefined
  /** When a segment out of the window was answered last: such answers are limited in rate. */
  challengedNs: number | undefined = undefined

  /** `sinceNs`: when the handshake began. */
  constructor(mss: number, sinceNs: number) {
    this.ack = new AckPolicy(mss, sinceNs)
    this.window = new ReceiveWindow(mss)
  }

  /** True while something waits behind a gap. */
  get hasGap(): boolean {
    return this.reassembly !== undefined && !this.reassembly.isEmpty
  }

  /** Bytes that fill the receive buffer. */
  get heldBytes(): number {
    return this.reassembly === undefined ? this.unreadBytes : this.unreadBytes + this.reassembly.bytes
  }

  /** The window to offer now. */
  get offer(): number {
    return this.window.offer(this.heldBytes)
  }

  /** What arrives ahead of a gap. */
  keep(start: number, data: Uint8Array): void {
    this.reassembly ??= new Reassembly()
    this.reassembly.insert(start, data)
  }
}
