/**
 * How a request of a client ends, in the words of the recorded labs.
 * @module
 */
import type { Errno } from '../host/errno.ts'

/**
 * `ok`: a whole answer; `refused`: RST or ICMP port unreachable; `unreachable`: another ICMP error or no route;
 * `eof`: closed without an answer; `short`: closed before the answer was whole; `error`: anything else, such as
 * no free port.
 */
export type RequestOutcome = 'ok' | 'refused' | 'timeout' | 'reset' | 'unreachable' | 'eof' | 'short' | 'error'

/** One request of a client. Times are nanoseconds since the start of the run. */
export interface RequestRecord {
  /** Name of the client's host. */
  readonly client: string
  readonly startNs: number
  /** When the connection was there; undefined when it never was, or for what has no connections. */
  readonly connectedNs: number | undefined
  readonly firstByteNs: number | undefined
  readonly endNs: number
  readonly outcome: RequestOutcome
  /** Name of the server that answered. */
  readonly answeredBy: string | undefined
  /** Bytes of the answer. */
  readonly bytes: number
  /** Status of an HTTP answer. */
  readonly status: number | undefined
}

/** The outcome that an error number stands for. */
export function outcomeOf(errno: Errno): RequestOutcome {
  switch (errno) {
    case 'ECONNREFUSED': return 'refused'
    case 'ETIMEDOUT': return 'timeout'
    case 'ECONNRESET':
    case 'EPIPE': return 'reset'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'ENOPROTOOPT':
    case 'EPROTO':
    case 'EACCES': return 'unreachable'
    default: return 'error'
  }
}
