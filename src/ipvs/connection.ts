/**
 * One entry of the director's connection table (struct ip_vs_conn): who talks to which virtual service, and which real server
 * answers. A template is an entry without a client port that ties later connections of a client to the same server.
 *
 * There may be millions, so an entry is kept small: addresses as 32 bits, two ports in one word, all that has few values in
 * another, and in an object of its own what only persistent services need.
 * @module
 */
import { IPV4_ANY, IPV6_ANY, isIpv6, type IpAddr } from '../wire/address.ts'
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
  /** The template of a firewall-mark service has the mark here. */
  readonly vaddr: IpAddr
  readonly vport: number
  readonly dport: number
  readonly isTemplate: boolean
  /** Serves one packet, and is never in the table (-o). */
  readonly isOnePacket: boolean
  /** Template of a service with a persistence engine: what the engine has read. */
  readonly engineData?: EngineData | undefined
}

/** In place of a tick: there is none. */
export const NO_TICK = 0x7fff_ffff
/** In place of the number of a connection that is in no table. */
export const NO_NUMBER = -1

const METHODS = ['bypass', 'nat', 'dr', 'tun'] as const
/** An IPv6 address is a number from here on. */
const IPV6_BASE = 0x1_0000_0000

// The word of small things: protocol (bits 0..7), TCP state (8..11), number of the method (12, 13), and the marks.
const STATE_SHIFT = 8
const STATE_MASK = 15 << STATE_SHIFT
const METHOD_SHIFT = 12
const METHOD_MASK = 3 << METHOD_SHIFT
const IS_IPV6 = 1 << 14
const IS_TEMPLATE = 1 << 15
const IS_ONE_PACKET = 1 << 16
const IS_TRACKED = 1 << 17
const NO_OUTPUT = 1 << 18
const ACTIVE = 1 << 19
const ASSURED = 1 << 20
const EXPIRES_NOW = 1 << 21
const IS_DEAD = 1 << 22

/** What only templates and their connections have. */
class Persistence {
  control: Connection | undefined = undefined
  controlledCount = 0
  readonly engineData: EngineData | undefined

  constructor(engineData: EngineData | undefined) {
    this.engineData = engineData
  }
}

/** One connection. Live. */
export class Connection {
  // What each packet needs comes first, so that it lies together.
  #word: number
  destination: Destination | undefined = undefined
  /** Who changes it has the timer start anew. */
  timeoutSeconds: number
  /** Tick for which its timer was set; the timer may fire later. */
  expiresTick = 0
  /** Tick of the earliest event that is queued for its timer; `NO_TICK` before the first one. */
  queuedTick = NO_TICK
  inPackets = 0
  /** The table's own: its number there. */
  number = NO_NUMBER
  readonly #caddr: number
  readonly #vaddr: number
  /** Of the client and of the service. */
  #ports: number
  dport: number
  #persistence: Persistence | undefined = undefined

  constructor(fields: ConnectionFields, timeoutSeconds: number) {
    this.#caddr = fields.caddr | 0
    this.#vaddr = fields.vaddr | 0
    this.#ports = fields.cport << 16 | fields.vport
    this.dport = fields.dport
    this.#word = fields.protocol | (isIpv6(fields.caddr) ? IS_IPV6 : 0) | (fields.isTemplate ? IS_TEMPLATE : 0)
      | (fields.isOnePacket ? IS_ONE_PACKET : 0)
    if (fields.engineData !== undefined) this.#persistence = new Persistence(fields.engineData)
    this.timeoutSeconds = timeoutSeconds
  }

  get protocol(): number {
    return this.#word & 0xff
  }

  get isIpv6(): boolean {
    return this.#has(IS_IPV6)
  }

  get caddr(): IpAddr {
    return this.#address(this.#caddr)
  }

  get cport(): number {
    return this.#ports >>> 16
  }

  get vaddr(): IpAddr {
    return this.#address(this.#vaddr)
  }

  get vport(): number {
    return this.#ports & 0xffff
  }

  /** Address of the destination; that of no host where there is none. */
  get daddr(): IpAddr {
    return this.destination?.addr ?? (this.isIpv6 ? IPV6_ANY : IPV4_ANY)
  }

  get isTemplate(): boolean {
    return this.#has(IS_TEMPLATE)
  }

  get isOnePacket(): boolean {
    return this.#has(IS_ONE_PACKET)
  }

  get method(): ConnectionMethod {
    return METHODS[((this.#word & METHOD_MASK) >> METHOD_SHIFT) as 0 | 1 | 2 | 3]
  }

  set method(method: ConnectionMethod) {
    this.#word = this.#word & ~METHOD_MASK | METHODS.indexOf(method) << METHOD_SHIFT
  }

  /** TCP: by number (`TCP_STATE`). */
  get state(): number {
    return (this.#word & STATE_MASK) >> STATE_SHIFT
  }

  set state(state: number) {
    this.#word = this.#word & ~STATE_MASK | state << STATE_SHIFT
  }

  /** conntrack knows its packets (net.ipv4.vs.conntrack was 1 when it was made). */
  get isTracked(): boolean {
    return this.#has(IS_TRACKED)
  }

  set isTracked(is: boolean) {
    this.#set(IS_TRACKED, is)
  }

  /** No packet of the server has been seen, and none is expected: DR and TUN begin like this. */
  get noOutput(): boolean {
    return this.#has(NO_OUTPUT)
  }

  set noOutput(is: boolean) {
    this.#set(NO_OUTPUT, is)
  }

  /** Counts among the inactive connections of its destination. */
  get inactive(): boolean {
    return !this.#has(ACTIVE)
  }

  set inactive(is: boolean) {
    this.#set(ACTIVE, !is)
  }

  /** Template: one of its connections was established. */
  get assured(): boolean {
    return this.#has(ASSURED)
  }

  set assured(is: boolean) {
    this.#set(ASSURED, is)
  }

  /** Its timer is to fire one tick after `expiresTick`, not when its timeout has passed. */
  get expiresNow(): boolean {
    return this.#has(EXPIRES_NOW)
  }

  set expiresNow(is: boolean) {
    this.#set(EXPIRES_NOW, is)
  }

  /** Removed for good. */
  get isDead(): boolean {
    return this.#has(IS_DEAD)
  }

  set isDead(is: boolean) {
    this.#set(IS_DEAD, is)
  }

  /** The template, for a connection that has one. */
  get control(): Connection | undefined {
    return this.#persistence?.control
  }

  set control(template: Connection | undefined) {
    if (template !== this.control) this.#getPersistence().control = template
  }

  /** How many connections a template controls. */
  get controlledCount(): number {
    return this.#persistence?.controlledCount ?? 0
  }

  set controlledCount(count: number) {
    this.#getPersistence().controlledCount = count
  }

  /** Template of a service with a persistence engine: what the engine has read. */
  get engineData(): EngineData | undefined {
    return this.#persistence?.engineData
  }

  /** The state as ipvsadm prints it (ip_vs_state_name). */
  get stateName(): string {
    if (this.isTemplate) return this.assured ? 'ASSURED' : 'NONE'
    if (this.protocol === IPPROTO_TCP) return TCP_STATE_NAMES[this.state] ?? 'ERR!'
    if (this.protocol === IPPROTO_UDP) return 'UDP'
    return 'NONE'
  }

  /** The table's own: gives it other ports. */
  setPorts(ports: { readonly cport: number, readonly vport: number, readonly dport: number }): void {
    this.#ports = ports.cport << 16 | ports.vport
    this.dport = ports.dport
  }

  #getPersistence(): Persistence {
    return this.#persistence ??= new Persistence(undefined)
  }

  #address(word: number): IpAddr {
    return ((word >>> 0) + (this.isIpv6 ? IPV6_BASE : 0)) as IpAddr
  }

  #has(mark: number): boolean {
    return (this.#word & mark) !== 0
  }

  #set(mark: number, is: boolean): void {
    this.#word = is ? this.#word | mark : this.#word & ~mark
  }
}
