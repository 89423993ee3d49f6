/**
 * Writes down what happens in a world, in order: frames at nics, frames lost on links, and what hosts decide about packets.
 * Values are kept as they are; text is made later, by those who show it. Frames that a nic is not meant to take are not
 * recorded, and neither is the way of a frame inside a bridge.
 * @module
 */
import { assert } from '../base/assert.ts'
import type { Device } from '../host/device.ts'
import type { DropReason } from '../host/ip-service.ts'
import type { Decision, HostTrace } from '../host/trace.ts'
import type { LinkDirection, LossReason, LossTap } from '../link/link.ts'
import type { FrameTap, Nic } from '../link/nic.ts'
import type { Simulator } from '../sim/simulator.ts'
import type { MacAddr } from '../wire/address.ts'
import type { ArpPacket } from '../wire/arp-packet.ts'
import type { Framing } from '../wire/encode.ts'
import type { Frame } from '../wire/frame.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import type { World } from './world.ts'

/** A nic of the recorded world. */
export interface RecordedNic {
  /** `client.eth0`. */
  readonly name: string
  readonly host: string
  readonly mac: MacAddr
  readonly framing: Framing
}

/** What every record has. */
interface Moment {
  /** Nanoseconds since the start of the run. */
  readonly timeNs: number
}

/** What every record of a host has. */
interface AtHost extends Moment {
  readonly host: string
}

/** One thing that happened. */
export type TraceRecord =
  | Moment & { readonly kind: 'frame', readonly nic: RecordedNic, readonly direction: 'in' | 'out', readonly frame: Frame }
  | Moment & { readonly kind: 'lost', readonly link: string, readonly reason: LossReason, readonly frame: Frame }
  | AtHost & { readonly kind: 'decision', readonly packet: IpPacket } & Decision
  | AtHost & { readonly kind: 'changed', readonly before: IpPacket, readonly after: IpPacket, readonly why: string }
  | AtHost & { readonly kind: 'consumed', readonly packet: IpPacket, readonly by: string }
  | AtHost & { readonly kind: 'dropped', readonly packet: IpPacket, readonly reason: DropReason }
  | AtHost & { readonly kind: 'arp', readonly device: string, readonly packet: ArpPacket, readonly outcome: string }

/** What was written down. Live while the run goes on. */
export interface Recording {
  readonly nics: readonly RecordedNic[]
  /** In the order in which they happened. */
  readonly records: readonly TraceRecord[]
  /** When there was no room any more; undefined while everything was kept. */
  readonly fullSinceNs: number | undefined
  /** Records that were not kept for want of room. */
  readonly missedCount: number
}

/** How much to keep. */
export interface RecorderOptions {
  /** Records kept at most: the first ones. At least 1. */
  readonly recordsMax: number
  /** Also decisions, changes, ends and ARP, which `explain` needs; without it frames, losses and drops only. */
  readonly isDetailed: boolean
}

/** Writes one run down, from when it is attached: `runScenario(scenario, { onWorld: (world) => recorder.attach(world) })`. */
export class Recorder implements FrameTap, HostTrace, LossTap, Recording {
  readonly records: TraceRecord[] = []
  fullSinceNs: number | undefined
  missedCount = 0
  readonly #options: RecorderOptions
  readonly #nics = new Map<Nic, RecordedNic>()
  #sim: Simulator | undefined

  constructor(options: RecorderOptions) {
    assert(options.recordsMax >= 1, 'a recorder keeps at least one record')
    this.#options = options
  }

  /** All nics of the world, in the order in which they were made. */
  get nics(): readonly RecordedNic[] {
    return [...this.#nics.values()]
  }

  /** Looks on at every nic, cable and host of a world from now on. A recorder is for one world. */
  attach(world: World): void {
    assert(this.#sim === undefined, 'a recorder is for one world')
    this.#sim = world.sim
    for (const nic of world.nics.values()) {
      const host = nic.name.slice(0, nic.name.indexOf('.'))
      this.#nics.set(nic, { name: nic.name, host, mac: nic.mac, framing: nic.link?.options.framing ?? 'ethernet' })
      nic.tap = this
    }
    for (const { up, down } of world.cables.values()) up.lossTap = down.lossTap = this
    for (const host of world.hosts.values()) host.trace = this
  }

  onFrame(nic: Nic, direction: 'in' | 'out', frame: Frame): void {
    const recorded = this.#nics.get(nic)
    assert(recorded !== undefined, 'a tap sees the nics of its own world')
    this.#keep({ kind: 'frame', timeNs: this.#nowNs(), nic: recorded, direction, frame })
  }

  onLoss(link: LinkDirection, frame: Frame, reason: LossReason): void {
    this.#keep({ kind: 'lost', timeNs: this.#nowNs(), link: link.name, reason, frame })
  }

  decision(host: { readonly name: string }, packet: IpPacket, decision: Decision): void {
    if (this.#options.isDetailed) this.#keep({ kind: 'decision', timeNs: this.#nowNs(), host: host.name, packet, ...decision })
  }

  changed(host: { readonly name: string }, before: IpPacket, after: IpPacket, why: string): void {
    if (this.#options.isDetailed) this.#keep({ kind: 'changed', timeNs: this.#nowNs(), host: host.name, before, after, why })
  }

  consumed(host: { readonly name: string }, packet: IpPacket, by: string): void {
    if (this.#options.isDetailed) this.#keep({ kind: 'consumed', timeNs: this.#nowNs(), host: host.name, packet, by })
  }

  dropped(host: { readonly name: string }, packet: IpPacket, reason: DropReason): void {
    this.#keep({ kind: 'dropped', timeNs: this.#nowNs(), host: host.name, packet, reason })
  }

  arp(host: { readonly name: string }, device: Device, packet: ArpPacket, outcome: string): void {
    if (!this.#options.isDetailed) return
    this.#keep({ kind: 'arp', timeNs: this.#nowNs(), host: host.name, device: device.name, packet, outcome })
  }

  #keep(record: TraceRecord): void {
    if (this.records.length < this.#options.recordsMax) {
      this.records.push(record)
      return
    }
    this.fullSinceNs ??= record.timeNs
    this.missedCount++
  }

  #nowNs(): number {
    assert(this.#sim !== undefined, 'only an attached recorder is told of anything')
    return this.#sim.nowNs
  }
}

/** One sentence for the user when not everything was kept; undefined when it was. */
export function describeMissed({ records, fullSinceNs, missedCount }: Recording): string | undefined {
  if (fullSinceNs === undefined) return undefined
  const kept = `the first ${records.length} records were kept`
  return `the recording is full: ${kept}, ${missedCount} from ${fullSinceNs / 1e9} s on were not`
}
