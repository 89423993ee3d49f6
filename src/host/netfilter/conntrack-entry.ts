/**
 * One entry of conntrack: a flow, its two tuples, and what is known of its life (struct nf_conn).
 * Helpers, expectations, zones, accounting and marks of entries are not modelled.
 * @module
 */
import type { TcpTrackState } from './tcp-tracking.ts'
import type { Tuple } from './tuple.ts'

/** Which way a packet of a flow goes. */
export type Direction = 'original' | 'reply'

/** What an entry means for one packet (enum ip_conntrack_info). */
export interface Tracking {
  readonly entry: ConntrackEntry
  readonly direction: Direction
  readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED'
}

/** One flow. Live. */
export class ConntrackEntry {
  /** The tuple of the packets of whoever began. */
  readonly original: Tuple
  /** The tuple that answers will have: the inverse of the original, unless NAT or IPVS turned the flow. */
  reply: Tuple
  /** An answer was seen. */
  hasReply = false
  /** Worth keeping when the table is full. */
  isAssured = false
  /** In the table. Until then only its first packet knows it. */
  isConfirmed = false
  /** Removed from the table. */
  isDead = false
  /** NAT has decided on the source (on the destination), and turned it. */
  sourceDecided = false
  sourceTurned = false
  destinationDecided = false
  destinationTurned = false
  /** When it ends unless a packet comes. */
  deadlineNs = 0
  /** State of a TCP flow. */
  readonly tcp: TcpTrackState = { state: 'NONE', closeInitiated: false, last: undefined }
  /** From when on a UDP flow counts as a stream (nf_ct_udp.stream_ts). */
  streamFromNs = 0

  constructor(original: Tuple, reply: Tuple) {
    this.original = original
    this.reply = reply
  }

  /** The tuple of a direction. */
  tuple(direction: Direction): Tuple {
    return direction === 'original' ? this.original : this.reply
  }
}

/** The other direction. */
export function opposite(direction: Direction): Direction {
  return direction === 'original' ? 'reply' : 'original'
}
