/**
 * The ARP packet for IPv4 over Ethernet (RFC 826) as an immutable value.
 * @module
 */
import type { IpAddr, MacAddr } from './address.ts'

/** Bytes of the packet. */
export const ARP_PACKET_BYTES = 28
/** Asks who has the target address. */
export const ARP_REQUEST = 1
/** Answers, or announces. */
export const ARP_REPLY = 2

/** One packet: `spa`/`sha` are the sender's addresses, `tpa`/`tha` the target's. */
export interface ArpPacket {
  readonly kind: 'arp'
  readonly op: number
  readonly sha: MacAddr
  readonly spa: IpAddr
  readonly tha: MacAddr
  readonly tpa: IpAddr
}

/** Makes a packet. */
export function arpPacket(
  op: number, sender: { readonly sha: MacAddr, readonly spa: IpAddr }, target: { readonly tha: MacAddr, readonly tpa: IpAddr },
): ArpPacket {
  return { kind: 'arp', op, sha: sender.sha, spa: sender.spa, tha: target.tha, tpa: target.tpa }
}
