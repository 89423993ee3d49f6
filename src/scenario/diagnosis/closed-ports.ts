/**
 * Requests for a port on which nobody listens: which port or address the program of the host has instead, whether it was
 * stopped, and whether a director was to have a service there.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { findIpvs } from '../../ipvs/director.ts'
import { formatIp, type IpAddr } from '../../wire/address.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { TCP_ACK, TCP_SYN } from '../../wire/tcp-segment.ts'
import { flowOf, type Flow } from '../packet-changes.ts'
import { servedBy, type Cause, type Evidence } from './evidence.ts'
import { findAddress } from './own-addresses.ts'
import { deleteCommand, endText, listText } from './rule-text.ts'

/** A program that waits for requests. */
interface Listener {
  readonly addr: IpAddr
  readonly port: number
}

/** Why a request for a host was refused; undefined for any other packet. */
export function findUnservedPort(evidence: Evidence, host: Host, packet: IpPacket): Cause | undefined {
  const { payload } = packet
  const flow = flowOf(packet)
  if (flow === undefined || (payload.kind !== 'tcp' && payload.kind !== 'udp')) return undefined
  const isAnswer = payload.kind === 'tcp' && (payload.flags & (TCP_SYN | TCP_ACK)) !== TCP_SYN
  if (isAnswer) return findStopped(evidence, host, flow)
  const port = payload.dport
  const listeners = listenersOf(host, flow)
  const others = listeners.filter((listener) => listener.port === port).map(({ addr }) => formatIp(addr))
  // Only under DR and TUN, and for a real server on the director itself, is it still the VIP that a packet is for.
  const isForVip = servedBy(evidence, flow, packet.mark).length > 0
  const stopped = others.length === 0 ? findStopped(evidence, host, flow) : undefined
  if (stopped !== undefined) return stopped
  const unserved = others.length === 0 && !isForVip ? findNoService(host, flow) : undefined
  if (unserved !== undefined) return unserved
  const target = `${formatIp(flow.dst)}:${port}`
  if (others.length > 0) {
    const vipNote = isForVip ? ', for IPVS leaves the VIP in it' : ''
    return {
      cause: `on ${host.name} a program listens on port ${port} of ${others.join(' and ')} only, and the packet is for`
        + ` ${target}${vipNote}.`,
      cure: `let it listen on ${formatIp(flow.dst)} too, or on 0.0.0.0, which is every address.`,
    }
  }
  const ports = [...new Set(listeners.map((listener) => listener.port))].sort((a, b) => a - b)
  const name = payload.kind === 'udp' ? `UDP port ${port}` : `port ${port}`
  const instead = ports.length === 0 ? '' : `, but on ${ports.join(', ')}`
  if (!isForVip) {
    return {
      cause: `nobody listens on ${name} of ${host.name}${instead}.`,
      cure: 'start the server, or correct the port that ipvsadm -a was given after -r.',
    }
  }
  if (ports.length === 0) {
    return {
      cause: `nobody listens on ${name} of ${host.name}, to which IPVS sends what is for ${target} by DR or TUN.`,
      cure: `start the server on ${host.name}, on ${name} of the VIP or of every address.`,
    }
  }
  return {
    cause: `nobody listens on ${name} of ${host.name}${instead}; DR and TUN do not touch packets, so the port stays that`
      + ` of the service, and ipvsadm stores ${port} whatever port is given after -r.`,
    cure: `let the server of ${host.name} listen on port ${port}; or forward by NAT (-m), which can change the port.`,
  }
}

function listenersOf(host: Host, { protocol }: Flow): Listener[] {
  if (protocol === 'tcp') return [...host.tcp.listeners()]
  return [...host.udp.sockets()].filter(({ remote }) => remote === undefined).map(({ local, port }) => ({ addr: local, port }))
}

/** The server was there, and somebody wanted it to stop; its connections ended with it. */
export function findStopped(evidence: Evidence, host: Host, { protocol, dport }: Flow): Cause | undefined {
  const stop = evidence.stops.find((one) => one.host === host.name && one.protocol === protocol && one.port === dport)
  if (stop === undefined) return undefined
  for (const director of evidence.world.hosts.values()) {
    for (const service of findIpvs(director)?.services.all ?? []) {
      const rip = service.destinations.find(({ addr, port }) => (
        (port === dport || port === 0) && findAddress(host, addr) !== undefined))
      if (rip === undefined) continue
      const { persistenceSeconds } = service.options
      const isKept = persistenceSeconds === undefined ? '' : `, this client for ${persistenceSeconds} s and longer (-p)`
      return {
        cause: `the server on port ${dport} of ${host.name} was stopped on purpose, and ${director.name} still sends to it`
          + `${isKept}: IPVS does not look whether its servers live.`,
        cure: `start it again; or, on ${director.name}: ${deleteCommand(service, rip)}; a health check (keepalived, ldirectord)`
          + ' does that by itself.',
      }
    }
  }
  return { cause: `the server on port ${dport} of ${host.name} was stopped on purpose.`, cure: 'start it again.' }
}

/** A director was asked for a port of a VIP for which it has no service. */
function findNoService(host: Host, { dst, dport, protocol }: Flow): Cause | undefined {
  const services = findIpvs(host)?.services.all ?? []
  const known = services.filter(({ id }) => id.fwmark !== 0 || id.addr === dst)
  if (known.length === 0) return undefined
  const mark = known.find(({ id }) => id.fwmark !== 0)?.id.fwmark
  const names = listText(known.map(({ id }) => id.fwmark !== 0 ? `mark ${id.fwmark}` : endText(id.addr, id.port)))
  const option = protocol === 'tcp' ? '-t' : '-u'
  const target = endText(dst, dport)
  const service = `on ${host.name}: ipvsadm -A ${option} ${target}, and ipvsadm -a ... for its real servers`
  const marking = mark === undefined ? ''
    : `; or, for the service by mark, on ${host.name}: iptables -t mangle -A PREROUTING -d ${formatIp(dst)} -p ${protocol}`
      + ` --dport ${dport} -j MARK --set-mark ${mark}`
  return {
    cause: `IPVS on ${host.name} has no service for ${target} (it has ${names}), and nobody on ${host.name} itself`
      + ' listens there.',
    cure: `${service}${marking}.`,
  }
}
