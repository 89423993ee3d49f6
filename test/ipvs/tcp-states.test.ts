import { describe, expect, it } from 'vitest'
import { isActiveTcpState, nextTcpState, TCP_STATE, TCP_STATE_NAMES, type Column } from '../../src/ipvs/tcp-states.ts'
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN } from '../../src/wire/tcp-segment.ts'

const FLAGS: Record<string, number> = {
  S: TCP_SYN, SA: TCP_SYN | TCP_ACK, A: TCP_ACK, PA: TCP_PSH | TCP_ACK, FA: TCP_FIN | TCP_ACK, R: TCP_RST,
  SR: TCP_SYN | TCP_RST, SF: TCP_SYN | TCP_FIN, none: 0, P: TCP_PSH,
}

type StateName = keyof typeof TCP_STATE

/** From, flags, column, to. */
const NORMAL: readonly (readonly [StateName, string, Column, StateName])[] = [
  ['NONE', 'S', 'input', 'SYN_RECV'], ['NONE', 'A', 'input', 'ESTABLISHED'], ['NONE', 'FA', 'input', 'CLOSE'],
  ['SYN_RECV', 'SA', 'output', 'SYN_RECV'], ['SYN_RECV', 'A', 'input', 'ESTABLISHED'], ['SYN_RECV', 'R', 'input', 'SYN_RECV'],
  ['SYN_RECV', 'R', 'output', 'CLOSE'], [
    'ESTABLISHED', 'PA', 'input', 'ESTABLISHED',
  ], ['ESTABLISHED', 'FA', 'input', 'CLOSE_WAIT'],
  ['ESTABLISHED', 'FA', 'output', 'FIN_WAIT'], [
    'ESTABLISHED', 'FA', 'input-only', 'FIN_WAIT',
  ], ['ESTABLISHED', 'R', 'input-only', 'CLOSE'],
  ['CLOSE_WAIT', 'FA', 'output', 'TIME_WAIT'], ['FIN_WAIT', 'FA', 'input', 'TIME_WAIT'], [
    'FIN_WAIT', 'FA', 'input-only', 'FIN_WAIT',
  ],
  ['TIME_WAIT', 'S', 'input', 'SYN_RECV'], ['TIME_WAIT', 'A', 'input', 'TIME_WAIT'], ['CLOSE', 'A', 'input', 'CLOSE'],
  ['ESTABLISHED', 'S', 'input', 'ESTABLISHED'], ['LAST_ACK', 'A', 'input', 'CLOSE'], ['LISTEN', 'A', 'output', 'ESTABLISHED'],
]

const SECURE: readonly (readonly [StateName, string, Column, StateName])[] = [
  ['NONE', 'S', 'input', 'SYN_RECV'], ['SYN_RECV', 'SA', 'output', 'SYNACK'], ['SYN_RECV', 'A', 'input', 'SYN_RECV'],
  ['SYNACK', 'A', 'input', 'SYNACK'], ['SYNACK', 'A', 'output', 'ESTABLISHED'], ['NONE', 'S', 'input-only', 'SYNACK'],
  ['SYNACK', 'R', 'input', 'CLOSE'],
]

describe('states of a connection', () => {
  it.each(NORMAL)('%s on %s (%s) -> %s', (from, flags, column, to) => {
    expect(TCP_STATE_NAMES[nextTcpState(TCP_STATE[from], FLAGS[flags] ?? 0, column, false)]).toBe(to)
  })

  it.each(SECURE)('secure_tcp: %s on %s (%s) -> %s', (from, flags, column, to) => {
    expect(TCP_STATE_NAMES[nextTcpState(TCP_STATE[from], FLAGS[flags] ?? 0, column, true)]).toBe(to)
  })

  it('go by RST before SYN, and by SYN before FIN', () => {
    expect(nextTcpState(TCP_STATE.NONE, FLAGS['SR'] ?? 0, 'input', false)).toBe(TCP_STATE.CLOSE)
    expect(nextTcpState(TCP_STATE.NONE, FLAGS['SF'] ?? 0, 'input', false)).toBe(TCP_STATE.SYN_RECV)
  })

  it.each(['none', 'P'])('become CLOSE on a segment with flags %s', (flags) => {
    expect(nextTcpState(TCP_STATE.ESTABLISHED, FLAGS[flags] ?? 0, 'input', false)).toBe(TCP_STATE.CLOSE)
  })

  it('become CLOSE from a state that there is not', () => {
    expect(nextTcpState(11, TCP_ACK, 'input', false)).toBe(TCP_STATE.CLOSE)
  })

  it('are numbers 0 to 10 in every cell of both tables', () => {
    for (const isSecure of [false, true]) {
      for (const column of ['input', 'output', 'input-only'] as const) {
        for (const flags of ['S', 'FA', 'A', 'R']) {
          for (let state = 0; state <= 10; state++) {
            const next = nextTcpState(state, FLAGS[flags] ?? 0, column, isSecure)
            expect(Number.isInteger(next) && next >= 1 && next <= 10).toBe(true)
          }
        }
      }
    }
  })

  it('count as active while a connection is opening or open', () => {
    expect(
      TCP_STATE_NAMES.filter((_, state) => isActiveTcpState(state))
    ).toEqual(['ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'SYNACK'])
  })
})
