/**
 * The words of ping(8) of iputils 20221126: ICMP errors of either version, and times.
 * @module
 */
import { NS_PER_MILLISECOND } from '../base/units.ts'
import { formatIp, type IpAddr } from '../wire/address.ts'
import {
  ICMP_PARAMETER_PROBLEM, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, ICMPV6_PARAMETER_PROBLEM, ICMPV6_TIME_EXCEEDED,
  ICMPV6_TOO_BIG, ICMPV6_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, type IcmpMessage,
} from '../wire/icmp-message.ts'

/** Milliseconds with as many decimals as ping shows. */
export function shortTime(ns: number): string {
  const ms = ns / NS_PER_MILLISECOND
  return ms >= 99.95 ? ms.toFixed(0) : ms >= 9.995 ? ms.toFixed(1) : ms >= 0.9995 ? ms.toFixed(2) : ms.toFixed(3)
}

/** What an error says. */
export function errorText(message: IcmpMessage): string {
  return message.kind === 'icmpv6' ? icmpv6ErrorText(message) : icmpErrorText(message)
}

const UNREACHABLE_TEXTS = [
  'Destination Net Unreachable', 'Destination Host Unreachable', 'Destination Protocol Unreachable',
  'Destination Port Unreachable', '', 'Source Route Failed', 'Destination Net Unknown', 'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited', 'Destination Host Prohibited', 'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service', 'Packet filtered', 'Precedence Violation', 'Precedence Cutoff',
]

function icmpErrorText(message: IcmpMessage): string {
  switch (message.type) {
    case ICMP_UNREACHABLE:
      if (message.code === UNREACHABLE_FRAGMENTATION_NEEDED) return `Frag needed and DF set (mtu = ${message.rest & 0xffff})`
      return UNREACHABLE_TEXTS[message.code] ?? `Dest Unreachable, Bad Code: ${message.code}`
    case ICMP_TIME_EXCEEDED: return message.code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded'
    case ICMP_REDIRECT:
      return `Redirect ${message.code === 0 ? 'Network' : 'Host'}(New nexthop: ${formatIp(message.rest as IpAddr)})`
    case ICMP_PARAMETER_PROBLEM: return `Parameter problem: pointer = ${message.rest >>> 24}`
    default: return `Bad ICMP type: ${message.type}`
  }
}

const UNREACHABLE_V6_TEXTS = [
  'No route', 'Administratively prohibited', 'Beyond scope of source address', 'Address unreachable', 'Port unreachable',
  'Source address failed ingress/egress policy', 'Reject route to destination',
]
const PROBLEM_V6_TEXTS = ['Wrong header field', 'Unknown header', 'Unknown option']

function icmpv6ErrorText({ type, code, rest }: IcmpMessage): string {
  switch (type) {
    case ICMPV6_UNREACHABLE: return `Destination unreachable: ${UNREACHABLE_V6_TEXTS[code] ?? `Unknown code ${code}`}`
    case ICMPV6_TOO_BIG: return `Packet too big: mtu=${rest}${code === 0 ? '' : `, code=${code}`}`
    case ICMPV6_TIME_EXCEEDED:
      return `Time exceeded: ${code === 0 ? 'Hop limit' : code === 1 ? 'Defragmentation failure' : `code ${code}`}`
    case ICMPV6_PARAMETER_PROBLEM: return `Parameter problem: ${PROBLEM_V6_TEXTS[code] ?? `code ${code}`} at ${rest}`
    default: return `unknown icmp type: ${type}`
  }
}
