/**
 * The blocks of pcapng (draft-ietf-opsawg-pcapng): numbers that reader and writer share, and the reader.
 * @module
 */
import type { Result } from '../base/result.ts'
import { ok } from '../base/result.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import type { Capture, CaptureError, CaptureInterface, DatedFrame } from './capture.ts'
import { captureOf, refuse, sliceOf } from './capture.ts'

/** Types of blocks: section header. */
export const BLOCK_SECTION = 0x0a0d0d0a
/** See `BLOCK_SECTION`: interface description. */
export const BLOCK_INTERFACE = 1
/** See `BLOCK_SECTION`: enhanced packet. */
export const BLOCK_PACKET = 6
/** First word of a section header's body, in the byte order of the section. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d
/** Codes of options: a comment, in any block. */
export const OPTION_COMMENT = 1
/** See `OPTION_COMMENT`: if_name of an interface, and epb_flags of a packet. */
export const OPTION_INTERFACE_NAME = 2
/** See `OPTION_COMMENT`: of a packet; its lowest two bits are 1 for inbound and 2 for outbound. */
export const OPTION_PACKET_FLAGS = 2
/** See `OPTION_COMMENT`: if_tsresol, a power of 10, or of 2 when its highest bit is set. */
export const OPTION_TIME_RESOLUTION = 9

const OPTION_TIME_OFFSET = 14
const BLOCK_OBSOLETE_PACKET = 2
const BLOCK_SIMPLE_PACKET = 3
/** Type, length, and the length again. */
const BLOCK_OVERHEAD_BYTES = 12
const INTERFACE_FIXED_BYTES = 8
const PACKET_FIXED_BYTES = 20

interface Option {
  readonly code: number
  readonly at: number
  readonly length: number
}

/** What a section has declared of an interface so far. */
interface Clock {
  /** Index in the capture. */
  readonly index: number
  readonly unitsPerSecond: bigint
  readonly offsetSeconds: bigint
}

interface Reading {
  readonly view: DataView
  readonly interfaces: CaptureInterface[]
  readonly frames: DatedFrame[]
  /** Of the section being read. */
  isLittle: boolean
  clocks: Clock[]
}

/** Reads a pcapng file, whose first block is a section header. */
export function readPcapng(view: DataView): Result<Capture, CaptureError> {
  const reading: Reading = { view, interfaces: [], frames: [], isLittle: false, clocks: [] }
  let at = 0
  while (at < view.byteLength) {
    if (at + BLOCK_OVERHEAD_BYTES > view.byteLength) return refuse('truncated', at, 'a block is cut')
    if (view.getUint32(at) === BLOCK_SECTION) {
      reading.isLittle = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC
      reading.clocks = []
      if (view.getUint32(at + 8, reading.isLittle) !== BYTE_ORDER_MAGIC) {
        return refuse('malformed', at, 'the byte order of the section is unknown')
      }
    }
    const length = view.getUint32(at + 4, reading.isLittle)
    if (length < BLOCK_OVERHEAD_BYTES || length % 4 !== 0) return refuse('malformed', at, `a block of ${length} bytes`)
    if (at + length > view.byteLength) return refuse('truncated', at, 'a block is cut')
    const error = readBlock(reading, at, at + length - 4)
    if (error !== undefined) return error
    at += length
  }
  return ok(captureOf(reading.interfaces, reading.frames))
}

/** Reads the block from `at` to `end`, where its length is repeated. */
function readBlock(reading: Reading, at: number, end: number): Result<never, CaptureError> | undefined {
  switch (reading.view.getUint32(at, reading.isLittle)) {
    case BLOCK_INTERFACE: return readInterface(reading, at, end)
    case BLOCK_PACKET: return readPacket(reading, at, end)
    case BLOCK_SIMPLE_PACKET:
    case BLOCK_OBSOLETE_PACKET:
      return refuse('unsupported', at, 'simple and obsolete packet blocks are not read')
    default: return undefined
  }
}

function readInterface(reading: Reading, at: number, end: number): Result<never, CaptureError> | undefined {
  const { view, isLittle } = reading
  if (at + 8 + INTERFACE_FIXED_BYTES > end) return refuse('malformed', at, 'an interface block is too short')
  let name = ''
  let resolution = 6
  let offsetSeconds = 0n
  for (const option of optionsOf(reading, at + 8 + INTERFACE_FIXED_BYTES, end)) {
    if (option.code === OPTION_INTERFACE_NAME) name = textOf(view, option)
    else if (option.code === OPTION_TIME_RESOLUTION && option.length === 1) resolution = view.getUint8(option.at)
    else if (option.code === OPTION_TIME_OFFSET && option.length === 8) offsetSeconds = view.getBigInt64(option.at, isLittle)
  }
  const unitsPerSecond = resolution < 0x80 ? powerOf(10n, resolution) : powerOf(2n, resolution - 0x80)
  reading.clocks.push({ index: reading.interfaces.length, unitsPerSecond, offsetSeconds })
  reading.interfaces.push({ name, linkType: view.getUint16(at + 8, isLittle) })
  return undefined
}

function readPacket(reading: Reading, at: number, end: number): Result<never, CaptureError> | undefined {
  const { view, isLittle } = reading
  const dataAt = at + 8 + PACKET_FIXED_BYTES
  if (dataAt > end) return refuse('malformed', at, 'a packet block is too short')
  const clock = reading.clocks[view.getUint32(at + 8, isLittle)]
  if (clock === undefined) return refuse('malformed', at, 'the interface of a packet was not described')
  const length = view.getUint32(at + 20, isLittle)
  if (dataAt + length > end) return refuse('malformed', at, 'a packet is longer than its block')
  const units = (BigInt(view.getUint32(at + 12, isLittle)) << 32n) | BigInt(view.getUint32(at + 16, isLittle))
  const perSecond = BigInt(NS_PER_SECOND)
  let flags = 0
  const comments: string[] = []
  for (const option of optionsOf(reading, dataAt + padded(length), end)) {
    if (option.code === OPTION_COMMENT) comments.push(textOf(view, option))
    else if (option.code === OPTION_PACKET_FLAGS && option.length === 4) flags = view.getUint32(option.at, isLittle) & 3
  }
  reading.frames.push({
    unixNs: units * perSecond / clock.unitsPerSecond + clock.offsetSeconds * perSecond, interfaceIndex: clock.index,
    bytes: sliceOf(view, dataAt, length), wireBytes: view.getUint32(at + 24, isLittle),
    direction: flags === 1 ? 'in' : flags === 2 ? 'out' : undefined, comment: comments.join('\n'),
  })
  return undefined
}

/** The options from `start` on; stops at the end-of-options one, and before one that does not fit. */
function optionsOf(reading: Reading, start: number, end: number): Option[] {
  const options: Option[] = []
  let at = start
  while (at + 4 <= end) {
    const code = reading.view.getUint16(at, reading.isLittle)
    const length = reading.view.getUint16(at + 2, reading.isLittle)
    if (code === 0 || at + 4 + length > end) break
    options.push({ code, at: at + 4, length })
    at += 4 + padded(length)
  }
  return options
}

function textOf(view: DataView, option: Option): string {
  return new TextDecoder().decode(sliceOf(view, option.at, option.length)).replace(/\0+$/, '')
}

function powerOf(base: bigint, exponent: number): bigint {
  let power = 1n
  for (let i = 0; i < exponent; i++) power *= base
  return power
}

/** Rounded up to a multiple of four bytes, as bodies of blocks and options are. */
export function padded(bytes: number): number {
  return bytes + (4 - bytes % 4) % 4
}
