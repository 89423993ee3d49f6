/**
 * What causes are found from: the recording of a run, the packets of one connection, and the world as it stands at the end.
 * A service by firewall mark is known by the mark that a packet got.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { findIpvs } from '../../ipvs/director.ts'
import type { Service } from '../../ipvs/service.ts'
import { type IpAddr, type MacAddr } from '../../wire/address.ts'
import type { ArpPacket } from '../../wire/arp-packet.ts'
import { ICMP_REDIRECT } from '../../wire/icmp-message.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import type { Flow } from '../packet-changes.ts'
import type { RecordedNic, Recording, TraceRecord } from '../recorder.ts'
import { hostNameOf, packetsOf, type Request, type Trail } from '../trails.ts'
import type { World } from '../world.ts'
import { findAddress } from './own-addresses.ts'

/** What is wrong, and what to do about it. */
export type Cause = Pick<Finding, 'cause' | 'cure'>

/** All there is to judge by. */
export interface Evidence {
  readonly world: Pick<World, 'hosts'>
  readonly recording: Recording
  /** The packets of one connection, in the order in which they were first seen. */
  readonly trails: readonly Trail[]
  /** Frames of ARP, of the whole recording. */
  readonly arps: readonly ArpFrame[]
  /** ICMP redirects that a host has taken, of the whole recording. */
  readonly redirects: readonly TakenPacket[]
  /** Servers that were stopped because somebody wanted it so. */
  readonly stops: readonly Stop[]
  /** What was asked, where that is known. */
  readonly request: Request | undefined
}

/** What the evidence is made from; nothing was stopped unless given. */
export type Given = Pick<Evidence, 'world' | 'recording' | 'trails'> & Partial<Pick<Evidence, 'stops' | 'request'>>

/** A server that was stopped. */
export interface Stop extends Pick<Flow, 'protocol'> {
  readonly host: string
  readonly port: number
}

/** A frame of ARP at a nic. */
export interface ArpFrame {
  readonly timeNs: number
  readonly nic: RecordedNic
  readonly direction: 'in' | 'out'
  readonly packet: ArpPacket
}

/** A packet that a host has taken. */
export type TakenPacket = Extract<TraceRecord, { readonly kind: 'consumed' }>

/** Looks through a recording for what is asked of it again and again. */
export function evidenceOf({ world, recording, trails, stops = [], request }: Given): Evidence {
  const arps: ArpFrame[] = []
  const redirects: TakenPacket[] = []
  for (const record of recording.records) {
    if (record.kind === 'frame' && record.frame.payload.kind === 'arp') {
      arps.push({ timeNs: record.timeNs, nic: record.nic, direction: record.direction, packet: record.frame.payload })
    } else if (record.kind === 'consumed' && record.packet.payload.kind === 'icmp') {
      if (record.packet.payload.type === ICMP_REDIRECT) redirects.push(record)
    }
  }
  return { world, recording, trails, arps, redirects, stops, request }
}

/** One thing that is wrong. */
export interface Finding {
  /** Numbers of the packets that show it. */
  readonly uids: readonly number[]
  /** One sentence: who did what, and by which setting. */
  readonly cause: string
  /** What to type, or to change. */
  readonly cure: string
}

/** A director and the service of it that packets are for. */
export interface Served {
  readonly director: Host
  readonly service: Service
}

/** The directors with a service that packets of this flow are for: several where one stands by for another. */
export function servedBy({ world }: Pick<Evidence, 'world'>, { protocol, dst, dport }: Flow, mark = 0): Served[] {
  const number = protocol === 'tcp' ? IPPROTO_TCP : IPPROTO_UDP
  return [...world.hosts.values()].flatMap((director) => {
    const service = findIpvs(director)?.services.findFor({ mark, protocol: number, addr: dst, port: dport })
    return service === undefined ? [] : [{ director, service }]
  })
}

/** The service of this director that packets of this flow are for. */
export function findServiceOf(
  evidence: Pick<Evidence, 'world'>, director: Host, flow: Flow | undefined, mark = 0,
): Service | undefined {
  return flow === undefined ? undefined : servedBy(evidence, flow, mark).find((served) => served.director === director)?.service
}

/** The mark that a packet got somewhere; 0 when it got none. */
export function markOf({ records }: Trail): number {
  return records.flatMap(packetsOf).find(({ mark }) => mark !== 0)?.mark ?? 0
}

/** The host that has this address on one of its devices other than `lo`. */
export function findHostWith({ world }: Evidence, addr: IpAddr): Host | undefined {
  return [...world.hosts.values()].find((host) => findAddress(host, addr) !== undefined)
}

/** The recorded nic of a MAC address. */
export function findNic({ recording }: Pick<Evidence, 'recording'>, mac: MacAddr): RecordedNic | undefined {
  return recording.nics.find((nic) => nic.mac === mac)
}

/** True when the packet was seen at this host. */
export function wasAt({ records }: Trail, host: string): boolean {
  return records.some((record) => hostNameOf(record) === host)
}

/** The device's name in that of a nic: `eth0` of `rs1.eth0`. */
export function deviceOf({ name, host }: RecordedNic): string {
  return name.slice(host.length + 1)
}

/** A sysctl of devices in force: the larger one of that of `all` and the device's own. */
export interface DeviceSetting {
  readonly value: number
  readonly all: number
  readonly own: number
}

/** A sysctl of a device, such as `arp_ignore`, for those of which the larger value counts. */
export function largerOfAll(host: Host, device: string, name: string): DeviceSetting {
  const numberOf = (of: string): number => Number(host.sysctl.find(`net.ipv4.conf.${of}.${name}`) ?? 0)
  const [all, own] = [numberOf('all'), numberOf(device)]
  return { value: Math.max(all, own), all, own }
}
