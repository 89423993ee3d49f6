/**
 * How large a window an endpoint offers: it begins at 64 kB, opens as data comes in (tcp_grow_window()), and its ceiling follows
 * what the application reads in a round trip (dynamic right-sizing, tcp_rcv_space_adjust()), up to the 6 MiB of tcp_rmem.
 * Memory is counted in bytes of data; the overhead of buffers and pressure on memory are not modelled.
 * @module
 */

/** Half of tcp_rmem's default of 131,072, as far as 16 bits can tell it. */
const INITIAL_BYTES = 65_535
/** Half of tcp_rmem's maximum of 6,291,456 (tcp_adv_win_scale 1). */
const CEILING_BYTES_MAX = 3_145_728

/** Smaller segments do not open the window (tcp_event_data_recv()). */
const SMALL_SEGMENT_BYTES = 128

/** The window that is offered before anything came in: as many full segments as 64 kB hold. */
export function initialOffer(mss: number): number {
  return INITIAL_BYTES - INITIAL_BYTES % mss
}

/** The receive window of one endpoint. */
export class ReceiveWindow {
  readonly #mss: number
  #ceilingBytes = INITIAL_BYTES
  #offerBytes: number
  #readBytes = 0
  #readBytesPerTrip: number
  #sinceNs = 0

  constructor(mss: number) {
    this.#mss = mss
    this.#offerBytes = initialOffer(mss)
    this.#readBytesPerTrip = Math.min(this.#offerBytes, 10 * mss)
  }

  /** The window to offer while `heldBytes` wait unread; 0 rather than a silly small one (RFC 9293 3.8.6.2.2). */
  offer(heldBytes: number): number {
    const free = this.#offerBytes - heldBytes
    return free < Math.min(this.#mss, this.#ceilingBytes / 16) ? 0 : free
  }

  /** Data of `bytes` came in. */
  received(bytes: number): void {
    if (bytes < SMALL_SEGMENT_BYTES || this.#offerBytes >= this.#ceilingBytes) return
    this.#offerBytes = Math.min(this.#offerBytes + 2 * this.#mss, this.#ceilingBytes)
  }

  /** The application took `bytes`. */
  read(bytes: number, nowNs: number, rttNs: number): void {
    this.#readBytes += bytes
    if (rttNs === 0 || nowNs - this.#sinceNs < rttNs) return
    if (this.#readBytes > this.#readBytesPerTrip) {
      const growth = (this.#readBytes - this.#readBytesPerTrip) / this.#readBytesPerTrip
      const wanted = 2 * this.#readBytes + 16 * this.#mss
      this.#ceilingBytes = Math.max(this.#ceilingBytes, Math.min(Math.floor(wanted * (1 + 2 * growth)), CEILING_BYTES_MAX))
      this.#readBytesPerTrip = this.#readBytes
    }
    this.#readBytes = 0
    this.#sinceNs = nowNs
  }
}
