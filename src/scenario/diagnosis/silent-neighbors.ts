/**
 * Packets that nobody took, because nobody answered when their next hop was asked for by ARP. Neighbor discovery of IPv6 is
 * not looked at.
 * @module
 */
import type { DeviceConfig } from '../../host/config/net-config.ts'
import type { Host } from '../../host/host.ts'
import { findIpvs } from '../../ipvs/director.ts'
import type { Destination } from '../../ipvs/destination.ts'
import type { Service } from '../../ipvs/service.ts'
import { ARP_REQUEST, type ArpPacket } from '../../wire/arp-packet.ts'
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { flowOf, type Flow } from '../packet-changes.ts'
import { packetsOf, type Trail } from '../trails.ts'
import {
  findHostWith, findServiceOf, largerOfAll, markOf, type Cause, type DeviceSetting, type Evidence,
} from './evidence.ts'
import { nearDevice } from './missing-address.ts'
import { findAddress, findNearAddress } from './own-addresses.ts'
import { addressCommand, deleteCommand, editCommand, endText, serviceText } from './rule-text.ts'

/** A packet that still waited for an answer to ARP when the recording ended. */
export function findWaiting(evidence: Evidence, trail: Trail): Cause | undefined {
  const last = trail.records.at(-1)
  if (last?.kind !== 'decision' || last.by !== 'neighbor') return undefined
  const host = evidence.world.hosts.get(last.host)
  return host === undefined ? undefined : findSilent(evidence, host, trail, Infinity)
}

/** Why nobody answered this host up to then. */
export function findSilent(evidence: Evidence, host: Host, trail: Trail, untilNs: number): Cause | undefined {
  const packets = trail.records.flatMap(packetsOf)
  const flow = packets.map(flowOf).find((one) => one !== undefined)
  const question = lastQuestion(evidence, host, { sinceNs: trail.records[0]?.timeNs ?? 0, untilNs })
  const dst = flow?.dst ?? packets[0]?.dst
  if (dst === undefined || question === undefined) return undefined
  const addr = question.tpa
  const service = findServiceOf(evidence, host, flow, markOf(trail))
  const rip = service?.destinations.find((destination) => destination.addr === addr)
  if (service === undefined || flow === undefined) return silentHop(evidence, host, dst, addr)
  if (rip === undefined) return addr === flow.dst ? keptRoute(evidence, { host, service, trail, vip: addr }) : undefined
  return silentServer(evidence, { host, service, rip, flow, question })
}

interface Asked {
  readonly host: Host
  readonly service: Service
  readonly rip: Destination
  readonly flow: Flow
  readonly question: ArpPacket
}

/** The director sent it to a real server that does not answer ARP. */
function silentServer(evidence: Evidence, { host, service, rip, flow, question }: Asked): Cause {
  const server = findHostWith(evidence, rip.addr)
  const near = server === undefined ? undefined : findNearAddress(server, host, rip.addr)
  const name = server === undefined || near === undefined ? formatIp(rip.addr) : `${server.name} (${formatIp(rip.addr)})`
  // Whoever has the asker's address himself does not believe that somebody else asks.
  if (server?.isLocalAddress(question.spa) === true && flow.src === flow.dst) return {
    cause: `${host.name} asks its own service, so its source is the VIP ${formatIp(flow.src)}, and by ${rip.method.toUpperCase()}`
      + ` ${server.name} gets that with the VIP, which it has too: it takes the packet, and the ARP question before it, for`
      + ' forged.',
    cure: `let programs on ${host.name} ask ${endText(rip.addr, rip.port)} instead of the VIP; or forward by NAT (-m).`,
  }
  const down = server === undefined ? undefined : downDevice(server, rip.addr)
  const deaf = server === undefined || near === undefined ? undefined : findDeaf(server, near)
  if (deaf !== undefined && server !== undefined) return {
    cause: `IPVS on ${host.name} picked ${name}, which does not answer ARP for itself, as arp_ignore is ${deaf.value} for`
      + ` ${deaf.device} (the larger one of all=${deaf.all} and ${deaf.device}=${deaf.own} counts), and 8 answers nobody.`,
    cure: `on ${server.name}: sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.${deaf.device}.arp_ignore=1.`,
  }
  const why = down === undefined ? 'which does not answer ARP' : `which does not answer ARP, as its ${down.name} is down`
  const back = down === undefined || server === undefined ? `bring ${name} back, or,`
    : `on ${server.name}: ip link set ${down.name} up (and add its routes again); or,`
  return {
    cause: `IPVS on ${host.name} picked ${name}, ${why}: IPVS does not look whether its servers live, and`
      + ` ping to the VIP is answered by ${host.name} itself.`,
    cure: `${back} on ${host.name}: ${deleteCommand(service, rip)}; a health check (keepalived, ldirectord) does that by itself.`,
  }
}

/** arp_ignore=8 keeps a host from answering for any address of its own. */
function findDeaf(server: Host, addr: IpAddr): DeviceSetting & { readonly device: string } | undefined {
  const device = isIpv6(addr) ? undefined : findAddress(server, addr)?.device.name
  const setting = device === undefined ? undefined : largerOfAll(server, device, 'arp_ignore')
  return setting === undefined || device === undefined || setting.value < 8 ? undefined : { ...setting, device }
}

/** The device that has an address, when it is down. */
function downDevice(host: Host, addr: IpAddr): DeviceConfig | undefined {
  const device = findAddress(host, addr)?.device
  return device?.isUp === false ? device : undefined
}

/** Under DR, a route that was kept for NAT makes the director look for the VIP itself among its neighbors. */
function keptRoute(
  evidence: Evidence, { host, service, trail, vip }: { host: Host, service: Service, trail: Trail, vip: IpAddr },
): Cause | undefined {
  const decisions = trail.records.flatMap((record) => record.kind === 'decision' && record.by === 'ipvs' ? [record.text] : [])
  const rip = service.destinations.find(({ addr, method, route }) => method === 'dr' && route?.namesNextHop === false
    && decisions.some((text) => text.startsWith(`to ${formatIp(addr)} by dr`)))
  if (rip === undefined) return undefined
  const name = findHostWith(evidence, rip.addr)?.name ?? 'it'
  return {
    cause: `${host.name} asks by ARP for the VIP ${formatIp(vip)} and not for ${name} (${formatIp(rip.addr)}): this`
      + ' destination was NAT before it was DR, its old connections looked the route up in the way of NAT, and IPVS keeps'
      + ' that for DR.',
    cure: `on ${host.name}: ${editCommand(service, rip, {})}, which forgets the kept route,`
      + ' once the connections by NAT are over (ipvsadm -Lnc).',
  }
}

/** The next hop of a host that is no director here. */
function silentHop(evidence: Evidence, host: Host, dst: IpAddr, addr: IpAddr): Cause {
  const text = formatIp(addr)
  for (const director of evidence.world.hosts.values()) {
    const service = findIpvs(director)?.services.all.find(({ id }) => id.fwmark === 0 && id.addr === addr)
    if (service !== undefined && addr === dst && !director.isLocalAddress(addr)) return {
      cause: `nobody has the VIP ${text}, for which ${host.name} asks by ARP: ${serviceText(service, director)} is there,`
        + ' but the address was never added.',
      cure: `on ${director.name}: ${addressCommand(addr, nearDevice(director, addr))}.`,
    }
  }
  const owner = findHostWith(evidence, addr)
  const down = owner === undefined ? undefined : downDevice(owner, addr)
  if (owner !== undefined && down !== undefined) return {
    cause: `${host.name} asks by ARP for ${text}, and ${owner.name} does not answer, as its ${down.name} is down.`,
    cure: `on ${owner.name}: ip link set ${down.name} up.`,
  }
  if (owner !== undefined) return {
    cause: `${host.name} asks by ARP for ${text}, and ${owner.name}, which has it, does not answer: it is cut off, on another`
      + ' segment, or its arp_ignore keeps it from it.',
    cure: `see the cable of ${owner.name}, its segment, and on ${owner.name}: sysctl net.ipv4.conf.all.arp_ignore.`,
  }
  return {
    cause: `nobody has the address ${text}, for which ${host.name} asks by ARP to reach ${formatIp(dst)}.`,
    cure: addr === dst ? `give ${text} to the host that is meant, or correct the address that is asked.`
      : `on ${host.name}: correct the gateway of the route to ${formatIp(dst)} (ip route replace default via GATEWAY).`,
  }
}

/** A span of time without its end: who gives up tells the sender at once, and asks for the way to him. */
interface Span {
  readonly sinceNs: number
  readonly untilNs: number
}

/** What a host asked by ARP the last time. */
function lastQuestion({ arps }: Evidence, { name }: Host, { sinceNs, untilNs }: Span): ArpPacket | undefined {
  return arps.findLast(({ timeNs, nic, direction, packet }) => nic.host === name && direction === 'out'
    && timeNs >= sinceNs && timeNs < untilNs && packet.op === ARP_REQUEST)?.packet
}
