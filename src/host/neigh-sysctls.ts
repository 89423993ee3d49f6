/**
 * net.ipv4.neigh.*: proxy_delay and proxy_qlen, which proxy ARP obeys. Other parameters of neighbor tables have no sysctl here.
 * @module
 */
import type { SysctlDefinition, SysctlRegistry } from './sysctl.ts'

/** Defaults of Linux: 0.8 s in hundredths, and 64 questions that wait. */
const PARAMETERS = [{ name: 'proxy_delay', initial: '80' }, { name: 'proxy_qlen', initial: '64' }] as const

/** Per host, the sysctls that somebody has set: what is set for `default` later is not for them (neigh_parms.data_state). */
const setByHand = new WeakMap<SysctlRegistry, Set<string>>()

/**
 * Defines net.ipv4.neigh.<device>.*; a device takes over what `default` holds, and follows it until it is set itself
 * (neigh_copy_dflt_parms).
 */
export function defineNeighSysctls(sysctl: SysctlRegistry, device: string): void {
  const byHand = setByHand.get(sysctl) ?? new Set<string>()
  setByHand.set(sysctl, byHand)
  for (const { name, initial } of PARAMETERS) {
    const key = `net.ipv4.neigh.${device}.${name}`
    byHand.delete(key)
    const onChange = (value: string): void => {
      byHand.add(key)
      if (device === 'default') spread(sysctl, name, value, byHand)
    }
    sysctl.define({ ...parameter(key, sysctl.find(`net.ipv4.neigh.default.${name}`) ?? initial), onChange })
  }
}

function spread(sysctl: SysctlRegistry, name: string, value: string, byHand: Set<string>): void {
  for (const key of sysctl.names()) {
    if (!key.startsWith('net.ipv4.neigh.') || !key.endsWith(`.${name}`) || byHand.has(key)) continue
    sysctl.set(key, value)
    byHand.delete(key)
  }
}

function parameter(name: string, initial: string): SysctlDefinition {
  return { name, kind: 'int', initial, min: 0 }
}
