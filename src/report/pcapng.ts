/**
 * Writes a run as a pcapng capture (draft-ietf-opsawg-pcapng), block by block: the header first, then a block for each frame
 * in the order of time. Concatenated, the blocks are a file for Wireshark. Little endian; times in nanoseconds of the run,
 * so that the run begins at the start of 1970. Statistics and name resolution blocks are not written.
 * @module
 */
import { concatBytes } from '../wire/bytes.ts'
import { assert } from '../base/assert.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_PPP } from '../wire/capture.ts'
import type { Framing } from '../wire/encode.ts'
import { writeFrame } from '../wire/encode.ts'
import type { Frame } from '../wire/frame.ts'
import {
  BLOCK_INTERFACE, BLOCK_PACKET, BLOCK_SECTION, BYTE_ORDER_MAGIC, OPTION_COMMENT, OPTION_INTERFACE_NAME,
  OPTION_PACKET_FLAGS, OPTION_TIME_RESOLUTION, padded,
} from '../wire/pcapng-blocks.ts'

/** A nic whose frames the capture holds. Its number is its place in the header, from 0. */
export interface CaptureNic {
  /** As tools show it: `client.eth0`. */
  readonly name: string
  readonly framing: Framing
}

/** A frame that a nic received or sent. */
export interface CaptureEntry {
  /** Nanoseconds since the start of the run, 0..2^53-1. */
  readonly timeNs: number
  readonly nicIndex: number
  readonly direction: 'in' | 'out'
  readonly frame: Frame
  /** Shown beside the frame; `drop: ttl-exceeded` says what became of it. Empty for none. */
  readonly comment: string
}

/** if_tsresol of 10^-9 s. */
const NANOSECOND_RESOLUTION = 9
/** Longest comment: an option's length has 16 bits. */
const COMMENT_BYTES_MAX = 0xffff

/** The section header and one interface description for each nic: what the file begins with. */
export function pcapngHeader(nics: readonly CaptureNic[]): Uint8Array {
  const section = new Uint8Array(16)
  const view = new DataView(section.buffer)
  view.setUint32(0, BYTE_ORDER_MAGIC, true)
  view.setUint16(4, 1, true)
  // The length of the section is not known yet, which is written as all ones.
  view.setUint32(8, 0xffffffff, true)
  view.setUint32(12, 0xffffffff, true)
  return concatBytes([block(BLOCK_SECTION, [section]), ...nics.map(interfaceBlock)])
}

/** The blocks of these frames, one after the other. Captures have millions of them: they are written in place. */
export function pcapngFrames(entries: readonly CaptureEntry[]): Uint8Array {
  const comments = entries.map(({ comment }) => comment === '' ? NOTHING : encodeComment(comment))
  let bytes = 0
  for (const [index, { frame }] of entries.entries()) bytes += frameBlockBytes(frame, comments[index] as Uint8Array)
  const out = new Uint8Array(bytes)
  const view = new DataView(out.buffer)
  let at = 0
  for (const [index, entry] of entries.entries()) at = writeFrameBlock(out, view, at, entry, comments[index] as Uint8Array)
  return out
}

/** 28 bytes before the data, 8 of flags, the comment, 4 of the options' end, and the length again. */
function frameBlockBytes(frame: Frame, comment: Uint8Array): number {
  return 28 + padded(frame.bytes) + 8 + (comment.length === 0 ? 0 : 4 + padded(comment.length)) + 4 + 4
}

/** Writes a block at `at`; where it ends. */
function writeFrameBlock(out: Uint8Array, view: DataView, at: number, entry: CaptureEntry, comment: Uint8Array): number {
  const { timeNs, nicIndex, direction, frame } = entry
  assert(Number.isSafeInteger(timeNs) && timeNs >= 0, 'times are whole nanoseconds of the run')
  const bytes = frameBlockBytes(frame, comment)
  const optionsAt = at + 28 + padded(frame.bytes)
  view.setUint32(at, BLOCK_PACKET, true)
  view.setUint32(at + 4, bytes, true)
  view.setUint32(at + 8, nicIndex, true)
  view.setUint32(at + 12, Math.floor(timeNs / 0x100000000), true)
  view.setUint32(at + 16, timeNs % 0x100000000, true)
  view.setUint32(at + 20, frame.bytes, true)
  view.setUint32(at + 24, frame.bytes, true)
  writeFrame(out, at + 28, frame)
  view.setUint16(optionsAt, OPTION_PACKET_FLAGS, true)
  view.setUint16(optionsAt + 2, 4, true)
  view.setUint32(optionsAt + 4, direction === 'in' ? 1 : 2, true)
  if (comment.length > 0) {
    view.setUint16(optionsAt + 8, OPTION_COMMENT, true)
    view.setUint16(optionsAt + 10, comment.length, true)
    out.set(comment, optionsAt + 12)
  }
  view.setUint32(at + bytes - 4, bytes, true)
  return at + bytes
}

function encodeComment(comment: string): Uint8Array {
  return new TextEncoder().encode(comment).subarray(0, COMMENT_BYTES_MAX)
}

function interfaceBlock(nic: CaptureNic): Uint8Array {
  const fixed = new Uint8Array(8)
  new DataView(fixed.buffer).setUint16(0, nic.framing === 'ppp' ? LINKTYPE_PPP : LINKTYPE_ETHERNET, true)
  return block(BLOCK_INTERFACE, [
    fixed,
    option(OPTION_INTERFACE_NAME, new TextEncoder().encode(nic.name)),
    option(OPTION_TIME_RESOLUTION, new Uint8Array([NANOSECOND_RESOLUTION])),
    END_OF_OPTIONS,
  ])
}

/** A block of these parts, each padded to a multiple of four bytes. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(parts.map(padding))
  const out = new Uint8Array(12 + body.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, out.length, true)
  out.set(body, 8)
  view.setUint32(out.length - 4, out.length, true)
  return out
}

/** One option. Its length says nothing of its padding. */
function option(code: number, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + value.length)
  new DataView(out.buffer).setUint16(0, code, true)
  new DataView(out.buffer).setUint16(2, value.length, true)
  out.set(value, 4)
  return out
}

function padding(part: Uint8Array): Uint8Array {
  const out = new Uint8Array(padded(part.length))
  out.set(part)
  return out
}

const END_OF_OPTIONS = new Uint8Array(4)
const NOTHING = new Uint8Array(0)
