/**
 * What must hold at every frame and every packet's end, whatever is sent and changed: looked at by a tap on every
 * nic, and by
 * the trace of every host.
 * @module
 */
import type { Host } from '../../src/host/host.ts'
import type { HostTrace } from '../../src/host/trace.ts'
import type { FrameTap, Nic } from '../../src/link/nic.ts'
import { MAC_BROADCAST } from '../../src/wire/address.ts'
import { ARP_REPLY } from '../../src/wire/arp-packet.ts'
import { sameBytes } from '../../src/wire/bytes.ts'
import { decodeFrame, readGue } from '../../src/wire/decode.ts'
import { encodeFrame, framingOf } from '../../src/wire/encode.ts'
import { ETHERNET_HEADER_BYTES, PPP_HEADER_BYTES, type Frame } from '../../src/wire/frame.ts'
import { innerPacket, isFragment, type IpPacket } from '../../src/wire/ip-packet.ts'
import { SequenceView } from '../../src/wire/sequence-view.ts'
import { formatFrame } from '../../src/wire/text.ts'
import { complain, type World } from './world.ts'

/** Frames that are kept to be replayed and quoted. */
const SEEN_MAX = 24
const GROUP_BIT = 0x010000000000

/** What is known of one host. */
interface HostWatch {
  readonly host: Host
  /** IP packets that its nics took in and gave out. */
  received: number
  sent: number
  /** By packet number: the TTLs that its innermost packet came in with. */
  readonly ttls: Map<number, Set<number>>
  /** By packet number: the parts of its payload that came in as pieces. */
  readonly pieces: Map<number, { readonly from: number, readonly to: number }[]>
  /** By packet number: what its pieces are put together by. */
  readonly keys: Map<number, string>
  /** Keys and packet numbers of which pieces came in that cannot be told apart. */
  readonly strange: Set<string>
  /** The largest MTU that each device ever had. */
  readonly mtus: Map<string, number>
}

/** Looks on. */
export class Watch implements FrameTap, HostTrace {
  readonly #world: World
  readonly #byNic = new Map<Nic, HostWatch>()
  readonly #byName = new Map<string, HostWatch>()
  readonly #sequences = new SequenceView()
  #lastNs = 0
  #count = 0

  constructor(world: World) {
    this.#world = world
    for (const host of world.lan.hosts.values()) {
      const watch: HostWatch = {
        host, received: 0, sent: 0, ttls: new Map(), pieces: new Map(), keys: new Map(), strange: new Set(),
        mtus: new Map(),
      }
      this.#byName.set(host.name, watch)
      host.trace = this
      for (const { nic } of host.devices) {
        if (nic === undefined) continue
        nic.tap = this
        this.#byNic.set(nic, watch)
      }
    }
    this.noteMtus()
  }

  /** To be called after every change of configuration. */
  noteMtus(): void {
    for (const { host, mtus } of this.#byName.values()) {
      for (const { name, config } of host.devices) mtus.set(name, Math.max(mtus.get(name) ?? 0, config.mtuBytes))
    }
  }

  onFrame(nic: Nic, direction: 'in' | 'out', frame: Frame): void {
    const { nowNs } = this.#world.lan.sim
    if (nowNs < this.#lastNs) complain(this.#world, `time went back from ${this.#lastNs} ns`)
    this.#lastNs = nowNs
    const watch = this.#byNic.get(nic) as HostWatch
    if (frame.payload.kind === 'ip') {
      if (direction === 'in') watch.received++
      else watch.sent++
    }
    if (direction === 'in') this.#watchIn(nic, watch, frame)
    else this.#watchOut(nic, watch, frame)
  }

  /** The books, which balance whenever no event is being handled. */
  checkBooks(): void {
    const { lan } = this.#world
    for (const name of lan.imbalances()) complain(this.#world, `the books are off: ${name}`)
    let held = 0
    for (const { host, received, sent } of this.#byName.values()) {
      const { ledger } = host
      held += ledger.held
      if (ledger.received !== received)
        complain(this.#world, `${host.name} received ${received}, and counts ${ledger.received}`)
      if (ledger.sent !== sent) complain(this.#world, `${host.name} sent ${sent}, and counts ${ledger.sent}`)
      const drops = [...host.drops.values()].reduce((sum, count) => sum + count, 0)
      if (drops !== ledger.dropped)
        complain(this.#world, `${host.name} dropped ${ledger.dropped}, and gives reasons for ${drops}`)
    }
    for (const { state, retransmitTimer, receiver, sender } of this.#world.endpoints) {
      if (state !== 'CLOSE' && state !== 'TIME_WAIT') continue
      const timers = [retransmitTimer, receiver?.delayedAckTimer, sender?.pathTimer]
      const isArmed = timers.some((timer) => timer?.isArmed === true)
      if (isArmed) complain(this.#world, 'a connection that is over has a timer')
    }
    const { livePackets, frames } = lan.sim
    if (livePackets !== held + frames.inFlight)
      complain(this.#world, `${livePackets} are alive, ${held} are held, ${frames.inFlight} fly`)
  }

  decision(): void {}

  changed(_host: { readonly name: string }, before: IpPacket, after: IpPacket, why: string): void {
    if (before.uid !== after.uid) complain(this.#world, `${why}: the packet became another one`)
  }

  /** What is used was for this host, and was there to its last byte. */
  consumed({ name }: { readonly name: string }, packet: IpPacket, by: string): void {
    // What nobody listens to ends at the nic.
    if (by === 'filter') return
    const { pieces, keys, strange } = this.#byName.get(name) as HostWatch
    if (isFragment(packet)) complain(this.#world, `${name} used a piece of a packet (${by})`)
    const parts = pieces.get(packet.uid)
    // Of what carries another packet, the pieces that were noted are of that one.
    if (parts === undefined || inside(packet) !== undefined) return
    if (strange.has(keys.get(packet.uid) ?? '') || strange.has(String(packet.uid))) return
    let covered = 0
    for (const { from, to } of [...parts].sort((a, b) => a.from - b.from))
      if (from <= covered) covered = Math.max(covered, to)
    if (covered < packet.payloadBytes)
      complain(this.#world, `${name} used ${packet.payloadBytes} bytes, of which ${covered} came`)
  }

  dropped(): void {}

  arp(): void {}

  #watchIn(nic: Nic, watch: HostWatch, frame: Frame): void {
    const isForUs = frame.dst === nic.mac || frame.dst === MAC_BROADCAST || Math.floor(frame.dst / GROUP_BIT) % 2 === 1
    if (!isForUs) complain(this.#world, `${nic.name} took in a frame for another`)
    if (frame.payload.kind !== 'ip') return
    const packet = frame.payload
    for (let layer: IpPacket | undefined = packet; layer !== undefined; layer = inside(layer)) notePiece(watch, layer)
    const ttls = watch.ttls.get(packet.uid) ?? new Set<number>()
    watch.ttls.set(packet.uid, ttls)
    for (let layer: IpPacket | undefined = packet; layer !== undefined; layer = inside(layer)) ttls.add(layer.ttl)
  }

  #watchOut(nic: Nic, watch: HostWatch, frame: Frame): void {
    this.#watchCodec(nic, frame)
    const { seen, forged } = this.#world
    seen.push(frame)
    if (seen.length > SEEN_MAX) seen.shift()
    const device = watch.host.devices.find((candidate) => candidate.nic === nic)
    if (device === undefined || !device.config.isUp) return complain(this.#world, `${nic.name} is down, and sent a frame`)
    if (frame.src !== nic.mac && !forged.has(frame))
      complain(this.#world, `${nic.name} sent a frame in the name of another`)
    if (frame.payload.kind === 'arp') {
      const isMangled =
        watch.host.arp.filter.rules.chains.some(({ rules }) =>
        rules.some(({ spec }) => spec.action.kind === 'mangle'))
      if (!isMangled && frame.payload.op === ARP_REPLY && frame.payload.sha !== nic.mac)
        complain(this.#world, `${nic.name} gave a MAC address not its own`)
      return
    }
    const headerBytes = framingOf(frame) === 'ppp' ? PPP_HEADER_BYTES : ETHERNET_HEADER_BYTES
    const packetBytes = frame.bytes - headerBytes
    if (packetBytes > (watch.mtus.get(device.name) ?? 0))
      complain(this.#world, `${nic.name} sent ${packetBytes} bytes, more than its MTU`)
    const { payload } = frame.payload
    const isTold = payload.kind === 'neighbor' && payload.linkAddress !== undefined && !watch.ttls.has(frame.payload.uid)
    if (isTold && payload.linkAddress !== nic.mac) complain(this.#world, `${nic.name} told of a MAC address not its own`)
    this.#watchTtl(watch, frame.payload)
  }

  /**
   * Some packet of those inside each other has lost one of its TTL here, or two: an ICMP error that is being forwarded when IPVS
   * sends it on to a real server. None travels for ever.
   */
  #watchTtl(watch: HostWatch, packet: IpPacket): void {
    const ttls = watch.ttls.get(packet.uid)
    if (ttls === undefined) return
    for (let layer: IpPacket | undefined = packet; layer !== undefined; layer = inside(layer))
      if (ttls.has(layer.ttl + 1) || ttls.has(layer.ttl + 2)) return
    complain(this.#world, `${watch.host.name} sent on a packet with TTL ${packet.ttl} that had ${[...ttls].join(' and ')}`)
  }

  /**
   * A frame is its bytes: it can be read back, and says the same. Of large frames only some are looked at, and fewer
   * printed.
   */
  #watchCodec(nic: Nic, frame: Frame): void {
    const number = this.#count++
    if (frame.bytes > 300 && number % 4 !== 0) return
    const bytes = encodeFrame(frame)
    if (bytes.length !== frame.bytes)
      complain(this.#world, `${nic.name}: a frame of ${frame.bytes} bytes is ${bytes.length} long`)
    const read = decodeFrame(bytes, framingOf(frame), 0)
    if (!read.ok) complain(this.#world, `${nic.name}: a frame cannot be read: ${read.error.message}`)
    else if (!sameBytes(encodeFrame(read.value), bytes)) complain(this.#world, `${nic.name}: a frame reads as another`)
    if (number % 4 !== 0) return
    const text =
      formatFrame(frame, { linkLevel: number % 8 === 0, sequences: number % 12 === 0 ? undefined : this.#sequences })
    if (/undefined|NaN/.test(text)) complain(this.#world, `a frame prints as ${text}`)
  }
}

/** Takes note of a piece of a packet that came in, by itself or inside another. */
function notePiece(watch: HostWatch, packet: IpPacket): void {
  const { uid, fragmentOffsetBytes, payloadBytes } = packet
  if (!isFragment(packet)) {
    // A copy that took another way, and came in one piece.
    if (watch.pieces.has(uid)) watch.strange.add(String(uid))
    return
  }
  const key = `${packet.src}/${packet.dst}/${packet.protocol}/${packet.ident}`
  // A piece of a tunnel's packet does not say which part of what is inside came.
  if (packet.payload.kind !== 'fragment' || inside(packet) !== undefined) {
    watch.strange.add(key)
    watch.strange.add(String(uid))
    return
  }
  const parts = watch.pieces.get(uid) ?? []
  watch.pieces.set(uid, parts)
  watch.keys.set(uid, key)
  parts.push({ from: fragmentOffsetBytes, to: fragmentOffsetBytes + payloadBytes })
}

/** The packet inside, also of one that was cut, or whose inside is only known to be GUE by its port. */
function inside(packet: IpPacket): IpPacket | undefined {
  const whole = packet.payload.kind === 'fragment' ? packet.payload.whole : packet
  const inner = innerPacket(whole)
  if (inner !== undefined || whole.payload.kind !== 'udp') return inner
  return readGue(whole.payload.data, packet.uid)
}
