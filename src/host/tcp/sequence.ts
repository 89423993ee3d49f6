/**
 * Sequence numbers. Inside an endpoint a position is a plain number counted from the SYN (which is 0, the first byte 1), so
 * that positions compare with `<`; only on the wire are they 32 bits wide and wrap.
 * @module
 */

/** The 32-bit number on the wire of `position`, for a side whose initial sequence number is `initial`. */
export function toWire(initial: number, position: number): number {
  return (initial + position) >>> 0
}

/** The position that lies nearest to `near` and has this number on the wire: within 2^31 of it. */
export function fromWire(initial: number, wire: number, near: number): number {
  return near + ((wire - toWire(initial, near)) | 0)
}
