/**
 * A nic: where a host is plugged into a link. It filters what is not addressed to it, counts, lets captures look on, and
 * mixes every frame that arrives into the run's hash.
 * @module
 */
import { hashText } from '../base/hash.ts'
import type { Simulator } from '../sim/simulator.ts'
import type { RunHash } from '../sim/run-hash.ts'
import { ipWords, isIpv6, MAC_BROADCAST, type IpAddr, type MacAddr } from '../wire/address.ts'
import type { Frame } from '../wire/frame.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import type { LinkDirection, LinkEnd } from './link.ts'

/** Whoever takes the frames of a nic: a host. */
export interface FrameReceiver {
  receiveFrame(nic: Nic, frame: Frame): void
}

/** Someone who looks on, as tcpdump does: before a frame leaves, and before one that arrived is taken in. */
export interface FrameTap {
  onFrame(nic: Nic, direction: 'in' | 'out', frame: Frame): void
}

/** Bit of the first octet that marks a group address. */
const GROUP_BIT = 0x010000000000

/** One nic of one host. */
export class Nic implements LinkEnd {
  /** `host.device`, unique in a run. */
  readonly name: string
  readonly mac: MacAddr
  /** Administratively up. The host keeps it in step with its device. Live. */
  isUp = true
  /** Frames and bytes (headers included, padding not). Live. */
  txFrames = 0
  txBytes = 0
  rxFrames = 0
  rxBytes = 0
  /** Frames flooded here that were addressed to somebody else. Live. */
  rxOtherHost = 0
  /** What the receiver knows the nic by: a host's device. Only the receiver sets it and reads it. Live. */
  device: unknown
  /** Set while someone captures. */
  tap: FrameTap | undefined
  readonly #sim: Simulator
  readonly #receiver: FrameReceiver
  readonly #hashId: number
  #link: LinkDirection | undefined

  constructor(sim: Simulator, name: string, mac: MacAddr, receiver: FrameReceiver) {
    this.#sim = sim
    this.name = name
    this.mac = mac
    this.#receiver = receiver
    this.#hashId = hashText(name)
  }

  /** Plugs the nic into the outgoing direction of a link. */
  plugInto(link: LinkDirection): void {
    this.#link = link
  }

  /** The link that frames leave by; undefined while nothing is plugged in. */
  get link(): LinkDirection | undefined {
    return this.#link
  }

  /** Hands a frame to the link. Without a link it is lost there and then, and accounted for as lost by a link that is down. */
  send(frame: Frame): void {
    this.txFrames++
    this.txBytes += frame.bytes
    if (this.tap !== undefined) this.tap.onFrame(this, 'out', frame)
    if (this.#link === undefined) {
      this.#sim.frames.sent++
      this.#sim.frames.lost.linkDown++
    } else {
      this.#link.send(frame)
    }
  }

  /** The link's call: a frame has arrived. */
  arrive(frame: Frame): void {
    const dst = frame.dst
    if (dst !== this.mac && dst !== MAC_BROADCAST && !isGroup(dst)) {
      this.rxOtherHost++
      return
    }
    this.rxFrames++
    this.rxBytes += frame.bytes
    hashFrame(this.#sim.hash, this.#sim.nowNs, this.#hashId, frame)
    if (this.tap !== undefined) this.tap.onFrame(this, 'in', frame)
    this.#receiver.receiveFrame(this, frame)
  }
}

function isGroup(mac: MacAddr): boolean {
  return Math.floor(mac / GROUP_BIT) % 2 === 1
}

/**
 * Mixes time, nic, length, addresses and ports. Addresses go in by their words, so that the hash knows no intern table. Of each
 * number the low 32 bits count: they are cut here, because what is no small integer is passed on in a box.
 */
function hashFrame(hash: RunHash, nowNs: number, hashId: number, frame: Frame): void {
  const { payload, bytes } = frame
  if (payload.kind === 'arp') {
    return hash.addSeven(nowNs | 0, nowNs / 0x100000000 | 0, hashId, bytes, payload.op, payload.spa, payload.tpa)
  }
  const { src, dst, payload: inner } = payload
  if ((inner.kind === 'udp' || inner.kind === 'tcp') && !isIpv6(dst)) {
    return hash.addSeven(nowNs | 0, nowNs / 0x100000000 | 0, hashId, bytes, src | 0, dst | 0, inner.sport << 16 | inner.dport)
  }
  hashOtherPacket(hash, nowNs, hashId, frame.bytes, payload)
}

/** The same of a packet of IPv6, or without ports. */
function hashOtherPacket(hash: RunHash, nowNs: number, hashId: number, bytes: number, packet: IpPacket): void {
  const { src, dst, payload: inner } = packet
  hash.addTime(nowNs)
  hash.add(hashId)
  hash.add(bytes)
  hashAddress(hash, src)
  hashAddress(hash, dst)
  if (inner.kind === 'udp' || inner.kind === 'tcp') hash.add((inner.sport << 16) | inner.dport)
}

function hashAddress(hash: RunHash, addr: IpAddr): void {
  if (isIpv6(addr)) for (const word of ipWords(addr)) hash.add(word)
  else hash.add(addr)
}
