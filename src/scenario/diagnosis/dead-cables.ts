/**
 * Frames that were lost on their way, because a nic or a cable was down.
 * @module
 */
import { formatIp } from '../../wire/address.ts'
import { flowOf } from '../packet-changes.ts'
import type { TraceRecord } from '../recorder.ts'
import { hostNameOf, packetsOf, type Trail } from '../trails.ts'
import { findServiceOf, markOf, type Cause, type Evidence } from './evidence.ts'
import { findAddress } from './own-addresses.ts'
import { deleteCommand } from './rule-text.ts'

type Loss = Extract<TraceRecord, { readonly kind: 'lost' }>

/** Why a frame was lost where something was down; undefined for what a link loses by chance. */
export function findDeadCable(evidence: Evidence, trail: Trail, { link, reason }: Loss): Cause | undefined {
  if (reason !== 'link-down') return undefined
  // A direction is named by both its ends: `in>rs1.eth0`, `rs1.eth0>in`.
  const ends = link.split('>').map((end) => end.split('.'))
  const hosts = ends.flatMap(([host, device]) => {
    const found = host === undefined || device === undefined ? undefined : evidence.world.hosts.get(host)
    return found === undefined || device === undefined ? [] : [{ host: found, device }]
  })
  const dead = hosts.find(({ host, device }) => host.findDevice(device)?.config.isUp === false)
  const [end] = hosts
  if (end === undefined) return undefined
  const { host, device } = dead ?? end
  const fault = dead === undefined ? `the cable of ${device} of ${host.name} is unplugged` : `${device} of ${host.name} is down`
  const cure = dead === undefined ? `plug ${host.name}.${device} in again`
    : `on ${host.name}: ip link set ${device} up (and add its default route again)`
  const flow = trail.records.flatMap(packetsOf).map(flowOf).find((one) => one !== undefined)
  const before = trail.records.findLast((record) => record.kind === 'frame' && record.direction === 'out')
  const sender = before === undefined ? undefined : evidence.world.hosts.get(hostNameOf(before) ?? '')
  const service = sender === undefined ? undefined : findServiceOf(evidence, sender, flow, markOf(trail))
  const rip = service?.destinations.find(({ addr }) => findAddress(host, addr) !== undefined)
  if (sender === undefined || service === undefined || rip === undefined) {
    return { cause: `${fault}, so frames are lost.`, cure: `${cure}.` }
  }
  return {
    cause: `IPVS on ${sender.name} picked ${host.name} (${formatIp(rip.addr)}), and ${fault}: IPVS does not look whether its`
      + ' servers live.',
    cure: `${cure}; or, on ${sender.name}: ${deleteCommand(service, rip)}; a health check (keepalived, ldirectord) does`
      + ' that by itself.',
  }
}
