/**
 * Packets of connections that IPVS does not know, or not any more: the real server was deleted, or the entry timed out.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { findIpvs } from '../../ipvs/director.ts'
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP, type IpPacket } from '../../wire/ip-packet.ts'
import { TCP_ACK, TCP_RST, TCP_SYN } from '../../wire/tcp-segment.ts'
import { flowOf, type Flow } from '../packet-changes.ts'
import { flowKey } from '../trails.ts'
import { findHostWith, findNic, findServiceOf, type Cause, type Evidence } from './evidence.ts'
import { addressesOf } from './own-addresses.ts'
import { endText, METHOD_OPTIONS, serviceOption, serviceText } from './rule-text.ts'

/** Why the real server of a packet's connection is gone. */
export function findDeleted(evidence: Evidence, host: Host, packet: IpPacket): Cause | undefined {
  const flow = flowOf(packet)
  if (flow === undefined) return undefined
  const connection = findIpvs(host)?.connections.table.find({
    protocol: flow.protocol === 'tcp' ? IPPROTO_TCP : IPPROTO_UDP,
    caddr: flow.src, cport: flow.sport, vaddr: flow.dst, vport: flow.dport,
  })
  const rip = connection?.daddr ?? serverOf(evidence, host, flow)
  const service = findServiceOf(evidence, host, flow, packet.mark)
  const again = connection === undefined || service === undefined || connection.method === 'bypass'
    ? 'add the server again, and they go on'
    : `on ${host.name}: ipvsadm -a ${serviceOption(service)} -r ${endText(connection.daddr, connection.dport)}`
      + ` ${METHOD_OPTIONS[connection.method]} (they go on)`
  const from = service === undefined ? `its service on ${host.name}` : serviceText(service, host)
  return {
    cause: `${serverName(evidence, rip)} was deleted from ${from}, and its connections stay in the table without an answer, as`
      + ' net.ipv4.vs.expire_nodest_conn is 0.',
    cure: `${again}; or, on ${host.name}: sysctl -w net.ipv4.vs.expire_nodest_conn=1 (they end with a RST); and drain a`
      + ' server first the next time (-w 0).',
  }
}

/** Why a director itself refused a segment that is no SYN: it should have an entry for it. */
export function findForgotten(evidence: Evidence, host: Host, packet: IpPacket): Cause | undefined {
  const { payload } = packet
  if (payload.kind !== 'tcp' || (payload.flags & (TCP_SYN | TCP_RST)) !== 0 || (payload.flags & TCP_ACK) === 0) return undefined
  const flow = flowOf(packet)
  const service = findServiceOf(evidence, host, flow, packet.mark)
  if (flow === undefined || service === undefined) return undefined
  const rip = serverOf(evidence, host, flow)
  const refusal = `${host.name} has no entry for this connection any more, and answers with a RST by itself`
  const isDeleted = rip !== undefined && !service.destinations.some(({ addr }) => addr === rip)
  if (isDeleted && host.sysctl.find('net.ipv4.vs.expire_nodest_conn') !== '0') return {
    cause: `${refusal}: ${serverName(evidence, rip)} was deleted from ${serviceText(service, host)}, and`
      + ' net.ipv4.vs.expire_nodest_conn=1 ends the connections of deleted servers.',
    cure: `add it again (ipvsadm -a ${serviceOption(service)} -r ${formatIp(rip)} ...), let the client connect anew, and drain it`
      + ' the next time: ipvsadm -e ... -w 0, and -d when its connections are over.',
  }
  return {
    cause: `${refusal}: its entry timed out while nothing was sent, or was removed${timeoutText(host)}.`,
    cure: `on ${host.name}: ipvsadm --set 7200 0 0 (seconds a TCP connection may idle); or let the client send keepalives.`,
  }
}

function timeoutText(host: Host): string {
  const seconds = findIpvs(host)?.rules.timeouts.tcpSeconds
  return seconds === undefined ? '' : ` (an idle one is kept for ${seconds} s, ipvsadm -L --timeout)`
}

/** To whom a director last sent a packet of this flow. */
function serverOf({ recording, world }: Evidence, director: Host, flow: Flow): IpAddr | undefined {
  const key = flowKey(flow)
  const isOfFlow = (packet: IpPacket): boolean => {
    const one = flowOf(packet)
    return one !== undefined && flowKey(one) === key
  }
  const sent = recording.records.findLast((record) => record.kind === 'changed' && record.host === director.name
    && isOfFlow(record.before) && record.after.dst !== record.before.dst)
  if (sent?.kind === 'changed') return sent.after.dst
  const frame = recording.records.findLast((record) => record.kind === 'frame' && record.nic.host === director.name
    && record.direction === 'out' && record.frame.payload.kind === 'ip' && isOfFlow(record.frame.payload))
  const nic = frame?.kind === 'frame' ? findNic({ recording }, frame.frame.dst) : undefined
  const server = nic === undefined ? undefined : world.hosts.get(nic.host)
  if (server === undefined) return undefined
  return addressesOf(server).find(({ device, addr }) => device.kind === 'ethernet' && isIpv6(addr) === isIpv6(flow.dst))?.addr
}

function serverName(evidence: Evidence, rip: IpAddr | undefined): string {
  if (rip === undefined) return 'the real server'
  const host = findHostWith(evidence, rip)
  return host === undefined ? formatIp(rip) : `${host.name} (${formatIp(rip)})`
}
