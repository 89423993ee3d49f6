/**
 * Frames of a record in a form that can be compared: without what is random, without refreshes of neighbors and retransmissions,
 * each with the flow it belongs to.
 * @module
 */
import { kindOfStep, stable, type JudgeContext, type Json } from './context.ts'
import type { Lab, LabFrame } from '../lab.ts'

/** `seq`: compared in number and order; `timer`: as a set over the whole lab; `ack`: by its path only. */
export type FrameClass = 'seq' | 'timer' | 'ack'

/** A frame to compare. */
export interface JudgedFrame {
  readonly step: number
  readonly frameClass: FrameClass
  /** Equal frames have equal texts. */
  readonly text: string
  readonly flow: string
  readonly frame: MutableJson
  /** An entry of a synchronisation datagram. */
  readonly sync?: string
}

/** Something read from JSON that may be changed: a copy. */
export interface MutableJson {
  [key: string]: unknown
}

/** A member that is an object. */
export function child(value: MutableJson | undefined, key: string): MutableJson | undefined {
  const member = value?.[key]
  return typeof member === 'object' && member !== null ? (member as MutableJson) : undefined
}

/** The IP packet of a frame. */
export function packetOf(frame: MutableJson | undefined): MutableJson | undefined {
  return child(frame, 'ip') ?? child(frame, 'ip6')
}

/** The innermost packet. */
export function innermost(packet: MutableJson | undefined): MutableJson | undefined {
  let current = packet
  for (let next = child(current, 'inner'); next !== undefined; next = child(current, 'inner')) current = next
  return current
}

/** Calls `visit` for a value and every object within it. */
export function walk(value: unknown, visit: (object: MutableJson) => void): void {
  if (typeof value !== 'object' || value === null) return
  visit(value as MutableJson)
  for (const member of Object.values(value)) walk(member, visit)
}

/** The frames of one nic, ready to be compared. */
export function judgedFrames(context: JudgeContext, frames: readonly LabFrame[]): JudgedFrame[] {
  const seen = new Seen()
  return frames.flatMap((frame) => {
    const { step, ...copy } = structuredClone(frame) as MutableJson
    return judgedFrame(context, Number(step), copy, seen)
  })
}

/** What was seen earlier on the same nic. */
class Seen {
  readonly segments = new Map<string, number>()
  readonly asked = new Map<unknown, string>()
  readonly solicited = new Map<unknown, boolean>()
}

function judgedFrame(context: JudgeContext, step: number, frame: MutableJson, seen: Seen): JudgedFrame[] {
  const ip = packetOf(frame)
  const top = innermost(ip)
  const tcp = child(top, 'tcp')
  if (ip?.['igmp'] !== undefined || ip?.['proto'] === 'igmp') return []
  const hex = child(ip, 'udp')?.['hex']
  if (ip !== undefined && typeof hex === 'string') return syncFrames(step, frame, ip, hex)
  let isTimed = maskRandom(context, ip)
  const arp = child(frame, 'arp')
  if (arp !== undefined) {
    isTimed ||= context.hasKeepalived
    if (isArpNoise(frame, arp, isTimed, seen)) return []
  }
  const discovery = child(ip, 'icmpv6')
  if (discovery !== undefined && isDiscoveryNoise(discovery, ip, seen)) return []
  const about = innermost(child(child(top, 'icmp') ?? child(top, 'icmpv6'), 'orig')) ?? top
  const transport = child(about, 'tcp') ?? child(about, 'udp')
  const flow = arp !== undefined ? `arp ${[arp['spa'], arp['tpa']].sort().join(' ')}`
    : transport !== undefined ? [transport['sport'], transport['dport']].sort().join(' ') : 'other'
  if (tcp !== undefined && String(tcp['flags'] ?? '').includes('F')) tcp['ack'] = 0
  const kind = kindOfStep(context.recorded.steps[step])
  if (tcp?.['flags'] === 'A' && tcp['len'] === 0 && kind !== 'inject') {
    return [{ step, frameClass: 'ack', text: pathOf(frame), flow, frame }]
  }
  if (tcp !== undefined && !isTimed && isRetransmission(context, step, frame, ip, tcp, seen)) return []
  return [{ step, frameClass: isTimed ? 'timer' : 'seq', text: stable(frame), flow, frame }]
}

/** Masks ports that nobody chose. True when one was masked, or the frame is VRRP's: it comes when a timer says so. */
function maskRandom(context: JudgeContext, ip: MutableJson | undefined): boolean {
  let isTimed = false
  walk(ip, (object) => {
    const udp = child(object, 'udp')
    if (object['gue'] !== undefined && udp !== undefined) udp['sport'] = 'random'
    for (const transport of [child(object, 'tcp'), udp]) {
      for (const key of ['sport', 'dport']) {
        const port = transport?.[key]
        if (transport === undefined || typeof port !== 'number' || port < 1024 || context.ports.has(port)) continue
        transport[key] = 'ephemeral'
        isTimed = true
      }
    }
    if (object['vrrp'] !== undefined) isTimed = true
  })
  return isTimed
}

/** Unicast questions refresh an entry; a question repeated without an answer says nothing new. */
function isArpNoise(frame: MutableJson, arp: MutableJson, isTimed: boolean, seen: Seen): boolean {
  const there = `${String(arp['spa'])} ${String(arp['tpa'])}`
  const back = `${String(arp['tpa'])} ${String(arp['spa'])}`
  if (arp['op'] === 'request') {
    if ((frame['eth'] as unknown[] | undefined)?.[1] !== 'broadcast') {
      seen.asked.set(there, 'unicast')
      return true
    }
    const isAgain = seen.asked.get(there) === stable(frame) && arp['spa'] !== arp['tpa']
    seen.asked.set(there, stable(frame))
    return isAgain && !isTimed
  }
  if (arp['op'] === 'reply') {
    if (seen.asked.get(back) === 'unicast') return true
    seen.asked.set(back, `answered ${String(arp['sha'])}`)
  }
  return false
}

function isDiscoveryNoise(discovery: MutableJson, ip: MutableJson | undefined, seen: Seen): boolean {
  const target = discovery['target']
  if (discovery['type'] === 135) {
    const isMulticast = String(ip?.['dst']).startsWith('ff')
    seen.solicited.set(target, isMulticast)
    return !isMulticast
  }
  return discovery['type'] === 136 && seen.solicited.get(target) === false
}

/** Seen before, but for its acknowledgement: in the same step, or in an earlier one when this one does not use its port. */
function isRetransmission(
  context: JudgeContext, step: number, frame: MutableJson, ip: MutableJson | undefined, tcp: MutableJson, seen: Seen,
): boolean {
  const key = stable({ ...frame, ip: undefined, ip6: undefined }) + stable(ip).replace(/"ack":\d+,?/g, '')
  const before = seen.segments.get(key)
  const at = context.recorded.steps[step] as MutableJson | undefined
  const own = child(at, 'connect')?.['sport'] ?? child(at, 'inject')?.['sport'] ?? child(at, 'udp')?.['sport']
  seen.segments.set(key, step)
  if (!tcp['flags'] || before === undefined) return false
  if (before === step) return kindOfStep(context.recorded.steps[step]) !== 'inject' || tcp['flags'] !== 'R'
  return own !== tcp['sport'] && own !== tcp['dport']
}

/** The way a TCP frame went: everything but the contents of its TCP header and the lengths. */
export function pathOf(frame: MutableJson): string {
  const copy = structuredClone(frame)
  walk(copy, (object) => {
    delete object['len']
    const tcp = child(object, 'tcp')
    if (tcp !== undefined) object['tcp'] = { sport: tcp['sport'], dport: tcp['dport'] }
    delete child(object, 'udp')?.['len']
  })
  return stable(copy)
}

/** One frame for each connection entry of a synchronisation datagram. */
function syncFrames(step: number, frame: MutableJson, ip: MutableJson, hex: string): JudgedFrame[] {
  const { src, dst, ttl, df, tos } = ip
  return syncEntries(hex).map((sync) => (
    { step, frameClass: 'timer', text: stable({ ...frame, ip: { src, dst, ttl, df, tos } }) + sync, flow: 'other', frame, sync }))
}

/** The connection entries of one synchronisation datagram, versions 0 and 1. */
function syncEntries(hex: string): string[] {
  const bytes = (hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16))
  const at = (index: number): number => bytes[index] ?? 0
  const raw = [`raw ${hex}`]
  if (bytes.length < 4) return raw
  const isV1 = at(0) === 0 && bytes.length >= 8 && at(5) === 1
  const entries: string[] = []
  let offset = isV1 ? 8 : 4
  for (let left = isV1 ? at(4) : at(0); left > 0 && offset < bytes.length; left--) {
    const flags = at(offset + 20) * 256 + at(offset + 21)
    const size = isV1 ? (at(offset + 2) * 256 + at(offset + 3)) & 0xfff : 24 + ((flags & 0x600) !== 0 ? 24 : 0)
    if (size === 0) return raw
    entries.push(`sync v${isV1 ? 1 : 0} id ${at(1)} ${hex.slice(offset * 2, (offset + size) * 2)}`)
    offset += size
  }
  return entries
}

/** Where no SYN was captured and nothing injected, recorded numbers are absolute: makes them relative. Gives a changed copy. */
export function rebased(lab: Lab): Readonly<Record<string, MutableJson[]>> | undefined {
  if (lab.packets === undefined) return undefined
  const packets = structuredClone(lab.packets) as unknown as Record<string, MutableJson[]>
  const segments = Object.values(packets).flat().map((frame) => innermost(packetOf(frame)))
    .filter((packet) => child(packet, 'tcp')?.['flags'])
  const key = (packet: MutableJson | undefined, tcp: MutableJson, isBack: boolean): string => (isBack
    ? [packet?.['dst'], tcp['dport'], packet?.['src'], tcp['sport']]
    : [packet?.['src'], tcp['sport'], packet?.['dst'], tcp['dport']]).join()
  const syns = new Set<string>()
  for (const packet of segments) {
    const tcp = child(packet, 'tcp') as MutableJson
    if (String(tcp['flags']).includes('S')) syns.add(key(packet, tcp, false)).add(key(packet, tcp, true))
  }
  const injected = new Set(lab.steps.flatMap((step) => {
    const inject = step['inject'] as Json | undefined
    return inject === undefined ? [] : [inject['sport'], inject['dport']]
  }))
  const bases = new Map<string, number>()
  const relative = (name: string, value: number): number => {
    if (!bases.has(name)) bases.set(name, value)
    return (value - (bases.get(name) ?? 0)) >>> 0
  }
  for (const packet of segments) {
    const tcp = child(packet, 'tcp') as MutableJson
    if (syns.has(key(packet, tcp, false)) || (injected.has(tcp['sport']) && injected.has(tcp['dport']))) continue
    tcp['seq'] = relative(key(packet, tcp, false), Number(tcp['seq']))
    if (String(tcp['flags']).includes('A')) tcp['ack'] = relative(`${key(packet, tcp, false)} ack`, Number(tcp['ack']))
  }
  return packets
}
