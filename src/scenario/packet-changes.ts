/**
 * What differs between two forms of one packet, field by field, and whose packet it is. Data, TCP options and the fields of
 * ICMP beyond type and code are not compared.
 * @module
 */
import { formatIp, type IpAddr } from '../wire/address.ts'
import { isIcmpError, isIcmpv6Error } from '../wire/icmp-message.ts'
import { innerPacket, isFragment, totalBytes, type IpPacket } from '../wire/ip-packet.ts'

/** One field of a header that changed, both values as text. */
export interface FieldChange {
  readonly field: string
  readonly before: string
  readonly after: string
}

/** Both ends of what a packet belongs to. */
export interface Flow {
  readonly protocol: 'tcp' | 'udp'
  readonly src: IpAddr
  readonly sport: number
  readonly dst: IpAddr
  readonly dport: number
}

/** Fields of the headers that differ, in their order. A wrapping put on or taken off is one change, of `outer header`. */
export function changesOf(before: IpPacket, after: IpPacket): FieldChange[] {
  if (before === after) return []
  const [inner, outer] = [innerPacket(before), innerPacket(after)]
  if (inner === undefined && outer !== undefined) {
    return [{ field: 'outer header', before: 'none', after: outerText(after) }, ...changesOf(before, outer)]
  }
  if (inner !== undefined && outer === undefined) {
    return [{ field: 'outer header', before: outerText(before), after: 'none' }, ...changesOf(inner, after)]
  }
  const fields = fieldsOf(after)
  const changes: FieldChange[] = []
  for (const [field, value] of fieldsOf(before)) {
    const now = fields.get(field)
    if (now !== undefined && now !== value) changes.push({ field, before: value, after: now })
  }
  return inner !== undefined && outer !== undefined ? [...changes, ...changesOf(inner, outer)] : changes
}

/** The TCP or UDP flow of a packet; of what is inside it, of the whole it is a piece of, of what an ICMP error is about. */
export function flowOf(packet: IpPacket): Flow | undefined {
  const { payload, src, dst } = packet
  const inner = innerPacket(packet)
  if (inner !== undefined) return flowOf(inner)
  switch (payload.kind) {
    case 'tcp':
    case 'udp': return { protocol: payload.kind, src, sport: payload.sport, dst, dport: payload.dport }
    case 'fragment': return flowOf(payload.whole)
    case 'icmp':
    case 'icmpv6': return payload.quoted === undefined ? undefined : flowOf(payload.quoted)
    default: return undefined
  }
}

/** The number of the packet that this one, an ICMP error, is about; undefined for any other packet. */
export function reportedUid(packet: IpPacket): number | undefined {
  const { payload } = packet
  const inner = innerPacket(packet)
  if (inner !== undefined) return reportedUid(inner)
  switch (payload.kind) {
    case 'icmp': return isIcmpError(payload.type) ? payload.quoted?.uid : undefined
    case 'icmpv6': return isIcmpv6Error(payload.type) ? payload.quoted?.uid : undefined
    default: return undefined
  }
}

function outerText({ src, dst, ttl }: IpPacket): string {
  return `${formatIp(src)} > ${formatIp(dst)}, ttl ${ttl}`
}

function fieldsOf(packet: IpPacket): Map<string, string> {
  const fields = new Map([
    ['src', formatIp(packet.src)], ['dst', formatIp(packet.dst)], ['ttl', String(packet.ttl)],
    ['tos', `0x${packet.tos.toString(16)}`], ['id', String(packet.ident)], ['DF', packet.dontFragment ? 'set' : 'clear'],
    ['length', String(totalBytes(packet))], ['fragment', fragmentText(packet)], ['mark', `0x${packet.mark.toString(16)}`],
  ])
  const { payload } = packet
  if (payload.kind === 'tcp' || payload.kind === 'udp') {
    fields.set('sport', String(payload.sport)).set('dport', String(payload.dport))
  }
  if (payload.kind === 'tcp') {
    const { seq, ack, options } = payload
    fields.set('seq', String(seq)).set('ack', String(ack)).set('MSS', String(options.mss ?? 'none'))
  } else if (payload.kind === 'icmp' || payload.kind === 'icmpv6') {
    fields.set('ICMP type', String(payload.type)).set('ICMP code', String(payload.code))
    if (payload.quoted !== undefined) {
      const { src, dst } = payload.quoted
      fields.set('quoted src', formatIp(src)).set('quoted dst', formatIp(dst))
    }
  }
  return fields
}

function fragmentText(packet: IpPacket): string {
  if (!isFragment(packet)) return 'whole'
  const { fragmentOffsetBytes, payloadBytes, moreFragments } = packet
  return `bytes ${fragmentOffsetBytes}..${fragmentOffsetBytes + payloadBytes - 1}${moreFragments ? '' : ', the last'}`
}
