/**
 * Requests after which nothing came: never sent for want of a route, or taken by a real server that cannot answer; and answers
 * that a host kept for itself.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { formatIp, isIpv6, isLoopback } from '../../wire/address.ts'
import { flowOf, type Flow } from '../packet-changes.ts'
import { flowKey, hostNameOf, packetsOf, reversed, trailsOf, uidsOfRequest, type Request, type Trail } from '../trails.ts'
import type { TraceRecord } from '../recorder.ts'
import { wasAt, type Cause, type Evidence, type Finding } from './evidence.ts'
import { findNearAddress, routeTo } from './own-addresses.ts'

/** One finding for a request that was never sent, or for those that a host without a way back took. */
export function findUnanswered(evidence: Evidence): Finding[] {
  const { request, trails } = evidence
  if (request !== undefined && trails.length === 0) {
    const cause = unsent(evidence, request)
    return cause === undefined ? [] : [{ uids: [], ...cause }]
  }
  const begun = new Set(trails.map((trail) => keyAt(trail.records[0])))
  return trails.flatMap((trail) => {
    const end = trail.records.at(-1)
    const flow = end?.kind === 'consumed' ? flowOf(end.packet) : undefined
    if (end?.kind !== 'consumed' || flow === undefined || end.packet.payload.kind === 'icmp') return []
    if (hostNameOf(trail.records[0] as TraceRecord) === end.host || begun.has(`${end.host} ${flowKey(reversed(flow))}`)) return []
    const host = evidence.world.hosts.get(end.host)
    const cause = host === undefined ? undefined : wayless(evidence, host, trail, flow)
    return cause === undefined ? [] : [{ uids: [trail.uid], ...cause }]
  })
}

/** One finding for a request on a connection that the server had closed when somebody stopped it. */
export function findEnded({ request, stops, trails, recording }: Evidence): Finding[] {
  if (request === undefined || stops.length === 0) return []
  // What closed the connection went before the request that failed.
  const all = trailsOf(recording.records, uidsOfRequest(recording.records, request))
  const stop = stops.findLast(({ host }) => all.some((trail) => wasAt(trail, host)))
  return stop === undefined ? [] : [{
    uids: trails.map(({ uid }) => uid),
    cause: `the server on port ${stop.port} of ${stop.host} was stopped on purpose, and closed its connections when it ended.`,
    cure: 'start it again, and connect anew.',
  }]
}

function keyAt(record: TraceRecord | undefined): string {
  const packet = record === undefined ? undefined : packetsOf(record)[0]
  const flow = packet === undefined ? undefined : flowOf(packet)
  return record === undefined || flow === undefined ? '' : `${hostNameOf(record) ?? ''} ${flowKey(flow)}`
}

/** The client has no way, or refuses to send. */
function unsent(evidence: Evidence, { host: name, dst }: Request): Cause | undefined {
  const host = evidence.world.hosts.get(name)
  if (host === undefined) return undefined
  const { type } = routeTo(host, dst)
  if (type === 'unicast' || type === 'local' || type === 'broadcast') return undefined
  const why = type === 'none' ? 'has no route' : `has a route of type ${type}`
  return {
    cause: `${name} ${why} to ${formatIp(dst)}, so nothing was sent.`,
    cure: `on ${name}: ip route replace default via GATEWAY, or a route to ${formatIp(dst)}.`,
  }
}

/** A server took the request, and has no route to the client. */
function wayless(evidence: Evidence, host: Host, trail: Trail, { src }: Flow): Cause | undefined {
  const { type } = routeTo(host, src)
  if (type !== 'none' && type !== 'unreachable') return undefined
  const director = [...evidence.world.hosts.values()].find((one) => one !== host && wasAt(trail, one.name)
    && trail.records.some((record) => record.kind === 'changed' && record.host === one.name))
  const near = director === undefined ? undefined : findNearAddress(director, host, src)
  const isNat = director !== undefined && near !== undefined
  const note = isNat ? `, and NAT needs the answer to come through ${director.name}` : ''
  return {
    cause: `${host.name} takes the request, but has no route to ${formatIp(src)}, so it cannot answer${note}.`,
    cure: `on ${host.name}: ip route add default via ${isNat ? formatIp(near) : 'ROUTER'}.`,
  }
}

/** A host takes the client for itself, because the mask of an address on `lo` makes a whole network its own. */
export function findSwallowed(host: Host, trail: Trail): Cause | undefined {
  const first = packetsOf(trail.records[0] as TraceRecord)[0]
  if (first === undefined || hostNameOf(trail.records[0] as TraceRecord) !== host.name || isIpv6(first.dst)) return undefined
  if (trail.records.some(({ kind }) => kind === 'frame')) return undefined
  const route = routeTo(host, first.dst)
  if (route.type !== 'local' || hasOwn(host, first)) return undefined
  const wide = host.net.devices.find(({ kind }) => kind === 'loopback')?.addresses
    .find(({ addr, prefixLength }) => prefixLength < 32 && !isLoopback(addr))
  if (wide === undefined) return undefined
  const { addr, prefixLength } = wide
  const vip = formatIp(addr)
  return {
    cause: `${host.name} takes ${formatIp(first.dst)} for itself and keeps the answer, as it has ${vip}/${prefixLength} on lo,`
      + ' and on lo that makes every address of the network its own.',
    cure: `on ${host.name}: ip addr del ${vip}/${prefixLength} dev lo && ip addr add ${vip}/32 dev lo`
      + ` (ifconfig lo:0 ${vip} netmask 255.255.255.255).`,
  }
}

function hasOwn({ net }: Host, { dst }: { readonly dst: number }): boolean {
  return net.devices.some(({ addresses }) => addresses.some(({ addr }) => addr === dst))
}
