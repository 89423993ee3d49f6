/**
 * The set-up of a host as a script for a real machine: addresses, routes, sysctls and the `setup` of the scenario.
 * Files, modules and servers of the scenario are not part of it.
 * @module
 */
import { formatIp } from '../wire/address.ts'
import type { Host } from './scenario.ts'

/** Commands that make a fresh Debian machine into `host`, one per line, each line ended; comments say what is plugged where. */
export function setupText(host: Host): string {
  const lines: string[] = []
  for (const [nic, { segment, addresses, mtuBytes, up }] of host.interfaces) {
    if (segment !== undefined) lines.push(`# ${nic}: segment ${segment}`)
    for (const { address, prefixLength } of addresses) {
      lines.push(`ip addr add ${formatIp(address)}/${prefixLength} brd + dev ${nic}`)
    }
    if (nic !== 'lo' && mtuBytes !== 1500) lines.push(`ip link set ${nic} mtu ${mtuBytes}`)
    if (nic !== 'lo') lines.push(`ip link set ${nic} ${up ? 'up' : 'down'}`)
  }
  for (const route of host.routes) lines.push(`ip route add ${route}`)
  for (const [name, value] of host.sysctl) lines.push(`sysctl -w ${name}=${quoted(value)}`)
  const setup = host.setup === '' || host.setup.endsWith('\n') ? host.setup : `${host.setup}\n`
  return lines.map((line) => `${line}\n`).join('') + setup
}

/** The word as bash reads it back: as it is where no character of it means anything to bash. */
function quoted(word: string): string {
  return /^[\w.,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
