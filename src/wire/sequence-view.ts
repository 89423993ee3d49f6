/**
 * Sequence numbers as a reader wants them: counted from each direction's first number, as in the recorded labs and in
 * Wireshark. A SYN has sequence 0, and the ACK that answers it 1.
 * @module
 */
import type { IpAddr } from './address.ts'
import type { TcpSegment } from './tcp-segment.ts'
import { TCP_ACK, TCP_SYN } from './tcp-segment.ts'

/** Numbers of a segment as printed. */
export interface SequenceNumbers {
  readonly seq: number
  readonly ack: number
}

/**
 * Remembers the initial number of every direction of every flow whose SYN it was shown; show it segments in order of time.
 * Live: each `relative` may learn. Where only one direction's SYN is seen (LVS/DR), the first ACK sent that way counts as 1.
 * Numbers of a direction without any such start stay absolute.
 */
export class SequenceView {
  /** Initial sequence number by `src sport dst dport`. */
  readonly #starts = new Map<string, number>()

  /** The numbers of a segment between these addresses. An ACK number without the flag is not meant, and given as it is. */
  relative(addrs: { readonly src: IpAddr, readonly dst: IpAddr }, segment: TcpSegment): SequenceNumbers {
    const way = `${addrs.src} ${segment.sport} ${addrs.dst} ${segment.dport}`
    const back = `${addrs.dst} ${segment.dport} ${addrs.src} ${segment.sport}`
    if ((segment.flags & TCP_SYN) !== 0) this.#learnSyn(way, back, segment)
    const start = this.#starts.get(way)
    const seq = start === undefined ? segment.seq : distance(start, segment.seq)
    if ((segment.flags & TCP_ACK) === 0) return { seq, ack: segment.ack }
    let peerStart = this.#starts.get(back)
    if (peerStart === undefined && start !== undefined) {
      peerStart = distance(1, segment.ack)
      this.#starts.set(back, peerStart)
    }
    return { seq, ack: peerStart === undefined ? segment.ack : distance(peerStart, segment.ack) }
  }

  #learnSyn(way: string, back: string, segment: TcpSegment): void {
    // A SYN that opens with another number is the port pair used again: what the old peer counted from is over.
    if ((segment.flags & TCP_ACK) === 0 && this.#starts.get(way) !== segment.seq) this.#starts.delete(back)
    this.#starts.set(way, segment.seq)
  }
}

/** How far `to` is ahead of `from`, modulo 2^32. */
function distance(from: number, to: number): number {
  return (to - from) >>> 0
}
