/**
 * Packets that went in a circle until their TTL was used up.
 * @module
 */
import type { Destination } from '../../ipvs/destination.ts'
import { formatIp } from '../../wire/address.ts'
import { flowOf } from '../packet-changes.ts'
import { hostNameOf, packetsOf, type Trail } from '../trails.ts'
import { findHostWith, markOf, servedBy, wasAt, type Cause, type Evidence, type Served } from './evidence.ts'
import { routeTo } from './own-addresses.ts'
import { findMissingVip } from './missing-address.ts'
import { editCommand, endText, listText } from './rule-text.ts'
import { openingCommand } from './tunnel-ends.ts'

/** Visits of one host by one packet that only a circle explains: what is forwarded by tunnel may come twice. */
const VISITS_MIN = 3

/** Why a packet went in a circle; undefined when it did not. */
export function findLoop(evidence: Evidence, trail: Trail): Cause | undefined {
  const hosts = circleOf(trail)
  const flow = trail.records.flatMap(packetsOf).map(flowOf).find((one) => one !== undefined)
  if (hosts.length === 0 || flow === undefined) return undefined
  for (const name of hosts) {
    const host = evidence.world.hosts.get(name)
    const missing = host === undefined ? undefined : findMissingVip(evidence, host, trail, flow)
    if (missing !== undefined) return missing
  }
  const circle = `${listText(hosts)} send it to each other until its TTL is used up`
  const served = servedBy(evidence, flow, markOf(trail)).find(({ director }) => wasAt(trail, director.name))
  const far = served === undefined ? undefined : findFar(served)
  if (served === undefined || far === undefined) return {
    cause: `${circle}: their routes to ${formatIp(flow.dst)} point at each other.`,
    cure: `correct the route to ${formatIp(flow.dst)} on ${listText(hosts)} (ip route replace`
      + ` ${formatIp(flow.dst)} via GATEWAY).`,
  }
  const { director, service } = served
  const { destination, gateway } = far
  const name = endText(destination.addr, destination.port)
  const server = findHostWith(evidence, destination.addr)
  const opening = server === undefined ? undefined : openingCommand(server, 'ipip', flow.dst)
  return {
    cause: `${circle}: ${director.name} forwards to ${name} by DR, which leaves the VIP in packets, and that real server is`
      + ` behind the router ${gateway}, which sends what is for the VIP back to ${director.name}.`,
    cure: `let ${director.name} and its real servers by DR share a network; or forward by TUN,`
      + ` on ${director.name}: ${editCommand(service, destination, { method: 'tun' })}`
      + `${server === undefined || opening === undefined ? '' : `; and, on ${server.name}: ${opening}`}.`,
  }
}

/** The hosts of a circle, in the order in which they were met; none when there is no circle. */
function circleOf({ records }: Trail): string[] {
  const visits = new Map<string, number>()
  for (const record of records) {
    const host = hostNameOf(record)
    const isArrival = record.kind === 'frame' && record.direction === 'in'
    if (isArrival && host !== undefined) visits.set(host, (visits.get(host) ?? 0) + 1)
  }
  return [...visits].filter(([, count]) => count >= VISITS_MIN).map(([host]) => host)
}

/** A destination behind a router. */
interface Far {
  readonly destination: Destination
  readonly gateway: string
}

/** A destination of DR that is not on a network of the director. */
function findFar({ director, service }: Served): Far | undefined {
  for (const destination of service.destinations) {
    if (destination.method !== 'dr') continue
    const { gateway } = routeTo(director, destination.addr)
    if (gateway !== undefined) return { destination, gateway: formatIp(gateway) }
  }
  return undefined
}
