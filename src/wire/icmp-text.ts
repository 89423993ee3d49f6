/**
 * The words of an ICMP message in the notation of tcpdump.
 * @module
 */
import type { IpAddr } from './address.ts'
import { formatIp } from './address.ts'
import { get16, get32 } from './bytes.ts'
import {
  ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_HEADER_BYTES, ICMP_PARAMETER_PROBLEM, ICMP_REDIRECT, ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, UNREACHABLE_HOST, UNREACHABLE_NET, UNREACHABLE_PORT, UNREACHABLE_PROTOCOL,
} from './icmp-message.ts'
import { IPPROTO_TCP, IPPROTO_UDP, IPV4_HEADER_BYTES } from './ip-packet.ts'

/** What the codes of `ICMP_UNREACHABLE` speak of, and why; the codes that have words of their own have none here. */
const UNREACHABLE_WORDS: Readonly<Record<number, readonly [what: string, why: string]>> = {
  [UNREACHABLE_NET]: ['net ', ''],
  [UNREACHABLE_HOST]: ['host ', ''],
  5: ['', ' - source route failed'],
  6: ['net ', ' - unknown'],
  7: ['host ', ' - unknown'],
  8: ['', ' - source host isolated'],
  9: ['net ', ' - admin prohibited'],
  10: ['host ', ' - admin prohibited'],
  11: ['net ', ' - tos prohibited'],
  12: ['host ', ' - tos prohibited'],
  13: ['host ', ' - admin prohibited filter'],
  14: ['host ', ' - host precedence violation'],
  15: ['host ', ' - precedence cutoff'],
}
const REDIRECT_WORDS = [
  ['redirect', ' to net'], ['redirect', ' to host'], ['redirect-tos', ' to net'], ['redirect-tos', ' to host'],
] as const
const TIME_EXCEEDED_WORDS = ['time exceeded in-transit', 'ip reassembly time exceeded']

/** `ICMP 10.0.0.100 tcp port 80 unreachable, length 60`. `body` may be cut; `lengthBytes` is the length of the whole message. */
export function icmpText(body: Uint8Array, lengthBytes: number): string {
  return body.length < ICMP_HEADER_BYTES ? '[|icmp]' : `ICMP ${messageText(body)}, length ${lengthBytes}`
}

function messageText(body: Uint8Array): string {
  const type = body[0] ?? 0
  const code = body[1] ?? 0
  const quote = body.subarray(ICMP_HEADER_BYTES)
  switch (type) {
    case ICMP_ECHO_REPLY: return `echo reply, ${echoText(body)}`
    case ICMP_ECHO_REQUEST: return `echo request, ${echoText(body)}`
    case ICMP_UNREACHABLE: return quote.length < IPV4_HEADER_BYTES ? 'unreachable' : unreachableText(body, quote)
    case ICMP_REDIRECT: {
      const [what, where] = REDIRECT_WORDS[code] ?? [`redirect-#${code}`, ' to']
      return `${what} ${addressAt(quote, 16)}${where} ${addressAt(body, 4)}`
    }
    case ICMP_TIME_EXCEEDED: return TIME_EXCEEDED_WORDS[code] ?? `time exceeded-#${code}`
    case ICMP_PARAMETER_PROBLEM:
      return code === 0 ? `parameter problem - octet ${body[4] ?? 0}` : `parameter problem - code ${code}`
    default: return `type-#${type}`
  }
}

function echoText(body: Uint8Array): string {
  return `id ${get16(body, 4)}, seq ${get16(body, 6)}`
}

function unreachableText(body: Uint8Array, quote: Uint8Array): string {
  const code = body[1] ?? 0
  const dst = addressAt(quote, 16)
  const protocol = quote[9] ?? 0
  if (code === UNREACHABLE_PROTOCOL) return `${dst} protocol ${protocol} unreachable`
  if (code === UNREACHABLE_PORT) {
    const port = get16(quote, ((quote[0] ?? 0) & 15) * 4 + 2)
    const name = protocol === IPPROTO_TCP ? 'tcp' : protocol === IPPROTO_UDP ? 'udp' : `protocol ${protocol}`
    return `${dst} ${name} port ${port} unreachable`
  }
  if (code === UNREACHABLE_FRAGMENTATION_NEEDED) {
    const mtuBytes = get16(body, 6)
    return `${dst} unreachable - need to frag${mtuBytes === 0 ? '' : ` (mtu ${mtuBytes})`}`
  }
  const [what, why] = UNREACHABLE_WORDS[code] ?? ['', ` - #${code}`]
  return `${what}${dst} unreachable${why}`
}

function addressAt(bytes: Uint8Array, at: number): string {
  return formatIp(get32(bytes, at) as IpAddr)
}
