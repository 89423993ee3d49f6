/**
 * TCP of one host: finds the endpoint or the listener of each segment, opens connections, answers strays with RST.
 * Ephemeral ports and secrets come from the random stream `tcp:<host>`.
 * @module
 */
import { mix32 } from '../../base/hash.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { NS_PER_MICROSECOND } from '../../base/units.ts'
import { type IpAddr, ipWords, isAnyAddress } from '../../wire/address.ts'
import type { RandomStream } from '../../sim/random.ts'
import type { IcmpMessage } from '../../wire/icmp-message.ts'
import { type IpPacket, isFragment } from '../../wire/ip-packet.ts'
import { TCP_ACK, TCP_RST, TCP_SYN, type TcpSegment } from '../../wire/tcp-segment.ts'
import type { Errno } from '../errno.ts'
import { errorOfIcmp } from '../icmp-errno.ts'
import { bothHear, hearsAddress } from '../wildcard.ts'
import type { DropReason, IpService, TransportProtocol } from '../ip-service.ts'
import { type TcpHandlers, wakeApp } from './app-side.ts'
import { TcpEndpoint } from './endpoint.ts'
import { type EndpointKey, EndpointTable, joinPorts } from './endpoint-table.ts'
import { adoptSynOptions, sendSyn, sendSynAck } from './handshake.ts'
import { segmentArrives } from './input.ts'
import { type PendingHandler, TcpListener } from './listener.ts'
import { armRetransmit } from './output.ts'
import { fromWire } from './sequence.ts'
import type { TcpStack } from './stack.ts'
import { resetStray, sendTimeWaitAck } from './stray.ts'
import { TimeWait } from './time-wait.ts'
import { TimeWaitList } from './time-wait-list.ts'
import { notePathNarrowed } from './timers.ts'

/** Range of ephemeral ports, both included (net.ipv4.ip_local_port_range). */
export const EPHEMERAL_PORT_MIN = 32_768
/** See `EPHEMERAL_PORT_MIN`. */
export const EPHEMERAL_PORT_MAX = 60_999

/**
 * How long a call that sends data lasts. Until it is over the application owns the endpoint, and redirects are not heard
 * (sock_owned_by_user); between hosts of one machine, the way there and back is part of the call.
 */
const SYSTEM_CALL_NS = 50 * NS_PER_MICROSECOND

/** Where a connection goes. */
export interface ConnectOptions {
  /** Source address; the route chooses unless given. */
  readonly src?: IpAddr
  /** Source port; ephemeral unless given. */
  readonly sport?: number
  readonly dst: IpAddr
  readonly dport: number
}

/** TCP of one host. */
export class TcpProtocol implements TransportProtocol, TcpStack {
  readonly ip: IpService
  readonly #table = new EndpointTable<TcpEndpoint | TimeWait>()
  readonly #listeners = new Map<number, TcpListener[]>()
  readonly #timeWaits: TimeWaitList
  /** Opened when first needed. */
  #opened: RandomStream | undefined = undefined
  #secret: number | undefined = undefined

  constructor(ip: IpService) {
    this.ip = ip
    this.#timeWaits = new TimeWaitList(ip.sim, (entry) => this.#table.remove(entry))
  }

  /** Listens. EADDRNOTAVAIL for an address of another host, EADDRINUSE when the port is taken there. */
  listen(at: { addr: IpAddr, port: number, backlog?: number }, onPending: PendingHandler): Result<TcpListener, Errno> {
    const { addr, port, backlog = 128 } = at
    if (!isAnyAddress(addr) && !this.ip.isLocalAddress(addr)) return err('EADDRNOTAVAIL')
    const others = this.#listeners.get(port) ?? []
    if (others.some((other) => bothHear(other.addr, addr))) return err('EADDRINUSE')
    const listener = new TcpListener(addr, port, Math.min(backlog, this.ip.sysctlInt('net.core.somaxconn')), onPending)
    this.#listeners.set(port, [...others, listener])
    return ok(listener)
  }

  /** Ends a listener; connections already accepted live on. */
  unlisten(listener: TcpListener): void {
    const others = (this.#listeners.get(listener.port) ?? []).filter((other) => other !== listener)
    if (others.length > 0) this.#listeners.set(listener.port, others)
    else this.#listeners.delete(listener.port)
    listener.abandonAll()
  }

  /** Begins a connection. Fails at once without a route or a free port, or with an address of another host. */
  connect(to: ConnectOptions, handlers: TcpHandlers): Result<TcpEndpoint, Errno> {
    if (to.src !== undefined && !this.ip.isLocalAddress(to.src)) return err('EADDRNOTAVAIL')
    const chosen = this.ip.sourceFor(to.dst, to.src)
    if (typeof chosen === 'string') return err(chosen)
    const local = to.src ?? chosen
    const lport = to.sport ?? this.#ephemeralPort(local, to.dst, to.dport)
    if (lport === undefined) return err('EADDRNOTAVAIL')
    const ports = joinPorts(lport, to.dport)
    if (this.#table.find(local, to.dst, ports) !== undefined) return err('EADDRNOTAVAIL')
    const endpoint = this.#create({ local, remote: to.dst, ports }, 'SYN_SENT', undefined)
    endpoint.sndNxt = 1
    endpoint.handlers = handlers
    armRetransmit(endpoint)
    const refused = sendSyn(endpoint)
    if (refused === undefined) return ok(endpoint)
    endpoint.handlers = undefined
    if (endpoint.state === 'SYN_SENT') endpoint.end(refused)
    return err(refused)
  }

  /** Listeners in the order of their ports' first use. */
  * listeners(): Generator<TcpListener> {
    for (const list of this.#listeners.values()) yield * list
  }

  /** Connections of every state, those in TIME_WAIT included. */
  connections(): readonly (TcpEndpoint | TimeWait)[] {
    return this.#table.values()
  }

  receive(packet: IpPacket): void {
    const segment = packet.payload
    if (segment.kind !== 'tcp' || isFragment(packet)) {
      this.ip.drop(packet, 'no-protocol')
      return
    }
    const entry = this.#table.find(packet.dst, packet.src, joinPorts(segment.dport, segment.sport))
    if (entry instanceof TcpEndpoint) this.#arrivesAt(entry, packet, segment)
    else if (entry !== undefined) this.#arrivesInTimeWait(entry, packet, segment)
    else this.#account(packet, this.#arrivesAnew(packet, segment, undefined))
  }

  hasSent(quoted: IpPacket): boolean {
    const segment = quoted.payload
    if (segment.kind !== 'tcp') return false
    const endpoint = this.#table.find(quoted.src, quoted.dst, joinPorts(segment.sport, segment.dport))
    if (!(endpoint instanceof TcpEndpoint) || endpoint.state === 'SYN_RECV') return false
    const { sender } = endpoint
    return segment.data.length === 0 || sender === undefined || this.ip.sim.nowNs >= sender.lastSentNs + SYSTEM_CALL_NS
  }

  receiveError(message: IcmpMessage, quoted: IpPacket): void {
    const segment = quoted.payload
    if (segment.kind !== 'tcp') return
    const endpoint = this.#table.find(quoted.src, quoted.dst, joinPorts(segment.sport, segment.dport))
    if (!(endpoint instanceof TcpEndpoint)) return
    const error = errorOfIcmp(message, quoted.src)
    if (error === undefined) return
    const position = fromWire(endpoint.sendIsn, segment.seq, endpoint.sndUna)
    if (position < endpoint.sndUna || position > endpoint.sndNxt) return
    if (error.errno === 'EMSGSIZE') {
      notePathNarrowed(endpoint)
    } else if (endpoint.state === 'SYN_SENT' || endpoint.state === 'SYN_RECV') {
      // Any error ends a handshake; a connection that is up takes it for passing trouble (tcp_v4_err()).
      endpoint.end(error.errno)
      wakeApp(endpoint)
    }
  }

  remove(endpoint: TcpEndpoint): void {
    this.#table.remove(endpoint)
  }

  enterTimeWait(endpoint: TcpEndpoint): void {
    const entry = new TimeWait(endpoint, this.ip.sim.nowNs)
    endpoint.cancelTimers()
    endpoint.state = 'TIME_WAIT'
    endpoint.newsEnded = true
    this.#table.set(entry)
    this.#timeWaits.add(entry)
  }

  #arrivesAt(endpoint: TcpEndpoint, packet: IpPacket, segment: TcpSegment): void {
    const fate = segmentArrives(endpoint, segment)
    if (fate === 'reset') resetStray(this.ip, packet, segment)
    this.#account(packet, fate === 'reset' ? 'tcp-closed' : fate === 'used' ? undefined : fate)
    wakeApp(endpoint)
  }

  #arrivesInTimeWait(entry: TimeWait, packet: IpPacket, segment: TcpSegment): void {
    const verdict = entry.judge(segment, this.ip.sim.nowNs)
    let reason: DropReason | undefined
    if (verdict === 'begin-anew' && this.#findListener(packet.dst, segment.dport) !== undefined) {
      this.#table.remove(entry)
      reason = this.#arrivesAnew(packet, segment, entry.nextIsn)
    } else if (verdict === 'forget') {
      this.#table.remove(entry)
    } else if (verdict !== 'ignore') {
      sendTimeWaitAck(this.ip, entry)
    }
    this.#account(packet, reason)
  }

  /** A segment of no connection: a SYN for a listener begins one, anything else gets an RST. */
  #arrivesAnew(packet: IpPacket, segment: TcpSegment, isn: number | undefined): DropReason | undefined {
    const listener = this.#findListener(packet.dst, segment.dport)
    const { flags } = segment
    if (listener !== undefined && (flags & (TCP_RST | TCP_ACK)) === 0) {
      if ((flags & TCP_SYN) === 0) return 'tcp-closed'
      if (listener.refusesSyn) return 'tcp-backlog-full'
      this.#begin(listener, packet, segment, isn)
      return undefined
    }
    // A packet for a broadcast address is never answered.
    if (this.ip.isLocalAddress(packet.dst)) resetStray(this.ip, packet, segment)
    return listener === undefined ? 'no-listener' : 'tcp-closed'
  }

  #begin(listener: TcpListener, packet: IpPacket, segment: TcpSegment, isn: number | undefined): void {
    const key = { local: packet.dst, remote: packet.src, ports: joinPorts(segment.dport, segment.sport) }
    const endpoint = this.#create(key, 'SYN_RECV', isn)
    endpoint.listener = listener
    listener.embryos.add(endpoint)
    endpoint.recvIsn = segment.seq | 0
    endpoint.rcvNxt = 1
    endpoint.rcvAcked = 1
    endpoint.sndNxt = 1
    adoptSynOptions(endpoint, segment.options)
    armRetransmit(endpoint)
    sendSynAck(endpoint)
  }

  #create(key: EndpointKey, state: 'SYN_SENT' | 'SYN_RECV', isn: number | undefined): TcpEndpoint {
    const hash = this.#hash(key)
    const clock = Math.floor(this.ip.sim.nowNs / 64)
    const endpoint = new TcpEndpoint(this, key, state, isn ?? (hash + clock) >>> 0, mix32(hash))
    this.#table.set(endpoint)
    return endpoint
  }

  /** A number per pair of addresses and ports; initial numbers grow from it by one every 64 ns, as in secure_tcp_seq(). */
  #hash(key: EndpointKey): number {
    this.#secret ??= this.#chance.int(0x100000000)
    let hash = mix32(this.#secret ^ key.ports)
    for (const word of ipWords(key.local)) hash = mix32(hash ^ word)
    for (const word of ipWords(key.remote)) hash = mix32((hash + 1) ^ word)
    return hash
  }

  get #chance(): RandomStream {
    return this.#opened ??= this.ip.sim.stream(`tcp:${this.ip.name}`)
  }

  #ephemeralPort(local: IpAddr, remote: IpAddr, rport: number): number | undefined {
    const count = EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN + 1
    const first = this.#chance.int(count)
    for (let i = 0; i < count; i++) {
      const port = EPHEMERAL_PORT_MIN + (first + i) % count
      if (!this.#listeners.has(port) && this.#table.find(local, remote, joinPorts(port, rport)) === undefined) return port
    }
    return undefined
  }

  #findListener(addr: IpAddr, port: number): TcpListener | undefined {
    const listeners = this.#listeners.get(port)
    if (listeners === undefined) return undefined
    for (const listener of listeners) if (hearsAddress(listener.addr, addr)) return listener
    return undefined
  }

  #account(packet: IpPacket, reason: DropReason | undefined): void {
    if (reason === undefined) this.ip.consume(packet, 'tcp')
    else this.ip.drop(packet, reason)
  }
}
