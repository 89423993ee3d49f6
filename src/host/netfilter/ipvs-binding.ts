/**
 * What IPVS does to the conntrack entry of a packet that it turns (ip_vs_nfct.c, ip_vs_notrack).
 * Application helpers, and so the offsets of their sequence numbers, are not modelled.
 * @module
 */
import type { IpAddr } from '../../wire/address.ts'
import { IPPROTO_ICMP, type Ipv4Packet } from '../../wire/ipv4-packet.ts'
import type { Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import { trackingOf } from './conntrack.ts'

/** net.ipv4.vs.conntrack=0: conntrack forgets the packet, and with it a flow that was not yet confirmed. */
export function stopTracking(passage: Passage): void {
  passage.untracked = true
  passage.conntrack = undefined
}

/** net.ipv4.vs.conntrack=1, request to a real server by NAT: answers will come from the real server. A confirmed flow stays as it is. */
export function expectAnswersFrom(passage: Passage, daddr: IpAddr, dport: number): void {
  const entry = trackingOf(passage)?.entry
  if (entry === undefined || entry.isConfirmed || entry.isDead) return
  const { reply } = entry
  entry.reply = { protocol: reply.protocol, src: daddr, dst: reply.dst, sport: reply.protocol === IPPROTO_ICMP ? reply.sport : dport, dport: reply.dport }
}

/** net.ipv4.vs.conntrack=1, answer of a real server that began a flow of its own: the rest of the flow will come to the virtual address. */
export function expectAnswersTo(passage: Passage, vaddr: IpAddr, vport: number): void {
  const entry = trackingOf(passage)?.entry
  if (entry === undefined || entry.isConfirmed || entry.isDead) return
  const { reply } = entry
  entry.reply = { protocol: reply.protocol, src: reply.src, dst: vaddr, sport: reply.sport, dport: reply.protocol === IPPROTO_ICMP ? reply.dport : vport }
}

/** net.ipv4.vs.conntrack=1, tunnel: the inner flow is confirmed now, and the outer packet is none of it. Undefined when it was dropped. */
export function confirmInner(host: Host, packet: Ipv4Packet, passage: Passage): Ipv4Packet | undefined {
  const confirmed = host.netfilter.conntrack.confirm(packet, passage)
  passage.conntrack = undefined
  return confirmed
}
