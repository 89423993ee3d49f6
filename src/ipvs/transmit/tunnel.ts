/**
 * VS/TUN: the packet becomes the payload of an outer one, from the director to the real server, with the same TTL and
 * TOS. Follows ip_vs_tunnel_xmit() in ip_vs_xmit.c. Only IPIP can be sent; gue and gre are refused packet by packet.
 * @module
 */
import { assert } from '../../base/assert.ts'
import type { IpAddr } from '../../wire/address.ts'
import { IPPROTO_IPIP, IPV4_HEADER_BYTES, ipv4Packet, totalBytes, type Ipv4Packet } from '../../wire/ipv4-packet.ts'
import { byIpvs, type IpvsParts } from '../parts.ts'
import { findWay, markHandled, type Sending } from './way.ts'

/** Sends a request to the real server; returns it when that is the director itself. */
export function transmitTunnel(parts: IpvsParts, sending: Sending): Ipv4Packet | undefined {
  const { host, settings } = parts
  const { packet, passage, connection } = sending
  if (connection.tunnel !== undefined && connection.tunnel.type !== 'ipip') {
    parts.host.trace?.decision(parts.host, packet, byIpvs(`sending by ${connection.tunnel?.type} is not modelled`))
    host.drop(packet, 'ipvs-unsupported')
    return undefined
  }
  const way = findWay(parts, sending, { nextHop: connection.daddr, mayBeLocal: true, tunnelBytes: IPV4_HEADER_BYTES })
  if (way === undefined) return undefined
  if (way.kind === 'local') {
    markHandled(sending)
    return packet
  }
  const inner = way.packet
  parts.tunnelIdent = (parts.tunnelIdent + 1) & 0xffff
  const outer = ipv4Packet({
    uid: inner.uid, src: sourceTowards(parts, connection.daddr), dst: connection.daddr, protocol: IPPROTO_IPIP,
    payload: inner, payloadBytes: totalBytes(inner), ttl: inner.ttl, tos: inner.tos, ident: parts.tunnelIdent,
    dontFragment: settings.pmtu_disc !== 0 && inner.dontFragment,
  })
  host.ledger.encapsulated++
  host.trace?.changed(host, packet, outer, 'wrapped for the real server')
  // The outer packet is a new one to conntrack (nf_reset_ct).
  passage.conntrack = undefined
  host.sendIpvs(outer, connection.daddr, passage)
  return undefined
}

/** The director's own address on the way to a real server (DIP). */
function sourceTowards({ host }: IpvsParts, rip: IpAddr): IpAddr {
  const source = host.sourceFor(rip)
  assert(typeof source === 'number', 'a route that was just used has a source')
  return source
}
