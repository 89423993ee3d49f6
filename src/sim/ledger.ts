/**
 * Ledgers: every frame and every packet is accounted for. Each account is a plain counter that its owner bumps; `balance`
 * says by how much the books are off, which must be 0 at any instant between two events.
 * @module
 */

/** Frames of all links of a run: sent + copied = delivered + lost + in flight. */
export class FrameLedger {
  /** Handed to a link by a nic or a bridge port. */
  sent = 0
  /** Copies a link made by fault (duplication). */
  duplicated = 0
  /** Frames that a bridge took in; they are delivered to it and end there. */
  bridged = 0
  /** Frames that a bridge sent on, floods counted once per port. */
  forwardedByBridge = 0
  /** Arrived at the far end of a link. */
  delivered = 0
  /** Ended on a link, by reason. */
  readonly lost = { queueFull: 0, loss: 0, linkDown: 0 }
  /** Between two ends of a link. */
  inFlight = 0

  /** 0 when every frame is accounted for. */
  balance(): number {
    const { queueFull, loss, linkDown } = this.lost
    return this.sent + this.duplicated - this.delivered - queueFull - loss - linkDown - this.inFlight
  }
}

/** Packets of one host: what came in or was made here has left, was used here, was dropped for a reason, or is held. */
export class PacketLedger {
  /** Taken from frames. */
  received = 0
  /** Made here: by an endpoint, ICMP, or a tool. */
  originated = 0
  /** Handed to a nic in a frame. */
  sent = 0
  /** Used up here: by an endpoint, ICMP, ARP of no packet. */
  consumed = 0
  /** Dropped here, in all; `drops` has the reasons. */
  dropped = 0
  /** Waiting here: for a neighbor, in the queue of the CPU, in reassembly. */
  held = 0
  /** Put inside another packet (one packet stays one). */
  encapsulated = 0
  /** Taken out of another packet (one packet stays one). */
  decapsulated = 0
  /** Pieces made by fragmentation beyond the packet that was cut. */
  fragmented = 0
  /** Pieces that vanished into a reassembled packet. */
  reassembled = 0

  /** 0 when every packet is accounted for. */
  balance(): number {
    return this.received + this.originated + this.fragmented
      - this.sent - this.consumed - this.dropped - this.reassembled - this.held
  }
}
