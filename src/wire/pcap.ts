/**
 * Reads captures: classic pcap (either byte order, micro- or nanoseconds) and pcapng. Frames are given as bytes; `decodeFrame`
 * reads them. Of pcapng, sections, interfaces and enhanced packets are read, and other blocks skipped, but for the packet
 * blocks that a capture of today does not hold (simple, obsolete), which are refused. Compressed files are not read.
 * @module
 */
import type { Result } from '../base/result.ts'
import { ok } from '../base/result.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import type { Capture, CaptureError, DatedFrame } from './capture.ts'
import { captureOf, refuse, sliceOf } from './capture.ts'
import { readPcapng } from './pcapng-blocks.ts'

const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const MAGIC_MICROSECONDS = 0xa1b2c3d4
const MAGIC_NANOSECONDS = 0xa1b23c4d
const MAGIC_PCAPNG = 0x0a0d0d0a

/** Reads a capture file of either format. A record that the end of the file cuts is an error, not the end. */
export function readCapture(file: Uint8Array): Result<Capture, CaptureError> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < 4) return refuse('not-a-capture', 0, `${file.length} bytes are no capture`)
  const magic = view.getUint32(0)
  if (magic === MAGIC_PCAPNG) return readPcapng(view)
  const isLittle = view.getUint32(0, true) === MAGIC_MICROSECONDS || view.getUint32(0, true) === MAGIC_NANOSECONDS
  const native = view.getUint32(0, isLittle)
  if (native !== MAGIC_MICROSECONDS && native !== MAGIC_NANOSECONDS) {
    return refuse('not-a-capture', 0, 'neither pcap nor pcapng')
  }
  return readClassic(view, isLittle, native === MAGIC_NANOSECONDS ? 1n : 1000n)
}

function readClassic(view: DataView, isLittle: boolean, nsPerFraction: bigint): Result<Capture, CaptureError> {
  if (view.byteLength < FILE_HEADER_BYTES) return refuse('truncated', 0, 'the file header is cut')
  // The upper half of the word holds the length of a frame check sequence, which lvsim leaves in the frame as a trailer.
  const linkType = view.getUint32(20, isLittle) & 0xffff
  const frames: DatedFrame[] = []
  let at = FILE_HEADER_BYTES
  while (at < view.byteLength) {
    if (at + RECORD_HEADER_BYTES > view.byteLength) return refuse('truncated', at, 'a record header is cut')
    const length = view.getUint32(at + 8, isLittle)
    if (at + RECORD_HEADER_BYTES + length > view.byteLength) return refuse('truncated', at, 'a record is cut')
    const seconds = BigInt(view.getUint32(at, isLittle))
    const fraction = BigInt(view.getUint32(at + 4, isLittle))
    frames.push({
      unixNs: seconds * BigInt(NS_PER_SECOND) + fraction * nsPerFraction, interfaceIndex: 0,
      bytes: sliceOf(view, at + RECORD_HEADER_BYTES, length), wireBytes: view.getUint32(at + 12, isLittle),
      direction: undefined, comment: '',
    })
    at += RECORD_HEADER_BYTES + length
  }
  return ok(captureOf([{ name: '', linkType }], frames))
}
