/**
 * Frames as labs record them: who to whom by names, addresses, lengths, and sequence numbers relative to each connection's SYN.
 * The recorder read frames a moment after they had passed, from memory that it shared with the kernel they had gone to. Where
 * that kernel took off a GUE header it had made the IP length shorter in place, and so it is in the records.
 * @module
 */
import type { Nic } from '../../link/nic.ts'
import { formatIp, formatMac, isIpv6, MAC_BROADCAST, type MacAddr } from '../../wire/address.ts'
import { ARP_REQUEST } from '../../wire/arp-packet.ts'
import { ETHERTYPE_IPV4, type Frame } from '../../wire/frame.ts'
import { greHeaderBytes } from '../../wire/gre-packet.ts'
import {
  ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_REDIRECT, ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, type IcmpMessage,
} from '../../wire/icmp-message.ts'
import {
  innerPacket, isFragment, IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, IPV4_HEADER_BYTES,
  totalBytes,
  type IpPacket,
} from '../../wire/ip-packet.ts'
import {
  TCP_ACK, TCP_FIN, TCP_HEADER_BYTES, TCP_PSH, TCP_RST, TCP_SYN, tcpOptionsBytes, type TcpSegment,
} from '../../wire/tcp-segment.ts'
import { GUE_HEADER_BYTES, UDP_HEADER_BYTES, udpDataBytes, type UdpDatagram } from '../../wire/udp-datagram.ts'
import type { LabFrame } from './lab.ts'

/** A frame that was seen. */
export interface SeenFrame {
  readonly nic: Nic
  readonly step: number
  readonly direction: 'in' | 'out'
  readonly frame: Frame
}

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [IPPROTO_ICMP, 'icmp'], [IPPROTO_IPIP, 'ipip'], [IPPROTO_TCP, 'tcp'], [IPPROTO_UDP, 'udp'], [IPPROTO_GRE, 'gre'],
  [IPPROTO_ICMPV6, 'icmpv6'],
])
/** What gue_udp_recv() takes off the IP length. */
const TAKEN_BYTES = UDP_HEADER_BYTES + GUE_HEADER_BYTES
/** Length of the MSS option, which Linux puts first. */
const MSS_OPTION_BYTES = 4

/** What a record is made with beside the frames. */
export interface RecordContext {
  readonly nics: Iterable<Nic>
  /** Packets whose IP length was made shorter in place. */
  readonly shortened: ReadonlySet<IpPacket>
}

/** Turns the frames of all captures of a lab, in the order in which they were seen, into a list per nic. */
export function labPackets(
  seen: readonly SeenFrame[], captured: readonly string[], { nics, shortened }: RecordContext,
): Record<string, LabFrame[]> {
  const names = new Map<MacAddr, string>([[MAC_BROADCAST, 'broadcast']])
  for (const nic of nics) names.set(nic.mac, nic.name)
  const numbers = new SequenceNumbers()
  const lists: Record<string, LabFrame[]> = Object.fromEntries(captured.map((name) => [name, []]))
  for (const { nic, step, direction, frame } of seen) {
    const name = (mac: MacAddr): string => names.get(mac) ?? formatMac(mac)
    const head = { step, dir: direction, eth: [name(frame.src), name(frame.dst)] }
    const payload = frame.payload
    lists[nic.name]?.push(payload.kind === 'arp'
      ? {
          ...head, arp: {
            op: payload.op === ARP_REQUEST ? 'request' : 'reply',
            spa: formatIp(payload.spa), sha: name(payload.sha), tpa: formatIp(payload.tpa),
            tha: payload.tha === 0 ? formatMac(payload.tha) : name(payload.tha),
          },
        }
      : { ...head, [isIpv6(payload.dst) ? 'ip6' : 'ip']: ipRecord(payload, numbers, shortened.has(payload) ? TAKEN_BYTES : 0) })
  }
  return lists
}

/** A packet, without so many bytes at its end. */
function ipRecord(packet: IpPacket, numbers: SequenceNumbers, missingBytes = 0): LabFrame {
  const record: Record<string, unknown> = { ...ipHeader(packet), len: totalBytes(packet) - missingBytes }
  if (isFragment(packet)) record['frag'] = { offset: packet.fragmentOffsetBytes, more: packet.moreFragments }
  if (packet.fragmentOffsetBytes !== 0) return record
  const carriedBytes = packet.payloadBytes - missingBytes
  const payload = packet.payload.kind === 'fragment' ? packet.payload.whole.payload : packet.payload
  switch (payload.kind) {
    case 'tcp': record['tcp'] = tcpRecord(packet, payload, carriedBytes, numbers); break
    case 'udp': addUdp(record, payload, carriedBytes, numbers); break
    case 'icmp': record['icmp'] = icmpRecord(payload); break
    case 'icmpv6': record['icmpv6'] = { type: payload.type, code: payload.code }; break
    case 'neighbor': record['icmpv6'] = { type: payload.type, code: 0, target: formatIp(payload.target) }; break
    case 'ip': record['inner'] = innerRecord(payload, carriedBytes, numbers); break
    case 'gre':
      record['gre'] = { hdr: payload.hasChecksum ? '80000800' : '00000800', proto: ETHERTYPE_IPV4 }
      record['inner'] = innerRecord(payload.inner, carriedBytes - greHeaderBytes(payload.hasChecksum), numbers)
      break
    default:
  }
  return record
}

function addUdp(record: Record<string, unknown>, datagram: UdpDatagram, carriedBytes: number, numbers: SequenceNumbers): void {
  record['udp'] = udpRecord(datagram)
  if (datagram.gue === undefined) return
  record['gue'] = { hdr: '00040000', proto: IPPROTO_IPIP }
  record['inner'] = innerRecord(datagram.gue.inner, carriedBytes - TAKEN_BYTES, numbers)
}

function udpRecord(datagram: UdpDatagram): LabFrame {
  return { sport: datagram.sport, dport: datagram.dport, len: udpDataBytes(datagram) }
}

function ipHeader(packet: IpPacket): Record<string, unknown> {
  if (isIpv6(packet.dst)) {
    return {
      src: formatIp(packet.src), dst: formatIp(packet.dst), hop: packet.ttl,
      proto: PROTOCOL_NAMES.get(packet.protocol) ?? String(packet.protocol), len: totalBytes(packet),
    }
  }
  return {
    src: formatIp(packet.src), dst: formatIp(packet.dst), ttl: packet.ttl,
    proto: PROTOCOL_NAMES.get(packet.protocol) ?? String(packet.protocol),
    len: totalBytes(packet), df: packet.dontFragment, ...(packet.tos === 0 ? {} : { tos: packet.tos }),
  }
}

/** The packet inside another, of which only `carriedBytes` may be there when the outer one is a piece. */
function innerRecord(packet: IpPacket, carriedBytes: number, numbers: SequenceNumbers): LabFrame {
  const record = ipRecord(packet, numbers) as Record<string, unknown>
  if (packet.payload.kind === 'tcp' && carriedBytes < totalBytes(packet)) {
    record['tcp'] = tcpRecord(packet, packet.payload, carriedBytes - IPV4_HEADER_BYTES, numbers)
  }
  return record
}

/** A segment of which `carriedBytes` are there, perhaps not all of its header. */
function tcpRecord(packet: IpPacket, segment: TcpSegment, carriedBytes: number, numbers: SequenceNumbers): LabFrame {
  const ports = { sport: segment.sport, dport: segment.dport }
  if (carriedBytes < TCP_HEADER_BYTES) return ports
  const relative = numbers.relative(packet, segment)
  const mss = carriedBytes < TCP_HEADER_BYTES + MSS_OPTION_BYTES ? undefined : segment.options.mss
  const len = Math.min(segment.data.length, carriedBytes - TCP_HEADER_BYTES - tcpOptionsBytes(segment.options))
  return {
    ...ports, flags: flagLetters(segment.flags), seq: relative.seq, ack: relative.ack, len,
    ...(mss === undefined ? {} : { mss }),
  }
}

function icmpRecord(message: IcmpMessage): LabFrame {
  const record: Record<string, unknown> = { type: message.type, code: message.code }
  if (message.type === ICMP_ECHO_REQUEST || message.type === ICMP_ECHO_REPLY) record['icmp_seq'] = message.rest & 0xffff
  if (message.type === ICMP_UNREACHABLE && message.code === UNREACHABLE_FRAGMENTATION_NEEDED) {
    record['mtu'] = message.rest & 0xffff
  }
  if (message.type === ICMP_REDIRECT) record['gateway'] = formatIp(message.rest as never)
  if (message.quoted !== undefined) record['orig'] = quotedRecord(message.quoted)
  return record
}

/** The quoted packet: its header and the ports. */
function quotedRecord(packet: IpPacket): LabFrame {
  const record = ipHeader(packet)
  const payload = packet.payload
  if (payload.kind === 'tcp') record['tcp'] = { sport: payload.sport, dport: payload.dport }
  if (payload.kind === 'udp') record['udp'] = udpRecord(payload)
  if (payload.kind === 'icmp') record['icmp'] = icmpRecord(payload)
  const inner = innerPacket(packet)
  if (inner !== undefined) record['inner'] = quotedRecord(inner)
  return record
}

const FLAG_LETTERS: readonly (readonly [number, string])[] = [
  [TCP_SYN, 'S'], [TCP_FIN, 'F'], [TCP_RST, 'R'], [TCP_PSH, 'P'], [TCP_ACK, 'A'],
]

function flagLetters(flags: number): string {
  return FLAG_LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter).join('')
}

/** Initial numbers per pair of addresses and ports, learnt from the SYNs seen. */
class SequenceNumbers {
  readonly #initial = new Map<string, number>()

  /** Relative to the SYNs; absolute where none was seen; the first ack counts as 1 where only the other side's SYN was. */
  relative(packet: IpPacket, segment: TcpSegment): { seq: number, ack: number } {
    const there = `${packet.src}:${segment.sport}>${packet.dst}:${segment.dport}`
    const back = `${packet.dst}:${segment.dport}>${packet.src}:${segment.sport}`
    if ((segment.flags & TCP_SYN) !== 0) this.#initial.set(there, segment.seq)
    const own = this.#initial.get(there)
    const hasAck = (segment.flags & TCP_ACK) !== 0
    if (hasAck && own !== undefined && !this.#initial.has(back)) this.#initial.set(back, (segment.ack - 1) >>> 0)
    const other = this.#initial.get(back)
    return {
      seq: own === undefined ? segment.seq : (segment.seq - own) >>> 0,
      ack: !hasAck ? 0 : other === undefined ? segment.ack : (segment.ack - other) >>> 0,
    }
  }
}
