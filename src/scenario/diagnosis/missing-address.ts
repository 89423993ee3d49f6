/**
 * Packets that came to a host which neither has their address nor may pass them on: a real server or a director without the
 * VIP, a director or a gateway that does not forward.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { findIpvs } from '../../ipvs/director.ts'
import type { Destination } from '../../ipvs/destination.ts'
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { flowOf, type Flow } from '../packet-changes.ts'
import { reversed, type Trail } from '../trails.ts'
import { markOf, servedBy, wasAt, type Cause, type Evidence, type Served } from './evidence.ts'
import { findAddress, routeTo } from './own-addresses.ts'
import { addressCommand, serviceText } from './rule-text.ts'

/** Settings of a real server that has the VIP: it must not tell others so. */
const SILENCE = 'sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'

/** A director, its service, and the destination of it that a host is. */
interface Sent extends Served {
  readonly destination: Destination
}

/** Why a host would not take a packet, nor pass it on. */
export function findMisdelivered(evidence: Evidence, host: Host, trail: Trail, packet: IpPacket): Cause | undefined {
  const { src, dst } = packet
  const flow = flowOf(packet)
  const missing = flow === undefined ? undefined : findMissingVip(evidence, host, trail, flow)
  if (missing !== undefined) return missing
  const service = findIpvs(host)?.services.all.find(({ id }) => id.fwmark === 0 && id.addr === dst)
  if (service !== undefined) return {
    cause: `${host.name} does not have the VIP ${formatIp(dst)} of ${serviceText(service, host)}, so it does not take`
      + ' packets for it.',
    cure: `on ${host.name}: ${addressCommand(dst, nearDevice(host, dst))}.`,
  }
  const setting = forwardingOf(dst)
  // A device may differ from all.
  const isOff = host.sysctl.find(setting) === '0'
  const fault = isOff ? `${setting} is 0` : 'forwarding is 0 for the device it came in by'
  const family = isIpv6(dst) ? 'ipv6' : 'ipv4'
  const cure = `on ${host.name}: sysctl -w ${isOff ? setting : `net.${family}.conf.all.forwarding`}=1.`
  const answered = flow === undefined ? undefined : answeredBy(evidence, host, flow)
  if (answered !== undefined) return {
    cause: `${host.name} gets the answer of ${answered}, and may not pass it on to ${formatIp(dst)}: ${fault}, and a NAT`
      + ' director must forward.',
    cure,
  }
  return {
    cause: `${host.name} gets packets from ${formatIp(src)} for ${formatIp(dst)}, and does not pass them on: ${fault}.`,
    cure,
  }
}

function forwardingOf(addr: IpAddr): string {
  return isIpv6(addr) ? 'net.ipv6.conf.all.forwarding' : 'net.ipv4.ip_forward'
}

/** The real server that a director sent something to by DR or TUN does not have the VIP. */
export function findMissingVip(evidence: Evidence, host: Host, trail: Trail, flow: Flow): Cause | undefined {
  const sent = sentTo(evidence, host, trail, flow)
  if (sent === undefined || host.isLocalAddress(flow.dst)) return undefined
  const { director, destination: { method } } = sent
  const vip = formatIp(flow.dst)
  const device = method === 'tun' ? 'tunl0' : 'lo'
  const passesOn = host.sysctl.find(forwardingOf(flow.dst)) === '1'
  const fate = passesOn ? 'is not for it, and it passes it on as a router' : 'is not for it, and it drops it'
  const silence = isIpv6(flow.dst) ? '' : `${SILENCE} && `
  return {
    cause: `${host.name} does not have the VIP ${vip}, so what ${director.name} sends it by ${method.toUpperCase()} (which leaves`
      + ` the VIP in packets) ${fate}.`,
    cure: `on ${host.name}: ${silence}${addressCommand(flow.dst, isIpv6(flow.dst) ? 'lo' : device)}.`,
  }
}

/** As which real server a host got a packet from a director. */
function sentTo(evidence: Evidence, host: Host, trail: Trail, flow: Flow): Sent | undefined {
  for (const { director, service } of servedBy(evidence, flow, markOf(trail))) {
    if (director === host || !wasAt(trail, director.name)) continue
    const destination = service.destinations.find(({ addr, method }) => method !== 'nat' && findAddress(host, addr) !== undefined)
    if (destination !== undefined) return { director, service, destination }
  }
  return undefined
}

/** The real server whose answer this is, under NAT. */
function answeredBy(evidence: Evidence, host: Host, { src, sport }: Flow): string | undefined {
  const server = [...evidence.world.hosts.values()].find((one) => findAddress(one, src) !== undefined)
  const request = evidence.trails.some(({ records }) => records.some((record) => {
    if (record.kind !== 'changed' || record.host !== host.name) return false
    const after = flowOf(record.after)
    return after !== undefined && reversed(after).src === src && reversed(after).sport === sport
  }))
  return request ? server?.name : undefined
}

/** The device of a host on the network of an address; its first one when none is. */
export function nearDevice(host: Host, addr: IpAddr): string {
  const route = routeTo(host, addr)
  if (route.type === 'unicast' && route.gateway === undefined) return route.device.name
  return host.devices.find(({ config }) => config.kind === 'ethernet')?.name ?? 'eth0'
}
