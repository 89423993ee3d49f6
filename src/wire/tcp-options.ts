/**
 * TCP options to bytes and back. Linux lays them out in one order with fixed padding (tcp_options_write); any other layout
 * keeps its bytes in `raw` beside the values read from it.
 * @module
 */
import { get16, get32, put16, put32, sameBytes } from './bytes.ts'
import type { TcpOptions } from './tcp-segment.ts'
import { NO_DATA, NO_TCP_OPTIONS, tcpOptionsBytes } from './tcp-segment.ts'

/** Kinds of options (IANA). */
export const TCP_OPTION_END = 0
/** See `TCP_OPTION_END`: one byte of padding. */
export const TCP_OPTION_NOP = 1
/** See `TCP_OPTION_END`: RFC 9293. */
export const TCP_OPTION_MSS = 2
/** See `TCP_OPTION_END`: RFC 7323. */
export const TCP_OPTION_WINDOW_SCALE = 3
/** See `TCP_OPTION_END`: RFC 2018. */
export const TCP_OPTION_SACK_PERMITTED = 4
/** See `TCP_OPTION_END`: RFC 2018. */
export const TCP_OPTION_SACK = 5
/** See `TCP_OPTION_END`: RFC 7323. */
export const TCP_OPTION_TIMESTAMPS = 8

/** One option in its place; `data` is what follows kind and length, empty for the two kinds of one byte. */
export interface TcpOption {
  readonly kind: number
  readonly data: Uint8Array
}

/** The options in the order of tcp_options_write(), or their `raw` bytes: `tcpOptionsBytes(options)` bytes. */
export function encodeTcpOptions(options: TcpOptions): Uint8Array {
  if (options === NO_TCP_OPTIONS) return NO_DATA
  if (options.raw !== undefined) return options.raw
  const out = new Uint8Array(tcpOptionsBytes(options)).fill(TCP_OPTION_NOP)
  let at = 0
  if (options.mss !== undefined) {
    put16(out, at, (TCP_OPTION_MSS << 8) | 4)
    put16(out, at + 2, options.mss)
    at += 4
  }
  if (options.timestamps !== undefined) {
    if (options.sackPermitted) put16(out, at, (TCP_OPTION_SACK_PERMITTED << 8) | 2)
    put16(out, at + 2, (TCP_OPTION_TIMESTAMPS << 8) | 10)
    put32(out, at + 4, options.timestamps.value)
    put32(out, at + 8, options.timestamps.echo)
    at += 12
  } else if (options.sackPermitted) {
    put16(out, at + 2, (TCP_OPTION_SACK_PERMITTED << 8) | 2)
    at += 4
  }
  if (options.windowScale !== undefined) {
    put16(out, at + 1, (TCP_OPTION_WINDOW_SCALE << 8) | 3)
    out[at + 3] = options.windowScale
    at += 4
  }
  if (options.sack.length > 0) {
    put16(out, at + 2, (TCP_OPTION_SACK << 8) | (2 + 8 * options.sack.length))
    at += 4
    for (const block of options.sack) {
      put32(out, at, block.left)
      put32(out, at + 4, block.right)
      at += 8
    }
  }
  return out
}

/** Reads the bytes between TCP header and data. Options that lvsim does not know, or that are broken, live on in `raw` only. */
export function decodeTcpOptions(bytes: Uint8Array): TcpOptions {
  if (bytes.length === 0) return NO_TCP_OPTIONS
  let mss: number | undefined
  let sackPermitted = false
  let windowScale: number | undefined
  let timestamps: TcpOptions['timestamps']
  const sack: { left: number, right: number }[] = []
  for (const { kind, data } of listTcpOptions(bytes)) {
    if (kind === TCP_OPTION_MSS && data.length === 2) mss = get16(data, 0)
    else if (kind === TCP_OPTION_WINDOW_SCALE && data.length === 1) windowScale = data[0]
    else if (kind === TCP_OPTION_SACK_PERMITTED && data.length === 0) sackPermitted = true
    else if (kind === TCP_OPTION_TIMESTAMPS && data.length === 8) timestamps = { value: get32(data, 0), echo: get32(data, 4) }
    else if (kind === TCP_OPTION_SACK && data.length % 8 === 0) {
      for (let at = 0; at < data.length; at += 8) sack.push({ left: get32(data, at), right: get32(data, at + 4) })
    }
  }
  const options = { mss, sackPermitted, windowScale, timestamps, sack, raw: undefined }
  return sameBytes(encodeTcpOptions(options), bytes) ? options : { ...options, raw: new Uint8Array(bytes) }
}

/** The options one by one, padding included; stops at the end-of-list option, and before one whose length is wrong. */
export function listTcpOptions(bytes: Uint8Array): readonly TcpOption[] {
  const list: TcpOption[] = []
  let at = 0
  while (at < bytes.length) {
    const kind = bytes[at] ?? TCP_OPTION_END
    const isSingle = kind === TCP_OPTION_END || kind === TCP_OPTION_NOP
    const length = isSingle ? 1 : bytes[at + 1] ?? 0
    if (!isSingle && (length < 2 || at + length > bytes.length)) break
    list.push({ kind, data: isSingle ? NO_DATA : bytes.subarray(at + 2, at + length) })
    if (kind === TCP_OPTION_END) break
    at += length
  }
  return list
}
