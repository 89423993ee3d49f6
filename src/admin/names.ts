/**
 * Names of hosts, as the C library finds them: literal addresses, entries of /etc/hosts, `localhost`. There is no DNS. Of the
 * rules by which it sorts several addresses (RFC 3484 6), two are applied: what can be reached comes first, then IPv6.
 * @module
 */
import type { Host } from '../host/host.ts'
import { IPV6_LOOPBACK, isIpv6, parseIp, type IpAddr } from '../wire/address.ts'

/** 127.0.0.1 */
const LOCALHOST = 0x7f000001 as IpAddr

/** A version of IP. */
export type Family = 4 | 6

/** True for an address of the family; any will do when none is asked for. */
export function isOfFamily(addr: IpAddr, family: Family | undefined): boolean {
  return family === undefined || isIpv6(addr) === (family === 6)
}

/** The addresses of a name, of one family or of both, in the order in which a program tries them. */
export function addressesOf(host: Host, name: string, family?: Family): readonly IpAddr[] {
  const literal = parseIp(name)
  if (literal !== undefined) return isOfFamily(literal, family) ? [literal] : []
  if (name === 'localhost') return [family === 6 ? IPV6_LOOPBACK : LOCALHOST]
  const found = entries(host).filter((entry) => entry.names.includes(name) && isOfFamily(entry.addr, family))
  const addresses = [...new Set(found.map(({ addr }) => addr))]
  const rank = (addr: IpAddr): number => (typeof host.sourceFor(addr) === 'string' ? 2 : 0) + (isIpv6(addr) ? 0 : 1)
  return addresses.sort((a, b) => rank(a) - rank(b))
}

/** The first address of a name; undefined when it has none of the family. */
export function resolve(host: Host, name: string, family?: Family): IpAddr | undefined {
  return addressesOf(host, name, family)[0]
}

/** The name of an address: the first of its line in /etc/hosts, or `localhost`. */
export function nameOf(host: Host, addr: IpAddr): string | undefined {
  return entries(host).find((entry) => entry.addr === addr)?.names[0] ?? (addr === LOCALHOST ? 'localhost' : undefined)
}

function entries(host: Host): HostsEntry[] {
  return hostsEntries(host.files.get('/etc/hosts') ?? '')
}

/** A line of /etc/hosts. */
export interface HostsEntry {
  readonly addr: IpAddr
  readonly names: readonly string[]
}

/** The lines of a text like /etc/hosts that name an address of either family. */
export function hostsEntries(text: string): HostsEntry[] {
  return text.split('\n').flatMap((line) => {
    const [word = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const addr = parseIp(word)
    return addr === undefined ? [] : [{ addr, names }]
  })
}
