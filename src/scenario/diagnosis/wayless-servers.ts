/**
 * Packets for which a host has no usable way: no route, a route to nowhere, a device that is down, or a real server that a
 * director picked and cannot reach.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { formatIp, isIpv6, isLoopback } from '../../wire/address.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { flowOf } from '../packet-changes.ts'
import { findServiceOf, markOf, type Cause, type Evidence } from './evidence.ts'
import { addressesOf, routeTo } from './own-addresses.ts'
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
    const own = addressesOf(host)
      .find(({ device, addr }) => device.kind === 'ethernet' && isIpv6(addr) === isIpv6(rip.addr))?.addr
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

/** A router without a route, or with one that goes nowhere. */
export function findNoRoute(host: Host, { dst }: IpPacket): Cause {
  const { type, via } = routeTo(host, dst)
  const text = formatIp(dst)
  if (type === 'none' || type === 'unicast' || type === 'local' || type === 'broadcast' || via === undefined) return {
    cause: `${host.name} has no route to ${text}.`,
    cure: `on ${host.name}: ip route add ${text} via GATEWAY, or a default route.`,
  }
  const network = `${formatIp(via.network)}/${via.prefixLength}`
  return {
    cause: `${host.name} has a route of type ${type} to ${text} (${network}), which leads nowhere.`,
    cure: `on ${host.name}: ip route del ${type} ${network}.`,
  }
}

/** What came in by a device that is down, or was to leave by one. */
export function findDownDevice(host: Host, { dst }: IpPacket): Cause | undefined {
  const route = routeTo(host, dst)
  const down = route.device.config.isUp
    ? host.devices.find(({ config }) => !config.isUp && config.kind === 'ethernet') : route.device
  if (down === undefined) return undefined
  const { name } = down.config
  return {
    cause: `${name} of ${host.name} is down, so packets for ${formatIp(dst)} do not pass it.`,
    cure: `on ${host.name}: ip link set ${name} up.`,
  }
}
