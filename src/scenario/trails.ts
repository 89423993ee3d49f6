/**
 * Which packets of a recording belong together: those of one connection in both directions, under whatever addresses they
 * went and in whatever they were wrapped, with the ICMP errors about them.
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import { flowOf, type Flow } from './packet-changes.ts'
import type { TraceRecord } from './recorder.ts'

/** One end of a connection. */
export interface FlowEnd {
  readonly addr: IpAddr
  readonly port: number
}

/** All that was recorded of one packet, in order; never empty. */
export interface Trail {
  /** Number of the packet in its run. */
  readonly uid: number
  readonly records: readonly TraceRecord[]
}

/** The packets that a record is about: two forms of one packet for a change, none for ARP. */
export function packetsOf(record: TraceRecord): readonly IpPacket[] {
  switch (record.kind) {
    case 'frame':
    case 'lost': return record.frame.payload.kind === 'ip' ? [record.frame.payload] : []
    case 'changed': return [record.before, record.after]
    case 'arp': return []
    default: return [record.packet]
  }
}

/** Numbers of all packets that had the end in one of their forms, and of those that belong to the same flows in other forms. */
export function uidsOfConnection(records: readonly TraceRecord[], end: FlowEnd): Set<number> {
  const uids = new Set<number>()
  for (const record of records) {
    for (const packet of packetsOf(record)) {
      const flow = flowOf(packet)
      if (flow !== undefined && hasEnd(flow, end)) uids.add(packet.uid)
    }
  }
  // A reply that dies before NAT is undone never had the client's port.
  return withKin(records, uids)
}

/** What a client asks of whom. */
export interface Request extends Pick<Flow, 'protocol' | 'dst' | 'dport'> {
  /** Name of the host that asks. */
  readonly host: string
  /** Any unless given. */
  readonly sport?: number
}

/** Numbers of all packets of a request, and of those that belong to the same flows in other forms. */
export function uidsOfRequest(records: readonly TraceRecord[], { host, protocol, dst, dport, sport }: Request): Set<number> {
  const uids = new Set<number>()
  for (const record of records) {
    if (hostNameOf(record) !== host) continue
    for (const packet of packetsOf(record)) {
      const flow = flowOf(packet)
      const isIt = flow?.protocol === protocol && flow.dst === dst && flow.dport === dport
      if (isIt && (sport === undefined || flow.sport === sport)) uids.add(packet.uid)
    }
  }
  return withKin(records, uids)
}

/** Numbers of all packets that a host was the first to have, and of those that belong to their flows. */
export function uidsBegunAt(records: readonly TraceRecord[], host: string): Set<number> {
  const seen = new Set<number>()
  const uids = new Set<number>()
  for (const record of records) {
    for (const { uid } of packetsOf(record)) {
      if (!seen.has(uid) && hostNameOf(record) === host) uids.add(uid)
      seen.add(uid)
    }
  }
  return withKin(records, uids)
}

/** The host at which something was recorded; undefined for what a link lost. */
export function hostNameOf(record: TraceRecord): string | undefined {
  return record.kind === 'frame' ? record.nic.host : record.kind === 'lost' ? undefined : record.host
}

/** Numbers of all packets of the connection that a packet belongs to; of that packet alone when it belongs to none. */
export function uidsAround(records: readonly TraceRecord[], uid: number): Set<number> {
  // The second time over finds what has only the form in common that the first found.
  return withKin(records, withKin(records, new Set([uid])))
}

/** The trails of these packets, in the order in which they were first seen. */
export function trailsOf(records: readonly TraceRecord[], uids: ReadonlySet<number>): Trail[] {
  const trails = new Map<number, TraceRecord[]>()
  for (const record of records) {
    const uid = packetsOf(record)[0]?.uid
    if (uid === undefined || !uids.has(uid)) continue
    const known = trails.get(uid)
    if (known === undefined) trails.set(uid, [record])
    else known.push(record)
  }
  return [...trails].map(([uid, its]) => ({ uid, records: its }))
}

/** Adds every packet that had, in one of its forms, the flow of one of these in one of theirs, or that flow turned round. */
function withKin(records: readonly TraceRecord[], uids: ReadonlySet<number>): Set<number> {
  const flows = new Set<string>()
  for (const record of records) {
    for (const packet of packetsOf(record)) {
      const flow = uids.has(packet.uid) ? flowOf(packet) : undefined
      if (flow !== undefined) flows.add(flowKey(flow)).add(flowKey(reversed(flow)))
    }
  }
  const all = new Set(uids)
  for (const record of records) {
    for (const packet of packetsOf(record)) {
      const flow = flowOf(packet)
      if (flow !== undefined && flows.has(flowKey(flow))) all.add(packet.uid)
    }
  }
  return all
}

/** Text that two flows share only when they are the same. */
export function flowKey({ protocol, src, sport, dst, dport }: Flow): string {
  return `${protocol} ${src} ${sport} ${dst} ${dport}`
}

/** The flow of the answers. */
export function reversed({ protocol, src, sport, dst, dport }: Flow): Flow {
  return { protocol, src: dst, sport: dport, dst: src, dport: sport }
}

function hasEnd(flow: Flow, { addr, port }: FlowEnd): boolean {
  return (flow.src === addr && flow.sport === port) || (flow.dst === addr && flow.dport === port)
}
