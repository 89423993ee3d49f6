/**
 * The sync daemons in ipvsadm: their options, read and checked, and `-L --daemon`.
 * Follows parse_options() and list_daemon() in ipvsadm.c.
 * @module
 */
import { formatIp, isMulticast, parseIpv4, parseIpv6, type IpAddr } from '../../wire/address.ts'
import type { DaemonWish } from '../../ipvs/control/command.ts'
import type { DaemonRole, IpvsRules } from '../../ipvs/control/rules.ts'
import { parseNumber } from './addresses.ts'

/** What an option of a daemon is called. */
export type DaemonOption = 'syncid' | 'sync-maxlen' | 'mcast-interface' | 'mcast-group' | 'mcast-port' | 'mcast-ttl'

/** What ipvsadm asks for where nothing is said. */
export const DEFAULT_DAEMON: DaemonWish = {
  deviceName: 'eth0', syncId: 0, messageBytesMax: undefined, group: undefined, port: undefined, ttl: undefined,
}

/** ipvsadm keeps so much of a device's name. */
const DEVICE_NAME_LENGTH_MAX = 16
/** 65,535 without the headers of IPv4 and UDP. */
const MESSAGE_BYTES_MAX = 65_507

/** The wish with one more option, or what ipvsadm says of its value. */
export function withDaemonOption(wish: DaemonWish, option: DaemonOption, value: string): DaemonWish | string {
  switch (option) {
    case 'mcast-interface': return value === '' ? wish : { ...wish, deviceName: value.slice(0, DEVICE_NAME_LENGTH_MAX) }
    case 'mcast-group': {
      const group = readGroup(value)
      return typeof group === 'string' ? group : { ...wish, group }
    }
    case 'syncid': {
      const syncId = parseNumber(value, 0, 255)
      return syncId === undefined ? 'illegal syncid specified' : { ...wish, syncId }
    }
    case 'sync-maxlen': {
      const messageBytesMax = parseNumber(value, 1, MESSAGE_BYTES_MAX)
      return messageBytesMax === undefined ? 'illegal sync-maxlen specified' : { ...wish, messageBytesMax }
    }
    case 'mcast-port': {
      const port = parseNumber(value, 1, 65_535)
      return port === undefined ? 'illegal mcast-port specified' : { ...wish, port }
    }
    case 'mcast-ttl': {
      const ttl = parseNumber(value, 1, 255)
      return ttl === undefined ? 'illegal mcast-ttl specified' : { ...wish, ttl }
    }
  }
}

/** The daemons that run, the master first. */
export function listDaemons({ daemons }: IpvsRules): string {
  return (['master', 'backup'] satisfies DaemonRole[]).map((role) => {
    const daemon = daemons[role]
    if (daemon === undefined) return ''
    const { deviceName, syncId, messageBytesMax, group, port, ttl } = daemon
    const where = `group=${formatIp(group)}, port=${port}, ttl=${ttl}`
    return `${role} sync daemon (mcast=${deviceName}, syncid=${syncId}, maxlen=${messageBytesMax}, ${where})\n`
  }).join('')
}

function readGroup(text: string): IpAddr | string {
  const family = text.includes(':') ? 'IPv6' : 'IPv4'
  const group = family === 'IPv6' ? parseIpv6(text) : parseIpv4(text)
  return group !== undefined && isMulticast(group) ? group : `invalid ${family} mcast-group \`${text}'`
}
