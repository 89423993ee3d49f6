/**
 * Packets that a host takes for forged, because their source is an address of its own.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { formatIp } from '../../wire/address.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { flowOf } from '../packet-changes.ts'
import type { TraceRecord } from '../recorder.ts'
import { hostNameOf, reversed, type Trail } from '../trails.ts'
import { findServiceOf, servedBy, wasAt, type Cause, type Evidence } from './evidence.ts'
import { routeTo } from './own-addresses.ts'
import { endText } from './rule-text.ts'

/** Why a packet came back to the host whose address it bears, or to another one that has it. */
export function findForged(evidence: Evidence, host: Host, trail: Trail, packet: IpPacket): Cause | undefined {
  const flow = flowOf(packet)
  const sender = evidence.world.hosts.get(hostNameOf(trail.records[0] as TraceRecord) ?? '')
  if (flow === undefined || sender === undefined || !host.isLocalAddress(packet.src)) return undefined
  if (findServiceOf(evidence, host, reversed(flow), packet.mark) !== undefined && sender !== host) {
    return forgedAnswer(host, sender, packet)
  }
  const turned = trail.records.find((record) => record.kind === 'changed' && record.before.dst !== record.after.dst)
  const director = turned?.kind === 'changed' ? turned.host : undefined
  if (sender === host && turned?.kind === 'changed' && director !== undefined) {
    const asked = flowOf(turned.before)
    const match = `-s ${formatIp(flow.src)} -d ${formatIp(flow.dst)} -p ${flow.protocol} --dport ${flow.dport}`
    return {
      cause: `${host.name} asked ${asked === undefined ? 'the VIP' : endText(asked.dst, asked.dport)}, and IPVS on ${director}`
        + ` picked ${host.name} itself: the request comes back with its own address ${formatIp(flow.src)} as source, and it`
        + ' takes that for forged (martian source).',
      cure: `on ${director}: sysctl -w net.ipv4.vs.conntrack=1 && iptables -t nat -A POSTROUTING ${match} -j MASQUERADE`
        + `; or let programs on ${host.name} ask its own server.`,
    }
  }
  const [served] = servedBy(evidence, flow, packet.mark).filter(({ director: one }) => wasAt(trail, one.name))
  if (served !== undefined && flow.src === flow.dst) return {
    cause: `${served.director.name} asks its own service, so the source is the VIP ${formatIp(flow.src)}, which ${host.name} has`
      + ' too: it takes the packet for forged (martian source).',
    cure: `let programs on ${served.director.name} ask the address of ${host.name} instead of the VIP; or forward by NAT (-m).`,
  }
  return undefined
}

/** Answers of a real server under DR or TUN that the director is to pass on. */
function forgedAnswer(host: Host, sender: Host, packet: IpPacket): Cause {
  const next = routeTo(host, packet.dst).gateway
  const gateway = next === undefined ? 'ROUTER' : formatIp(next)
  const vip = formatIp(packet.src)
  return {
    cause: `${sender.name} sends its answers from ${vip} through ${host.name}, which has ${vip} itself and takes them for`
      + ' forged (martian source, accept_local=0).',
    cure: `give ${sender.name} a gateway that does not have the VIP: ip route replace default via ${gateway};`
      + ` or, on ${host.name}: sysctl -w net.ipv4.conf.all.accept_local=1 net.ipv4.ip_forward=1.`,
  }
}
