/**
 * Files under /proc that show the network of a host, and a few about the machine: /proc/net/dev, route, arp,
 * if_inet6; modules, version, uptime.
 * @module
 */
import { nsToSeconds } from '../base/units.ts'
import { findDeviceConfig, type RouteConfig } from '../host/config/net-config.ts'
import type { Host } from '../host/host.ts'
import { formatIp, formatMac, ipWords, prefixMask } from '../wire/address.ts'
import { listedRoutes } from './ip/route-text.ts'
import { procModules } from './modules.ts'
import { registerProcFile } from './proc-files.ts'

/** Enters the files. */
export function registerNetFiles(): void {
  registerProcFile('/proc/net/dev', devices)
  registerProcFile('/proc/net/route', routes)
  registerProcFile('/proc/net/arp', neighbors)
  registerProcFile('/proc/net/if_inet6', ipv6Addresses)
  registerProcFile('/proc/modules', procModules)
  registerProcFile('/proc/version', (host) => `Linux version ${host.profile.kernelRelease} (lvsim)\n`)
  registerProcFile('/proc/uptime', (host) => {
    const seconds = nsToSeconds(host.sim.nowNs).toFixed(2)
    return `${seconds} ${seconds}\n`
  })
}

function devices(host: Host): string {
  const number = (value: number, width: number): string => String(value).padStart(width)
  const rows = host.devices.map(({ name, nic }) => {
    const receive = `${number(nic?.rxBytes ?? 0, 7)} ${number(nic?.rxFrames ?? 0, 7)}    0    0    0     0          0         0`
    const transmit = `${number(nic?.txBytes ?? 0, 8)} ${number(nic?.txFrames ?? 0, 7)}    0    0    0     0       0          0`
    return `${name.padStart(6)}: ${receive} ${transmit}\n`
  })
  return `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
${rows.join('')}`
}

function routes(host: Host): string {
  const rows = listedRoutes(host).map((route) => {
    const flags = 1 + (route.gateway === undefined ? 0 : 2) + (route.prefixLength === 32 ? 4 : 0)
    const fields = [
      route.device === '' ? '*' : route.device, littleEndian(route.network), littleEndian(route.gateway ?? 0),
      flags.toString(16).padStart(4, '0'),
      '0', '0', String(route.metric), littleEndian(prefixMask(route.prefixLength)), String(routeMss(route)), '0', '0',
    ]
    return `${fields.join('\t').padEnd(127)}\n`
  })
  return `${'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'.padEnd(127)}\n${rows.join('')}`
}

/** Headers of IPv4 and TCP, which an MSS leaves out. */
export const MSS_OVERHEAD_BYTES = 40

/** What the kernel shows as the MTU of a route, and netstat as its MSS: the MSS that it advertises, with headers; 0 for none. */
export function routeMss({ advertisedMss }: RouteConfig): number {
  return advertisedMss === undefined ? 0 : advertisedMss + MSS_OVERHEAD_BYTES
}

/** An address as the kernel prints its memory: 10.0.0.0 is 0000000A. */
function littleEndian(value: number): string {
  const bytes = [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')
}

/** Address, index of the device, prefix length, scope, flags (IFA_F_PERMANENT and its kin) in hexadecimal. */
function ipv6Addresses({ net }: Host): string {
  const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, '0')
  return net.ipv6.addresses.map(({ addr, device, prefixLength, scope, state, isUnasked, isDeprecated }) => {
    const doubt = state === 'valid' ? 0 : state === 'tentative' ? 0x40 : 0x48
    const flags = 0x80 + doubt + (isDeprecated ? 0x20 : 0) + (isUnasked ? 0x02 : 0)
    const index = findDeviceConfig(net, device)?.ifindex ?? 0
    const scopeBits = scope === 'global' ? 0 : scope === 'link' ? 0x20 : 0x10
    const numbers = [index, prefixLength, scopeBits, flags].map((value) => hex(value)).join(' ')
    return `${ipWords(addr).map((word) => hex(word, 8)).join('')} ${numbers} ${device.padStart(8)}\n`
  }).join('')
}

function neighbors(host: Host): string {
  let rows = ''
  for (const device of host.devices) {
    for (const entry of device.neighbors?.entries() ?? []) {
      if (entry.state === 'none') continue
      const flags = entry.state === 'permanent' ? '0x6' : entry.isValid ? '0x2' : '0x0'
      const address = `${formatIp(entry.addr).padEnd(16)} 0x1         ${flags.padEnd(10)}  ${formatMac(entry.mac)}`
      rows += `${address}     *        ${device.name}\n`
    }
  }
  for (const { name, config } of host.devices) {
    for (const addr of config.proxies ?? []) {
      rows += `${formatIp(addr).padEnd(16)} 0x1         0xc         00:00:00:00:00:00     *        ${name}\n`
    }
  }
  return `IP address       HW type     Flags       HW address            Mask     Device\n${rows}`
}
