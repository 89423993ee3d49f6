/**
 * How conntrack follows a TCP flow: from flags and direction to the next state (nf_conntrack_proto_tcp.c).
 * Sequence windows are not followed, as if nf_conntrack_tcp_be_liberal were on: no segment is invalid for its numbers.
 * @module
 */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type TcpSegment } from '../../wire/tcp-segment.ts'
import type { Direction } from './conntrack-entry.ts'

/** States of a tracked TCP flow, as `conntrack -L` prints them. */
const TCP_TRACK_STATES = [
  'NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE', 'SYN_SENT2',
] as const
/** One of them. */
export type TcpTrackName = (typeof TCP_TRACK_STATES)[number]

/** What an entry remembers of a TCP flow. Live. */
export interface TcpTrackState {
  state: TcpTrackName
  /** Somebody has begun to close it. */
  closeInitiated: boolean
  /** The segment before, unless it was invalid: which way it went, what it was, and the number that acknowledges it. */
  last: { readonly direction: Direction, readonly kind: FlagKind, readonly end: number } | undefined
}

type FlagKind = 'syn' | 'synAck' | 'fin' | 'ack' | 'rst'

/**
 * Next state by direction and kind of segment, one letter for each state before in the order of `TCP_TRACK_STATES`:
 * the letters below, `!` for a segment that is invalid then, `=` for one that is let through and changes nothing.
 */
const NEXT: Record<Direction, Record<FlagKind, string>> = {
  original: {
    syn: 'ss=====ss2', synAck: '!!r!!!!!!r', fin: '!!ffllltc!', ack: 'e!eewwttc!', rst: '!ccccccccc',
  },
  reply: {
    syn: '!2!!!!!s!2', synAck: '!r=======r', fin: '!!ffllltc!', ack: '!=rewwttc=', rst: '!ccccccccc',
  },
}
const STATE_OF_LETTER: Record<string, TcpTrackName> = {
  s: 'SYN_SENT', r: 'SYN_RECV', e: 'ESTABLISHED', f: 'FIN_WAIT', w: 'CLOSE_WAIT', l: 'LAST_ACK', t: 'TIME_WAIT',
  c: 'CLOSE', 2: 'SYN_SENT2',
}

/**
 * The state after a segment, which the flow then has; or what else becomes of the segment: `invalid`, `ignored` (let through, and
 * nothing changes), or `again`: the flow is over, and this segment begins another of the same tuple.
 */
export function followTcp(
  tcp: TcpTrackState,
  direction: Direction,
  segment: TcpSegment,
): TcpTrackName | 'invalid' | 'ignored' | 'again' {
  const kind = kindOf(segment.flags)
  const before = tcp.state
  let next = kind === undefined ? 'invalid' : nextTcpState(before, direction, kind)
  if (kind === undefined || next === 'invalid') return 'invalid'
  const { last } = tcp
  if (next === 'SYN_SENT' && (before === 'TIME_WAIT' || before === 'CLOSE')) {
    if (tcp.closeInitiated || (last?.kind === 'rst' && last.direction === direction)) return 'again'
    next = 'ignored'
  }
  // It answers a SYN that was let through though it had no place: both ends know better, and are believed.
  if (
    next === 'ignored'
    && kind === 'synAck'
    && last?.kind === 'syn'
    && last.direction !== direction
    && segment.ack === last.end
  ) {
    next = 'SYN_RECV'
  }
  tcp.last = { direction, kind, end: endOf(segment) }
  if (next === 'ignored') return next
  tcp.state = next
  if (next === 'FIN_WAIT') tcp.closeInitiated = true
  return next
}

function nextTcpState(state: TcpTrackName, direction: Direction, kind: FlagKind): TcpTrackName | 'invalid' | 'ignored' {
  const letter = NEXT[direction][kind].charAt(TCP_TRACK_STATES.indexOf(state))
  if (letter === '=') return 'ignored'
  return STATE_OF_LETTER[letter] ?? 'invalid'
}

/** The number after the last one that the segment uses. */
function endOf({ seq, data, flags }: TcpSegment): number {
  return (seq + data.length + ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0)) >>> 0
}

/** Flags that belong together (tcp_valid_flags without PSH and URG); anything else is a scan. */
function kindOf(flags: number): FlagKind | undefined {
  switch (flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) {
    case TCP_SYN: return 'syn'
    case TCP_SYN | TCP_ACK: return 'synAck'
    case TCP_FIN | TCP_ACK: return 'fin'
    case TCP_ACK: return 'ack'
    case TCP_RST: case TCP_RST | TCP_ACK: return 'rst'
    default: return undefined
  }
}
