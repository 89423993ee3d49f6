/**
 * Answers under NAT that do not come back through the director: nobody gives them the VIP again, and the client does not
 * know who speaks.
 * @module
 */
import { findTable } from '../../host/config/netfilter-config.ts'
import type { Host } from '../../host/host.ts'
import type { Route } from '../../host/routing.ts'
import { formatIp, type IpAddr } from '../../wire/address.ts'
import { flowOf, type Flow } from '../packet-changes.ts'
import type { TraceRecord } from '../recorder.ts'
import { flowKey, hostNameOf, packetsOf, reversed, type Trail } from '../trails.ts'
import {
  findHostWith, findServiceOf, wasAt, type Cause, type Evidence, type Finding,
} from './evidence.ts'
import { findNearAddress, routeTo } from './own-addresses.ts'
import { endText, serviceOption, serviceText } from './rule-text.ts'

/** A request that a director turned to a real server. */
interface Turned {
  readonly director: Host
  /** Name of the host that sent it. */
  readonly client: string
  /** As the client sent it, and as the real server gets it. */
  readonly asked: Flow
  readonly sent: Flow
}

/** One finding for each answer that a client did not understand. */
export function findStrayAnswers(evidence: Evidence): Finding[] {
  const turned = new Map<string, Turned>()
  for (const trail of evidence.trails) {
    const one = turnedIn(evidence, trail)
    if (one !== undefined) turned.set(flowKey(reversed(one.sent)), one)
  }
  return evidence.trails.flatMap((trail) => {
    const first = packetsOf(trail.records[0] as TraceRecord)[0]
    const flow = first === undefined ? undefined : flowOf(first)
    const request = flow === undefined || first?.payload.kind === 'icmp' ? undefined : turned.get(flowKey(flow))
    const end = trail.records.at(-1)
    if (request === undefined || end?.kind !== 'dropped' || end.host !== request.client) return []
    return (wasAt(trail, request.director.name) ? unturnedAnswer : strayAnswer)(evidence, request, trail) ?? []
  })
}

/** Another destination is given to a packet by the director of its service: that is NAT. */
function turnedIn(evidence: Evidence, { records }: Trail): Turned | undefined {
  for (const record of records) {
    if (record.kind !== 'changed') continue
    const [asked, sent] = [flowOf(record.before), flowOf(record.after)]
    if (asked === undefined || sent === undefined || asked.dst === sent.dst) continue
    const director = evidence.world.hosts.get(record.host)
    const client = hostNameOf(records[0] as TraceRecord)
    if (director === undefined || client === undefined) continue
    if (findServiceOf(evidence, director, asked, record.before.mark) !== undefined) return { director, client, asked, sent }
  }
  return undefined
}

function strayAnswer(evidence: Evidence, request: Turned, trail: Trail): Finding | undefined {
  const { director, asked, sent, client } = request
  const server = evidence.world.hosts.get(hostNameOf(trail.records[0] as TraceRecord) ?? '')
  if (server === undefined) return undefined
  const reason = whyPast(evidence, { request, server, timeNs: trail.records[0]?.timeNs ?? 0 })
  const from = `${formatIp(sent.dst)}:${sent.dport}`
  return {
    uids: [trail.uid],
    cause: `${server.name} answers past the director (${director.name}), ${reason.cause}; so the answer comes from ${from}`
      + ` and not from ${formatIp(asked.dst)}:${asked.dport}, which ${client} asked, and ${client} refuses it.`,
    cure: reason.cure,
  }
}

/** The director passed an answer on as it was: with -o nothing is remembered by which to turn it back. */
function unturnedAnswer(evidence: Evidence, { director, asked, sent, client }: Turned, trail: Trail): Finding | undefined {
  const service = findServiceOf(evidence, director, asked)
  if (service === undefined || !service.options.onePacket) return undefined
  return {
    uids: [trail.uid],
    cause: `${serviceText(service, director)} forgets each packet at once (-o), so ${director.name} cannot give answers the VIP`
      + ` again: this one comes from ${endText(sent.dst, sent.dport)}, which ${client} did not ask.`,
    cure: `on ${director.name}: ipvsadm -E ${serviceOption(service)} -s ${service.options.scheduler}, which takes -o away; or`
      + ' forward by DR or TUN, where no answer passes it.',
  }
}

interface Stray {
  readonly request: Turned
  readonly server: Host
  readonly timeNs: number
}

function whyPast(evidence: Evidence, { request, server, timeNs }: Stray): Cause {
  const { director, sent } = request
  const route = routeTo(server, sent.src)
  const device = route.device.name
  if (wasRedirected(evidence, { request, server, timeNs })) {
    const out = routeTo(director, sent.dst).device.name
    return {
      cause: `because ICMP redirects of ${director.name} tell it of a shorter way (send_redirects is 1 there for all or ${out})`,
      cure: `on ${director.name}: sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.${out}.send_redirects=0`
        + ` (one of them that is 1 is enough); then, on ${server.name}: ip route flush cache.`,
    }
  }
  const masquerade = ignoredRule(director)
  const ignored = masquerade === undefined ? ''
    : ` (the ${masquerade} rule of ${director.name} does not apply, for net.ipv4.vs.conntrack is 0 there)`
  const conntrack = `on ${director.name}: sysctl -w net.ipv4.vs.conntrack=1`
  const match = `-d ${formatIp(sent.dst)} -p ${sent.protocol} --dport ${sent.dport}`
  const rule = `iptables -t nat -A POSTROUTING ${match} -j MASQUERADE`
  const fullNat = masquerade === undefined ? `${conntrack} and ${rule}` : conntrack
  if (route.gateway === undefined) {
    return {
      cause: `as ${formatIp(sent.src)} is on its own network, ${device}${ignored}`,
      cure: `${fullNat}; or let only clients of other subnets ask.`,
    }
  }
  const near = findNearAddress(director, server, sent.src)
  const gateway = near === undefined ? `an address of ${director.name}` : formatIp(near)
  return {
    cause: `as its route to ${formatIp(sent.src)} is ${routeText(evidence, route)}${ignored}`,
    cure: `on ${server.name}: ip route replace default via ${gateway}; or ${fullNat}.`,
  }
}

function routeText(evidence: Evidence, { gateway, device }: Route): string {
  const name = findHostWith(evidence, gateway as IpAddr)?.name
  return `via ${formatIp(gateway as IpAddr)}${name === undefined ? '' : ` (${name})`} dev ${device.name}`
}

/** The target of a rule that would have made the director the client, if packets of IPVS passed the nat table. */
function ignoredRule({ netfilter, sysctl }: Host): string | undefined {
  if (sysctl.find('net.ipv4.vs.conntrack') !== '0') return undefined
  const rules = findTable(netfilter.config, 'nat')?.chains.find(({ name }) => name === 'POSTROUTING')?.rules ?? []
  const rule = rules.find(({ spec }) => spec.target.kind === 'masquerade' || spec.target.kind === 'snat')
  return rule?.spec.target.kind.toUpperCase()
}

/** The director has told the server before of another gateway to this client. */
function wasRedirected({ redirects }: Evidence, { request, server, timeNs }: Stray): boolean {
  return redirects.some((redirect) => {
    const { payload, src } = redirect.packet
    return redirect.host === server.name && redirect.timeNs <= timeNs && request.director.isLocalAddress(src)
      && payload.kind === 'icmp' && payload.quoted?.dst === request.sent.src
  })
}
