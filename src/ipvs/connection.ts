/**
 * One entry of the director's connection table (struct ip_vs_conn): who talks to which virtual service, and which real server
 * answers. A template is an entry without a client port that ties later connections of a client to the same server.
 *
 * There may be millions, and each packet needs one, so an entry is no object but a record of twelve words; a `Connection` is made
 * for who looks at it. What each packet needs comes first:
 *
 * | word | holds |
 * |---|---|
 * | 0 | protocol, TCP state, method, and the marks |
 * | 1 | number of its destination; 0 for none |
 * | 2 | timeout in seconds |
 * | 3, 4 | ticks that its timer is set and queued for |
 * | 5 | packets of the client |
 * | 6 | how many connections of this number have ended |
 * | 7 | ports of the client and of the service |
 * | 8 | address of the service, of IPv6 as a number |
 * | 9 | port of the destination |
 * | 10 | address of the client |
 * @module
 */
import { IPV4_ANY, IPV6_ANY, isIpv6, type IpAddr } from '../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../wire/ip-packet.ts'
import { type ConnectionRecords, Persistence, RECORD_WORDS } from './connection-records.ts'
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

const WORD = 0
const DESTINATION = 1
const TIMEOUT = 2
const EXPIRES_TICK = 3
const QUEUED_TICK = 4
const IN_PACKETS = 5
const SERIAL = 6
const PORTS = 7
const VADDR = 8
const DPORT = 9
const CADDR = 10

// Word 0: protocol (bits 0..7), TCP state (8..11), number of the method (12, 13), and the marks.
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
const IS_PERSISTENT = 1 << 22

/** Makes an entry that is in no table yet, in twelve words that nobody else uses until it is. */
export function newConnection(
  records: ConnectionRecords, fields: ConnectionFields, timeoutSeconds: number, words = new Int32Array(RECORD_WORDS),
): Connection {
  words[DESTINATION] = words[EXPIRES_TICK] = words[IN_PACKETS] = words[SERIAL] = 0
  words[WORD] = fields.protocol | (isIpv6(fields.caddr) ? IS_IPV6 : 0) | (fields.isTemplate ? IS_TEMPLATE : 0)
    | (fields.isOnePacket ? IS_ONE_PACKET : 0)
  words[TIMEOUT] = timeoutSeconds
  words[QUEUED_TICK] = NO_TICK
  words[PORTS] = fields.cport << 16 | fields.vport
  words[VADDR] = fields.vaddr
  words[CADDR] = fields.caddr
  words[DPORT] = fields.dport
  return new Connection(records, NO_NUMBER, words, 0, fields.engineData)
}

/** The entry of a number. */
export function connectionOf(records: ConnectionRecords, number: number): Connection {
  return new Connection(records, number, records.pieceOf(number), records.wordOf(number), undefined)
}

/** One connection, as seen by who looks at it: two of them may be the same. Live until it has ended. */
export class Connection {
  /** Its number in the table; `NO_NUMBER` before it gets there, and for what never does. */
  number: number
  readonly #records: ConnectionRecords
  /** The words of its record, from `#at` on. */
  #words: Int32Array
  #at: number
  #serial: number
  #destination: Destination | undefined
  /** While it is in no table. */
  #persistence: Persistence | undefined

  /** For `newConnection` and `connectionOf`. */
  constructor(
    records: ConnectionRecords, number: number, words: Int32Array, at: number, engineData: EngineData | undefined,
  ) {
    this.number = number
    this.#records = records
    this.#words = words
    this.#at = at
    this.#serial = words[at + SERIAL] as number
    this.#destination = records.destinationOf(words[at + DESTINATION] as number)
    this.#persistence = undefined
    if (engineData !== undefined) this.#addPersistence(engineData)
  }

  /** The table's own: gives it its number, and its record a place by that. */
  enter(number: number): void {
    const words = this.#records.pieceOf(number), at = this.#records.wordOf(number)
    // Who still has another connection of this number knows by this that it has ended.
    const serial = words[at + SERIAL] as number
    for (let i = 0; i < RECORD_WORDS; i++) words[at + i] = this.#words[this.#at + i] as number
    words[at + SERIAL] = serial
    if (this.#persistence !== undefined) this.#records.persistence.set(number, this.#persistence)
    this.#persistence = undefined
    this.#words = words
    this.#at = at
    this.#serial = serial
    this.number = number
  }

  /** Its end: whatever still refers to it finds it dead. */
  end(): void {
    if (this.isDead) return
    if (this.number !== NO_NUMBER && this.#has(IS_PERSISTENT)) this.#records.persistence.delete(this.number)
    this.#set(IS_PERSISTENT, false)
    this.#words[this.#at + SERIAL] = this.#serial + 1
  }

  /** Tells it from others that have had its number or will have it. */
  get serial(): number {
    return this.#serial
  }

  /** Removed for good. */
  get isDead(): boolean {
    return this.#words[this.#at + SERIAL] !== this.#serial
  }

  /** Who changes it has the timer start anew. */
  get timeoutSeconds(): number {
    return this.#words[this.#at + TIMEOUT] as number
  }

  set timeoutSeconds(seconds: number) {
    this.#words[this.#at + TIMEOUT] = seconds
  }

  /** Tick for which its timer was set; the timer may fire later. Below 2^32. */
  get expiresTick(): number {
    return (this.#words[this.#at + EXPIRES_TICK] as number) >>> 0
  }

  /** Has its timer start anew. */
  startTimer(expiresTick: number): void {
    this.#words[this.#at + EXPIRES_TICK] = expiresTick
    this.#set(EXPIRES_NOW, false)
  }

  /** Has its timer fire one tick after this one. */
  expireAt(tick: number): void {
    this.#words[this.#at + EXPIRES_TICK] = tick
    this.#set(EXPIRES_NOW, true)
  }

  /** Tick of the earliest event that is queued for its timer; `NO_TICK` before the first one. */
  get queuedTick(): number {
    return this.#words[this.#at + QUEUED_TICK] as number
  }

  set queuedTick(tick: number) {
    this.#words[this.#at + QUEUED_TICK] = tick
  }

  /** Packets of the client, modulo 2^32. */
  get inPackets(): number {
    return (this.#words[this.#at + IN_PACKETS] as number) >>> 0
  }

  /** One more packet of the client. */
  countInPacket(): void {
    const at = this.#at + IN_PACKETS
    this.#words[at] = (this.#words[at] as number) + 1
  }

  get destination(): Destination | undefined {
    return this.#destination
  }

  set destination(destination: Destination | undefined) {
    this.#destination = destination
    this.#words[this.#at + DESTINATION] = destination === undefined ? 0 : this.#records.numberOf(destination)
  }

  /** True for a reply that leaves as it came: from the address of the service, and its port. */
  repliesFrom(src: IpAddr): boolean {
    const words = this.#words, at = this.#at
    return words[at + VADDR] === (src | 0) && ((words[at + PORTS] as number) & 0xffff) === words[at + DPORT]
  }

  get dport(): number {
    return this.#words[this.#at + DPORT] as number
  }

  get protocol(): number {
    return this.#word & 0xff
  }

  get isIpv6(): boolean {
    return this.#has(IS_IPV6)
  }

  get caddr(): IpAddr {
    return this.#address(CADDR)
  }

  get cport(): number {
    return (this.#words[this.#at + PORTS] as number) >>> 16
  }

  get vaddr(): IpAddr {
    return this.#address(VADDR)
  }

  get vport(): number {
    return (this.#words[this.#at + PORTS] as number) & 0xffff
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

  /** The template, for a connection that has one. */
  get control(): Connection | undefined {
    return this.#findPersistence()?.control
  }

  set control(template: Connection | undefined) {
    if (template !== this.control) this.#getPersistence().control = template
  }

  /** How many connections a template controls. */
  get controlledCount(): number {
    return this.#findPersistence()?.controlledCount ?? 0
  }

  set controlledCount(count: number) {
    this.#getPersistence().controlledCount = count
  }

  /** Template of a service with a persistence engine: what the engine has read. */
  get engineData(): EngineData | undefined {
    return this.#findPersistence()?.engineData
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
    this.#words[this.#at + PORTS] = ports.cport << 16 | ports.vport
    this.#words[this.#at + DPORT] = ports.dport
  }

  #findPersistence(): Persistence | undefined {
    if (!this.#has(IS_PERSISTENT)) return undefined
    return this.number === NO_NUMBER ? this.#persistence : this.#records.persistence.get(this.number)
  }

  #getPersistence(): Persistence {
    return this.#findPersistence() ?? this.#addPersistence(undefined)
  }

  #addPersistence(engineData: EngineData | undefined): Persistence {
    const persistence = new Persistence(engineData)
    this.#set(IS_PERSISTENT, true)
    if (this.number === NO_NUMBER) this.#persistence = persistence
    else this.#records.persistence.set(this.number, persistence)
    return persistence
  }

  #address(word: number): IpAddr {
    return (((this.#words[this.#at + word] as number) >>> 0) + (this.isIpv6 ? IPV6_BASE : 0)) as IpAddr
  }

  get #word(): number {
    return this.#words[this.#at + WORD] as number
  }

  set #word(word: number) {
    this.#words[this.#at + WORD] = word
  }

  #has(mark: number): boolean {
    return (this.#word & mark) !== 0
  }

  #set(mark: number, is: boolean): void {
    this.#word = is ? this.#word | mark : this.#word & ~mark
  }
}
