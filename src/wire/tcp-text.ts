/**
 * The words of a TCP segment in the notation of tcpdump. Urgent pointers are not printed.
 * @module
 */
import type { IpAddr } from './address.ts'
import { get16, get32 } from './bytes.ts'
import { readTcp } from './decode.ts'
import type { SequenceView } from './sequence-view.ts'
import {
  encodeTcpOptions, listTcpOptions, TCP_OPTION_END, TCP_OPTION_MSS, TCP_OPTION_NOP, TCP_OPTION_SACK,
  TCP_OPTION_SACK_PERMITTED, TCP_OPTION_TIMESTAMPS, TCP_OPTION_WINDOW_SCALE, type TcpOption,
} from './tcp-options.ts'
import { TCP_ACK, TCP_FIN, TCP_HEADER_BYTES, TCP_RST, TCP_SYN, tcpOptionsBytes } from './tcp-segment.ts'

/** Letters of the flag bits, from 0x01 on. */
const FLAG_LETTERS = 'FSRP.UEW'

/**
 * `Flags [P.], seq 1:33, ack 1, win 502, length 32`. `body` is the segment or its beginning, `lengthBytes` the length of all
 * of it. The sequence number of a segment without data is printed with SYN, FIN or RST only.
 */
export function tcpText(
  addrs: { readonly src: IpAddr, readonly dst: IpAddr }, body: Uint8Array, lengthBytes: number,
  sequences: SequenceView | undefined,
): string {
  const segment = readTcp(body)
  if (segment === undefined) return '[|tcp]'
  const dataBytes = lengthBytes - TCP_HEADER_BYTES - tcpOptionsBytes(segment.options)
  const { seq, ack } = sequences === undefined ? segment : sequences.relative(addrs, segment)
  let text = `Flags [${flagText(segment.flags)}]`
  if (dataBytes > 0) text += `, seq ${seq}:${(seq + dataBytes) % 0x100000000}`
  else if ((segment.flags & (TCP_SYN | TCP_FIN | TCP_RST)) !== 0) text += `, seq ${seq}`
  if ((segment.flags & TCP_ACK) !== 0) text += `, ack ${ack}`
  text += `, win ${segment.window}`
  // A SACK counts like the ACK number does: from where the other side began.
  const start = segment.ack - ack
  const options = listTcpOptions(encodeTcpOptions(segment.options)).map((option) => optionText(option, start))
  if (tcpOptionsBytes(segment.options) > 0) text += `, options [${options.join(',')}]`
  return `${text}, length ${dataBytes}`
}

function flagText(flags: number): string {
  return [...FLAG_LETTERS].filter((_, bit) => (flags & (1 << bit)) !== 0).join('') || 'none'
}

function optionText({ kind, data }: TcpOption, start: number): string {
  switch (kind) {
    case TCP_OPTION_END: return 'eol'
    case TCP_OPTION_NOP: return 'nop'
    case TCP_OPTION_MSS: return `mss ${get16(data, 0)}`
    case TCP_OPTION_WINDOW_SCALE: return `wscale ${data[0] ?? 0}`
    case TCP_OPTION_SACK_PERMITTED: return 'sackOK'
    case TCP_OPTION_TIMESTAMPS: return `TS val ${get32(data, 0)} ecr ${get32(data, 4)}`
    case TCP_OPTION_SACK: return `sack ${Math.floor(data.length / 8)} ${sackText(data, start)}`
    default: return `unknown-${kind}`
  }
}

function sackText(data: Uint8Array, start: number): string {
  let text = ''
  for (let at = 0; at + 8 <= data.length; at += 8) {
    text += `{${(get32(data, at) - start) >>> 0}:${(get32(data, at + 4) - start) >>> 0}}`
  }
  return text
}
