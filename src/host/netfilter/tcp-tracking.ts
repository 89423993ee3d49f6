/**
 * How conntrack follows a TCP flow: from flags and direction to the next state (nf_conntrack_proto_tcp.c).
 * Sequence windows are not followed, as if nf_conntrack_tcp_be_liberal were on: no segment is invalid for its numbers.
 * @module
 */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../../wire/tcp-segment.ts'
import type { Direction } from './conntrack-entry.ts'

/** States of a tracked TCP flow, as `conntrack -L` prints them. */
export const TCP_TRACK_STATES = [
  'NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE', 'SYN_SENT2',
] as const
/** See `TCP_TRACK_STATES`. */
export type TcpTrackName = (typeof TCP_TRACK_STATES)[number]

/** What an entry remembers of a TCP flow. Live. */
export interface TcpTrackState {
  state: TcpTrackName
  /** Somebody has begun to close it. */
  closeInitiated: boolean
  /** The direction of the segment before, if that was a reset. */
  lastWasReset: Direction | undefined
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

/** The state after a segment; `invalid` or `ignored` where it has no place. */
export function nextTcpState(state: TcpTrackName, direction: Direction, flags: number): TcpTrackName | 'invalid' | 'ignored' {
  const kind = kindOf(flags)
  if (kind === undefined) return 'invalid'
  const letter = NEXT[direction][kind].charAt(TCP_TRACK_STATES.indexOf(state))
  if (letter === '=') return 'ignored'
  return STATE_OF_LETTER[letter] ?? 'invalid'
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
