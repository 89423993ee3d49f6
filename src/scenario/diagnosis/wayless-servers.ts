/**
 * Real servers that a director picked and has no usable way to.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { formatIp, isLoopback } from '../../wire/address.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { flowOf } from '../packet-changes.ts'
import { findServiceOf, markOf, type Cause, type Evidence } from './evidence.ts'
import type { Trail } from '../trails.ts'
import { deleteCommand, endText, METHOD_OPTIONS, serviceOption } from './rule-text.ts'

/** Why IPVS could not send to the real server that it had picked. */
export function findWaylessServer(evidence: Evidence, host: Host, trail: Trail, packet: IpPacket): Cause | undefined {
  const service = findServiceOf(evidence, host, flowOf(packet), markOf(trail))
  const texts = trail.records.flatMap((record) => (
    record.kind === 'decision' && record.host === host.name && record.by === 'ipvs' ? [record.text] : []))
  const rip = service?.destinations.find(({ addr }) => texts.some((text) => text.startsWith(`to ${formatIp(addr)} by `)))
  if (service === undefined || rip === undefined) return undefined
  const name = endText(rip.addr, rip.port)
  if (isLoopback(rip.addr)) {
    const own = host.net.devices.find(({ kind }) => kind === 'ethernet')?.addresses[0]?.addr
    const local = own === undefined ? '' : ` && ipvsadm -a ${serviceOption(service)} -r ${endText(own, rip.port)}`
      + ` ${METHOD_OPTIONS[rip.method]} -w ${rip.weight}`
    return {
      cause: `IPVS on ${host.name} picked ${name}, and what comes in by a wire may not be turned to 127.0.0.0/8.`,
      cure: `on ${host.name}: ${deleteCommand(service, rip)}${local}.`,
    }
  }
  return {
    cause: `IPVS on ${host.name} picked ${name}, to which ${host.name} has no usable route (${texts.at(-1) ?? ''}).`,
    cure: `on ${host.name}: ip route add ${formatIp(rip.addr)} via GATEWAY; or ${deleteCommand(service, rip)}.`,
  }
}
