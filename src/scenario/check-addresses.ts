/**
 * Addresses of interfaces that cannot be meant: the same one twice on a segment, the network itself, IPv6 where no link
 * carries it. Addresses that a `setup` adds are not looked at: there a wrong address may be the very thing to show.
 * @module
 */
import { IPV6_MTU_BYTES_MIN } from '../host/config/ipv6-config.ts'
import { broadcastOf, formatIp, formatMac, isIpv6, networkOf } from '../wire/address.ts'
import type { AddressPrefix } from './address-text.ts'
import type { ProblemCode } from './problem-codes.ts'
import type { Problem } from './problems.ts'
import type { Host, Scenario } from './scenario.ts'
import type { NicRef } from './schema-values.ts'
import type { Path } from './source-tree.ts'

/** Checks addresses and MAC addresses of the hosts of a scenario. */
export function checkAddresses(scenario: Scenario): Problem[] {
  const problems: Problem[] = []
  const owners = new Map<string, string>()
  const add = (path: Path, code: ProblemCode, message: string): void => {
    problems.push(scenario.source.problem(path, { code, message }))
  }
  for (const host of scenario.hosts.values()) {
    for (const [nic, { segment, addresses, mac, mtuBytes }] of host.interfaces) {
      const path = [...host.path, 'interfaces', nic]
      const own = `${host.name}.${nic}`
      const cable = cableOf(scenario, host, nic, segment)
      addresses.forEach((prefix, index) => {
        const at = [...path, 'addresses', index]
        const text = formatIp(prefix.address)
        const flaw = nic === 'lo' ? undefined : flawOf(prefix)
        if (flaw !== undefined) add(at, 'LVS1051', `${text} is the ${flaw} address of its network`)
        if (nic !== 'lo' && isIpv6(prefix.address) && mtuBytes < IPV6_MTU_BYTES_MIN) {
          add(at, 'LVS1051', `IPv6 needs an MTU of ${IPV6_MTU_BYTES_MIN}, and that of ${own} is ${mtuBytes}`)
        }
        const other = claim(owners, `${cable} ${text}`, own)
        if (other !== undefined) add(at, 'LVS1044', `${text} is also the address of ${other}`)
      })
      if (mac === undefined) continue
      const other = claim(owners, `${cable} ${formatMac(mac)}`, own)
      if (other !== undefined) add([...path, 'mac'], 'LVS1045', `${formatMac(mac)} is also the MAC address of ${other}`)
    }
  }
  return problems
}

/** What the interface is plugged into; the host itself for `lo`, where another host may have the same address. */
function cableOf(scenario: Scenario, host: Host, nic: string, segment: string | undefined): string {
  if (segment !== undefined) return `segment ${segment}`
  const isOwn = (end: NicRef): boolean => end.host === host.name && end.nic === nic
  const link = scenario.links.findIndex(({ endpoints }) => endpoints.some(isOwn))
  return link >= 0 ? `link ${link}` : `host ${host.name}.${nic}`
}

/** The owner that was there before, if any. */
function claim(owners: Map<string, string>, key: string, owner: string): string | undefined {
  const before = owners.get(key)
  if (before === undefined) owners.set(key, owner)
  return before
}

function flawOf({ address, prefixLength }: AddressPrefix): 'network' | 'broadcast' | undefined {
  if (isIpv6(address) || prefixLength > 30) return undefined
  if (address === networkOf(address, prefixLength)) return 'network'
  return address === broadcastOf(address, prefixLength) ? 'broadcast' : undefined
}
