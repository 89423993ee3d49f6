/**
 * Packets that no honest host would send: made field by field, nested in tunnels, cut into pieces that overlap or
 * leave gaps,
 * quoted in errors, forged into live connections, or read from mangled bytes. A rogue on a segment sends them to a victim.
 * @module
 */
import type { Host } from '../../src/host/host.ts'
import { EPHEMERAL_PORT_MIN } from '../../src/host/tcp/tcp-protocol.ts'
import { TcpEndpoint } from '../../src/host/tcp/endpoint.ts'
import { toWire } from '../../src/host/tcp/sequence.ts'
import type { LinkDirection } from '../../src/link/link.ts'
import { isIpv6, MAC_BROADCAST, MAC_ZERO, multicastMacOf, isMulticast, type IpAddr,
  type MacAddr } from '../../src/wire/address.ts'
import { ARP_REPLY, ARP_REQUEST, arpPacket } from '../../src/wire/arp-packet.ts'
import { decodeFrame } from '../../src/wire/decode.ts'
import { encodeFrame, encodePacket, framingOf } from '../../src/wire/encode.ts'
import { ethernetFrame, pppFrame, type Frame, type FramePayload } from '../../src/wire/frame.ts'
import { greBytes, grePacket } from '../../src/wire/gre-packet.ts'
import { icmpBytes, icmpEcho, icmpError } from '../../src/wire/icmp-message.ts'
import {
  fragmentOf, ipFromHeader, isFragment, IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, ipPacket,
  totalBytes,
  type IpPacket, type IpPayload,
} from '../../src/wire/ip-packet.ts'
import {
  NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, tcpBytes, tcpSegment, type TcpOptions,
} from '../../src/wire/tcp-segment.ts'
import { gueDatagram, udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { patternBytes, type Chance } from './chance.ts'
import { someAddr6, somePayload6 } from './ipv6.ts'
import { GUE_PORT } from './network.ts'
import { someAddr } from './traffic.ts'
import type { World } from './world.ts'

/** Combinations of flags, those of scans among them. */
const FLAGS = [
  TCP_SYN, TCP_ACK, TCP_SYN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK, TCP_FIN | TCP_ACK, TCP_PSH | TCP_ACK, 0, TCP_FIN,
  TCP_SYN | TCP_FIN, 0x3f, 0xff, TCP_ACK | 0xc0,
]

/** Sends a frame from the rogue of a segment, or on a point-to-point link from its other end. */
export function inject(world: World, payload: FramePayload, chance: Chance): void {
  const direct = chance.flip(0.2) && payload.kind === 'ip' ? pppDirection(world, chance) : undefined
  if (direct !== undefined && payload.kind === 'ip') {
    const frame = pppFrame(payload)
    world.forged.add(frame)
    return direct.send(frame)
  }
  const victim = chance.pick(world.nics)
  const rogue = chance.pick(world.rogues)
  const toGroup = payload.kind === 'ip' && isIpv6(payload.dst) && isMulticast(payload.dst) && chance.flip(0.8)
  const dst = toGroup ? multicastMacOf(payload.dst) : chance.flip(0.8) ? victim.mac
    : chance.pick([MAC_BROADCAST, 0x0100_5e00_0001 as MacAddr, 0x0200_0000_7777 as MacAddr])
  const src = chance.flip(0.9) ? rogue.mac : chance.pick(world.nics).mac
  sendForged(world, rogue, ethernetFrame(dst, src, payload))
}

/** A packet with whatever in it. */
export function somePacket(world: World, chance: Chance): IpPacket {
  const isOf6 = world.addrs6.length > 0 && chance.flip(0.35)
  const src = isOf6 ? someAddr6(world, chance) : someAddr(world, chance)
  const dst = isOf6 ? someAddr6(world, chance) : someAddr(world, chance)
  const kind = isOf6 ? chance.weighted({ tcp: 3, udp: 3, icmpv6: 9, raw: 1 })
    : chance.weighted({ tcp: 5, udp: 4, icmp: 4, error: 4, raw: 2, ipip: 2, gre: 2, gue: 2 })
  const uid = world.lan.sim.nextPacketUid()
  const [protocol, payload, payloadBytes] = somePayload(world, kind, { src, dst, uid }, chance)
  return ipPacket({
    uid, src, dst, protocol, payload, payloadBytes, ttl: isOf6 && payload.kind === 'neighbor' && chance.flip(0.9) ? 255
      : chance.pick([64, 64, 64, 2, 1, 0]),
    tos: chance.pick([0, 0, 0x10, 0xff]), ident: chance.int(4), dontFragment: chance.flip(0.5),
  })
}

interface Ends {
  readonly src: IpAddr
  readonly dst: IpAddr
  /** Of the packet that is being made, and of those inside it. */
  readonly uid: number
}

function somePayload(world: World, kind: string, ends: Ends, chance: Chance): [number, IpPayload, number] {
  const ports = { sport: chance.pick([53, 80, 1000, 4789]), dport: chance.pick([53, 80, 80, 8080, 443, 9, GUE_PORT]) }
  switch (kind) {
    case 'tcp': {
      const numbers = { seq: chance.int(0xffff_ffff), ack: chance.int(0xffff_ffff), window: chance.int(65_536) }
      const segment =
        tcpSegment(ports, numbers, chance.pick(FLAGS), someOptions(chance),
        patternBytes(0, chance.pick([0, 0, 1, 1000])))
      return [IPPROTO_TCP, segment, tcpBytes(segment)]
    }
    case 'udp': {
      const datagram =
        udpDatagram(ports, chance.flip(0.8) ? patternBytes(0, chance.pick([0, 8, 1400, 3000])) : chance.bytes(12))
      return [IPPROTO_UDP, datagram, udpBytes(datagram)]
    }
    case 'icmp': {
      const message =
        icmpEcho(chance.pick([8, 0, 8, 13, 17, 30]), chance.int(8), chance.int(8),
        patternBytes(0, chance.pick([0, 56, 2000])))
      const any = chance.flip(0.8) ? message : { ...message, code: chance.int(16), rest: chance.int(0xffff_ffff) }
      return [IPPROTO_ICMP, any, icmpBytes(any)]
    }
    case 'icmpv6': return somePayload6(world, ends, chance)
    case 'error': return someError(world, ends, chance)
    case 'raw': {
      const data = chance.bytes(chance.pick([0, 1, 7, 20, 60]))
      return [chance.pick([IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_GRE, IPPROTO_IPIP, 58, 59, 2, 112, 132, 255]),
        { kind: 'raw', data }, data.length]
    }
    default: return wrapped(withUid(nested(world, chance), ends.uid), kind, chance)
  }
}

/** A packet for the inside of another. */
function nested(world: World, chance: Chance): IpPacket {
  const inner = chance.flip(0.5) ? chance.pickAny(world.seen)?.payload : undefined
  const fitting = inner?.kind === 'ip' && totalBytes(inner) < 8_000 ? inner : somePacket(world, chance)
  return isIpv6(fitting.dst) ? nested(world, chance) : fitting
}

/** The packet under another number, with all that is inside it. */
function withUid(packet: IpPacket, uid: number): IpPacket {
  const { payload } = packet
  switch (payload.kind) {
    case 'ip': return { ...packet, uid, payload: withUid(payload, uid) }
    case 'gre': return { ...packet, uid, payload: { ...payload, inner: withUid(payload.inner, uid) } }
    case 'fragment': return { ...packet, uid, payload: { ...payload, whole: withUid(payload.whole, uid) } }
    case 'udp': {
      const { gue } = payload
      return gue === undefined ? { ...packet, uid }
        : { ...packet, uid, payload: { ...payload, gue: { ...gue, inner: withUid(gue.inner, uid) } } }
    }
    default: return { ...packet, uid }
  }
}

function wrapped(inner: IpPacket, kind: string, chance: Chance): [number, IpPayload, number] {
  if (kind === 'ipip') return [IPPROTO_IPIP, inner, totalBytes(inner)]
  if (kind === 'gre') {
    const gre = grePacket(inner, chance.flip(0.4))
    return [IPPROTO_GRE, gre, greBytes(gre)]
  }
  const datagram = gueDatagram({ sport: 1000, dport: GUE_PORT }, { inner, hasChecksum: chance.flip(0.5) })
  return [IPPROTO_UDP, datagram, udpBytes(datagram)]
}

/** An error about a packet that was seen, about its reverse, or about nothing that ever was. */
function someError(world: World, { dst }: Ends, chance: Chance): [number, IpPayload, number] {
  const seen = chance.pickAny(world.seen)?.payload
  let quoted = seen?.kind === 'ip' && !isIpv6(seen.dst) && chance.flip(0.8) ? seen : ipPacket({
    uid: 0, src: dst, dst: someAddr(world, chance), protocol: IPPROTO_UDP,
    payload: udpDatagram({ sport: 53, dport: 53 }, NO_DATA),
    payloadBytes: 8,
  })
  if (chance.flip(0.1))
    quoted = fragmentOf(quoted, { offsetBytes: 0, payloadBytes: Math.min(8, quoted.payloadBytes), more: true })
  const type = chance.pick([3, 3, 3, 5, 5, 11, 12, 4])
  const rest = type === 5 ? someAddr(world, chance) : chance.pick([0, 68, 576, 1000, 1400, 9000])
  const whole = totalBytes(quoted)
  const message =
    icmpError({ type, code: chance.pick([4, 4, 0, 1, 3, 13, 15]), rest }, quoted, chance.pick([whole, whole, 28, 20]))
  const fitting = message.dataBytes <= whole ? message : { ...message, dataBytes: whole }
  return [IPPROTO_ICMP, fitting, icmpBytes(fitting)]
}

function someOptions(chance: Chance): TcpOptions {
  if (chance.flip(0.5)) return NO_TCP_OPTIONS
  return {
    mss: chance.pick([undefined, 1460, 536, 0, 65_535]), sackPermitted: chance.flip(0.5),
    windowScale: chance.pick([undefined, 0, 7, 14]), timestamps: chance.flip(0.3)
      ? { value: chance.int(0xffff), echo: 0 } : undefined,
    sack: chance.flip(0.2) ? [{ left: chance.int(0xffff_ffff), right: chance.int(0xffff_ffff) }] : [], raw: undefined,
  }
}

/** Pieces of one packet: in any order, overlapping, with gaps, without an end, or oversized. */
export function somePieces(world: World, chance: Chance): IpPacket[] {
  const made = somePacket(world, chance)
  const whole = { ...made, ident: chance.int(65_536), dontFragment: isIpv6(made.dst) }
  const pieces: IpPacket[] = []
  const size = chance.pick([8, 64, 504])
  for (let at = 0; at < Math.min(whole.payloadBytes, 12 * size); at += size) {
    if (chance.flip(0.05)) continue
    const end = Math.min(at + size + (chance.flip(0.1) ? 8 : 0), whole.payloadBytes)
    pieces.push(fragmentOf(whole, { offsetBytes: at, payloadBytes: end - at, more: end < whole.payloadBytes }))
    if (chance.flip(0.05)) pieces.push(pieces.at(-1) as IpPacket)
  }
  // What covers all is no piece.
  if (pieces.some((piece) => !isFragment(piece))) return [whole]
  if (chance.flip(0.3)) pieces.reverse()
  if (chance.flip(0.1)) pieces.push(rawPiece(world, whole, chance))
  return pieces
}

/** A piece as a decoder gives it: bytes that refer to no whole. */
function rawPiece(world: World, like: IpPacket, chance: Chance): IpPacket {
  const data = chance.bytes(chance.pick([8, 16, 13]))
  const header = { ...like, moreFragments: chance.flip(0.5), fragmentOffsetBytes: chance.pick([0, 8, 16, 65_528]) }
  return ipFromHeader(world.lan.sim.nextPacketUid(), header, { kind: 'raw', data }, data.length)
}

/** A segment into a connection that is there, from either side: odd flags and numbers, but never false data. */
export function forgeSegment(world: World, chance: Chance): IpPacket | undefined {
  const host: Host = chance.pick(world.hosts)
  const entry = chance.pickAny([...host.tcp.connections()])
  if (entry === undefined) return undefined
  const isEndpoint = entry instanceof TcpEndpoint
  const off = chance.pick([0, 0, 0, 1, -1, 100, -100, 70_000, -70_000, 5_000_000])
  const position = isEndpoint ? Math.max(entry.rcvNxt + off, 0) : 0
  const seq = isEndpoint ? toWire(entry.recvIsn, position) : (entry.ack + off) >>> 0
  const acked = isEndpoint
    ? toWire(entry.sendIsn, entry.sndUna + chance.pick([0, 0, entry.sndNxt - entry.sndUna, 1, -1, 99_999]))
    : entry.seq
  const flags = chance.pick([TCP_ACK, TCP_ACK, ...FLAGS])
  const data = isEndpoint && position >= 1 && (flags & TCP_SYN) === 0
    ? patternBytes(position - 1, chance.pick([0, 0, 1, 500, 1460])) : NO_DATA
  const block = isEndpoint ? toWire(entry.sendIsn, entry.sndUna + chance.pick([1, 500, 3_000])) : 0
  const options: TcpOptions = {
    ...NO_TCP_OPTIONS, sack: chance.flip(0.3)
      ? [{ left: block, right: (block + chance.pick([500, 1448, 8_000, -5])) >>> 0 }] : [],
    timestamps: chance.flip(0.3)
      ? { value: isEndpoint ? entry.timestampRecent + chance.pick([0, 1, -1]) >>> 0 : 0, echo: 0 } : undefined,
  }
  const segment = tcpSegment(
    { sport: entry.rport, dport: entry.lport }, { seq, ack: acked, window: chance.pick([0, 1, 500, 65_535]) }, flags,
    options, data,
  )
  return ipPacket({
    uid: world.lan.sim.nextPacketUid(), src: entry.remote, dst: entry.local, protocol: IPPROTO_TCP, payload: segment,
    payloadBytes: tcpBytes(segment),
  })
}

/** A redirect from the gateway of a host to another one, about an echo request that the host may have sent. */
export function forgeRedirect(world: World, chance: Chance): IpPacket | undefined {
  const host = chance.pick(world.hosts)
  const gateway = chance.pickAny(host.net.routes.flatMap((route) => route.gateway ?? []))
  const own = host.net.devices.flatMap(({ addresses }) => addresses.map(({ addr }) => addr)).slice(1)
  const src = chance.pickAny(own)
  if (gateway === undefined || src === undefined) return undefined
  const echo = icmpEcho(8, 1, 1, NO_DATA)
  const quoted =
    ipPacket({ uid: 0, src, dst: someAddr(world, chance), protocol: IPPROTO_ICMP, payload: echo,
    payloadBytes: icmpBytes(echo) })
  const message = icmpError({ type: 5, code: 1, rest: someAddr(world, chance) }, quoted, 28)
  return ipPacket({
    uid: world.lan.sim.nextPacketUid(), src: gateway, dst: src, protocol: IPPROTO_ICMP, payload: message,
    payloadBytes: icmpBytes(message),
  })
}

/** Any ARP packet. */
export function injectArp(world: World, chance: Chance): void {
  const mac = (): MacAddr => chance.pick([...world.nics, ...world.rogues]).mac
  const packet = arpPacket(
    chance.pick([ARP_REQUEST, ARP_REQUEST, ARP_REPLY, ARP_REPLY, 3, 0]), { sha: mac(), spa: someAddr(world, chance) },
    { tha: chance.flip(0.5) ? MAC_ZERO : mac(), tpa: someAddr(world, chance) },
  )
  const announced = chance.flip(0.3) ? { ...packet, tpa: packet.spa, tha: packet.sha } : packet
  const rogue = chance.pick(world.rogues)
  sendForged(world, rogue,
    ethernetFrame(chance.flip(0.5) ? MAC_BROADCAST : mac(), chance.flip(0.7) ? announced.sha : rogue.mac, announced))
}

/** A frame that was seen, again as it was or with bytes changed; what cannot be read as a frame is nothing. */
export function replay(world: World, chance: Chance): void {
  const frame = chance.pickAny(world.seen)
  if (frame === undefined) return
  const rogue = chance.pick(world.rogues)
  if (chance.flip(0.3) && framingOf(frame) === 'ethernet') return sendForged(world, rogue, frame)
  const payload = frame.payload.kind === 'ip' && chance.flip(0.3) ? { ...frame.payload, ttl: chance.int(4) } : frame.payload
  const bytes = encodeFrame(framingOf(frame) === 'ppp' ? frame : ethernetFrame(frame.dst, frame.src, payload))
  for (let i = chance.int(3); i > 0; i--) bytes[chance.int(Math.min(bytes.length, 80))] = chance.int(256)
  const length = chance.flip(0.8) ? bytes.length : chance.int(bytes.length)
  const read = decodeFrame(bytes.subarray(0, length), framingOf(frame), world.lan.sim.nextPacketUid())
  if (!read.ok || isLive(read.value)) return
  if (framingOf(read.value) === 'ethernet') sendForged(world, rogue, read.value)
  else pppDirection(world, chance)?.send(read.value)
}

/** The bytes of a packet with IPv4 options put into its header; of one of IPv6, as they are. */
export function withIpOptions(packet: IpPacket, chance: Chance): Uint8Array {
  if (isIpv6(packet.dst)) return encodePacket(packet)
  const plain = encodePacket(packet)
  const bytes = new Uint8Array(plain.length + 4)
  bytes.set(plain.subarray(0, 20))
  bytes.set(chance.pick([[1, 1, 1, 1], [0x94, 4, 0, 0], [7, 3, 4, 0]]), 20)
  bytes.set(plain.subarray(20), 24)
  bytes[0] = 0x46
  bytes[2] = bytes.length >>> 8
  bytes[3] = bytes.length & 255
  bytes[10] = bytes[11] = 0
  let sum = 0
  for (let at = 0; at < 24; at += 2) sum += ((bytes[at] as number) << 8) + (bytes[at + 1] as number)
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = ((sum & 0xffff) + (sum >>> 16)) ^ 0xffff
  bytes[10] = sum >>> 8
  bytes[11] = sum & 255
  return bytes
}

/** A changed segment with data could be taken for what a live connection was told: its data would be false. */
function isLive({ payload }: Frame): boolean {
  if (payload.kind !== 'ip' || payload.payload.kind !== 'tcp') return false
  return payload.payload.data.length > 0 && Math.max(payload.payload.sport, payload.payload.dport) >= EPHEMERAL_PORT_MIN
}

function pppDirection(world: World, chance: Chance): LinkDirection | undefined {
  const cable = chance.pickAny(world.cables.filter((candidate) => !candidate.isBridged))
  return cable === undefined ? undefined : chance.flip(0.5) ? cable.up : cable.down
}

function sendForged(world: World, rogue: World['rogues'][number], frame: Frame): void {
  world.forged.add(frame)
  // What was forged is quoted, nested and printed, too.
  world.seen.push(frame)
  rogue.send(frame)
}
