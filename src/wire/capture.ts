/**
 * A capture as a value, whatever file it was read from.
 * @module
 */
import { assert } from '../base/assert.ts'
import type { Result } from '../base/result.ts'
import { err } from '../base/result.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import type { Framing } from './encode.ts'

/** Link types of capture files (pcap-linktype(7)). */
export const LINKTYPE_ETHERNET = 1
/** See `LINKTYPE_ETHERNET`: the PPP protocol field, then the packet. */
export const LINKTYPE_PPP = 9

/** One interface of a capture. */
export interface CaptureInterface {
  /** Its name, empty when the file has none: classic pcap never does. */
  readonly name: string
  readonly linkType: number
}

/** One frame of a capture. */
export interface CapturedFrame {
  /** Nanoseconds since `startSeconds` of the capture; negative when the frame is older than the first one. */
  readonly timeNs: number
  /** Index in `interfaces`. */
  readonly interfaceIndex: number
  readonly bytes: Uint8Array
  /** Length on the wire; more than `bytes` holds when the capture cut the frame. */
  readonly wireBytes: number
  readonly direction: 'in' | 'out' | undefined
  /** The comments in the file, a line each; empty when there is none. */
  readonly comment: string
}

/** A capture as read. Frames are in the order of the file. */
export interface Capture {
  /** The whole second of the first frame's time, since 1970. */
  readonly startSeconds: number
  readonly interfaces: readonly CaptureInterface[]
  readonly frames: readonly CapturedFrame[]
}

/** Why a file is not a capture that can be read, and where. */
export interface CaptureError {
  readonly code: 'not-a-capture' | 'truncated' | 'malformed' | 'unsupported'
  /** Offset of the record at fault. */
  readonly offsetBytes: number
  readonly message: string
}

/** A frame whose time still counts nanoseconds since 1970: too many for a double to hold exactly. */
export type DatedFrame = Omit<CapturedFrame, 'timeNs'> & { readonly unixNs: bigint }

/** How frames of this link type are framed; undefined for one that lvsim does not model. */
export function framingOfLinkType(linkType: number): Framing | undefined {
  return linkType === LINKTYPE_ETHERNET ? 'ethernet' : linkType === LINKTYPE_PPP ? 'ppp' : undefined
}

/** The capture of these frames, their times made relative to the whole second of the first. */
export function captureOf(interfaces: readonly CaptureInterface[], frames: readonly DatedFrame[]): Capture {
  const perSecond = BigInt(NS_PER_SECOND)
  const startSeconds = (frames[0]?.unixNs ?? 0n) / perSecond
  return {
    startSeconds: Number(startSeconds), interfaces,
    frames: frames.map(({ unixNs, interfaceIndex, bytes, wireBytes, direction, comment }) => ({
      timeNs: Number(unixNs - startSeconds * perSecond), interfaceIndex, bytes, wireBytes, direction, comment,
    })),
  }
}

/** An error of a reader. */
export function refuse(
  code: CaptureError['code'], offsetBytes: number, message: string,
): Result<never, CaptureError> {
  return err({ code, offsetBytes, message })
}

/** A copy of a part of the file. */
export function sliceOf(view: DataView, at: number, length: number): Uint8Array {
  assert(at + length <= view.byteLength, 'a record lies inside its file')
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice()
}
