/**
 * Why packets died, where the set-up shows it: the rule, the sysctl or the address at fault, and who has it. Reasons that
 * the meaning of the drop says already are not repeated.
 * @module
 */
import { savedRule } from '../../admin/iptables/list-text.ts'
import type { Host } from '../../host/host.ts'
import { findChain, findTable, isTableName } from '../../host/config/netfilter-config.ts'
import type { RulePlace } from '../../host/trace.ts'
import { ARP_REQUEST } from '../../wire/arp-packet.ts'
import { formatIp, type IpAddr } from '../../wire/address.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, type IcmpMessage } from '../../wire/icmp-message.ts'
import { totalBytes } from '../../wire/ip-packet.ts'
import { flowOf } from '../packet-changes.ts'
import type { TraceRecord } from '../recorder.ts'
import { packetsOf, reversed, type Trail } from '../trails.ts'
import { findUnservedPort } from './closed-ports.ts'
import {
  deviceOf, findHostWith, findNearAddress, findServiceOf, hostNameOf, largerOfAll, type Cause, type Evidence,
  type Finding,
} from './evidence.ts'

type Drop = Extract<TraceRecord, { readonly kind: 'dropped' }>

/** Evidence, with the errors of "fragmentation needed" by the number of the packet that they are about. */
interface DeathEvidence extends Evidence {
  readonly errors: ReadonlyMap<number, readonly Trail[]>
}

/** One finding for each packet whose death can be laid to something. */
export function findDeaths(given: Evidence): Finding[] {
  const evidence = { ...given, errors: errorsIn(given.trails) }
  return evidence.trails.flatMap((trail) => {
    const drop = trail.records.find((record) => record.kind === 'dropped')
    const found = drop === undefined ? waitingIn(evidence, trail) : causeOf(evidence, trail, drop)
    const errors = evidence.errors.get(trail.uid) ?? []
    return found === undefined ? [] : [{ uids: [trail.uid, ...errors.map(({ uid }) => uid)], ...found }]
  })
}

function causeOf(evidence: DeathEvidence, trail: Trail, drop: Drop): Cause | undefined {
  const host = evidence.world.hosts.get(drop.host)
  if (host === undefined) return undefined
  switch (drop.reason) {
    case 'rp-filter': return filteredSource(host, trail, drop)
    case 'martian-source': return ownSource(evidence, host, trail, drop)
    case 'netfilter-drop':
    case 'netfilter-reject': return forbidden(evidence, host, trail, drop)
    case 'too-big': return untoldSender(evidence, host, trail, drop)
    case 'no-listener': return findUnservedPort(evidence, host, drop.packet)
    case 'neighbor-failed': return silentServer(evidence, host, trail, drop.timeNs)
    default: return undefined
  }
}

function filteredSource(host: Host, trail: Trail, { packet }: Drop): Cause | undefined {
  const names = host.devices.map(({ name }) => name)
  const devices = names.filter((name) => largerOfAll(host, name, 'rp_filter').value === 1)
  const unwrapped = trail.records.findLast((record) => record.kind === 'changed' && record.host === host.name
    && record.before.payload !== record.after.payload && record.after.uid === packet.uid)
  const arrival = trail.records.findLast((record) => record.kind === 'frame' && record.nic.host === host.name)
  // What leaves a tunnel comes in by the tunnel's device, which the record names.
  const device = unwrapped?.kind === 'changed' ? devices.find((name) => unwrapped.why.endsWith(` ${name}`))
    : arrival?.kind === 'frame' ? deviceOf(arrival.nic) : undefined
  if (device === undefined || !devices.includes(device)) return undefined
  const { all, own } = largerOfAll(host, device, 'rp_filter')
  const back = host.routing.lookup(packet.src).device.name
  return {
    cause: `${host.name} drops what comes in by ${device} from ${formatIp(packet.src)}, as its way back there is ${back}, and`
      + ` rp_filter is 1 for ${device} (the larger one of all=${all} and ${device}=${own} counts).`,
    cure: `on ${host.name}: sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.${device}.rp_filter=0`
      + ` (or net.ipv4.conf.${device}.rp_filter=2, which asks for any way back).`,
  }
}

/** Answers of a real server under DR or TUN that the director is to pass on. */
function ownSource(evidence: Evidence, host: Host, trail: Trail, { packet }: Drop): Cause | undefined {
  const flow = flowOf(packet)
  if (flow === undefined || findServiceOf(evidence, host, reversed(flow)) === undefined) return undefined
  const sender = evidence.world.hosts.get(hostNameOf(trail.records[0] as TraceRecord) ?? '')
  if (sender === undefined || sender === host) return undefined
  const next = host.routing.lookup(packet.dst).gateway
  const gateway = next === undefined ? 'ROUTER' : formatIp(next)
  const vip = formatIp(packet.src)
  return {
    cause: `${sender.name} sends its answers from ${vip} through ${host.name}, which has ${vip} itself and takes them for`
      + ' forged (martian source, accept_local=0).',
    cure: `give ${sender.name} a gateway that does not have the VIP: ip route replace default via ${gateway};`
      + ` or, on ${host.name}: sysctl -w net.ipv4.conf.all.accept_local=1 net.ipv4.ip_forward=1.`,
  }
}

function forbidden(evidence: Evidence, host: Host, trail: Trail, drop: Drop): Cause | undefined {
  // An ICMP error that is dropped counts with the packet it is about.
  if (errorIn(trail) !== undefined) return undefined
  const place = ruleOf(trail, drop)
  if (place === undefined) return undefined
  const flow = flowOf(drop.packet)
  const isService = findServiceOf(evidence, host, flow) !== undefined && drop.packet.payload.kind !== 'icmp'
  if (!isService || flow === undefined || place.chain !== 'INPUT') {
    return {
      cause: `${host.name} drops it by ${ruleText(host, place)}.`,
      cure: `on ${host.name}, put a rule before it that accepts such packets`
        + ` (iptables -t ${place.table} -I ${place.chain} ... -j ACCEPT).`,
    }
  }
  const match = `-d ${formatIp(flow.dst)} -p ${flow.protocol} --dport ${flow.dport}`
  return {
    cause: `${host.name} drops it by ${ruleText(host, place)}, and what is for the VIP passes INPUT before it comes to IPVS.`,
    cure: `on ${host.name}: iptables -I INPUT ${match} -j ACCEPT.`,
  }
}

/** The rule that decided last before the packet was dropped. */
function ruleOf(trail: Trail, drop: Drop): RulePlace | undefined {
  const before = trail.records[trail.records.indexOf(drop) - 1]
  return before?.kind === 'decision' && before.host === drop.host ? before.rule : undefined
}

function ruleText({ netfilter }: Host, { table, chain, number }: RulePlace): string {
  if (number === 0) return `the policy DROP of ${chain} (table ${table})`
  const config = isTableName(table) ? findTable(netfilter.config, table) : undefined
  const rule = config === undefined ? undefined : findChain(config, chain)?.rules[number - 1]
  // The rules are those of the end of the run: another one may have this number by now.
  const isIt = rule?.spec.target.kind === 'drop' || rule?.spec.target.kind === 'reject'
  const text = isIt ? `, ${savedRule(chain, rule.spec, '')}` : ''
  return `rule ${number} of ${chain} (table ${table}${text})`
}

/** A packet that was too big matters when its sender does not get to know. */
function untoldSender(evidence: DeathEvidence, host: Host, trail: Trail, { packet }: Drop): Cause | undefined {
  const sender = hostNameOf(trail.records[0] as TraceRecord)
  const errors = evidence.errors.get(trail.uid) ?? []
  const wasTold = errors.some(({ records }) => records.some((record) => record.kind === 'consumed' && record.host === sender))
  if (wasTold || sender === undefined) return undefined
  const mtuBytes = (errors.map(errorIn)[0]?.rest ?? 0) & 0xffff
  const flow = flowOf(packet)
  const isTunnel = findServiceOf(evidence, host, flow)?.destinations.some(({ method }) => method === 'tun') === true
  const tunnelNote = isTunnel ? ' into the tunnel, the outer header taken off' : ''
  const limit = mtuBytes === 0 ? '' : `, which can pass on ${mtuBytes}${tunnelNote}`
  const clamp = `iptables -t mangle -A OUTPUT -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss ${mtuBytes - 40}`
  const others = `; or, on the real servers: ${clamp}; or, on ${host.name}: sysctl -w net.ipv4.vs.pmtu_disc=0`
  return {
    cause: `a packet of ${totalBytes(packet)} bytes that may not be cut is too big for ${host.name}${limit}, and the ICMP error`
      + ` that should tell ${sender} ${fateOf(evidence, errors[0])}.`,
    cure: `let ICMP "fragmentation needed" (type 3, code 4) pass everywhere${isTunnel && mtuBytes > 40 ? others : ''}.`,
  }
}

function errorsIn(trails: readonly Trail[]): Map<number, Trail[]> {
  const errors = new Map<number, Trail[]>()
  for (const trail of trails) {
    const uid = errorIn(trail)?.quoted?.uid
    if (uid !== undefined) errors.set(uid, [...errors.get(uid) ?? [], trail])
  }
  return errors
}

function errorIn({ records }: Trail): IcmpMessage | undefined {
  const payload = packetsOf(records[0] as TraceRecord)[0]?.payload
  const isOne = payload?.kind === 'icmp' && payload.type === ICMP_UNREACHABLE && payload.code === UNREACHABLE_FRAGMENTATION_NEEDED
  return isOne ? payload : undefined
}

function fateOf(evidence: Evidence, error: Trail | undefined): string {
  const drop = error?.records.find((record) => record.kind === 'dropped')
  if (error === undefined || drop === undefined) return 'was not sent, or lost'
  const host = evidence.world.hosts.get(drop.host)
  const place = ruleOf(error, drop)
  const how = host !== undefined && place !== undefined ? `by ${ruleText(host, place)}` : `(${drop.reason})`
  return `was dropped on ${drop.host} ${how}`
}

/** A packet that still waited for an answer to ARP when the run ended. */
function waitingIn(evidence: Evidence, trail: Trail): Cause | undefined {
  const last = trail.records.at(-1)
  if (last?.kind !== 'decision' || last.by !== 'neighbor') return undefined
  const host = evidence.world.hosts.get(last.host)
  return host === undefined ? undefined : silentServer(evidence, host, trail, Infinity)
}

/** The director sent it to a real server that does not answer ARP. */
function silentServer(evidence: Evidence, host: Host, trail: Trail, untilNs: number): Cause | undefined {
  const flow = trail.records.flatMap(packetsOf).map(flowOf).find((one) => one !== undefined)
  const service = findServiceOf(evidence, host, flow)
  if (flow === undefined || service === undefined) return undefined
  const addr = lastAsked(evidence, host, { sinceNs: trail.records[0]?.timeNs ?? 0, untilNs })
  const rip = service.destinations.find((destination) => destination.addr === addr)
  if (rip === undefined || addr === undefined) return undefined
  const server = findHostWith(evidence, addr)
  const near = server === undefined ? undefined : findNearAddress(server, host)
  const name = server === undefined || near === undefined ? formatIp(addr) : `${server.name} (${formatIp(addr)})`
  const vip = `${formatIp(flow.dst)}:${flow.dport}`
  return {
    cause: `IPVS on ${host.name} picked ${name}, which does not answer ARP: IPVS does not look whether its servers live, and`
      + ` ping to the VIP is answered by ${host.name} itself.`,
    cure: `bring ${name} back, or, on ${host.name}: ipvsadm -d ${flow.protocol === 'tcp' ? '-t' : '-u'} ${vip}`
      + ` -r ${formatIp(addr)}:${rip.port}; a health check (keepalived, ldirectord) does that by itself.`,
  }
}

/** A span of time, both ends included. */
interface Span {
  readonly sinceNs: number
  readonly untilNs: number
}

/** Whom a host asked for by ARP the last time. */
function lastAsked({ arps }: Evidence, { name }: Host, { sinceNs, untilNs }: Span): IpAddr | undefined {
  return arps.findLast(({ timeNs, nic, direction, packet }) => nic.host === name && direction === 'out'
    && timeNs >= sinceNs && timeNs <= untilNs && packet.op === ARP_REQUEST)?.packet.tpa
}
