/**
 * What an ICMP error means to an endpoint, as the error number that its application would see (icmp_err_convert[],
 * icmpv6_err_convert()).
 * @module
 */
import { type IpAddr, isIpv6 } from '../wire/address.ts'
import { ICMP_PARAMETER_PROBLEM, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, type IcmpMessage } from '../wire/icmp-message.ts'
import type { Errno } from './errno.ts'

/** An error, and whether Linux counts it as final: UDP tells its application of final ones only. */
export interface EndpointError {
  readonly errno: Errno
  readonly isFinal: boolean
}

/** The error by code of a destination-unreachable message, 0..15. */
const BY_CODE: readonly EndpointError[] = [
  { errno: 'ENETUNREACH', isFinal: false },
  { errno: 'EHOSTUNREACH', isFinal: false },
  { errno: 'ENOPROTOOPT', isFinal: true },
  { errno: 'ECONNREFUSED', isFinal: true },
  { errno: 'EMSGSIZE', isFinal: false },
  { errno: 'EOPNOTSUPP', isFinal: false },
  { errno: 'ENETUNREACH', isFinal: true },
  // Linux says EHOSTDOWN and ENONET for codes 7 and 8, which no host of lvsim sends.
  { errno: 'EHOSTUNREACH', isFinal: true },
  { errno: 'EHOSTUNREACH', isFinal: true },
  { errno: 'ENETUNREACH', isFinal: true },
  { errno: 'EHOSTUNREACH', isFinal: true },
  { errno: 'ENETUNREACH', isFinal: false },
  { errno: 'EHOSTUNREACH', isFinal: false },
  { errno: 'EHOSTUNREACH', isFinal: true },
  { errno: 'EHOSTUNREACH', isFinal: true },
  { errno: 'EHOSTUNREACH', isFinal: true },
]
const TIME_EXCEEDED: EndpointError = { errno: 'EHOSTUNREACH', isFinal: false }
const PROTOCOL_PROBLEM: EndpointError = { errno: 'EPROTO', isFinal: true }

/** Codes of ICMPv6 destination unreachable (type 1), 0..4; type 2 is packet too big, 3 time exceeded, 4 parameter problem. */
const BY_CODE_IPV6: readonly EndpointError[] = [
  { errno: 'ENETUNREACH', isFinal: false },
  { errno: 'EACCES', isFinal: true },
  { errno: 'EHOSTUNREACH', isFinal: false },
  { errno: 'EHOSTUNREACH', isFinal: false },
  { errno: 'ECONNREFUSED', isFinal: true },
]
const TOO_BIG: EndpointError = { errno: 'EMSGSIZE', isFinal: false }

/** The error of a message about a packet from `source`; undefined for a message that endpoints do not look at. */
export function errorOfIcmp(message: IcmpMessage, source: IpAddr): EndpointError | undefined {
  if (isIpv6(source)) {
    switch (message.type) {
      case 1: return BY_CODE_IPV6[message.code] ?? PROTOCOL_PROBLEM
      case 2: return TOO_BIG
      case 3: return TIME_EXCEEDED
      case 4: return PROTOCOL_PROBLEM
      default: return undefined
    }
  }
  switch (message.type) {
    case ICMP_UNREACHABLE: return BY_CODE[message.code]
    case ICMP_TIME_EXCEEDED: return TIME_EXCEEDED
    case ICMP_PARAMETER_PROBLEM: return PROTOCOL_PROBLEM
    default: return undefined
  }
}
