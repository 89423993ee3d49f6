/**
 * One entry of the director's connection table (struct ip_vs_conn): who talks to which virtual service, and which real server
 * answers. A template is an entry without a client port that ties later connections of a client to the same server.
 * @module
 */
import type { Timer } from '../sim/timer.ts'
import type { IpAddr } from '../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../wire/ip-packet.ts'
import type { ForwardingMethod } from './control/rules.ts'
import type { Destination } from './destination.ts'
import type { EngineData } from './persistence-engine.ts'
import { TCP_STATE_NAMES } from './tcp-states.ts'

/** How packets of a connection go on: as its destination says, or to where they were addressed (cache_bypass). */
export type ConnectionMethod = ForwardingMethod | 'bypass'

/** What a connection is made with. */
export interface ConnectionFields {
  /** IANA number; 0 for the template of a firewall-mark service. */
  readonly protocol: number
  readonly caddr: IpAddr
  readonly cport: number
  readonly vaddr: IpAddr
  readonly vport: number
  readonly daddr: IpAddr
  readonly dport: number
  readonly fwmark: number
  readonly isTemplate: boolean
  /** Serves one packet, and is never in the table (-o). */
  readonly isOnePacket: boolean
  /** Template of a service with a persistence engine: what the engine has read. */
  readonly engineData?: EngineData | undefined
}

/** Port that marks a template as no longer valid. */
const INVALID_PORT = 0xffff

/** One connection. Live. */
export class Connection {
  readonly protocol: number
  readonly caddr: IpAddr
  cport: number
  readonly vaddr: IpAddr
  vport: number
  readonly daddr: IpAddr
  dport: number
  readonly fwmark: number
  readonly isTemplate: boolean
  readonly isOnePacket: boolean
  readonly engineData: EngineData | undefined
  method: ConnectionMethod = 'bypass'
  destination: Destination | undefined
  /** No packet of the server has been seen, and none is expected: DR and TUN begin like this. */
  noOutput = false
  /** Counts among the inactive connections of its destination. */
  inactive = true
  /** conntrack knows its packets (net.ipv4.vs.conntrack was 1 when it was made). */
  isTracked = false
  /** Template: one of its connections was established. */
  assured = false
  /** TCP: by number (`TCP_STATE`). */
  state = 0
  timeoutSeconds: number
  /** Tick for which its timer was set; the timer may fire later. */
  expiresTick = 0
  timer: Timer | undefined
  /** The template, for a connection that has one. */
  control: Connection | undefined
  /** How many connections a template controls. */
  controlledCount = 0
  inPackets = 0
  /** Removed for good. */
  isDead = false
  /** The table's own: next entry of the same client address and port. */
  nextOfClient: Connection | undefined

  constructor(fields: ConnectionFields, timeoutSeconds: number) {
    this.protocol = fields.protocol
    this.caddr = fields.caddr
    this.cport = fields.cport
    this.vaddr = fields.vaddr
    this.vport = fields.vport
    this.daddr = fields.daddr
    this.dport = fields.dport
    this.fwmark = fields.fwmark
    this.isTemplate = fields.isTemplate
    this.isOnePacket = fields.isOnePacket
    this.engineData = fields.engineData
    this.timeoutSeconds = timeoutSeconds
  }

  /** The state as ipvsadm prints it (ip_vs_state_name). */
  get stateName(): string {
    if (this.isTemplate) return this.assured ? 'ASSURED' : 'NONE'
    if (this.protocol === IPPROTO_TCP) return TCP_STATE_NAMES[this.state] ?? 'ERR!'
    if (this.protocol === IPPROTO_UDP) return 'UDP'
    return 'NONE'
  }

  /** A template that nobody will find again; it stays until its timer ends it (ip_vs_check_template). */
  get isInvalid(): boolean {
    return this.isTemplate && this.vport === INVALID_PORT
  }

  /** Makes a template invalid. The table has let go of it before. */
  invalidate(): void {
    this.vport = INVALID_PORT
    this.dport = INVALID_PORT
    this.cport = 0
  }
}
