/**
 * Connection tracking: what each packet is to a flow, before anybody else looks, and the confirmation of new flows after
 * everybody has let the first packet pass. Follows nf_conntrack_in() and __nf_conntrack_confirm(). An error that this host
 * makes at once belongs to the flow of the packet it is about; one that it makes later, when a neighbor does not answer, is
 * looked up by what it quotes.
 * @module
 */
import { NS_PER_SECOND } from '../../base/units.ts'
import { ICMP_ECHO_REPLY, isIcmpError, type IcmpMessage } from '../../wire/icmp-message.ts'
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, type IpPacket } from '../../wire/ip-packet.ts'
import { TCP_RST, type TcpSegment } from '../../wire/tcp-segment.ts'
import { HOOK_PRIORITY, type Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import { ConntrackEntry, opposite, type Direction, type Tracking } from './conntrack-entry.ts'
import { ConntrackTable } from './conntrack-table.ts'
import { defineConntrackSysctls, tcpTimeoutName, TIMEOUT_NAMES } from './conntrack-sysctls.ts'
import { followTcp } from './tcp-tracking.ts'
import { inverted, isEcho, tupleOf, wholePayload, type Tuple } from './tuple.ts'

const OWNER = 'conntrack'
/** From when on a UDP flow that is answered is a stream. */
const STREAM_AFTER_NS = 2 * NS_PER_SECOND

/** What became of a packet within its flow: it belongs there, is invalid, or asks for the flow to begin anew. */
type Outcome = 'tracked' | 'invalid' | 'again'

/** Connection tracking of one host. It takes part only while somebody needs it. */
export class Conntrack {
  readonly #host: Host
  readonly table = new ConntrackTable()
  #isActive = false
  /** The packet that came in last: it is the one this host works on, and makes errors about. */
  #current: { readonly uid: number, readonly passage: Passage } | undefined
  /** Whom the packet answers that is about to be sent. */
  #answered: Passage | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** True while packets are tracked. */
  get isActive(): boolean {
    return this.#isActive
  }

  /** Begins or ends tracking. Entries outlive the end. */
  setActive(active: boolean): void {
    if (active === this.#isActive) return
    this.#isActive = active
    const hooks = this.#host.hooks
    if (!active) return hooks.unregister(OWNER)
    defineConntrackSysctls(this.#host)
    const track = (packet: IpPacket, passage: Passage): IpPacket => this.#track(packet, passage)
    const confirm = (packet: IpPacket, passage: Passage): IpPacket | undefined => this.confirm(packet, passage)
    hooks.register('prerouting', OWNER, HOOK_PRIORITY.conntrack, track)
    hooks.register('localOut', OWNER, HOOK_PRIORITY.conntrack, track)
    hooks.register('localIn', OWNER, HOOK_PRIORITY.conntrackConfirm, confirm)
    hooks.register('postrouting', OWNER, HOOK_PRIORITY.conntrackConfirm, confirm)
  }

  /**
   * Puts the flow of its first packet into the table. The packet is dropped when another flow has taken a tuple
   * meanwhile, or the table is full.
   */
  confirm(packet: IpPacket, passage: Passage): IpPacket | undefined {
    const tracking = trackingOf(passage)
    if (tracking === undefined || tracking.entry.isConfirmed || tracking.direction !== 'original') return packet
    const isFull = this.table.size >= this.#host.sysctl.int('net.netfilter.nf_conntrack_max')
    if (!isFull && !tracking.entry.isDead && this.table.insert(tracking.entry, this.#host.sim.nowNs)) return packet
    this.#host.trace?.decision(this.#host, packet, {
      by: 'netfilter',
      text: isFull ? 'conntrack: table full' : 'conntrack: the tuple is taken',
    })
    this.#host.drop(packet, 'netfilter-drop')
    return undefined
  }

  /** Sends what answers a packet: it belongs to that packet's flow (nf_ct_attach). */
  sendAnswer(passage: Passage, send: () => void): void {
    this.#answered = passage
    send()
    this.#answered = undefined
  }

  #track(packet: IpPacket, passage: Passage): IpPacket {
    // Seen before: IPVS sends out what came in. Untracked: somebody said so.
    if (passage.untracked || passage.conntrack !== undefined) return packet
    passage.conntrack = (passage.inDevice === undefined ? this.#attached(packet) : undefined) ?? this.#find(packet, passage)
    if (passage.inDevice !== undefined) this.#current = { uid: packet.uid, passage }
    return packet
  }

  /** What a packet made here is to the flow of the packet that it is about; undefined when it is about none. */
  #attached(packet: IpPacket): Tracking | undefined {
    const { payload } = packet
    const quotes = payload.kind === 'icmp' && payload.quoted !== undefined && payload.quoted.uid === this.#current?.uid
    const about = this.#answered ?? (quotes ? this.#current?.passage : undefined)
    const tracking = about === undefined ? undefined : trackingOf(about)
    return tracking === undefined
      ? undefined
      : { entry: tracking.entry, direction: opposite(tracking.direction), state: 'RELATED' }
  }

  #find(packet: IpPacket, passage: Passage): Tracking | undefined {
    const payload = wholePayload(packet)
    if (payload.kind === 'icmp' && !isEcho(payload)) return isIcmpError(payload.type) ? this.#related(packet, payload) : undefined
    const tuple = tupleOf(packet)
    if (tuple === undefined) return undefined
    const { nowNs } = this.#host.sim
    const found = this.table.find(tuple, nowNs)
    const entry = found?.entry ?? new ConntrackEntry(tuple, inverted(tuple))
    const direction = found?.direction ?? 'original'
    // What comes round by lo was seen on its way out.
    const isSecondLook = found !== undefined && passage.inDevice?.config.kind === 'loopback'
    if (!isSecondLook) {
      const outcome = this.#follow(entry, direction, packet)
      if (outcome === 'again') {
        this.table.remove(entry)
        return this.#find(packet, passage)
      }
      if (outcome === 'invalid') return undefined
    }
    if (direction === 'reply') {
      entry.hasReply = true
      return { entry, direction, state: 'ESTABLISHED' }
    }
    return { entry, direction, state: entry.hasReply ? 'ESTABLISHED' : 'NEW' }
  }

  /** An ICMP error belongs to the flow of the packet it quotes (nf_conntrack_inet_error). */
  #related(packet: IpPacket, message: IcmpMessage): Tracking | undefined {
    const quoted: Tuple | undefined = message.quoted === undefined ? undefined : tupleOf(message.quoted)
    if (quoted === undefined) return undefined
    const found = this.table.find(inverted(quoted), this.#host.sim.nowNs)
    if (found === undefined || found.entry.tuple(found.direction).dst !== packet.dst) return undefined
    return { entry: found.entry, direction: found.direction, state: 'RELATED' }
  }

  #follow(entry: ConntrackEntry, direction: Direction, packet: IpPacket): Outcome {
    const payload = wholePayload(packet)
    switch (packet.protocol) {
      case IPPROTO_TCP: return payload.kind === 'tcp' ? this.#followTcp(entry, direction, payload) : 'invalid'
      case IPPROTO_UDP: return this.#followUdp(entry)
      case IPPROTO_ICMP:
        // A flow of echoes begins with a request.
        if (!entry.isConfirmed && payload.kind === 'icmp' && payload.type === ICMP_ECHO_REPLY) return 'invalid'
        this.#extend(entry, TIMEOUT_NAMES.icmp)
        return 'tracked'
      default:
        this.#extend(entry, TIMEOUT_NAMES.generic)
        return 'tracked'
    }
  }

  #followTcp(entry: ConntrackEntry, direction: Direction, segment: TcpSegment): Outcome {
    const before = entry.tcp.state
    const next = followTcp(entry.tcp, direction, segment)
    if (next === 'invalid' || next === 'again') return next
    if (next === 'ignored') return 'tracked'
    const beginsInMiddle = before === 'NONE' && next !== 'SYN_SENT'
    if (beginsInMiddle && this.#host.sysctl.int('net.netfilter.nf_conntrack_tcp_loose') === 0) return 'invalid'
    if ((segment.flags & TCP_RST) !== 0 && !entry.hasReply && entry.isConfirmed) {
      // A refused connection was none.
      this.table.remove(entry)
      return 'tracked'
    }
    if (entry.hasReply && next === 'ESTABLISHED' && (before === 'SYN_RECV' || before === 'ESTABLISHED')) entry.isAssured = true
    // A flow that was picked up in its middle must first be answered to get the long time.
    this.#extend(entry, next === 'ESTABLISHED' && !entry.hasReply ? TIMEOUT_NAMES.tcpUnacknowledged : tcpTimeoutName(next))
    return 'tracked'
  }

  #followUdp(entry: ConntrackEntry): Outcome {
    const { nowNs } = this.#host.sim
    if (entry.streamFromNs === 0) entry.streamFromNs = nowNs + STREAM_AFTER_NS
    const isStream = entry.hasReply && nowNs > entry.streamFromNs
    if (isStream) entry.isAssured = true
    this.#extend(entry, isStream ? TIMEOUT_NAMES.udpStream : TIMEOUT_NAMES.udp)
    return 'tracked'
  }

  #extend(entry: ConntrackEntry, timeoutName: string): void {
    entry.deadlineNs = this.#host.sim.nowNs + this.#host.sysctl.int(timeoutName) * NS_PER_SECOND
  }
}

/** What a packet is to its flow; undefined when it is invalid or not tracked. */
export function trackingOf(passage: Passage): Tracking | undefined {
  return passage.untracked ? undefined : passage.conntrack
}
