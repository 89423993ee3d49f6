/**
 * The states of a TCP connection (RFC 9293 3.3.2), under the names that netstat(8) prints.
 * @module
 */

/** A state. `CLOSE` is an endpoint that is no more. */
export type TcpState =
  | 'LISTEN' | 'SYN_SENT' | 'SYN_RECV' | 'ESTABLISHED' | 'FIN_WAIT1' | 'FIN_WAIT2' | 'CLOSE_WAIT' | 'CLOSING' | 'LAST_ACK'
  | 'TIME_WAIT' | 'CLOSE'

/** True while data and the FIN of this side may still have to be sent. */
export function maySend(state: TcpState): boolean {
  return state === 'ESTABLISHED' || state === 'CLOSE_WAIT' || state === 'FIN_WAIT1' || state === 'CLOSING' || state === 'LAST_ACK'
}

/** True while the other side has not ended its data. */
export function mayReceive(state: TcpState): boolean {
  return state === 'ESTABLISHED' || state === 'FIN_WAIT1' || state === 'FIN_WAIT2'
}
