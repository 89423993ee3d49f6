/**
 * Traffic that IPVS of Linux balances and lvsim does not: SCTP for a service, by address or mark; AH and ESP, which follow the
 * connection by UDP 500 (ISAKMP) of the same peers. It dies with a reason of its own, rather than take a wrong way.
 * Follows sctp_conn_schedule() and ah_esp_conn_in_get().
 * @module
 */
import { IPPROTO_UDP, type IpPacket } from '../wire/ip-packet.ts'
import { byIpvs, type IpvsParts } from './parts.ts'

const IPPROTO_ESP = 50
const IPPROTO_AH = 51
const IPPROTO_SCTP = 132
const ISAKMP_PORT = 500

/** True for a protocol that IPVS would look into, beside TCP, UDP and ICMP. */
export function isBalancedOnLinux(protocol: number): boolean {
  return protocol === IPPROTO_SCTP || protocol === IPPROTO_ESP || protocol === IPPROTO_AH
}

/** Drops a packet that IPVS of Linux would send on, and says so; true when it did. */
export function dropUnmodelled(parts: IpvsParts, packet: IpPacket): boolean {
  const what = unmodelled(parts, packet)
  if (what === undefined) return false
  parts.host.trace?.decision(parts.host, packet, byIpvs(`lvsim does not model ${what}, which Linux would balance`))
  parts.host.drop(packet, 'ipvs-not-modelled')
  return true
}

function unmodelled({ services, connections }: IpvsParts, packet: IpPacket): string | undefined {
  const { protocol, src, dst, mark, payload } = packet
  if (protocol === IPPROTO_SCTP) {
    const port = payload.kind === 'raw' && packet.fragmentOffsetBytes === 0 ? portAt(payload.data, 2) : undefined
    if (port === undefined) return undefined
    return services.findFor({ mark, protocol, addr: dst, port }) === undefined ? undefined : 'SCTP'
  }
  if (!isBalancedOnLinux(protocol)) return undefined
  const isakmp = { protocol: IPPROTO_UDP, caddr: src, cport: ISAKMP_PORT, vaddr: dst, vport: ISAKMP_PORT }
  if (connections.table.find(isakmp) === undefined) return undefined
  return protocol === IPPROTO_ESP ? 'ESP' : 'AH'
}

function portAt(data: Uint8Array, offset: number): number | undefined {
  const [high, low] = [data[offset], data[offset + 1]]
  return high === undefined || low === undefined ? undefined : high * 256 + low
}
