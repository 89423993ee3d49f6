/**
 * Requests for a port on which nobody listens: which port or address the program of the host has instead.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { formatIp } from '../../wire/address.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { TCP_ACK, TCP_SYN } from '../../wire/tcp-segment.ts'
import { flowOf } from '../packet-changes.ts'
import { servedBy, type Cause, type Evidence } from './evidence.ts'

/** Why a SYN for a host was refused; undefined for any other packet. */
export function findUnservedPort(evidence: Evidence, host: Host, packet: IpPacket): Cause | undefined {
  const { payload, dst } = packet
  if (payload.kind !== 'tcp' || (payload.flags & (TCP_SYN | TCP_ACK)) !== TCP_SYN) return undefined
  const port = payload.dport
  const listeners = [...host.tcp.listeners()]
  const others = listeners.filter((listener) => listener.port === port).map(({ addr }) => formatIp(addr))
  const flow = flowOf(packet)
  // Only under DR and TUN, and for a real server on the director itself, is it still the VIP that a packet is for.
  const isForVip = flow !== undefined && servedBy(evidence, flow).length > 0
  const target = `${formatIp(dst)}:${port}`
  if (others.length > 0) {
    const vipNote = isForVip ? ', for IPVS leaves the VIP in it' : ''
    return {
      cause: `on ${host.name} a program listens on port ${port} of ${others.join(' and ')} only, and the packet is for`
        + ` ${target}${vipNote}.`,
      cure: `let it listen on ${formatIp(dst)} too, or on 0.0.0.0, which is every address.`,
    }
  }
  const ports = [...new Set(listeners.map((listener) => listener.port))].sort((a, b) => a - b)
  const instead = ports.length === 0 ? '' : `, but on ${ports.join(', ')}`
  if (!isForVip) {
    return {
      cause: `nobody listens on port ${port} of ${host.name}${instead}.`,
      cure: 'start the server, or correct the port that ipvsadm -a was given after -r.',
    }
  }
  return {
    cause: `nobody listens on port ${port} of ${host.name}${instead}; DR and TUN do not touch packets, so the port stays that`
      + ` of the service, and ipvsadm stores ${port} whatever port is given after -r.`,
    cure: `let the server of ${host.name} listen on port ${port}; or forward by NAT (-m), which can change the port.`,
  }
}
