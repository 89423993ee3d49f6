/**
 * The story of one packet: its stations in order, and at each what came in, what was decided, what changed in the headers, and
 * what went out or why it ended. Plain data: texts, numbers and names.
 * @module
 */
import { present } from '../base/assert.ts'
import type { DropReason } from '../host/ip-service.ts'
import type { Decision } from '../host/trace.ts'
import type { LossReason } from '../link/link.ts'
import { formatMac, MAC_BROADCAST, type MacAddr } from '../wire/address.ts'
import { isFragment, type IpPacket } from '../wire/ip-packet.ts'
import { changesOf, reportedUid, type FieldChange } from './packet-changes.ts'
import type { RecordedNic, TraceRecord } from './recorder.ts'

/** One thing that happened at a station. */
export interface Step {
  readonly timeNs: number
  /** `in`, `out`, `changed`, `consumed`, `dropped`, `lost`; for a decision, who took it: `route`, `ipvs`, ... */
  readonly kind: 'in' | 'out' | 'changed' | 'consumed' | 'dropped' | 'lost' | Decision['by']
  readonly text: string
  /** What is different in the headers since the step before. */
  readonly changes: readonly FieldChange[]
}

/** A stay at one host, from a frame that came in to the next one; or a link on which the packet was lost. */
export interface Station {
  readonly timeNs: number
  /** Name of the host, or of the direction of a link: `lan>rs1.eth0`. */
  readonly place: string
  readonly steps: readonly Step[]
}

/** How a packet, or a copy of it, ended. */
export type End =
  | { readonly kind: 'consumed', readonly timeNs: number, readonly place: string, readonly by: string }
  | { readonly kind: 'dropped', readonly timeNs: number, readonly place: string, readonly reason: DropReason }
  | { readonly kind: 'lost', readonly timeNs: number, readonly place: string, readonly reason: LossReason }

/** The whole story. */
export interface PacketStory {
  /** Number of the packet in its run. */
  readonly uid: number
  /** The packet as it was first seen, in the words of tcpdump. */
  readonly text: string
  readonly stations: readonly Station[]
  /** Several for copies and pieces; none for a packet that was on its way when the recording ended. */
  readonly ends: readonly End[]
  /** The number of the packet that this one, an ICMP error, is about. */
  readonly isAbout: number | undefined
  /** Numbers of the ICMP errors about this packet. */
  readonly reportedBy: readonly number[]
}

/** Tells the story of a packet from the records about it, of which there is at least one. */
export function tellStory(
  { records, text, reportedBy }: Pick<PacketStory, 'text' | 'reportedBy'> & { readonly records: readonly TraceRecord[] },
  nics: readonly RecordedNic[],
): PacketStory {
  const teller = new Teller(nics)
  for (const record of records) teller.add(record)
  const first = present(teller.first, 'a record of the packet')
  return { uid: first.uid, text, stations: teller.stations, ends: teller.ends, isAbout: reportedUid(first), reportedBy }
}

class Teller {
  readonly stations: { readonly timeNs: number, readonly place: string, readonly steps: Step[] }[] = []
  readonly ends: End[] = []
  first: IpPacket | undefined
  readonly #nics: readonly RecordedNic[]
  /** The form in which each place last saw the packet: copies may be at several places at once. */
  readonly #forms = new Map<string, IpPacket>()

  constructor(nics: readonly RecordedNic[]) {
    this.#nics = nics
  }

  add(record: TraceRecord): void {
    const { timeNs } = record
    switch (record.kind) {
      case 'frame': {
        const { nic, direction, frame } = record
        if (frame.payload.kind !== 'ip') return
        // What a cable delivers is what was sent: only a host changes a packet.
        if (direction === 'in') this.#forms.delete(nic.host)
        const device = nic.name.slice(nic.host.length + 1)
        const text = nic.framing === 'ppp' ? device
          : direction === 'in' ? `${device}, from ${this.#macText(frame.src)}` : `${device}, to ${this.#macText(frame.dst)}`
        this.#step(nic.host, { timeNs, kind: direction, text }, frame.payload, direction === 'in')
        return
      }
      case 'decision': return this.#step(record.host, { timeNs, kind: record.by, text: record.text }, record.packet, false)
      case 'changed': {
        const { host, after, why } = record
        return this.#step(host, { timeNs, kind: 'changed', text: why }, after, false)
      }
      case 'consumed': {
        const { host, packet, by } = record
        this.#step(host, { timeNs, kind: 'consumed', text: by }, packet, false)
        this.ends.push({ kind: 'consumed', timeNs, place: host, by })
        return
      }
      case 'dropped': {
        const { host, packet, reason } = record
        this.#step(host, { timeNs, kind: 'dropped', text: reason }, packet, false)
        this.ends.push({ kind: 'dropped', timeNs, place: host, reason })
        return
      }
      case 'lost': {
        const { link, reason, frame } = record
        if (frame.payload.kind !== 'ip') return
        this.#step(link, { timeNs, kind: 'lost', text: reason }, frame.payload, true)
        this.ends.push({ kind: 'lost', timeNs, place: link, reason })
        return
      }
      case 'arp': return
    }
  }

  #step(place: string, step: Omit<Step, 'changes'>, packet: IpPacket, isNewStay: boolean): void {
    const changes = this.#see(place, packet)
    let station = this.stations.at(-1)
    if (station === undefined || station.place !== place || isNewStay) {
      station = { timeNs: step.timeNs, place, steps: [] }
      this.stations.push(station)
    }
    station.steps.push({ ...step, changes })
  }

  /** Takes note of a form of the packet; tells what is new in it. */
  #see(place: string, packet: IpPacket): FieldChange[] {
    const before = this.#forms.get(place)
    this.first ??= packet
    // A piece is held against the packet that it was cut from, not against the piece before it.
    if (before === undefined || !isFragment(packet)) this.#forms.set(place, packet)
    return before === undefined ? [] : changesOf(before, packet)
  }

  #macText(mac: MacAddr): string {
    if (mac === MAC_BROADCAST) return 'all'
    const names = this.#nics.filter((nic) => nic.mac === mac).map(({ name }) => name)
    return names.length === 0 ? formatMac(mac) : `${formatMac(mac)} (${names.join(', ')})`
  }
}
