/**
 * Whether a packet is what a rule asks for (ip_packet_match() and the match functions of the extensions).
 * @module
 */
import { IPPROTO_TCP, IPPROTO_UDP, isFragment, type IpPacket, type IpPayload } from '../../wire/ip-packet.ts'
import type {
  AddressMatch, ConntrackState, DeviceMatch, FlagsMatch, IpvsMatch, NumberRange, PortMatch, RuleMatch, RuleSpec,
} from '../config/rule-config.ts'
import type { Device } from '../device.ts'
import type { Passage } from '../hooks.ts'
import { trackingOf } from './conntrack.ts'
import { wholePayload } from './tuple.ts'

/** What IPVS says of a packet that it has handled: the connection it belongs to. */
export interface IpvsConnectionView {
  readonly vaddr: number
  readonly vport: number
  /** Undefined for a method that cannot be asked for. */
  readonly method: 'GATE' | 'IPIP' | 'MASQ' | undefined
  /** The virtual port of the connection that controls it, if one does. */
  readonly controlVport: number | undefined
}

/** What `-m ipvs` asks; IPVS answers. The packet goes to the real server, or from there to the client. */
export interface IpvsLookup {
  findConnection(packet: IpPacket): IpvsConnectionView | undefined
}

/** What a rule is matched against beside the packet. */
export interface MatchContext {
  readonly passage: Passage
  readonly ipvs: IpvsLookup | undefined
  /** Conntrack has fragments put together, so that even a later piece has ports. */
  readonly seesWhole: boolean
}

/** True when the rule is about this packet. */
export function matches(spec: RuleSpec, packet: IpPacket, context: MatchContext): boolean {
  const { passage } = context
  return matchesAddress(spec.src, packet.src) && matchesAddress(spec.dst, packet.dst)
    && matchesDevice(spec.inDevice, passage.inDevice) && matchesDevice(spec.outDevice, passage.outDevice)
    && (spec.protocol === undefined || (spec.protocol.number === packet.protocol) !== spec.protocol.inverted)
    && (spec.fragment === undefined || (packet.fragmentOffsetBytes !== 0) !== spec.fragment.inverted)
    && matchesAll(spec.matches, packet, context)
}

function matchesAll(list: readonly RuleMatch[], packet: IpPacket, context: MatchContext): boolean {
  for (let i = 0; i < list.length; i++) if (!matchesOne(list[i] as RuleMatch, packet, context)) return false
  return true
}

function matchesOne(match: RuleMatch, packet: IpPacket, context: MatchContext): boolean {
  switch (match.kind) {
    case 'tcp': {
      const payload = transportOf(packet, context)
      return payload?.kind === 'tcp' && inPorts(match.sport, payload.sport) && inPorts(match.dport, payload.dport)
        && matchesFlags(match.flags, payload.flags)
    }
    case 'udp': {
      const payload = transportOf(packet, context)
      return payload?.kind === 'udp' && inPorts(match.sport, payload.sport) && inPorts(match.dport, payload.dport)
    }
    case 'icmp': {
      const payload = transportOf(packet, context)
      if (payload?.kind !== 'icmp') return false
      const isIt =
        match.type === 255
        || (payload.type === match.type && payload.code >= match.codes.first && payload.code <= match.codes.last)
      return isIt !== match.inverted
    }
    case 'multiport': return matchesMultiport(match, packet, context)
    case 'conntrack': return statesOf(context.passage).some((state) => match.states.includes(state)) !== match.inverted
    case 'mark': return (((packet.mark & match.mask) >>> 0) === match.value) !== match.inverted
    case 'comment': return true
    case 'ipvs': return matchesIpvs(match, packet, context)
  }
}

/** The transport header, where this packet shows it: a later piece of a packet does not. */
function transportOf(packet: IpPacket, context: MatchContext): IpPayload | undefined {
  if (!isFragment(packet) || context.seesWhole || packet.fragmentOffsetBytes === 0) return wholePayload(packet)
  return undefined
}

function matchesAddress(match: AddressMatch | undefined, addr: number): boolean {
  return match === undefined || (((addr & match.mask) >>> 0) === match.addr) !== match.inverted
}

function matchesDevice(match: DeviceMatch | undefined, device: Device | undefined): boolean {
  if (match === undefined) return true
  const name = device?.name ?? ''
  const isIt = match.name.endsWith('+') ? name.startsWith(match.name.slice(0, -1)) : name === match.name
  return isIt !== match.inverted
}

function inPorts(match: PortMatch | undefined, port: number): boolean {
  return match === undefined || (port >= match.first && port <= match.last) !== match.inverted
}

function matchesFlags(match: FlagsMatch | undefined, flags: number): boolean {
  return match === undefined || ((flags & match.mask) === match.set) !== match.inverted
}

function matchesMultiport(match: RuleMatch & { kind: 'multiport' }, packet: IpPacket, context: MatchContext): boolean {
  const payload = transportOf(packet, context)
  if (packet.protocol !== IPPROTO_TCP && packet.protocol !== IPPROTO_UDP) return false
  if (payload?.kind !== 'tcp' && payload?.kind !== 'udp') return false
  const { sport, dport } = payload
  const isIn = (port: number): boolean => match.ranges.some((range: NumberRange) => port >= range.first && port <= range.last)
  const isIt = (match.side !== 'dports' && isIn(sport)) || (match.side !== 'sports' && isIn(dport))
  return isIt !== match.inverted
}

/** What conntrack says of a packet: one state, and what NAT does to its flow. */
function statesOf(passage: Passage): ConntrackState[] {
  if (passage.untracked) return ['UNTRACKED']
  const tracking = trackingOf(passage)
  if (tracking === undefined) return ['INVALID']
  const states: ConntrackState[] = [tracking.state]
  if (tracking.entry.sourceTurned) states.push('SNAT')
  if (tracking.entry.destinationTurned) states.push('DNAT')
  return states
}

/** ipvs_mt() of xt_ipvs.c. Every question but the bare `--ipvs` is false for a packet that IPVS has not handled. */
function matchesIpvs(match: IpvsMatch, packet: IpPacket, context: MatchContext): boolean {
  const { passage, ipvs } = context
  const negates = (name: IpvsMatch['inverted'][number]): boolean => match.inverted.includes(name)
  const isBare =
    match.protocol === undefined
    && match.vaddr === undefined
    && match.vport === undefined
    && match.direction === undefined
    && match.method === undefined
    && match.vportControl === undefined
  if (isBare) return passage.fromIpvs !== negates('ipvs')
  if (!passage.fromIpvs) return false
  if (match.protocol !== undefined && (packet.protocol === match.protocol) === negates('vproto')) return false
  const connection = ipvs?.findConnection(packet)
  if (connection === undefined) return false
  if (match.vport !== undefined && (connection.vport === match.vport) === negates('vport')) return false
  if (match.vportControl !== undefined && (connection.controlVport === match.vportControl) === negates('vportctl')) return false
  if (match.direction !== undefined) {
    const tracking = trackingOf(passage)
    if (tracking === undefined || (tracking.direction === 'original') !== (match.direction === 'ORIGINAL')) return false
  }
  if (match.method !== undefined && (connection.method === match.method) === negates('vmethod')) return false
  return match.vaddr === undefined || (((connection.vaddr & match.vaddrMask) >>> 0) === match.vaddr) !== negates('vaddr')
}
