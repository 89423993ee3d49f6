/**
 * A recorded run as pcapng: a file with an interface for each nic, and on the frame by which a packet came in to the host where
 * it died, the comment `drop: reason`. A packet that its own maker drops has no frame, and so no comment; a frame that a link
 * lost has the comment `lost: reason`, where it was sent.
 * @module
 */
import type { FramePayload } from '../wire/frame.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import type { RecordedNic, Recording, TraceRecord } from '../scenario/recorder.ts'
import { type CaptureEntry, pcapngFrames, pcapngHeader } from './pcapng.ts'

/** One capture file. */
export interface CaptureFile {
  /** Name of the nic: `lb.eth0`. */
  readonly name: string
  /** The file in pieces, in order. */
  readonly chunks: Iterable<Uint8Array>
}

/** Frames in one piece of a file: few enough for a piece to stay in the processor's cache. */
const CHUNK_FRAMES = 256

/** A file for each nic, as tcpdump would write it there; nics in their order. */
export function* captureFiles({ nics, records }: Recording): Generator<CaptureFile> {
  const comments = commentsOf(records)
  const seen = new Map<RecordedNic, number[]>(nics.map((nic) => [nic, []]))
  for (const [index, record] of records.entries()) if (record.kind === 'frame') seen.get(record.nic)?.push(index)
  for (const [nic, indices] of seen) yield { name: nic.name, chunks: chunksOf(nic, indices, records, comments) }
}

function* chunksOf(
  nic: RecordedNic, indices: readonly number[], records: readonly TraceRecord[], comments: ReadonlyMap<number, string>,
): Generator<Uint8Array> {
  yield pcapngHeader([nic])
  for (let start = 0; start < indices.length; start += CHUNK_FRAMES) {
    const entries: CaptureEntry[] = []
    for (const index of indices.slice(start, start + CHUNK_FRAMES)) {
      const record = records[index]
      if (record?.kind !== 'frame') continue
      const { timeNs, direction, frame } = record
      entries.push({ timeNs, nicIndex: 0, direction, frame, comment: comments.get(index) ?? '' })
    }
    yield pcapngFrames(entries)
  }
}

/** A frame that came in with a packet which died on this host. */
interface Arrival {
  readonly index: number
  readonly payload: FramePayload
}

/** Comments by the index of the record of their frame. */
function commentsOf(records: readonly TraceRecord[]): Map<number, string> {
  // Only frames of what will be dropped or lost need to be remembered.
  const doomed = new Set<string>()
  const lost = new Set<FramePayload>()
  for (const record of records) {
    if (record.kind === 'dropped') doomed.add(keyOf(record.host, record.packet))
    else if (record.kind === 'lost') lost.add(record.frame.payload)
  }
  const comments = new Map<number, string>()
  const arrivals = new Map<string, Arrival[]>()
  const departures = new Map<FramePayload, number>()
  const comment = (index: number | undefined, text: string): void => {
    if (index === undefined) return
    const before = comments.get(index)
    comments.set(index, before === undefined ? text : `${before}; ${text}`)
  }
  for (const [index, record] of records.entries()) {
    if (record.kind === 'frame') {
      const { payload } = record.frame
      if (record.direction === 'out') {
        if (lost.has(payload)) departures.set(payload, index)
      } else if (payload.kind === 'ip' && doomed.has(keyOf(record.nic.host, payload))) {
        const key = keyOf(record.nic.host, payload)
        const known = arrivals.get(key)
        if (known === undefined) arrivals.set(key, [{ index, payload }])
        else known.push({ index, payload })
      }
    } else if (record.kind === 'dropped') {
      const arrival = arrivalOf(arrivals.get(keyOf(record.host, record.packet)) ?? [], record.packet, comments)
      comment(arrival?.index, `drop: ${record.reason}`)
    } else if (record.kind === 'lost') {
      comment(departures.get(record.frame.payload), `lost: ${record.reason} on ${record.link}`)
    }
  }
  return comments
}

/**
 * The last frame that brought this very packet, else the last that brought a packet of its number (which was rewritten since).
 * One that another drop has taken comes last: it is shared only by the pieces of one packet.
 */
function arrivalOf(arrivals: readonly Arrival[], packet: IpPacket, taken: ReadonlyMap<number, string>): Arrival | undefined {
  return arrivals.findLast(({ index, payload }) => payload === packet && !taken.has(index))
    ?? arrivals.findLast(({ index }) => !taken.has(index))
    ?? arrivals.at(-1)
}

function keyOf(host: string, packet: IpPacket): string {
  return `${packet.uid} ${host}`
}
