/**
 * The TCP segment (RFC 9293) as an immutable value; its checksum is valid by construction.
 * Options carried: MSS, SACK-permitted, SACK, window scale, timestamps. The urgent pointer is not modelled.
 * @module
 */

/** Flag bits as on the wire. */
export const TCP_FIN = 0x01
/** See `TCP_FIN`. */
export const TCP_SYN = 0x02
/** See `TCP_FIN`. */
export const TCP_RST = 0x04
/** See `TCP_FIN`. */
export const TCP_PSH = 0x08
/** See `TCP_FIN`. */
export const TCP_ACK = 0x10

/** Header length without options. */
export const TCP_HEADER_BYTES = 20
/** No data. */
export const NO_DATA = new Uint8Array(0)

/** Options of a segment; an absent one is undefined. */
export interface TcpOptions {
  /** Maximum segment size in bytes, 0..65535; SYN only. */
  readonly mss: number | undefined
  readonly sackPermitted: boolean
  /** Shift count 0..14; SYN only. */
  readonly windowScale: number | undefined
  /** TSval and TSecr (RFC 7323). */
  readonly timestamps: { readonly value: number, readonly echo: number } | undefined
  /** Blocks received out of order (RFC 2018): left edge (included), right edge (excluded). */
  readonly sack: readonly { readonly left: number, readonly right: number }[]
  /** The option bytes as read, when they were not laid out as Linux does; undefined otherwise. */
  readonly raw: Uint8Array | undefined
}

/** No options. */
export const NO_TCP_OPTIONS: TcpOptions = {
  mss: undefined, sackPermitted: false, windowScale: undefined, timestamps: undefined, sack: [], raw: undefined,
}

/** One segment. */
export interface TcpSegment {
  readonly kind: 'tcp'
  readonly sport: number
  readonly dport: number
  /** 0..2^32-1. */
  readonly seq: number
  readonly ack: number
  /** Bits of `TCP_FIN` and its kin. */
  readonly flags: number
  /** The window field as on the wire (not scaled), 0..65535. */
  readonly window: number
  readonly options: TcpOptions
  readonly data: Uint8Array
}

/** Makes a segment. */
export function tcpSegment(
  ports: { readonly sport: number, readonly dport: number },
  numbers: { readonly seq: number, readonly ack: number, readonly window: number },
  flags: number, options: TcpOptions, data: Uint8Array,
): TcpSegment {
  return {
    kind: 'tcp', sport: ports.sport, dport: ports.dport, seq: numbers.seq, ack: numbers.ack, flags, window: numbers.window,
    options, data,
  }
}

/** The segment with other ports. */
export function withTcpPorts(s: TcpSegment, sport: number, dport: number): TcpSegment {
  return {
    kind: 'tcp', sport, dport, seq: s.seq, ack: s.ack, flags: s.flags, window: s.window, options: s.options, data: s.data,
  }
}

/**
 * Bytes of the options, padded to a multiple of 4 as Linux lays them out (tcp_options_write):
 * MSS 4; timestamps 12 (with SACK-permitted inside its padding); SACK-permitted alone 4; window scale 4; SACK 4 + 8 a block.
 */
export function tcpOptionsBytes(options: TcpOptions): number {
  if (options === NO_TCP_OPTIONS) return 0
  if (options.raw !== undefined) return options.raw.length
  let bytes = 0
  if (options.mss !== undefined) bytes += 4
  if (options.timestamps !== undefined) bytes += 12
  else if (options.sackPermitted) bytes += 4
  if (options.windowScale !== undefined) bytes += 4
  if (options.sack.length > 0) bytes += 4 + 8 * options.sack.length
  return bytes
}

/** Header, options and data. */
export function tcpBytes(segment: TcpSegment): number {
  return TCP_HEADER_BYTES + tcpOptionsBytes(segment.options) + segment.data.length
}
