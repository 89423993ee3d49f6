/**
 * Frame listings recorded from Linux 6.1, and frames of a run in the same words. A line of a listing is: time, nic, length,
 * source and destination address by number, the fields. Times and checksums are left out: the first are those of an
 * emulator, the second cannot be wrong here. Order has a meaning at each nic by itself, so lines are kept by nic.
 * @module
 */
import { readFileSync } from 'node:fs'
import type { RecordedNic, TraceRecord } from '../../src/scenario/recorder.ts'
import { formatIp, MAC_BROADCAST, type MacAddr } from '../../src/wire/address.ts'
import { ARP_REQUEST, type ArpPacket } from '../../src/wire/arp-packet.ts'
import type { Frame } from '../../src/wire/frame.ts'
import { type IpPacket, type IpPayload, totalBytes } from '../../src/wire/ip-packet.ts'
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN } from '../../src/wire/tcp-segment.ts'

/** Lines by nic, in the order in which they were seen there. */
export type Listing = Readonly<Record<string, readonly string[]>>

const ROOT = new URL('../kernel/listings/', import.meta.url)

/** Reads `frames-NAME.txt`. */
export function readListing(name: string): Listing {
  const lines = readFileSync(new URL(`frames-${name}.txt`, ROOT), 'utf8').trimEnd().split('\n')
  return byNic(lines.map((line) => {
    const [, nic = '', rest = ''] = /^ *[\d.]+ms (\S+) +(.*)$/.exec(line) ?? []
    return [nic, rest.replace(/ ipck [\d,]+ tcpck \d| ipck [\d,]+$/, '').trimEnd()]
  }))
}

/** The client's port in a listing. */
export function clientPortIn(listing: Listing): number {
  const match = /TCP (\d+)>80/.exec(listing['c.eth0']?.join('\n') ?? '')
  return Number(match?.[1])
}

/** The frames of a recording, in the words of a listing; nics are numbered in the order of `nics`. */
export function listingOf(records: readonly TraceRecord[], nics: readonly RecordedNic[]): Listing {
  const numbers = new Map(nics.map(({ mac }, index) => [mac, String(index + 1).padStart(2, '0')]))
  return byNic(records.flatMap((record): [string, string][] =>
    (record.kind === 'frame' ? [[record.nic.name, frameText(record.frame, numbers)]] : [])))
}

function byNic(lines: readonly (readonly [nic: string, text: string])[]): Listing {
  const listing: Record<string, string[]> = {}
  for (const [nic, text] of lines) (listing[nic] ??= []).push(text)
  return listing
}

function frameText({ bytes, src, dst, payload }: Frame, numbers: ReadonlyMap<MacAddr, string>): string {
  const name = (mac: MacAddr): string => (mac === MAC_BROADCAST ? 'BC' : numbers.get(mac) ?? '??')
  return `${bytes}B ${name(src)}>${name(dst)} ${payload.kind === 'arp' ? arpText(payload) : ipText(payload)}`
}

/** An answer is listed with the address asked for first. */
function arpText({ op, spa, tpa }: ArpPacket): string {
  if (op === ARP_REQUEST) return `ARP who-has ${formatIp(tpa)} tell ${formatIp(spa)}`
  return `ARP is-at ${formatIp(spa)} tell ${formatIp(tpa)}`
}

function ipText(packet: IpPacket): string {
  const headers = headersOf(packet)
  const all = (text: (header: IpPacket) => string | number): string => headers.map(text).join()
  const innermost = headers[headers.length - 1] as IpPacket
  const addresses = `${all(({ src }) => formatIp(src))}>${all(({ dst }) => formatIp(dst))}`
  const fields = [
    `ttl ${all(({ ttl }) => ttl)}`, `tos ${all(({ tos }) => `0x${tos.toString(16).padStart(2, '0')}`)}`,
    `df ${all(({ dontFragment }) => Number(dontFragment))}`, `len ${all(totalBytes)}`,
  ]
  return `IP ${addresses} ${fields.join(' ')} ${payloadText(packet.payload, innermost.payload)}`
}

/** A packet and what it carries or quotes, the outermost first. */
function headersOf(packet: IpPacket): IpPacket[] {
  const { payload } = packet
  if (payload.kind === 'ip') return [packet, ...headersOf(payload)]
  return payload.kind === 'icmp' && payload.quoted !== undefined ? [packet, payload.quoted] : [packet]
}

function payloadText(payload: IpPayload, innermost: IpPayload): string {
  if (payload.kind === 'icmp') return `ICMP ${payload.type}/${payload.code} mtu ${payload.rest}`
  if (innermost.kind !== 'tcp') return innermost.kind
  const { sport, dport, flags, data, options } = innermost
  const letters = [[TCP_ACK, 'A'], [TCP_FIN, 'F'], [TCP_PSH, 'P'], [TCP_RST, 'R'], [TCP_SYN, 'S']] as const
  const set = letters.map(([bit, letter]) => ((flags & bit) === 0 ? '' : letter)).join('')
  return `TCP ${sport}>${dport} ${set} plen ${data.length} mss ${options.mss ?? ''}`.trimEnd()
}
