/**
 * Starting and stopping the sync daemons: what the kernel fills in, and what it refuses.
 * Follows ip_vs_genl_new_daemon(), start_sync_thread() and stop_sync_thread(). Only their configuration is modelled: they send
 * nothing and take nothing in.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import { isIpv6, parseIpv4, type IpAddr } from '../../wire/address.ts'
import type { DaemonWish, IpvsError } from './command.ts'
import type { DaemonRole, DaemonRule, IpvsRules } from './rules.ts'

const GROUP = parseIpv4('224.0.0.81') as IpAddr
const PORT = 8848
const TTL = 1
const ETHERNET_MTU_BYTES = 1500
const MTU_BYTES_MAX = 65_535
/** A backup's buffer is never smaller. */
const BACKUP_MESSAGE_BYTES_MIN = 1024
/** Headers of IP and UDP. */
const IPV4_OVERHEAD_BYTES = 28
const IPV6_OVERHEAD_BYTES = 48

/** What the daemons need to know of a device. */
export interface DaemonDevice {
  readonly mtuBytes: number
  readonly isUp: boolean
}

/** The daemon that would run, or why it may not: ENODEV, EEXIST, EINVAL, ENETUNREACH. */
export function startedDaemon(
  rules: IpvsRules, role: DaemonRole, wish: DaemonWish, device: DaemonDevice | undefined,
): Result<DaemonRule, IpvsError> {
  const mixesFamilies = rules.services.some((service) => (
    service.destinations.some(({ addr }) => isIpv6(addr) !== service.isIpv6)))
  if (mixesFamilies) return err({ code: 'EINVAL', message: 'a service has destinations of the other family' })
  if (device === undefined) return err({ code: 'ENODEV', message: `there is no device ${wish.deviceName}` })
  if (rules.daemons[role] !== undefined) return err({ code: 'EEXIST', message: `the ${role} daemon runs already` })
  if (role === 'master' && !device.isUp) return err({ code: 'ENETUNREACH', message: `${wish.deviceName} is down` })
  const { deviceName, syncId, group = GROUP, port = PORT, ttl = TTL } = wish
  const overheadBytes = isIpv6(group) ? IPV6_OVERHEAD_BYTES : IPV4_OVERHEAD_BYTES
  return ok({ deviceName, syncId, messageBytesMax: messageBytesMax(role, wish, { device, overheadBytes }), group, port, ttl })
}

function messageBytesMax(
  role: DaemonRole, { messageBytesMax: wished }: DaemonWish, { device, overheadBytes }: {
    device: DaemonDevice, overheadBytes: number,
  },
): number {
  if (wished !== undefined) {
    return clamp(wished, role === 'backup' ? BACKUP_MESSAGE_BYTES_MIN : 1, MTU_BYTES_MAX - overheadBytes)
  }
  const mtuBytes = role === 'backup' ? clamp(device.mtuBytes, ETHERNET_MTU_BYTES, MTU_BYTES_MAX) : ETHERNET_MTU_BYTES
  return mtuBytes - overheadBytes
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}
