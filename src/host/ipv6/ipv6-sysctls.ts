/**
 * The sysctls of IPv6, with the defaults and bounds of Linux 6.1, but for one: disable_ipv6 is 1 until a host asks for IPv6.
 * Of accept_ra, accept_redirects and autoconf only the value is kept: no router advertises or redirects here.
 * @module
 */
import type { SysctlDefinition, SysctlRegistry } from '../sysctl.ts'

interface ConfEntry {
  readonly name: string
  readonly initial: number
  /** Of `all`, where it is another. */
  readonly initialOfAll?: number
  readonly min?: number
  readonly max?: number
}

const CONF: readonly ConfEntry[] = [
  { name: 'accept_dad', initial: 1, initialOfAll: 0 }, { name: 'accept_ra', initial: 1 },
  { name: 'accept_redirects', initial: 1 }, { name: 'autoconf', initial: 1 }, { name: 'dad_transmits', initial: 1 },
  { name: 'hop_limit', initial: 64, min: 1, max: 255 },
]

/** Who is told of changes. The device is `all`, `default` or a name. */
export interface Ipv6SysctlListeners {
  readonly onDisable: (device: string, value: string) => void
  readonly onForwarding: (device: string, value: string) => void
}

/** Defines what every host has. */
export function defineIpv6Sysctls(sysctl: SysctlRegistry, listeners: Ipv6SysctlListeners): void {
  sysctl.define({ name: 'net.ipv6.icmp.ratelimit', kind: 'int', initial: '1000', min: 0 })
  sysctl.define({ name: 'net.ipv6.bindv6only', kind: 'int', initial: '0', min: 0, max: 0 })
  for (const device of ['all', 'default']) defineIpv6DeviceSysctls(sysctl, device, listeners)
}

/** Defines net.ipv6.conf.<device>.*; a device takes over what `default` holds at that moment. */
export function defineIpv6DeviceSysctls(sysctl: SysctlRegistry, device: string, listeners: Ipv6SysctlListeners): void {
  for (const { name, initial, initialOfAll = initial, ...bounds } of CONF) {
    sysctl.define({ ...entry(sysctl, device, name, device === 'all' ? initialOfAll : initial), ...bounds })
  }
  sysctl.define({
    ...entry(sysctl, device, 'disable_ipv6', 1), onChange: (value) => listeners.onDisable(device, value),
  })
  sysctl.define({
    ...entry(sysctl, device, 'forwarding', 0), onChange: (value) => listeners.onForwarding(device, value),
  })
}

function entry(sysctl: SysctlRegistry, device: string, name: string, initial: number): SysctlDefinition {
  const inherited = sysctl.find(`net.ipv6.conf.default.${name}`)
  return { name: `net.ipv6.conf.${device}.${name}`, kind: 'int', initial: inherited ?? String(initial) }
}
