/**
 * How ifconfig(8) of net-tools 2.10 shows devices. Errors are not modelled and read 0.
 * @module
 */
import { ipv6AddressesOf } from '../host/config/ipv6-config.ts'
import { findDeviceConfig, type DeviceConfig, type Scope } from '../host/config/net-config.ts'
import type { Host } from '../host/host.ts'
import { formatIp, formatMac, prefixMask, type IpAddr } from '../wire/address.ts'
import { queueLength } from './ip/device-text.ts'

const FLAG_BITS: Record<string, number> = {
  UP: 1, BROADCAST: 2, LOOPBACK: 8, POINTOPOINT: 16, RUNNING: 64, NOARP: 128, MULTICAST: 4096,
}

const FLAG_LETTERS: Record<string, string> = {
  UP: 'U', BROADCAST: 'B', LOOPBACK: 'L', POINTOPOINT: 'P', RUNNING: 'R', NOARP: 'O', MULTICAST: 'M',
}

/** Scopes of IPv6 as the kernel numbers them. */
const IPV6_SCOPES: Record<Scope, string> = { global: '0x0<global>', link: '0x20<link>', host: '0x10<host>' }

/** One device or alias, with the empty line behind it. */
export function entryText(host: Host, label: string): string {
  const config = findDeviceConfig(host.net, label.split(':')[0] ?? '')
  if (config === undefined) return ''
  const flags = flagsOf(config)
  const sum = flags.reduce((total, flag) => total + (FLAG_BITS[flag] ?? 0), 0)
  const lines = [`${label}: flags=${sum}<${flags.join(',')}>  mtu ${config.mtuBytes}`]
  const address = config.addresses.find((other) => other.label === label)
  if (address !== undefined) {
    const broadcast = flags.includes('BROADCAST') ? `  broadcast ${formatIp(address.broadcast ?? 0 as IpAddr)}` : ''
    lines.push(
      `        inet ${formatIp(address.addr)}  netmask ${formatIp(prefixMask(address.prefixLength) as IpAddr)}${broadcast}`,
    )
  }
  for (const { addr, prefixLength, scope } of ipv6AddressesOf(host.net, label)) {
    lines.push(`        inet6 ${formatIp(addr)}  prefixlen ${prefixLength}  scopeid ${IPV6_SCOPES[scope]}`)
  }
  lines.push(`        ${hardware(config)}`)
  if (!label.includes(':')) lines.push(...counters(host, config.name))
  return `${lines.join('\n')}\n\n`
}

/** The table of `ifconfig -s`. */
export function shortTable(host: Host, labels: readonly string[]): string {
  const head = 'Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n'
  return head + labels.filter((label) => !label.includes(':')).map((name) => {
    const config = findDeviceConfig(host.net, name)
    if (config === undefined) return ''
    const nic = host.findDevice(name)?.nic
    const letters = flagsOf(config).map((flag) => FLAG_LETTERS[flag] ?? '')
    const order = 'ABDLMmNOPRU'
    const flags = [...letters.join('')].sort((a, b) => order.indexOf(a) - order.indexOf(b)).join('')
    const number = (value: number, width: number): string => String(value).padStart(width)
    const receive = `${number(nic?.rxFrames ?? 0, 8)}      0      0 0     `
    const transmit = `${number(nic?.txFrames ?? 0, 8)}      0      0      0`
    return `${name.padEnd(8)} ${number(config.mtuBytes, 5)} ${receive} ${transmit} ${flags}\n`
  }).join('')
}

/** Flags in the order in which net-tools prints them. */
function flagsOf(config: DeviceConfig): string[] {
  const { kind, isUp, usesArp } = config
  const flags: string[] = []
  if (isUp) flags.push('UP')
  if (kind === 'ethernet' || kind === 'dummy') flags.push('BROADCAST')
  if (kind === 'loopback') flags.push('LOOPBACK')
  if (kind === 'ppp') flags.push('POINTOPOINT')
  if (isUp) flags.push('RUNNING')
  if (kind !== 'loopback' && !usesArp) flags.push('NOARP')
  if (kind === 'ethernet' || kind === 'ppp') flags.push('MULTICAST')
  return flags
}

function hardware(config: DeviceConfig): string {
  const queue = `txqueuelen ${queueLength(config)}`
  switch (config.kind) {
    case 'loopback': return `loop  ${queue}  (Local Loopback)`
    case 'ipip': return `tunnel   ${queue}  (IPIP Tunnel)`
    // net-tools has no name for GRE, and prints what room there is for an address.
    case 'gre': return `unspec ${Array<string>(16).fill('00').join('-')}  ${queue}  (UNSPEC)`
    case 'ppp': return `ppp  ${queue}  (Point-to-Point Protocol)`
    default: return `ether ${formatMac(config.mac)}  ${queue}  (Ethernet)`
  }
}

function counters(host: Host, name: string): string[] {
  const nic = host.findDevice(name)?.nic
  return [
    `        RX packets ${nic?.rxFrames ?? 0}  bytes ${bytesText(nic?.rxBytes ?? 0)}`,
    '        RX errors 0  dropped 0  overruns 0  frame 0',
    `        TX packets ${nic?.txFrames ?? 0}  bytes ${bytesText(nic?.txBytes ?? 0)}`,
    '        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0',
  ]
}

/** `1234 (1.2 KiB)`. */
function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${bytes} (${value.toFixed(1)} ${units[unit] ?? 'B'})`
}
