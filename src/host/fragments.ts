/**
 * Cutting packets to a MTU and putting the pieces together again (RFC 791 3.2, RFC 815).
 * A set of pieces that is incomplete after 30 s (60 s of IPv6) dies, and its sender is told if the first piece is there.
 * Overlapping pieces are not told apart from repeated ones; what would be longer than a packet can be waits in vain. The memory
 * limit is by packets, not by bytes.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import type { Actor } from '../sim/event-queue.ts'
import { Timer } from '../sim/timer.ts'
import { isIpv6 } from '../wire/address.ts'
import { concatBytes } from '../wire/bytes.ts'
import { decodePacket } from '../wire/decode.ts'
import { encodePacket, encodePayload } from '../wire/encode.ts'
import { ICMP_TIME_EXCEEDED } from '../wire/icmp-message.ts'
import {
  fragmentOf, ipFromHeader, ipHeaderBytes, IPV4_PACKET_BYTES_MAX, IPV6_FRAGMENT_HEADER_BYTES, isFragment, totalBytes,
  type IpPacket,
} from '../wire/ip-packet.ts'
import type { Host } from './host.ts'

/** net.ipv4.ipfrag_time. */
const TIMEOUT_NS = 30 * NS_PER_SECOND
/** Pieces that may wait on one host. */
const PIECES_MAX = 4096

/** The pieces of a packet for a link of this MTU, in order; the packet itself when it fits. The MTU must be at least 68. */
export function fragment(packet: IpPacket, mtuBytes: number): readonly IpPacket[] {
  if (totalBytes(packet) <= mtuBytes) return [packet]
  const roomBytes = mtuBytes - ipHeaderBytes(packet.dst) - (isIpv6(packet.dst) ? IPV6_FRAGMENT_HEADER_BYTES : 0)
  const pieces: IpPacket[] = []
  let offsetBytes = 0
  while (offsetBytes < packet.payloadBytes) {
    const leftBytes = packet.payloadBytes - offsetBytes
    // Only a piece that another one follows must be a multiple of 8 bytes long.
    const payloadBytes = leftBytes <= roomBytes ? leftBytes : roomBytes & ~7
    pieces.push(fragmentOf(packet, { offsetBytes, payloadBytes, more: payloadBytes < leftBytes }))
    offsetBytes += payloadBytes
  }
  return pieces
}

interface Assembly {
  readonly key: string
  readonly pieces: IpPacket[]
  readonly timer: Timer
}

/**
 * For whom pieces are put together (enum ip_defrag_users): those that came to one asker are not looked at for another, so that a
 * change of routes in between mixes no pieces that were sent on with others that were not.
 */
export type ReassemblyAsker = 'delivery' | 'ipvs'

/** The packets of one host that are being put together. */
export class Reassembly implements Actor {
  readonly #host: Host
  readonly #timeoutNs: number
  readonly #assemblies = new Map<string, Assembly>()
  #pieceCount = 0

  constructor(host: Host, timeoutNs = TIMEOUT_NS) {
    this.#host = host
    this.#timeoutNs = timeoutNs
  }

  /** Takes a piece. Returns the whole packet once the last piece is there, undefined before. */
  add(piece: IpPacket, asker: ReassemblyAsker): IpPacket | undefined {
    const host = this.#host
    if (this.#pieceCount >= PIECES_MAX) {
      host.drop(piece, 'reassembly-overflow')
      return undefined
    }
    const key = `${asker}/${piece.src}/${piece.dst}/${piece.protocol}/${piece.ident}`
    let assembly = this.#assemblies.get(key)
    if (assembly === undefined) {
      assembly = { key, pieces: [], timer: new Timer(host.sim, this, 0, key) }
      assembly.timer.armIn(this.#timeoutNs)
      this.#assemblies.set(key, assembly)
    }
    if (assembly.pieces.some((other) => other.fragmentOffsetBytes === piece.fragmentOffsetBytes)) {
      host.drop(piece, 'reassembly-overflow')
      return undefined
    }
    host.hold(piece)
    this.#pieceCount++
    assembly.pieces.push(piece)
    const whole = join(assembly.pieces)
    if (whole === undefined) return undefined
    this.#forget(assembly)
    for (const held of assembly.pieces) host.release(held)
    host.ledger.reassembled += assembly.pieces.length - 1
    return whole
  }

  /** A set of pieces has waited for too long. */
  onEvent(_kind: number, data: unknown): void {
    const assembly = this.#assemblies.get(data as string)
    if (assembly === undefined) return
    this.#forget(assembly)
    const first = assembly.pieces.find((piece) => piece.fragmentOffsetBytes === 0)
    if (first !== undefined) this.#host.sendIcmpError(first, { type: ICMP_TIME_EXCEEDED, code: 1, rest: 0 })
    for (const piece of assembly.pieces) {
      this.#host.release(piece)
      this.#host.drop(piece, 'reassembly-timeout')
    }
  }

  #forget(assembly: Assembly): void {
    assembly.timer.cancel()
    this.#assemblies.delete(assembly.key)
    this.#pieceCount -= assembly.pieces.length
  }
}

/** The whole packet, with the header of its first piece; undefined while a byte is missing. */
function join(pieces: readonly IpPacket[]): IpPacket | undefined {
  const sorted = [...pieces].sort((a, b) => a.fragmentOffsetBytes - b.fragmentOffsetBytes)
  let nextBytes = 0
  for (const piece of sorted) {
    if (piece.fragmentOffsetBytes !== nextBytes) return undefined
    nextBytes += piece.payloadBytes
  }
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined || last.moreFragments) return undefined
  const header = { ...first, moreFragments: false, fragmentOffsetBytes: 0 }
  const whole = sorted.every(({ payload }) => payload.kind === 'fragment') && first.payload.kind === 'fragment'
    ? first.payload.whole : undefined
  // The pieces that a host has cut refer to what it was; of any others only the bytes are known.
  if (whole !== undefined && !isFragment(whole) && whole.payloadBytes === nextBytes) {
    return ipFromHeader(first.uid, header, whole.payload, nextBytes)
  }
  if (ipHeaderBytes(first.dst) + nextBytes > IPV4_PACKET_BYTES_MAX) return undefined
  const data = concatBytes(sorted.map(encodePayload))
  const read = decodePacket(encodePacket(ipFromHeader(first.uid, header, { kind: 'raw', data }, nextBytes)), first.uid)
  return read.ok ? read.value : undefined
}
