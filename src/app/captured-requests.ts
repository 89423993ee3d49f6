/**
 * The requests that a capture holds: each TCP connection from its SYN on, or each UDP datagram, towards one port. Sizes are those
 * of the headers, so that they hold for a capture that cut its frames; what was sent again counts once. Where only the client's
 * side was captured, as on a director under DR or TUN, the bytes of the reply follow from what the client acknowledged.
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { Capture } from '../wire/capture.ts'
import { type CapturedFlow, readCapturedFlow } from '../wire/captured-flow.ts'
import { TCP_ACK, TCP_FIN, TCP_SYN } from '../wire/tcp-segment.ts'
import { REPLAY_BYTES_MAX, type ReplayRequest } from './replay.ts'

/** Which requests are wanted. */
export interface CapturePick {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  /** Only what went to this address; undefined for any. */
  readonly address: IpAddr | undefined
}

/** What was found in a capture, and what was left. */
export interface CapturedRequests {
  /** In the order of time. */
  readonly requests: readonly ReplayRequest[]
  readonly sourceCount: number
  /** The addresses that the requests went to, as they first appear. */
  readonly addresses: readonly IpAddr[]
  /** Ports that flows of this protocol went to, with their number: connections, or for UDP pairs of ends. */
  readonly ports: ReadonlyMap<number, number>
  readonly frameCount: number
  /** Frames that are no TCP or UDP, or cannot be read. */
  readonly foreignCount: number
  /** Frames of other flows. */
  readonly otherCount: number
  /** Connections that began before the capture did. */
  readonly headlessCount: number
  /** SYNs that were sent, or captured, once more. */
  readonly repeatedCount: number
  /** Requests or replies beyond REPLAY_BYTES_MAX, which are cut to it. */
  readonly cutCount: number
}

/** A request while its flow is read. */
interface Found {
  readonly timeNs: number
  readonly source: number
  readonly isn: number
  readonly sent: ByteCount
  readonly replied: ByteCount
  /** Of what the server sent, by the client's acknowledgements. */
  readonly acked: ByteCount
  clientClosed: boolean
}

/** Counts the bytes of a stream by sequence numbers, each once, beyond 2^32 too. */
class ByteCount {
  #end: number | undefined
  count = 0

  begin(seq: number): void {
    this.#end ??= seq
  }

  reach(end: number): void {
    this.#end ??= end
    const beyond = (end - this.#end) | 0
    if (beyond <= 0) return
    this.#end = end
    this.count += beyond
  }
}

/** Finds the requests of a capture. */
export function findRequests(capture: Capture, pick: CapturePick): CapturedRequests {
  return new Search(pick).run(capture)
}

class Search {
  readonly #pick: CapturePick
  readonly #found: Found[] = []
  /** The last request of each flow, by the client's end and the server's. */
  readonly #flows = new Map<string, Found>()
  readonly #sources = new Map<IpAddr, number>()
  readonly #addresses = new Set<IpAddr>()
  readonly #ports = new Map<number, number>()
  readonly #openings = new Set<string>()
  readonly #headless = new Set<string>()
  #foreign = 0
  #other = 0
  #repeated = 0

  constructor(pick: CapturePick) {
    this.#pick = pick
  }

  run({ frames, interfaces }: Capture): CapturedRequests {
    // A capture of several interfaces may hold its frames out of order.
    const inTime = [...frames].sort((a, b) => a.timeNs - b.timeNs)
    const startNs = inTime[0]?.timeNs ?? 0
    for (const { bytes, interfaceIndex, wireBytes, timeNs } of inTime) {
      const flow = readCapturedFlow(bytes, interfaces[interfaceIndex]?.linkType ?? -1, wireBytes)
      if (flow === undefined) this.#foreign++
      else if (flow.protocol !== this.#pick.protocol || !this.#take(flow, timeNs - startNs)) this.#other++
    }
    let cutCount = 0
    const bounded = (bytes: number): number => {
      if (bytes > REPLAY_BYTES_MAX) cutCount++
      return Math.min(bytes, REPLAY_BYTES_MAX)
    }
    const requests = this.#found.map((one): ReplayRequest => ({
      afterNs: one.timeNs, source: one.source, sendBytes: bounded(one.sent.count), replyBytes: bounded(replyBytesOf(one)),
    }))
    return {
      requests, sourceCount: this.#sources.size, addresses: [...this.#addresses], ports: this.#ports, frameCount: frames.length,
      foreignCount: this.#foreign, otherCount: this.#other, headlessCount: this.#headless.size, repeatedCount: this.#repeated,
      cutCount,
    }
  }

  /** False for a flow that is not wanted. */
  #take(flow: CapturedFlow, timeNs: number): boolean {
    const { protocol, port, address } = this.#pick
    const isOpening = protocol === 'udp' || (flow.flags & (TCP_SYN | TCP_ACK)) === TCP_SYN
    if (flow.sport === port) {
      const asked = this.#flows.get(keyOf(flow.dst, flow.dport, flow.src, flow.sport))
      if (asked !== undefined && (protocol === 'udp' || !isOpening)) {
        this.#reply(asked, flow)
        return true
      }
    }
    if (isOpening) this.#count(flow)
    if (flow.dport !== port || (address !== undefined && flow.dst !== address)) return false
    const key = keyOf(flow.src, flow.sport, flow.dst, flow.dport)
    const known = this.#flows.get(key)
    if (!isOpening) {
      if (known === undefined) this.#headless.add(key)
      else this.#request(known, flow)
    } else if (protocol === 'tcp' && known?.isn === flow.seq) this.#repeated++
    else this.#open(key, flow, timeNs)
    return true
  }

  /** Counts connections, and for UDP flows, by their port; the answers of a flow that is known are none. */
  #count({ src, sport, dst, dport, seq }: CapturedFlow): void {
    const opening = `${keyOf(src, sport, dst, dport)} ${seq}`
    if (this.#openings.has(opening) || this.#openings.has(`${keyOf(dst, dport, src, sport)} ${seq}`)) return
    this.#openings.add(opening)
    this.#ports.set(dport, (this.#ports.get(dport) ?? 0) + 1)
  }

  #open(key: string, flow: CapturedFlow, timeNs: number): void {
    const source = this.#sources.get(flow.src) ?? this.#sources.size
    this.#sources.set(flow.src, source)
    this.#addresses.add(flow.dst)
    const found = {
      timeNs, source, isn: flow.seq, sent: new ByteCount(), replied: new ByteCount(), acked: new ByteCount(), clientClosed: false,
    }
    this.#flows.set(key, found)
    this.#found.push(found)
    if (flow.protocol === 'udp') found.sent.count = flow.dataBytes
    else found.sent.begin((flow.seq + 1) >>> 0)
  }

  #request(known: Found, flow: CapturedFlow): void {
    // Behind a FIN, a segment without data is one further on.
    if (flow.dataBytes > 0) known.sent.reach((flow.seq + flow.dataBytes) >>> 0)
    if ((flow.flags & TCP_ACK) !== 0) known.acked.reach(flow.ack)
    if ((flow.flags & TCP_FIN) !== 0) known.clientClosed = true
  }

  #reply(asked: Found, flow: CapturedFlow): void {
    if (flow.protocol === 'udp') {
      // A request of the lab protocol has one reply: the first one.
      if (asked.replied.count === 0) asked.replied.count = flow.dataBytes
      return
    }
    const isSyn = (flow.flags & TCP_SYN) !== 0
    const start = isSyn ? (flow.seq + 1) >>> 0 : flow.seq
    asked.replied.begin(start)
    if (flow.dataBytes > 0) asked.replied.reach((start + flow.dataBytes) >>> 0)
  }
}

/** What was seen of it; else what was acknowledged of it, of which one is for the FIN when the client has closed. */
function replyBytesOf({ replied, acked, clientClosed }: Found): number {
  return replied.count > 0 ? replied.count : Math.max(0, acked.count - (clientClosed ? 1 : 0))
}

function keyOf(client: IpAddr, cport: number, server: IpAddr, sport: number): string {
  return `${client}:${cport} ${server}:${sport}`
}
