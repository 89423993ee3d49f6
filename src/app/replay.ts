/**
 * Replay: a load whose requests come at recorded times, from recorded sources and with recorded sizes. What was said, how long
 * a connection stayed open, and whether it succeeded is not replayed: each request is one of the lab protocol.
 * @module
 */
import { connectRequests, type RequestTarget, udpRequests } from './requests.ts'
import type { StartRequest } from './load.ts'

/** One recorded request. */
export interface ReplayRequest {
  /** How long after the start of the record. */
  readonly afterNs: number
  /** Number of its source, from 0 in the order in which they first appear. */
  readonly source: number
  /** Bytes of the request and of its reply, each at most REPLAY_BYTES_MAX. */
  readonly sendBytes: number
  readonly replyBytes: number
}

/** Most bytes of one request or reply, included: 64 MiB. */
export const REPLAY_BYTES_MAX = 67_108_864
/** Least bytes of a reply, for it begins with the names of server and client. */
export const REPLAY_REPLY_BYTES_MIN = 64

/**
 * Starts recorded requests, by their numbers. A request has at least the bytes that the line with the sizes takes, and a reply at
 * least REPLAY_REPLY_BYTES_MIN; but for a datagram without a reply in the record, none is waited for.
 */
export function replayRequests(
  protocol: 'tcp' | 'udp', target: RequestTarget, requests: readonly ReplayRequest[],
): StartRequest {
  return (client, index, done) => {
    const request = requests[index]
    const recorded = request?.replyBytes ?? 0
    const replyBytes = protocol === 'udp' && recorded === 0 ? 0 : Math.max(recorded, REPLAY_REPLY_BYTES_MIN)
    // `SEND REPLY` and the end of the line: where that is longer than the request, SEND has two digits.
    const sendBytes = Math.max(request?.sendBytes ?? 0, String(replyBytes).length + 4)
    const start = protocol === 'udp' ? udpRequests(target, { sendBytes, replyBytes })
      : connectRequests(target, { sendBytes, replyBytes, holdNs: 0, serverCloses: false })
    start(client, index, done)
  }
}
