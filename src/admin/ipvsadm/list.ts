/**
 * The listings of ipvsadm: services with their servers, as a table in five formats or as commands that make them again.
 * Follows print_title(), print_service_entry() and print_largenum() in ipvsadm.c.
 * @module
 */
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import type { DestinationRule, ServiceId } from '../../ipvs/control/rules.ts'
import type { Destination } from '../../ipvs/destination.ts'
import { CONNECTION_TABLE_SIZE } from '../../ipvs/director.ts'
import type { Service } from '../../ipvs/service.ts'
import type { Counters } from '../../ipvs/stats.ts'
import { Names } from './names.ts'
import { flagNames } from './scheduler-flags.ts'
import { compareServers, compareServices, mergeSort } from './sort.ts'

/** What a listing shows. */
export interface ListFormat {
  readonly view: 'rule' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info' | 'plain'
  readonly isNumeric: boolean
  readonly isExact: boolean
  readonly isSorted: boolean
}

/** A service without what lives in it. */
type NamedService = Pick<Service, 'id' | 'options'>
type ShownServer = Pick<DestinationRule, 'addr' | 'port' | 'method' | 'weight' | 'tunnel'>

/** Whether addresses and ports are shown by number, and names for where they are not. */
interface Shown {
  readonly isNumeric: boolean
  readonly names: Names
}

const NUMBERS: Shown = { isNumeric: true, names: new Names(() => undefined) }
const FULL_MASK = 0xffffffff
const FULL_PREFIX = 128
const TITLE = 'Prot LocalAddress:Port'
const COUNT_TITLES = 'Weight ActiveConn InActConn'
const SERVER_TITLE = '  -> RemoteAddress:Port'
const FORWARD_WORDS = { nat: 'Masq', dr: 'Route', tun: 'Tunnel' } as const
const FORWARD_LETTERS = { nat: '-m', dr: '-g', tun: '-i' } as const
const CHECKSUM_SIGNS = { none: '-c', full: '+c', remote: 'r+c' } as const
const CHECKSUM_OPTIONS = { none: '--tun-nocsum', full: '--tun-csum', remote: '--tun-remcsum' } as const

/** First line of listings of all services. */
export const HEADING = `IP Virtual Server version 1.2.1 (size=${CONNECTION_TABLE_SIZE})\n`

/** All services. */
export function listAll(services: readonly Service[], format: ListFormat, names: Names): string {
  const ordered = format.isSorted ? mergeSort(services, (a, b) => compareServices(a.id, b.id)) : services
  const heading = format.view === 'rule' ? '' : HEADING
  return heading + title(format) + ordered.map((service) => listService(service, format, names)).join('')
}

/** One service with its titles. */
export function listOne(service: Service, format: ListFormat, names: Names): string {
  return title(format) + listService(service, format, names)
}

/** A service as the command that makes it, by numbers: `-A -t 10.0.0.100:80 -s rr`. */
export function serviceRule(service: NamedService, command = '-A'): string {
  return `${command} ${serviceName(service, 'rule', NUMBERS)} -s ${service.options.scheduler}${ruleOptions(service)}`
}

/** How commands name a service, by numbers: `-t 10.0.0.100:80`. */
export function serviceOption(id: ServiceId): string {
  return serviceName({ id }, 'rule', NUMBERS)
}

/** A destination as the command that makes it, by numbers, but for its thresholds. */
export function serverRule(id: ServiceId, server: ShownServer, command = '-a'): string {
  return `${command} ${serviceOption(id)} -r ${serverName(id, server.addr, server.port)} ${serverOptions(server)}`
}

/** How commands name a destination, by numbers. */
export function serverName({ protocol }: ServiceId, addr: IpAddr, port: number): string {
  return endpointText(addr, port, protocol, NUMBERS)
}

/** `address:port` in numbers, or by name. */
export function endpointText(addr: IpAddr, port: number, protocol: number, view: Shown): string {
  const host = view.isNumeric ? formatIp(addr) : view.names.addressName(addr)
  const bracketed = isIpv6(addr) ? `[${host}]` : host
  return `${bracketed}:${view.isNumeric ? port : view.names.portName(port, protocol)}`
}

function title({ view }: ListFormat): string {
  const wide = TITLE.padEnd(33)
  switch (view) {
    case 'rule': return ''
    case 'stats': return `${wide} ${columns(['Conns', 'InPkts', 'OutPkts', 'InBytes', 'OutBytes'])}\n${SERVER_TITLE}\n`
    case 'rate': return `${wide} ${columns(['CPS', 'InPPS', 'OutPPS', 'InBPS', 'OutBPS'])}\n${SERVER_TITLE}\n`
    case 'thresholds': return `${wide} Uthreshold Lthreshold ActiveConn InActConn \n${SERVER_TITLE}\n`
    case 'persistent-conn': return `${wide} Weight    PersistConn ActiveConn InActConn \n${SERVER_TITLE}\n`
    case 'tun-info': return `${TITLE} Scheduler Flags\n${SERVER_TITLE}           Forward TunnelInfo    ${COUNT_TITLES}\n`
    case 'plain': return `${TITLE} Scheduler Flags\n${SERVER_TITLE}           Forward ${COUNT_TITLES}\n`
  }
}

function columns(words: readonly string[]): string {
  return words.map((word) => word.padStart(8)).join(' ')
}

function listService(service: Service, format: ListFormat, names: Names): string {
  const name = serviceName(service, format.view, { isNumeric: format.isNumeric, names })
  const servers = format.isSorted ? mergeSort(service.destinations, compareServers) : service.destinations
  const rows = servers.map((server) => serverLine(service, server, { name, format, names }))
  return `${serviceLine(service, name, format)}\n${rows.join('')}`
}

function serviceName({ id }: Pick<Service, 'id'>, view: ListFormat['view'], shown: Shown): string {
  const isRule = view === 'rule'
  if (id.fwmark !== 0) {
    // The tool prints the mark as a signed number.
    const mark = id.fwmark | 0
    if (isRule) return id.isIpv6 ? `-f ${mark} -6` : `-f ${mark}`
    return id.isIpv6 ? `FWM  ${mark} IPv6` : `FWM  ${mark}`
  }
  const endpoint = endpointText(id.addr, id.port, id.protocol, shown)
  if (isRule) return `${protocolWord(id.protocol, '-t', '-u', '--sctp-service')} ${endpoint}`
  const text = `${protocolWord(id.protocol, 'TCP', 'UDP', 'SCTP').padEnd(4)} ${endpoint}`
  return id.isIpv6 ? text : text.slice(0, 33)
}

function protocolWord(protocol: number, tcp: string, udp: string, sctp: string): string {
  if (protocol === IPPROTO_TCP) return tcp
  return protocol === IPPROTO_UDP ? udp : sctp
}

function serviceLine(service: Service, name: string, format: ListFormat): string {
  const { options, stats } = service
  switch (format.view) {
    case 'rule': return `-A ${name} -s ${options.scheduler}${ruleOptions(service)}`
    case 'stats': return name.padEnd(33) + numbers(stats.counts, format)
    case 'rate': return name.padEnd(33) + numbers(stats.rates, format)
    default: return `${name} ${options.scheduler}${shownOptions(service)}`
  }
}

function ruleOptions(service: NamedService): string {
  const { options } = service
  const flags = flagNames(options.scheduler, options.schedulerFlags)
  const persistence = persistenceText(service, { timeout: '-p', mask: '-M' })
  const engine = options.engine === '' ? '' : ` --pe ${options.engine}`
  return `${persistence}${engine}${options.onePacket ? ' -o' : ''}${flags === '' ? '' : ` -b ${flags}`}`
}

function shownOptions(service: NamedService): string {
  const { options } = service
  const flags = flagNames(options.scheduler, options.schedulerFlags)
  const persistence = persistenceText(service, { timeout: 'persistent', mask: 'mask' })
  const engine = options.engine === '' ? '' : ` pe ${options.engine}`
  return `${flags === '' ? '' : ` (${flags})`}${persistence}${engine}${options.onePacket ? ' ops' : ''}`
}

/** Timeout and mask of a persistent service, each after its word. */
function persistenceText({ options, id }: NamedService, words: { readonly timeout: string, readonly mask: string }): string {
  const { persistenceSeconds, netmask } = options
  if (persistenceSeconds === undefined) return ''
  const mask = maskText(netmask, id.isIpv6)
  return ` ${words.timeout} ${persistenceSeconds}${mask === undefined ? '' : ` ${words.mask} ${mask}`}`
}

/** The mask of persistence, unless it is the whole address. */
function maskText(netmask: number, isOfIpv6: boolean): string | undefined {
  if (isOfIpv6) return netmask === FULL_PREFIX ? undefined : String(netmask)
  return netmask === FULL_MASK ? undefined : formatIp(netmask as IpAddr)
}

function serverLine(
  service: Service, server: Destination, { name, format, names }: { name: string, format: ListFormat, names: Names },
): string {
  const endpoint = endpointText(server.addr, server.port, service.id.protocol, { isNumeric: format.isNumeric, names })
  if (format.view === 'rule') {
    return `-a ${name} -r ${endpoint} ${serverOptions(server)}\n`
  }
  const shown = `  -> ${(service.id.isIpv6 ? endpoint : endpoint.slice(0, 28)).padEnd(28)}`
  const counts = `${left(server.activeConns, 10)} ${left(server.inactiveConns, 10)}\n`
  const method = FORWARD_WORDS[server.method].padEnd(7)
  switch (format.view) {
    case 'stats': return `${shown}${numbers(server.stats.counts, format)}\n`
    case 'rate': return `${shown}${numbers(server.stats.rates, format)}\n`
    case 'thresholds': return `${shown} ${left(server.upperThreshold, 10)} ${left(server.lowerThreshold, 10)} ${counts}`
    case 'persistent-conn': return `${shown} ${left(server.weight, 9)} ${left(server.persistConns, 11)} ${counts}`
    case 'tun-info':
      return `${shown} ${method} ${tunnelInfo(server).padEnd(13)} ${left(server.weight, 6)} ${counts}`
    case 'plain': return `${shown} ${method} ${left(server.weight, 6)} ${counts}`
  }
}

function serverOptions({ method, weight, tunnel }: ShownServer): string {
  const shown = `${FORWARD_LETTERS[method]} -w ${weight}`
  if (method !== 'tun') return shown
  const port = tunnel.type === 'gue' ? ` --tun-port ${tunnel.port}` : ''
  return `${shown} --tun-type ${tunnel.type}${port}${tunnel.type === 'ipip' ? '' : ` ${CHECKSUM_OPTIONS[tunnel.checksum]}`}`
}

function tunnelInfo({ method, tunnel }: Destination): string {
  if (method !== 'tun') return 'n/a'
  if (tunnel.type === 'ipip') return 'ipip'
  return `${tunnel.type}${tunnel.type === 'gue' ? `:${tunnel.port}` : ''}:${CHECKSUM_SIGNS[tunnel.checksum]}`
}

function numbers(counters: Counters, format: ListFormat): string {
  const { conns, inPackets, outPackets, inBytes, outBytes } = counters
  return [conns, inPackets, outPackets, inBytes, outBytes].map((value) => largeNumber(value, format.isExact)).join('')
}

/** A counter in nine columns: cut to thousands, millions and so on where it would not fit, unless it must be exact. */
export function largeNumber(value: number, isExact: boolean): string {
  const digits = String(value)
  if (isExact) return digits.padStart(digits.length <= 8 ? 9 : digits.length + 1)
  if (value < 1e8) return digits.padStart(9)
  const { unit, letter } = SCALES.find(({ limit }) => value < limit) ?? { unit: 1e12, letter: 'T' }
  return `${String(Math.floor(value / unit)).padStart(8)}${letter}`
}

const SCALES = [
  { limit: 1e9, unit: 1e3, letter: 'K' }, { limit: 1e11, unit: 1e6, letter: 'M' }, { limit: 1e14, unit: 1e9, letter: 'G' },
]

function left(value: number, width: number): string {
  return String(value).padEnd(width)
}
