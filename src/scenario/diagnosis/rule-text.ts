/**
 * Services and destinations in the words of `ipvsadm`, for causes and cures.
 * @module
 */
import type { Host } from '../../host/host.ts'
import type { Destination } from '../../ipvs/destination.ts'
import type { Service } from '../../ipvs/service.ts'
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP } from '../../wire/ip-packet.ts'

/** `10.0.0.100:80`, `[fd00::100]:80`. */
export function endText(addr: IpAddr, port: number): string {
  return isIpv6(addr) ? `[${formatIp(addr)}]:${port}` : `${formatIp(addr)}:${port}`
}

/** `the service 10.0.0.100:80 of lb`. */
export function serviceText({ id }: Service, { name }: Host): string {
  return `the service ${id.fwmark !== 0 ? `of mark ${id.fwmark}` : endText(id.addr, id.port)} on ${name}`
}

/** What names a service in a command: `-t 10.0.0.100:80`. */
export function serviceOption({ id }: Service): string {
  if (id.fwmark !== 0) return `-f ${id.fwmark}${id.isIpv6 ? ' -6' : ''}`
  return `${id.protocol === IPPROTO_TCP ? '-t' : '-u'} ${endText(id.addr, id.port)}`
}

/** The forwarding method as an option. */
export const METHOD_OPTIONS = { nat: '-m', dr: '-g', tun: '-i' } as const

/** The command that edits a destination and leaves it what it is, but for what is given. */
export function editCommand(
  service: Service, destination: Destination, changes: Partial<Pick<Destination, 'weight' | 'upperThreshold' | 'method'>>,
): string {
  const { addr, port, method, weight, tunnel, upperThreshold, lowerThreshold } = {
    ...rulesOf(destination), ...changes,
  }
  const words = [`ipvsadm -e ${serviceOption(service)} -r ${endText(addr, port)} ${METHOD_OPTIONS[method]}`]
  if (method === 'tun' && tunnel.type === 'gue') words.push(`--tun-type gue --tun-port ${tunnel.port}`)
  words.push(`-w ${weight}`)
  if (upperThreshold !== 0) words.push(`-x ${upperThreshold}`)
  if (lowerThreshold !== 0) words.push(`-y ${lowerThreshold}`)
  return words.join(' ')
}

function rulesOf(
  { addr, port, method, weight, tunnel, upperThreshold, lowerThreshold }: Destination,
): Pick<Destination, 'addr' | 'port' | 'method' | 'weight' | 'tunnel' | 'upperThreshold' | 'lowerThreshold'> {
  return { addr, port, method, weight, tunnel, upperThreshold, lowerThreshold }
}

/** The command that takes a destination out of its service. */
export function deleteCommand(service: Service, { addr, port }: Destination): string {
  return `ipvsadm -d ${serviceOption(service)} -r ${endText(addr, port)}`
}

/** The command that gives a host an address of its own, for itself alone. */
export function addressCommand(addr: IpAddr, device: string): string {
  return isIpv6(addr) ? `ip -6 addr add ${formatIp(addr)}/128 dev ${device}` : `ip addr add ${formatIp(addr)}/32 dev ${device}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listText(words: readonly string[]): string {
  return words.length <= 1 ? words[0] ?? '' : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}
