/**
 * The second model of the states of a TCP connection: the tables as they are printed in descriptions, one row of names for each
 * direction and kind of segment, and what goes with a state.
 * @module
 */

/** Names of the states, in the order of the columns of every row. */
export const STATES = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA'] as const
/** A state. */
export type State = (typeof STATES)[number]

/** As the kernel names them. */
export const STATE_NAMES: Record<State, string> = {
  NO: 'NONE', ES: 'ESTABLISHED', SS: 'SYN_SENT', SR: 'SYN_RECV', FW: 'FIN_WAIT', TW: 'TIME_WAIT', CL: 'CLOSE', CW: 'CLOSE_WAIT',
  LA: 'LAST_ACK', LI: 'LISTEN', SA: 'SYNACK',
}

/** Whose segment, and whether the other side is seen at all. */
export type Direction = 'IN' | 'OUT' | 'IN-ONLY'
/** What a segment is taken for. */
export type Event = 'syn' | 'fin' | 'ack' | 'rst'

const NORMAL: Record<Direction, Record<Event, string>> = {
  IN: {
    syn: 'SR ES ES SR SR SR SR SR SR SR SR', fin: 'CL CW SS TW TW TW CL CW LA LI TW',
    ack: 'ES ES SS ES FW TW CL CW CL LI ES', rst: 'CL CL CL SR CL CL CL CL LA LI SR',
  },
  OUT: {
    syn: 'SS ES SS SR SS SS SS SS SS LI SR', fin: 'TW FW SS TW FW TW CL TW LA LI TW',
    ack: 'ES ES SS ES FW TW CL CW LA ES ES', rst: 'CL CL SS CL CL TW CL CL CL CL CL',
  },
  'IN-ONLY': {
    syn: 'SR ES ES SR SR SR SR SR SR SR SR', fin: 'CL FW SS TW FW TW CL CW LA LI TW',
    ack: 'ES ES SS ES FW TW CL CW CL LI ES', rst: 'CL CL CL SR CL CL CL CL LA LI CL',
  },
}

/** Rows of secure_tcp that differ. */
const SECURE: Partial<Record<Direction, Partial<Record<Event, string>>>> = {
  IN: {
    syn: 'SR ES ES SR SR SR SR SR SR SR SA', fin: 'CL CW SS TW TW TW CL CW LA LI SA',
    ack: 'ES ES SS SR FW TW CL CW CL LI SA', rst: 'CL CL CL SR CL CL CL CL LA LI CL',
  },
  OUT: { syn: 'SS ES SS SA SS SS SS SS SS LI SA' },
  'IN-ONLY': { syn: 'SA ES ES SR SA SA SA SA SA SA SA' },
}

/** What the letters of a segment's flags (S A F R) make of it. */
export function eventOf(flags: string): Event | undefined {
  if (flags.includes('R')) return 'rst'
  if (flags.includes('S')) return 'syn'
  if (flags.includes('F')) return 'fin'
  return flags.includes('A') ? 'ack' : undefined
}

/** The next state. A segment with none of the four flags closes. */
export function nextState(state: State, flags: string, direction: Direction, isSecure: boolean): State {
  const event = eventOf(flags)
  if (event === undefined) return 'CL'
  const row = (isSecure ? SECURE[direction]?.[event] : undefined) ?? NORMAL[direction][event]
  return row.split(' ')[STATES.indexOf(state)] as State
}

/** Seconds a connection is kept in a state. */
export const SECONDS: Record<State, number> = {
  NO: 2, ES: 900, SS: 120, SR: 60, FW: 120, TW: 120, CL: 10, CW: 60, LA: 30, LI: 120, SA: 120,
}

/** Seconds a UDP connection is kept. */
export const UDP_SECONDS = 300

/** True in the states in which a connection counts among the active ones. */
export function isActive(state: State): boolean {
  return ['ES', 'SS', 'SR', 'SA'].includes(state)
}
