/**
 * Why packets died, where the set-up shows it: the rule, the sysctl or the address at fault, and who has it. Reasons that
 * the meaning of the drop says already are not repeated.
 * @module
 */
import { savedRule } from '../../admin/iptables/list-text.ts'
import type { Host } from '../../host/host.ts'
import { findChain, findTable, isTableName } from '../../host/config/netfilter-config.ts'
import type { RulePlace } from '../../host/trace.ts'
import { formatIp } from '../../wire/address.ts'
import {
  ICMP_ECHO_REQUEST, ICMP_UNREACHABLE, ICMPV6_TOO_BIG, UNREACHABLE_FRAGMENTATION_NEEDED, type IcmpMessage,
} from '../../wire/icmp-message.ts'
import { totalBytes, type IpPacket } from '../../wire/ip-packet.ts'
import { flowOf } from '../packet-changes.ts'
import type { TraceRecord } from '../recorder.ts'
import { flowKey, hostNameOf, packetsOf, reversed, type Trail } from '../trails.ts'
import { findStopped, findUnservedPort } from './closed-ports.ts'
import { findDeadCable } from './dead-cables.ts'
import { deviceOf, findServiceOf, largerOfAll, markOf, type Cause, type Evidence, type Finding } from './evidence.ts'
import { routeTo } from './own-addresses.ts'
import { findForged } from './forged-sources.ts'
import { findLoop } from './loops.ts'
import { findDeleted, findForgotten } from './lost-entries.ts'
import { findMisdelivered } from './missing-address.ts'
import { findNobody } from './nobody-to-pick.ts'
import { findSilent, findWaiting } from './silent-neighbors.ts'
import { findClosedTunnel } from './tunnel-ends.ts'
import { findSwallowed } from './unanswered.ts'
import { findDownDevice, findNoRoute, findWaylessServer } from './wayless-servers.ts'

type Drop = Extract<TraceRecord, { readonly kind: 'dropped' }>

/** Evidence, with the errors of "fragmentation needed" by the number of the packet that they are about. */
interface DeathEvidence extends Evidence {
  readonly errors: ReadonlyMap<number, readonly Trail[]>
}

/** One finding for each packet whose death can be laid to something. */
export function findDeaths(given: Evidence): Finding[] {
  const evidence = { ...given, errors: errorsIn(given.trails) }
  return evidence.trails.flatMap((trail) => {
    const end = trail.records.find((record) => record.kind === 'dropped' || record.kind === 'lost')
    const found = end === undefined ? findWaiting(evidence, trail)
      : end.kind === 'lost' ? findDeadCable(evidence, trail, end)
        : end.kind === 'dropped' ? causeOf(evidence, trail, end) : undefined
    const errors = evidence.errors.get(trail.uid) ?? []
    return found === undefined ? [] : [{ uids: [trail.uid, ...errors.map(({ uid }) => uid)], ...found }]
  })
}

function causeOf(evidence: DeathEvidence, trail: Trail, drop: Drop): Cause | undefined {
  const host = evidence.world.hosts.get(drop.host)
  if (host === undefined) return undefined
  const { packet } = drop
  switch (drop.reason) {
    case 'rp-filter': return filteredSource(host, trail, drop)
    case 'martian-source': return findForged(evidence, host, trail, packet)
    case 'netfilter-drop':
    case 'netfilter-reject': return forbidden(evidence, host, trail, drop)
    case 'too-big': return untoldSender(evidence, host, trail, drop)
    case 'no-listener': return findSwallowed(host, trail) ?? findClosedTunnel(host, packet)
      ?? findForgotten(evidence, host, packet) ?? findUnservedPort(evidence, host, packet)
    case 'tcp-closed': return findClosedConnection(evidence, host, packet)
    case 'no-protocol':
    case 'tunnel-down': return findClosedTunnel(host, packet)
    case 'not-forwarding': return findMisdelivered(evidence, host, trail, packet)
    case 'ttl-exceeded': return findLoop(evidence, trail)
    case 'ipvs-no-destination': return findNobody(evidence, host, packet)
    case 'ipvs-destination-gone': return findDeleted(evidence, host, packet)
    case 'ipvs-no-route': return findWaylessServer(evidence, host, trail, packet)
    case 'neighbor-failed': return findSilent(evidence, host, trail, drop.timeNs)
    case 'ipvs-drop-packet': return defended(host)
    case 'no-route':
    case 'blackhole':
    case 'prohibited':
    case 'unreachable-route': return findNoRoute(host, packet)
    case 'device-down': return findDownDevice(host, packet)
    case 'icmp-ignored': return deafHost(host, packet)
    case 'muted': return { cause: `${host.name} is mute: it was made to ignore everything.`, cure: 'unmute it.' }
    default: return undefined
  }
}

/** A server that knows nothing of the connection: it was stopped, or the director sent it what another one began. */
function findClosedConnection(evidence: Evidence, host: Host, packet: IpPacket): Cause | undefined {
  const flow = flowOf(packet)
  return flow === undefined ? undefined : findStopped(evidence, host, flow)
}

/** IPVS throws packets away as long as it is told to, or has little memory. */
function defended(host: Host): Cause | undefined {
  const setting = 'net.ipv4.vs.drop_packet'
  const value = host.sysctl.find(setting)
  if (value === undefined || value === '0') return undefined
  return {
    cause: `IPVS on ${host.name} throws packets of new connections away to defend itself, as ${setting} is ${value}.`,
    cure: `on ${host.name}: sysctl -w ${setting}=0.`,
  }
}

/** A host that does not answer ping. */
function deafHost(host: Host, { payload }: IpPacket): Cause | undefined {
  const setting = 'net.ipv4.icmp_echo_ignore_all'
  if (payload.kind !== 'icmp' || payload.type !== ICMP_ECHO_REQUEST || host.sysctl.find(setting) !== '1') return undefined
  return { cause: `${host.name} does not answer ping, as ${setting} is 1.`, cure: `on ${host.name}: sysctl -w ${setting}=0.` }
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
  const back = routeTo(host, packet.src).device.name
  return {
    cause: `${host.name} drops what comes in by ${device} from ${formatIp(packet.src)}, as its way back there is ${back}, and`
      + ` rp_filter is 1 for ${device} (the larger one of all=${all} and ${device}=${own} counts).`,
    cure: `on ${host.name}: sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.${device}.rp_filter=0`
      + ` (or net.ipv4.conf.${device}.rp_filter=2, which asks for any way back).`,
  }
}

function forbidden(evidence: Evidence, host: Host, trail: Trail, drop: Drop): Cause | undefined {
  // An ICMP error that is dropped counts with the packet it is about.
  if (errorIn(trail) !== undefined) return undefined
  const place = ruleOf(trail, drop)
  if (place === undefined) return undefined
  const flow = flowOf(drop.packet)
  const untracked = untrackedAnswer(evidence, host, drop, place)
  if (untracked !== undefined) return untracked
  const isService = findServiceOf(evidence, host, flow, markOf(trail)) !== undefined && drop.packet.payload.kind !== 'icmp'
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

/** A stateful rule lets nothing of IPVS pass while conntrack does not know its connections. */
function untrackedAnswer(evidence: Evidence, host: Host, drop: Drop, place: RulePlace): Cause | undefined {
  const flow = flowOf(drop.packet)
  if (flow === undefined || host.sysctl.find('net.ipv4.vs.conntrack') !== '0' || !isTableName(place.table)) return undefined
  const isAnswer = evidence.trails.some(({ records }) => records.some((record) => {
    const sent = record.kind === 'changed' && record.host === host.name ? flowOf(record.after) : undefined
    return sent !== undefined && flowKey(reversed(sent)) === flowKey(flow)
  }))
  const table = findTable(host.netfilter.config, place.table)
  const chain = table === undefined ? undefined : findChain(table, place.chain)
  const before = place.number === 0 ? chain?.rules : chain?.rules.slice(0, place.number - 1)
  const index = before?.findIndex(({ spec }) => savedRule(place.chain, spec, '').includes('ESTABLISHED')) ?? -1
  if (!isAnswer || index < 0) return undefined
  return {
    cause: `${host.name} drops the answer by ${ruleText(host, place)}, and rule ${index + 1}, which lets ESTABLISHED pass,`
      + ' does not know the connections of IPVS, as net.ipv4.vs.conntrack is 0.',
    cure: `on ${host.name}: sysctl -w net.ipv4.vs.conntrack=1.`,
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
  const service = findServiceOf(evidence, host, flow, markOf(trail))
  const isTunnel = service?.destinations.some(({ method }) => method === 'tun') === true
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

/** The "fragmentation needed" or, in IPv6, "packet too big" that a packet is. */
function errorIn({ records }: Trail): IcmpMessage | undefined {
  const payload = packetsOf(records[0] as TraceRecord)[0]?.payload
  switch (payload?.kind) {
    case 'icmp': {
      const { type, code } = payload
      return type === ICMP_UNREACHABLE && code === UNREACHABLE_FRAGMENTATION_NEEDED ? payload : undefined
    }
    case 'icmpv6': return payload.type === ICMPV6_TOO_BIG ? payload : undefined
    default: return undefined
  }
}

function fateOf(evidence: Evidence, error: Trail | undefined): string {
  const drop = error?.records.find((record) => record.kind === 'dropped')
  if (error === undefined || drop === undefined) return 'was not sent, or lost'
  const host = evidence.world.hosts.get(drop.host)
  const place = ruleOf(error, drop)
  const how = host !== undefined && place !== undefined ? `by ${ruleText(host, place)}` : `(${drop.reason})`
  return `was dropped on ${drop.host} ${how}`
}
