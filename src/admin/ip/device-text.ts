/**
 * The lines in which `ip` shows a device: its flags, state and link-layer address, with or without counters.
 * @module
 */
import { isTunnel, type DeviceConfig, type DeviceKind } from '../../host/config/net-config.ts'
import type { Device } from '../../host/device.ts'
import { formatIp, formatMac, IPV4_ANY } from '../../wire/address.ts'

const LINK_TYPES: Record<DeviceKind, string> = {
  loopback: 'loopback', ethernet: 'ether', ppp: 'ppp', ipip: 'ipip', gre: 'gre', dummy: 'ether',
}
const QUEUE_LENGTHS: Record<DeviceKind, number> = { loopback: 1000, ethernet: 1000, ppp: 3, ipip: 1000, gre: 1000, dummy: 1000 }

/** The flags between `<` and `>`, in iproute2's order. */
export function deviceFlags(config: DeviceConfig): string[] {
  const flags: string[] = []
  const { kind } = config
  if (kind === 'loopback') flags.push('LOOPBACK')
  if (kind === 'ethernet' || kind === 'dummy') flags.push('BROADCAST')
  if (kind === 'ppp' || hasFarEnd(config)) flags.push('POINTOPOINT')
  if (kind === 'ethernet' || kind === 'ppp') flags.push('MULTICAST')
  if (kind !== 'loopback' && !config.usesArp) flags.push('NOARP')
  if (config.isUp) flags.push('UP', 'LOWER_UP')
  return flags
}

/** The name as `ip` shows it: tunnels stand on no device. */
export function deviceName(config: DeviceConfig): string {
  return isTunnel(config) ? `${config.name}@NONE` : config.name
}

/** The operational state in capitals. */
export function deviceState(config: DeviceConfig): 'UP' | 'DOWN' | 'UNKNOWN' {
  if (!config.isUp) return 'DOWN'
  return config.kind === 'ethernet' ? 'UP' : 'UNKNOWN'
}

/** `2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP `: the head of an entry, up to what differs. */
export function deviceHead(config: DeviceConfig): string {
  const qdisc = !config.isUp && config.kind !== 'loopback'
    ? 'noop'
    : config.kind === 'ethernet' || config.kind === 'ppp' ? 'fq_codel' : 'noqueue'
  const flags = deviceFlags(config).join(',')
  const name = deviceName(config)
  return `${config.ifindex}: ${name}: <${flags}> mtu ${config.mtuBytes} qdisc ${qdisc} state ${deviceState(config)} `
}

/** Length of the queue in front of the nic, as Linux sets it. */
export function queueLength(config: DeviceConfig): number {
  return QUEUE_LENGTHS[config.kind]
}

/** `link/ether 02:00:00:00:01:00 brd ff:ff:ff:ff:ff:ff`. */
export function linkAddress(config: DeviceConfig): string {
  const type = `link/${LINK_TYPES[config.kind]}`
  switch (config.kind) {
    case 'ppp': return `${type} `
    case 'ipip':
    case 'gre': {
      const { local, remote } = config.tunnel ?? { local: IPV4_ANY, remote: IPV4_ANY }
      return `${type} ${formatIp(local)} ${hasFarEnd(config) ? 'peer' : 'brd'} ${formatIp(remote)}`
    }
    case 'loopback': return `${type} 00:00:00:00:00:00 brd 00:00:00:00:00:00`
    default: return `${type} ${formatMac(config.mac)} brd ff:ff:ff:ff:ff:ff`
  }
}

/** What `-br link` shows for an address. */
export function briefAddress(config: DeviceConfig): string {
  if (isTunnel(config)) return formatIp(config.tunnel?.local ?? IPV4_ANY)
  return config.kind === 'ppp' ? '' : formatMac(config.mac)
}

/** The counters that `-s` adds. Errors are not modelled. */
export function counterLines(device: Device): string {
  const { nic } = device
  const row = (bytes: number, packets: number): string => {
    return `    ${pad(bytes, 9)} ${pad(packets, 7)} ${pad(0, 6)} ${pad(0, 7)} ${pad(0, 7)} ${pad(0, 7)} `
  }
  return [
    '    RX:  bytes packets errors dropped  missed   mcast           ', row(nic?.rxBytes ?? 0, nic?.rxFrames ?? 0),
    '    TX:  bytes packets errors dropped carrier collsns           ', row(nic?.txBytes ?? 0, nic?.txFrames ?? 0), '',
  ].join('\n')
}

function hasFarEnd({ tunnel }: DeviceConfig): boolean {
  return tunnel !== undefined && tunnel.remote !== IPV4_ANY
}

function pad(value: number, width: number): string {
  return String(value).padStart(width)
}
