/**
 * The way of packets through a run, told from a detailed recording: the records of one packet, or of all packets of a
 * connection in both directions, under whatever addresses they went and in whatever they were wrapped.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { formatIp, type IpAddr } from '../wire/address.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import { SequenceView } from '../wire/sequence-view.ts'
import { formatPacket } from '../wire/text.ts'
import { findCauses } from './diagnosis/find-causes.ts'
import type { Finding } from './diagnosis/evidence.ts'
import { flowOf, reportedUid } from './packet-changes.ts'
import { tellStory, type PacketStory } from './packet-story.ts'
import { describeMissed, type Recording, type TraceRecord } from './recorder.ts'
import { packetsOf, trailsOf, uidsAround, uidsOfConnection } from './trails.ts'
import type { World } from './world.ts'

/** What is to be explained: a packet by its number, or a connection by the client's end of it. */
export type Subject =
  | { readonly kind: 'packet', readonly uid: number }
  | { readonly kind: 'connection', readonly addr: IpAddr, readonly port: number }

/** The stories of all packets that the subject has, in the order in which they were first seen. */
export interface Explanation {
  readonly subject: Subject
  readonly packets: readonly PacketStory[]
  /** Why it failed, as far as can be told; empty where it did not, and where no world was given. */
  readonly findings: readonly Finding[]
  /** Said when the recording has not kept everything. */
  readonly missed: string | undefined
}

/** Connections named to a user who asked for one that is not there. */
const NAMED_CONNECTIONS = 5

/**
 * Tells the stories of a subject, or says in a sentence why there are none. With the world that was recorded, as it stands at
 * the end, it also names what is set up wrongly.
 */
export function explainRecording(
  recording: Recording, subject: Subject, world?: Pick<World, 'hosts'>,
): Result<Explanation, string> {
  const { records } = recording
  const uids = subject.kind === 'packet' ? new Set([subject.uid]) : uidsOfConnection(records, subject)
  const chosen = new Map<number, { readonly text: string, readonly records: TraceRecord[], readonly reportedBy: number[] }>()
  // It has to see every connection from its start, so that numbers are those of the trace.
  const sequences = new SequenceView()
  for (const record of records) {
    const [packet] = packetsOf(record)
    if (packet === undefined) continue
    if (record.kind === 'frame') learnStart(sequences, packet)
    const reporters = chosen.get(reportedUid(packet) ?? -1)?.reportedBy
    if (reporters?.includes(packet.uid) === false) reporters.push(packet.uid)
    if (!uids.has(packet.uid)) continue
    const known = chosen.get(packet.uid)
    if (known !== undefined) known.records.push(record)
    else chosen.set(packet.uid, { text: formatPacket(packet, { sequences }), records: [record], reportedBy: [] })
  }
  const missed = describeMissed(recording)
  if (chosen.size === 0) return err([notFound(records, subject), ...missed === undefined ? [] : [missed]].join('; '))
  const packets = [...chosen.values()].map((one) => tellStory(one, recording.nics))
  const findings = world === undefined ? [] : findingsOn(recording, subject, world)
  return ok({ subject, packets, findings, missed })
}

/** A packet is judged by its whole connection, for what is wrong with an answer mostly shows in the request. */
function findingsOn(recording: Recording, subject: Subject, world: Pick<World, 'hosts'>): Finding[] {
  const { records } = recording
  const uids = subject.kind === 'packet' ? uidsAround(records, subject.uid) : uidsOfConnection(records, subject)
  const findings = findCauses({ world, recording, trails: trailsOf(records, uids) })
  return subject.kind === 'packet' ? findings.filter((finding) => finding.uids.includes(subject.uid)) : findings
}

function learnStart(sequences: SequenceView, packet: IpPacket): void {
  if (packet.payload.kind === 'tcp') sequences.relative(packet, packet.payload)
}

function notFound(records: readonly TraceRecord[], subject: Subject): string {
  if (subject.kind === 'packet') {
    let uidMax = -1
    for (const record of records) for (const { uid } of packetsOf(record)) uidMax = Math.max(uidMax, uid)
    return `there is no packet ${subject.uid}: ${uidMax < 0 ? 'no packet was recorded' : `the last one has number ${uidMax}`}`
  }
  const ends = new Set<string>()
  for (const record of records) {
    const flow = record.kind === 'frame' && record.frame.payload.kind === 'ip' ? flowOf(record.frame.payload) : undefined
    if (flow !== undefined) ends.add(`${formatIp(flow.src)}:${flow.sport}`)
    if (ends.size >= NAMED_CONNECTIONS) break
  }
  const others = ends.size === 0 ? 'no TCP or UDP packet was recorded' : `the first ones were ${[...ends].join(', ')}`
  return `no packet from or to ${formatIp(subject.addr)}:${subject.port} was recorded; ${others}`
}
