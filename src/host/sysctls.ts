/**
 * The sysctls of IPv4 itself, with the defaults and bounds of Linux 6.1 (as Debian 12 boots).
 * @module
 */
import { defineNeighSysctls } from './neigh-sysctls.ts'
import type { SysctlDefinition, SysctlRegistry } from './sysctl.ts'

interface ConfEntry {
  readonly name: string
  readonly initial: number
  readonly min?: number
  readonly max?: number
}

/** net.ipv4.conf.*: those that lvsim obeys, and log_martians, which changes no packet here. */
const CONF: readonly ConfEntry[] = [
  { name: 'accept_local', initial: 0 }, { name: 'accept_redirects', initial: 1 }, { name: 'arp_announce', initial: 0 },
  { name: 'arp_filter', initial: 0 }, { name: 'arp_ignore', initial: 0 },
  { name: 'forwarding', initial: 0 }, { name: 'log_martians', initial: 0 }, { name: 'medium_id', initial: 0 },
  { name: 'proxy_arp', initial: 0 }, { name: 'proxy_arp_pvlan', initial: 0 }, { name: 'rp_filter', initial: 0 },
  { name: 'secure_redirects', initial: 1 }, { name: 'send_redirects', initial: 1 }, { name: 'shared_media', initial: 1 },
  { name: 'src_valid_mark', initial: 0 },
]

const GLOBAL: readonly SysctlDefinition[] = [
  int('net.ipv4.icmp_echo_ignore_all', 0, 0, 1), int('net.ipv4.icmp_echo_ignore_broadcasts', 1, 0, 1),
  int('net.ipv4.icmp_ratelimit', 1000), int('net.ipv4.icmp_ratemask', 6168),
  int('net.ipv4.ip_default_ttl', 64, 1, 255), int('net.ipv4.ip_nonlocal_bind', 0),
  { name: 'net.ipv4.ip_local_port_range', kind: 'ints', initial: '32768\t60999' },
]

/** Defines the sysctls that every host has; `onForwarding` is told the new value of ip_forward or conf.all.forwarding. */
export function defineIpv4Sysctls(sysctl: SysctlRegistry, onForwarding: (value: string) => void): void {
  for (const definition of GLOBAL) sysctl.define(definition)
  sysctl.define({ ...int('net.ipv4.ip_forward', 0), onChange: onForwarding })
  for (const device of ['all', 'default']) defineDeviceSysctls(sysctl, device)
  sysctl.define({ ...int('net.ipv4.conf.all.forwarding', 0), onChange: onForwarding })
}

/** Defines net.ipv4.conf.<device>.*, and net.ipv4.neigh.<device>.* but for `all`; a device takes over what `default` holds. */
export function defineDeviceSysctls(sysctl: SysctlRegistry, device: string): void {
  for (const entry of CONF) {
    const inherited = sysctl.find(`net.ipv4.conf.default.${entry.name}`)
    const definition = int(`net.ipv4.conf.${device}.${entry.name}`, entry.initial, entry.min, entry.max)
    sysctl.define(inherited === undefined ? definition : { ...definition, initial: inherited })
  }
  if (device !== 'all') defineNeighSysctls(sysctl, device)
}

function int(name: string, initial: number, min?: number, max?: number): SysctlDefinition {
  return {
    name, kind: 'int', initial: String(initial), ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }),
  }
}
