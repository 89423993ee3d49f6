/**
 * VS/TUN: the packet becomes the payload of an outer one, from the director to the real server, with the same TTL and
 * TOS. Follows ip_vs_tunnel_xmit(), ipvs_gue_encap() and ipvs_gre_encap() in ip_vs_xmit.c. The option of GUE that hands an
 * unfinished checksum on (remcsum) is not modelled: a packet that has come over a wire has its checksum. Nor are tunnels of IPv6,
 * outside or inside: such a packet dies.
 * @module
 */
import { assert } from '../../base/assert.ts'
import { isIpv6, type IpAddr } from '../../wire/address.ts'
import { greBytes, greHeaderBytes, grePacket } from '../../wire/gre-packet.ts'
import {
  IPPROTO_GRE, IPPROTO_IPIP, IPPROTO_UDP, IPV4_HEADER_BYTES, ipPacket, totalBytes, withTtlDecremented, type IpPacket,
  type IpPacketFields,
} from '../../wire/ip-packet.ts'
import { GUE_HEADER_BYTES, gueDatagram, udpBytes, UDP_HEADER_BYTES } from '../../wire/udp-datagram.ts'
import { IPIP_TUNNEL, type TunnelRule } from '../control/rules.ts'
import { byIpvs, type IpvsParts } from '../parts.ts'
import { flowPort } from './flow-port.ts'
import { findWay, markHandled, type Demands, type Sending } from './way.ts'

const DEMANDS: Demands = { mayBeLocal: true, isTunnel: true }

/** Sends a request to the real server; returns it when that is the director itself. */
export function transmitTunnel(parts: IpvsParts, sending: Sending): IpPacket | undefined {
  const { host, settings } = parts
  const { packet, passage, connection } = sending
  // What the destination says now: an edit changes the tunnel of connections, too.
  const tunnel = connection.destination?.tunnel ?? IPIP_TUNNEL
  if (isIpv6(packet.dst) || isIpv6(connection.daddr)) {
    host.trace?.decision(host, packet, byIpvs('tunnels of IPv6 are not modelled'))
    host.drop(packet, 'ipvs-not-modelled')
    return undefined
  }
  const route = findWay(parts, sending, DEMANDS, connection.daddr, overheadBytes(tunnel))
  if (route === undefined) return undefined
  if (route.type === 'local') {
    markHandled(passage, connection)
    return packet
  }
  const inner = withTtlDecremented(packet)
  // Nobody sees the inner packet after this: its flow is confirmed here.
  if (connection.isTracked && host.netfilter.conntrack.confirm(inner, passage) === undefined) return undefined
  parts.tunnelIdent = (parts.tunnelIdent + 1) & 0xffff
  const outer = ipPacket({
    uid: inner.uid, src: sourceTowards(parts, connection.daddr), dst: connection.daddr, ttl: inner.ttl, tos: inner.tos,
    ident: parts.tunnelIdent, dontFragment: settings.pmtu_disc !== 0 && inner.dontFragment, ...wrapped(parts, inner, tunnel),
  })
  host.ledger.encapsulated++
  host.trace?.changed(host, packet, outer, 'wrapped for the real server')
  // The outer packet is a new one to conntrack (nf_reset_ct).
  passage.conntrack = undefined
  passage.untracked = false
  host.sendIpvs(outer, route, passage)
  return undefined
}

/** Bytes that a tunnel puts before a packet. */
export function overheadBytes({ type, checksum }: TunnelRule): number {
  switch (type) {
    case 'ipip': return IPV4_HEADER_BYTES
    case 'gre': return IPV4_HEADER_BYTES + greHeaderBytes(checksum !== 'none')
    case 'gue': return IPV4_HEADER_BYTES + UDP_HEADER_BYTES + GUE_HEADER_BYTES
  }
}

/** What the outer packet carries. Both kinds of checksum of GUE mean one in the UDP header. */
function wrapped(
  parts: IpvsParts, inner: IpPacket, { type, port, checksum }: TunnelRule,
): Pick<IpPacketFields, 'protocol' | 'payload' | 'payloadBytes'> {
  const hasChecksum = checksum !== 'none'
  switch (type) {
    case 'ipip': return { protocol: IPPROTO_IPIP, payload: inner, payloadBytes: totalBytes(inner) }
    case 'gre': {
      const payload = grePacket(inner, hasChecksum)
      return { protocol: IPPROTO_GRE, payload, payloadBytes: greBytes(payload) }
    }
    case 'gue': {
      const payload = gueDatagram({ sport: flowPort(inner, parts.flowSeed), dport: port }, { inner, hasChecksum })
      return { protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload) }
    }
  }
}

/** The director's own address on the way to a real server (DIP). */
function sourceTowards({ host }: IpvsParts, rip: IpAddr): IpAddr {
  const source = host.sourceFor(rip)
  assert(typeof source === 'number', 'a route that was just used has a source')
  return source
}
