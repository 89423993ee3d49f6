/**
 * Two hosts for tests of endpoints, joined by a wire with a delay, an optional rate and a rule that decides
 * what is lost. They have TCP and UDP and nothing else: no routes, neighbors or hooks. Everything sent is
 * written down in the notation of the ladders.
 * @module
 */
import { SysctlRegistry } from '../../src/host/sysctl.ts'
import type { Errno } from '../../src/host/errno.ts'
import type { DropReason, IpService, SendRequest } from '../../src/host/ip-service.ts'
import { defineTcpSysctls } from '../../src/host/tcp/tcp-sysctls.ts'
import { TcpProtocol } from '../../src/host/tcp/tcp-protocol.ts'
import { UdpProtocol } from '../../src/host/udp.ts'
import type { Actor } from '../../src/sim/event-queue.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import { type IpAddr, parseIpv4 } from '../../src/wire/address.ts'
import { icmpError } from '../../src/wire/icmp-message.ts'
import { IPPROTO_TCP, ipHeaderBytes, ipPacket, type IpPacket, totalBytes } from '../../src/wire/ip-packet.ts'
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, type TcpSegment } from '../../src/wire/tcp-segment.ts'

/** An address from its text, which must be one. */
export function ip(text: string): IpAddr {
  const addr = parseIpv4(text)
  if (addr === undefined) throw new Error(`${text} is no address`)
  return addr
}

/** What the wire does to a packet. */
export type WireRule = (packet: IpPacket) => 'pass' | 'lose' | { readonly narrowMtu: number } | { readonly extraNs: number }

/** One of the two hosts. */
export class WireHost implements IpService, Actor {
  readonly sim: Simulator
  readonly name: string
  readonly addr: IpAddr
  readonly sysctl = new SysctlRegistry()
  readonly drops: DropReason[] = []
  readonly tcp: TcpProtocol
  readonly udp: UdpProtocol
  readonly #wire: WirePair
  /** Path MTU to the other host. */
  mtuBytes = 1500
  consumed = 0
  confirmations = 0
  /** Why sending fails, when it does. */
  refuse: Errno | undefined

  constructor(wire: WirePair, name: string, addr: IpAddr) {
    this.#wire = wire
    this.sim = wire.sim
    this.name = name
    this.addr = addr
    defineTcpSysctls(this.sysctl)
    this.sysctl.set('net.ipv4.tcp_timestamps', '0')
    this.tcp = new TcpProtocol(this)
    this.udp = new UdpProtocol(this)
  }

  sendPacket(request: SendRequest): Errno | undefined {
    if (this.refuse !== undefined) return this.refuse
    const src = request.src === 0 ? this.addr : request.src
    const fits = ipHeaderBytes(request.dst) + request.payloadBytes <= this.mtuBytes
    const dontFragment = request.dontFragment === 'if-it-fits' ? fits : request.dontFragment
    this.#wire.send(this, ipPacket({ uid: this.sim.nextPacketUid(), ...request, src, dontFragment }))
    return undefined
  }

  sourceFor(): IpAddr | Errno {
    return this.refuse ?? this.addr
  }

  isLocalAddress(addr: IpAddr): boolean {
    return addr === this.addr
  }

  pathMtuBytes(): number {
    return this.mtuBytes
  }

  deviceMtuBytes(): number {
    return 1500
  }

  advertisedMss(): undefined {
    return undefined
  }

  confirmNeighbor(): void {
    this.confirmations++
  }

  sysctlInt(name: string): number {
    return this.sysctl.int(name)
  }

  sendIcmpError(packet: IpPacket, message: { type: number, code: number, rest: number }): void {
    this.#wire.reportError(this, packet, message)
  }

  consume(): void {
    this.consumed++
  }

  drop(_packet: IpPacket, reason: DropReason): void {
    this.drops.push(reason)
  }

  /** A packet arrives. */
  onEvent(_kind: number, data: unknown): void {
    const packet = data as IpPacket
    if (packet.payload.kind === 'icmp') {
      const { quoted } = packet.payload
      if (quoted === undefined) return
      if (packet.payload.type === 3 && packet.payload.code === 4) this.mtuBytes = packet.payload.rest
      const protocol = quoted.protocol === IPPROTO_TCP ? this.tcp : this.udp
      protocol.receiveError(packet.payload, quoted)
    } else if (packet.protocol === IPPROTO_TCP) this.tcp.receive(packet)
    else this.udp.receive(packet)
  }
}

/** Two hosts, `A` (10.0.0.1) and `B` (10.0.0.2), and the wire between them. */
export class WirePair {
  readonly sim: Simulator
  readonly a: WireHost
  readonly b: WireHost
  readonly delayNs: number
  readonly rateBitsPerSecond: number
  rule: WireRule = () => 'pass'
  /** Everything sent, as lines of a ladder. */
  readonly ladder: string[] = []
  /** When each line was sent. */
  readonly sentNs: number[] = []
  readonly packets: IpPacket[] = []
  readonly #initial = new Map<string, number>()
  readonly #freeNs = new Map<WireHost, number>()

  constructor(options: { delayNs: number, rateBitsPerSecond?: number, seed?: string }) {
    this.sim = new Simulator(options.seed ?? '42')
    this.delayNs = options.delayNs
    this.rateBitsPerSecond = options.rateBitsPerSecond ?? Infinity
    this.a = new WireHost(this, 'A', ip('10.0.0.1'))
    this.b = new WireHost(this, 'B', ip('10.0.0.2'))
  }

  /** Carries a packet to the other host, or does to it what the rule says. */
  send(from: WireHost, packet: IpPacket): void {
    const line = this.#describe(from, packet)
    const fate = this.rule(packet)
    this.packets.push(packet)
    this.sentNs.push(this.sim.nowNs)
    this.ladder.push(fate === 'lose' ? `${line} (lost)` : line)
    if (fate === 'lose') return
    const to = from === this.a ? this.b : this.a
    if (typeof fate === 'object' && 'narrowMtu' in fate && totalBytes(packet) > fate.narrowMtu) {
      this.reportError(to, packet, { type: 3, code: 4, rest: fate.narrowMtu })
      return
    }
    const start = Math.max(this.sim.nowNs, this.#freeNs.get(from) ?? 0)
    // Preamble, header, checksum and gap of an Ethernet frame.
    const end = start + Math.round((totalBytes(packet) + 38) * 8e9 / this.rateBitsPerSecond)
    this.#freeNs.set(from, end)
    const extraNs = typeof fate === 'object' && 'extraNs' in fate ? fate.extraNs : 0
    this.sim.schedule(end + this.delayNs + extraNs, to, 0, packet)
  }

  /** An ICMP error goes from `from` back to where `packet` came from. */
  reportError(from: WireHost, packet: IpPacket, message: { type: number, code: number, rest: number }): void {
    const payload = icmpError(message, packet, 28)
    this.ladder.push(`${from.name} > ${from === this.a ? 'B' : 'A'}: ICMP ${message.type}/${message.code}`)
    this.sentNs.push(this.sim.nowNs)
    const error = ipPacket({ uid: 0, src: packet.dst, dst: packet.src, protocol: 1, payload, payloadBytes: 36 })
    this.packets.push(error)
    this.sim.schedule(this.sim.nowNs + this.delayNs, from === this.a ? this.b : this.a, 0, error)
  }

  /** Runs for so long. */
  runFor(ns: number): void {
    this.sim.run(this.sim.nowNs + ns)
  }

  /** Takes the lines that were added since the last call. */
  takeLadder(): string[] {
    return this.ladder.splice(0)
  }

  #describe(from: WireHost, packet: IpPacket): string {
    const to = from === this.a ? 'B' : 'A'
    const { payload } = packet
    if (payload.kind === 'udp') return `${from.name} > ${to}: UDP len ${payload.data.length}`
    if (payload.kind !== 'tcp') return `${from.name} > ${to}: ${payload.kind}`
    return `${from.name} > ${to}: ${this.#describeSegment(from, payload)}`
  }

  #describeSegment(from: WireHost, segment: TcpSegment): string {
    const own = `${from.name} ${segment.sport} ${segment.dport}`
    const other = `${from === this.a ? 'B' : 'A'} ${segment.dport} ${segment.sport}`
    if ((segment.flags & TCP_SYN) !== 0) this.#initial.set(own, segment.seq)
    const seq = (segment.seq - (this.#initial.get(own) ?? segment.seq)) | 0
    const ack = (segment.ack - (this.#initial.get(other) ?? segment.ack)) | 0
    const parts = [flagsText(segment.flags), `seq ${seq}`]
    if ((segment.flags & TCP_ACK) !== 0) parts.push(`ack ${ack}`)
    if (segment.data.length > 0) parts.push(`len ${segment.data.length}`)
    for (const block of segment.options.sack) {
      const base = this.#initial.get(other) ?? 0
      parts.push(`sack ${(block.left - base) >>> 0}-${(block.right - base) >>> 0}`)
    }
    return parts.join(' ')
  }
}

function flagsText(flags: number): string {
  const letters: readonly (readonly [number, string])[] = [
    [TCP_SYN, 'S'], [TCP_FIN, 'F'], [TCP_RST, 'R'], [TCP_PSH, 'P'], [TCP_ACK, 'A'],
  ]
  return letters.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter).join('')
}
