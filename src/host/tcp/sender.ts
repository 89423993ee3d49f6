/**
 * What an endpoint keeps from its first write or FIN on: what was written, what is on its way, the congestion window and the
 * state of sending. An endpoint that only listens to its peer has none.
 * @module
 */
import { Congestion } from './congestion.ts'
import type { EndpointTimer } from './endpoint-timer.ts'
import { SendBuffer } from './send-buffer.ts'
import { SentQueue } from './sent-queue.ts'

/** The sending side of one endpoint. Fields are live. */
export class Sender {
  readonly buffer = new SendBuffer()
  readonly sent = new SentQueue()
  readonly congestion = new Congestion()
  /** Up to here the writer has had its data pushed. */
  pushedTo = 1
  /** Sending is due at the end of this instant. */
  isSending = false
  /** End of the last segment that was not full, for Nagle's rule in Minshall's variant. */
  smallEnd = 0
  /** When a segment of data or a FIN went out last, or the handshake was over. */
  lastSentNs = 0
  /** Whether the congestion window was what limited sending, and how many segments were out, over the last flight. */
  windowWasLimit = false
  segmentsOutMax = 0
  flightEnd = 0
  duplicateAcks = 0
  /** The retransmission timer probes a closed window instead. */
  probing = false
  /** Probes since the peer was heard last. */
  probesOut = 0
  /** When the first segment that is being repeated was repeated first; before that, when the handshake began. */
  repeatingSinceNs: number
  /** Few connections ever meet a narrow path. */
  pathTimer: EndpointTimer | undefined = undefined

  /** `sinceNs`: when the handshake began. */
  constructor(sinceNs: number) {
    this.repeatingSinceNs = sinceNs
  }
}
