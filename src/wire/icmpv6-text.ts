/**
 * The words of an ICMPv6 message in the notation of tcpdump.
 * @module
 */
import { formatIp } from './address.ts'
import { get16, get32, getIpv6 } from './bytes.ts'
import {
  ICMP_HEADER_BYTES, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, ICMPV6_PARAMETER_PROBLEM, ICMPV6_TIME_EXCEEDED, ICMPV6_TOO_BIG,
  ICMPV6_UNREACHABLE, UNREACHABLE_V6_PORT,
} from './icmp-message.ts'
import {
  IPPROTO_FRAGMENT, IPPROTO_TCP, IPPROTO_UDP, IPV6_FRAGMENT_HEADER_BYTES, IPV6_HEADER_BYTES,
} from './ip-packet.ts'
import { NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION } from './neighbor-message.ts'

const UNREACHABLE_WORDS = [
  'unreachable route', 'unreachable prohibited', 'beyond scope', 'unreachable address', 'unreachable port',
]
const BEYOND_SCOPE = 2
const PROBLEM_WORDS = ['erroneous', 'next header', 'option']
/** Messages of which nothing but the name is printed here. */
const OTHER_WORDS: Readonly<Record<number, string>> = {
  130: 'multicast listener query', 131: 'multicast listener report', 132: 'multicast listener done', 133: 'router solicitation',
  134: 'router advertisement', 137: 'redirect', 143: 'multicast listener report v2',
}

/** `ICMP6, echo request, id 1, seq 1, length 64`. `body` may be cut; `lengthBytes` is the length of the whole message. */
export function icmpv6Text(body: Uint8Array, lengthBytes: number): string {
  return body.length < ICMP_HEADER_BYTES ? '[|icmp6]' : `ICMP6, ${messageText(body)}, length ${lengthBytes}`
}

function messageText(body: Uint8Array): string {
  const type = body[0] ?? 0
  const code = body[1] ?? 0
  const quote = body.subarray(ICMP_HEADER_BYTES)
  switch (type) {
    case ICMPV6_ECHO_REQUEST: return `echo request, ${echoText(body)}`
    case ICMPV6_ECHO_REPLY: return `echo reply, ${echoText(body)}`
    case ICMPV6_UNREACHABLE: return `destination unreachable, ${unreachableText(code, quote)}`
    case ICMPV6_TOO_BIG: return `packet too big, mtu ${get32(body, 4)}`
    case ICMPV6_TIME_EXCEEDED: {
      const what = code === 0 ? ` for ${formatIp(getIpv6(quote, 24))}` : code === 1 ? ' (reassembly)' : `, unknown code (${code})`
      return `time exceeded${what}`
    }
    case ICMPV6_PARAMETER_PROBLEM: {
      const what = PROBLEM_WORDS[code]
      return `parameter problem, ${what === undefined ? `code-#${code}` : `${what} - octet ${get32(body, 4)}`}`
    }
    case NEIGHBOR_SOLICITATION: return `neighbor solicitation, who has ${formatIp(getIpv6(body, 8))}`
    case NEIGHBOR_ADVERTISEMENT: return `neighbor advertisement, tgt is ${formatIp(getIpv6(body, 8))}`
    default: return OTHER_WORDS[type] ?? `unknown icmp6 type (${type})`
  }
}

function echoText(body: Uint8Array): string {
  return `id ${get16(body, 4)}, seq ${get16(body, 6)}`
}

function unreachableText(code: number, quote: Uint8Array): string {
  const words = UNREACHABLE_WORDS[code] ?? `unknown unreach code (${code})`
  if (quote.length < IPV6_HEADER_BYTES) return words
  const dst = formatIp(getIpv6(quote, 24))
  if (code === BEYOND_SCOPE) return `${words} ${dst}, source address ${formatIp(getIpv6(quote, 8))}`
  if (code !== UNREACHABLE_V6_PORT) return code < UNREACHABLE_WORDS.length ? `${words} ${dst}` : words
  const isPiece = quote[6] === IPPROTO_FRAGMENT
  const protocol = quote[isPiece ? IPV6_HEADER_BYTES : 6] ?? 0
  const port = get16(quote, IPV6_HEADER_BYTES + (isPiece ? IPV6_FRAGMENT_HEADER_BYTES : 0) + 2)
  if (protocol === IPPROTO_TCP) return `${words}, ${dst} tcp port ${port}`
  if (protocol === IPPROTO_UDP) return `${words}, ${dst} udp port ${port}`
  return `${words}, ${dst} protocol ${protocol} port ${port} unreachable`
}
