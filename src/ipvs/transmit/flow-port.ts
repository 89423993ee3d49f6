/**
 * The source port of a tunnel's UDP header: one for each flow inside, so that routers which spread traffic by ports spread it.
 * Follows udp_flow_src_port(); its hash begins with chance, and so does this one. Flow labels are not modelled.
 * @module
 */
import { mix32 } from '../../base/hash.ts'
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN } from '../../host/tcp/tcp-protocol.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'

/** A port of net.ipv4.ip_local_port_range, the same for all packets of a flow; `seed` is 0..2^32-1. */
export function flowPort({ src, dst, protocol, payload }: IpPacket, seed: number): number {
  const ports = payload.kind === 'tcp' || payload.kind === 'udp' ? payload.sport * 65_536 + payload.dport : 0
  const hash = mix32(mix32(mix32(mix32(seed ^ src) ^ dst) ^ protocol) ^ ports)
  // Scaled rather than cut off: range times hash stays below 2^53.
  return EPHEMERAL_PORT_MIN + Math.floor(hash * (EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN) / 0x100000000)
}
