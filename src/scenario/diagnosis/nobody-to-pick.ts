/**
 * Requests for which IPVS found nobody: a service without servers, drained or full ones, or a scheduler that would not take
 * those that are left.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { accepts, type Destination } from '../../ipvs/destination.ts'
import type { Service } from '../../ipvs/service.ts'
import { formatIp } from '../../wire/address.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { flowOf } from '../packet-changes.ts'
import { findServiceOf, type Cause, type Evidence } from './evidence.ts'
import { editCommand, endText, listText, serviceOption, serviceText } from './rule-text.ts'

/** Schedulers that ask an address, not the servers; the option that lets them look further, where there is one. */
const HASHES: ReadonlyMap<string, { readonly by: string, readonly fallback: string | undefined }> = new Map([
  ['sh', { by: 'the address of the client', fallback: 'sh-fallback' }],
  ['mh', { by: 'the address of the client', fallback: 'mh-fallback' }],
  ['dh', { by: 'the address that is asked', fallback: undefined }],
])

/** Why a request was turned away by IPVS; undefined when it was none, or for a service that is gone. */
export function findNobody(evidence: Evidence, host: Host, packet: IpPacket): Cause | undefined {
  const flow = flowOf(packet)
  const service = findServiceOf(evidence, host, flow, packet.mark)
  if (service === undefined || flow === undefined) return undefined
  const { destinations, options, id } = service
  const name = serviceText(service, host)
  const on = `on ${host.name}: `
  if (destinations.length === 0) {
    const cure = `${on}ipvsadm -a ${serviceOption(service)} -r SERVER -m (or -g, or -i).`
    return { cause: `${name} has no real server.`, cure }
  }
  if (id.fwmark === 0 && id.port === 0 && options.persistenceSeconds === undefined) {
    const cure = `${on}ipvsadm -E ${serviceOption(service)} -s ${options.scheduler} -p.`
    return { cause: `${name} is for every port, which needs persistence (-p), and it has none.`, cure }
  }
  const closed = destinations.filter((one) => !accepts(one))
  const [first] = closed
  if (closed.length === destinations.length) return nobodyLeft(service, host)
  const hash = HASHES.get(options.scheduler)
  if (hash !== undefined && first !== undefined) {
    const fallback = hash.fallback === undefined ? `ipvsadm -E ${serviceOption(service)} -s wlc`
      : `ipvsadm -E ${serviceOption(service)} -s ${options.scheduler}${persistenceText(service)} -b ${hash.fallback}`
    const asked = hash.by.endsWith('client') ? flow.src : flow.dst
    const other = hash.fallback === undefined ? '' : ` (it does with ${hash.fallback})`
    return {
      cause: `${name} picks by ${options.scheduler}, that is by ${hash.by}, and ${formatIp(asked)} falls on a real server that`
        + ` takes nobody new (${listText(closed.map(stateText))}); ${options.scheduler} looks for no other one${other}.`,
      cure: `${on}${fallback}; or, ${on}${cureOf(service, first)}.`,
    }
  }
  if (options.scheduler === 'ovf') return overflown(service, host)
  return undefined
}

function persistenceText({ options }: Service): string {
  return options.persistenceSeconds === undefined ? '' : ` -p ${options.persistenceSeconds}`
}

/** Every one is drained or full. */
function nobodyLeft(service: Service, host: Host): Cause {
  const { destinations } = service
  const name = serviceText(service, host)
  const isDrained = destinations.every(({ weight }) => weight === 0)
  const isFull = destinations.every(({ overloaded }) => overloaded)
  // A scheduler that asks an address may come to any of them.
  const some = HASHES.has(service.options.scheduler) ? destinations : destinations.slice(0, 1)
  const states = listText(destinations.map(stateText))
  const why = isDrained ? 'every real server has weight 0, which takes nobody new'
    : isFull ? 'every real server is full: it reached its upper threshold (-x), and counts as full until it is below the lower'
      + ' one'
      : 'no real server takes anybody new'
  const cure = `on ${host.name}: ${some.map((one) => cureOf(service, one)).join(' && ')}.`
  return { cause: `${name} has nobody to pick, as ${why} (${states}).`, cure }
}

/** What makes one server take connections again. */
function cureOf(service: Service, destination: Destination): string {
  const { weight, upperThreshold, totalConns, activeConns } = destination
  const changes = weight === 0 ? { weight: 1 } : { upperThreshold: Math.max(upperThreshold, totalConns) * 2 }
  const isFullForOvf = service.options.scheduler === 'ovf' && activeConns > Math.max(weight, 1)
  return editCommand(service, destination, isFullForOvf ? { ...changes, weight: activeConns * 2 } : changes)
}

/** ovf lets a server have as many active connections as its weight, and one more. */
function overflown(service: Service, host: Host): Cause {
  const one = service.destinations.find(accepts) as Destination
  const states = service.destinations.map((each) => (each.weight === 0 ? stateText(each)
    : `${endText(each.addr, each.port)} has weight ${each.weight} and ${each.activeConns} active`))
  return {
    cause: `${serviceText(service, host)} picks by ovf, which gives nobody more active connections than its weight and one,`
      + ` and every real server has that many (${listText(states)}).`,
    cure: `on ${host.name}: ${editCommand(service, one, { weight: one.activeConns * 2 })}.`,
  }
}

function stateText({ addr, port, weight, overloaded, totalConns, upperThreshold }: Destination): string {
  const name = endText(addr, port)
  if (weight === 0) return `${name} has weight 0`
  return overloaded ? `${name} has ${totalConns} connections, -x ${upperThreshold}` : `${name} has weight ${weight}`
}
