/**
 * The TCP states of a connection as the director sees it, which is not what its ends see: with DR and TUN it only sees what the
 * client sends. Two tables: the normal one, and that of secure_tcp. Follows tcp_states and tcp_states_dos in ip_vs_proto_tcp.c.
 * @module
 */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../wire/tcp-segment.ts'

/** States by number, as the sync protocol carries them. */
export const TCP_STATE = {
  NONE: 0, ESTABLISHED: 1, SYN_SENT: 2, SYN_RECV: 3, FIN_WAIT: 4, TIME_WAIT: 5, CLOSE: 6, CLOSE_WAIT: 7,
  LAST_ACK: 8, LISTEN: 9, SYNACK: 10,
} as const

/** Names of the states, by number, as ipvsadm prints them. */
export const TCP_STATE_NAMES: readonly string[] = Object.keys(TCP_STATE)

/** Which side of a connection a segment is on: `input-only` while nothing but requests is seen. */
export type Column = 'input' | 'output' | 'input-only'

type Event = 'syn' | 'fin' | 'ack' | 'rst'
const COLUMNS: readonly Column[] = ['input', 'output', 'input-only']
const EVENTS: readonly Event[] = ['syn', 'fin', 'ack', 'rst']
type Table = Readonly<Record<Column, Readonly<Record<Event, readonly number[]>>>>

const SHORT = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA']

/** Next states, for current states NO ES SS SR FW TW CL CW LA LI SA. */
function row(text: string): readonly number[] {
  return text.split(' ').map((short) => SHORT.indexOf(short))
}

const NORMAL: Table = {
  input: {
    syn: row('SR ES ES SR SR SR SR SR SR SR SR'), fin: row('CL CW SS TW TW TW CL CW LA LI TW'),
    ack: row('ES ES SS ES FW TW CL CW CL LI ES'), rst: row('CL CL CL SR CL CL CL CL LA LI SR'),
  },
  output: {
    syn: row('SS ES SS SR SS SS SS SS SS LI SR'), fin: row('TW FW SS TW FW TW CL TW LA LI TW'),
    ack: row('ES ES SS ES FW TW CL CW LA ES ES'), rst: row('CL CL SS CL CL TW CL CL CL CL CL'),
  },
  'input-only': {
    syn: row('SR ES ES SR SR SR SR SR SR SR SR'), fin: row('CL FW SS TW FW TW CL CW LA LI TW'),
    ack: row('ES ES SS ES FW TW CL CW CL LI ES'), rst: row('CL CL CL SR CL CL CL CL LA LI CL'),
  },
}

const SECURE: Table = {
  input: {
    syn: row('SR ES ES SR SR SR SR SR SR SR SA'), fin: row('CL CW SS TW TW TW CL CW LA LI SA'),
    ack: row('ES ES SS SR FW TW CL CW CL LI SA'), rst: row('CL CL CL SR CL CL CL CL LA LI CL'),
  },
  output: { ...NORMAL.output, syn: row('SS ES SS SA SS SS SS SS SS LI SA') },
  'input-only': { ...NORMAL['input-only'], syn: row('SA ES ES SR SA SA SA SA SA SA SA') },
}

/** Both tables in one array, the states of one column and event in a row: it is asked for each segment. */
const NEXT_STATES = Uint8Array.from([NORMAL, SECURE].flatMap(
  (table) => COLUMNS.flatMap((column) => EVENTS.flatMap((event) => table[column][event])),
))
const ROW = TCP_STATE_NAMES.length
const COLUMN = EVENTS.length * ROW

/** The state after a segment with these flags. RST counts before SYN, SYN before FIN, FIN before ACK; none of them closes. */
export function nextTcpState(state: number, flags: number, column: Column, isSecure: boolean): number {
  const row = eventRow(flags)
  if (row < 0 || state >= ROW) return TCP_STATE.CLOSE
  const table = isSecure ? NEXT_STATES.length / 2 : 0
  const first = column === 'input' ? 0 : column === 'output' ? COLUMN : 2 * COLUMN
  return NEXT_STATES[table + first + row * ROW + state] as number
}

/** True for the states that count as active connections (tcp_state_active_table). */
export function isActiveTcpState(state: number): boolean {
  const { ESTABLISHED, SYN_SENT, SYN_RECV, SYNACK } = TCP_STATE
  return state === ESTABLISHED || state === SYN_SENT || state === SYN_RECV || state === SYNACK
}

/** Number of the event that a segment is; -1 for none. */
function eventRow(flags: number): number {
  if ((flags & TCP_RST) !== 0) return 3
  if ((flags & TCP_SYN) !== 0) return 0
  if ((flags & TCP_FIN) !== 0) return 1
  return (flags & TCP_ACK) !== 0 ? 2 : -1
}
