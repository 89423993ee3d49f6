/**
 * Finding a real server for a packet that belongs to no connection: which service it is for, whom its scheduler or its
 * persistence template picks, and what becomes of the packet when there is nobody.
 * Follows tcp_conn_schedule(), ip_vs_schedule(), ip_vs_sched_persist() and ip_vs_leave() in net/netfilter/ipvs.
 * @module
 */
import type { Passage } from '../host/hooks.ts'
import { formatIp, ipv6FromWords, isIpv6, networkOf, type IpAddr } from '../wire/address.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_PORT } from '../wire/icmp-message.ts'
import { IPPROTO_UDP, type IpPacket } from '../wire/ip-packet.ts'
import type { Connection } from './connection.ts'
import type { RequestKey } from './connection-table.ts'
import type { Destination } from './destination.ts'
import { inverted, mayBegin, type Headers } from './headers.ts'
import { byIpvs, type IpvsParts } from './parts.ts'
import { findEngine } from './persistence-engine.ts'
import { candidates } from './scheduler/scheduler.ts'
import type { Service } from './service.ts'

/** A packet that belongs to no connection. */
export interface Request {
  readonly packet: IpPacket
  readonly passage: Passage
  /** Of the packet; for an ICMP error, of the packet it quotes, turned round. */
  readonly headers: Headers
  /** The packet is an ICMP error. */
  readonly isIcmp: boolean
}

/** The new connection; `pass`: not for IPVS, the packet goes on; `taken`: refused, and accounted for. */
export type Scheduled = Connection | 'pass' | 'taken'

const FTP_PORT = 21
const FTP_DATA_PORT = 20
/** Protocol number of the template of a firewall-mark service (IPPROTO_IP). */
const ANY_PROTOCOL = 0

/** Schedules a packet, if it may begin a connection and a service wants it. */
export function schedule(parts: IpvsParts, request: Request): Scheduled {
  const { services, settings, connections } = parts
  const { packet, passage, headers, isIcmp } = request
  if (!isIcmp && !mayBegin(packet.payload, settings.sloppy_tcp !== 0)) return 'pass'
  const service = services.findFor(
    { mark: packet.mark, protocol: headers.protocol, addr: headers.dst, port: headers.dport }
  )
  if (service === undefined) return 'pass'
  if (parts.defence.refusesPacket()) {
    parts.host.trace?.decision(parts.host, packet, byIpvs('drop_packet: it is the turn of this packet'))
    parts.host.drop(packet, 'ipvs-drop-packet')
    return 'taken'
  }
  if (headers.sport === FTP_DATA_PORT) return 'pass'
  const isOwn = passage.inDevice === undefined || passage.inDevice.config.kind === 'loopback'
  const back = isOwn ? inverted(headers) : undefined
  if (back !== undefined && connections.table.findRequest(back, back) !== undefined) return 'pass'
  const { persistenceSeconds } = service.options
  if (persistenceSeconds !== undefined) return schedulePersistent(parts, request, { service, persistenceSeconds })
  return schedulePlain(parts, request, service)
}

function schedulePlain(parts: IpvsParts, request: Request, service: Service): Scheduled {
  const { headers } = request
  const { id } = service
  // Without persistence a service of every port has no right to be asked; the kernel complains and serves nobody.
  const isForPort = id.fwmark !== 0 || headers.dport === id.port
  const destination = isForPort ? pick(parts, request, service) : undefined
  if (destination === undefined) return leave(parts, request, service)
  return connect(
    parts, request, { service, destination, dport: destination.port === 0 ? headers.dport : destination.port },
  )
}

function schedulePersistent(
  parts: IpvsParts, request: Request, { service, persistenceSeconds }: { service: Service, persistenceSeconds: number },
): Scheduled {
  const { host, connections } = parts
  const { headers, packet } = request
  const { id } = service
  const key = templateKey(service, headers)
  const engine = findEngine(service.options.engine)
  const engineData = engine?.(packet)
  if (engine !== undefined && engineData === undefined) {
    host.trace?.decision(host, packet, byIpvs(`the persistence engine ${service.options.engine} can make nothing of it`))
    host.drop(packet, 'ipvs-drop-packet')
    return 'taken'
  }
  let template = connections.table.findTemplate(key, engineData)
  if (template === undefined || !isValid(parts, template)) {
    const picked = pick(parts, request, service)
    if (picked === undefined) return leave(parts, request, service)
    const dport = headers.dport === id.port && id.port !== FTP_PORT ? picked.port : 0
    template = connections.create({
      ...key, dport, isTemplate: true, isOnePacket: false, engineData,
    }, picked)
    template.timeoutSeconds = persistenceSeconds
    host.trace?.decision(host, packet, byIpvs(`new template for ${persistenceSeconds} s: ${describeTemplate(template)}`))
  } else {
    host.trace?.decision(host, packet, byIpvs(`by template ${describeTemplate(template)}`))
  }
  const destination = template.destination as Destination
  const dport = headers.dport === id.port && destination.port !== 0 ? destination.port : headers.dport
  const connection = connect(parts, request, { service, destination, dport })
  connections.control(connection, template)
  connections.restart(template)
  return connection
}

/** The address that all clients of one network share in templates. */
export function clientNetwork({ options }: Service, client: IpAddr): IpAddr {
  if (isIpv6(client)) return networkOf(client, options.netmask)
  return ((client & options.netmask) >>> 0) as IpAddr
}

/** By what the template of a client is found: its network, and the service or the whole mark. */
function templateKey(service: Service, headers: Headers): RequestKey {
  const { id } = service
  const caddr = clientNetwork(service, headers.src)
  const isServicePort = headers.dport === id.port
  if (!isServicePort && id.fwmark !== 0) return {
    protocol: ANY_PROTOCOL, caddr, cport: 0, vport: 0,
    vaddr: id.isIpv6 ? ipv6FromWords(id.fwmark, 0, 0, 0) : id.fwmark as IpAddr,
  }
  const vport = isServicePort && id.port !== FTP_PORT ? headers.dport : 0
  return { protocol: headers.protocol, caddr, cport: 0, vaddr: headers.dst, vport }
}

/**
 * A template whose server is gone (or drained, with expire_quiescent_template), or is not the one it should be, is no use any
 * more (ip_vs_check_template): it is made invalid.
 */
export function isValid(parts: IpvsParts, template: Connection, expected = template.destination): boolean {
  const { destination } = template
  if (destination?.available === true && destination === expected && (
    parts.settings.expire_quiescent_template === 0 || destination.weight !== 0
  )) return true
  parts.connections.table.invalidate(template)
  return false
}

function connect(
  parts: IpvsParts, request: Request, { service, destination, dport }: {
    service: Service, destination: Destination, dport: number,
  },
): Connection {
  const { headers } = request
  const connection = parts.connections.create({
    protocol: headers.protocol, caddr: headers.src, cport: headers.sport, vaddr: headers.dst, vport: headers.dport,
    dport, isTemplate: false, isOnePacket: service.options.onePacket && headers.protocol === IPPROTO_UDP,
  }, destination)
  destination.stats.countConnection()
  service.stats.countConnection()
  parts.totals.countConnection()
  return connection
}

function pick(parts: IpvsParts, request: Request, service: Service): Destination | undefined {
  const { headers, packet } = request
  const picked = service.scheduler.pick({ src: headers.src, dst: headers.dst, sport: headers.sport })
  parts.host.trace?.decision(parts.host, packet, byIpvs(describePick(service, picked)))
  return picked
}

/** Nobody can serve the packet. FTP's data ports go to the host itself; others are told "port unreachable". */
function leave(parts: IpvsParts, request: Request, service: Service): Scheduled {
  const { host, settings, connections } = parts
  const { packet, headers, isIcmp } = request
  const mayBypass = settings.cache_bypass !== 0 && service.id.fwmark !== 0 && !isIcmp
  if (mayBypass && host.findOutputRoute(headers.dst)?.type === 'unicast') {
    return connections.create({
      protocol: headers.protocol, caddr: headers.src, cport: headers.sport, vaddr: headers.dst, vport: headers.dport,
      dport: 0, isTemplate: false, isOnePacket: service.options.onePacket && headers.protocol === IPPROTO_UDP,
    }, undefined)
  }
  if (service.id.port === FTP_PORT && headers.dport !== FTP_PORT) return 'pass'
  if (!isIcmp) host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PORT, rest: 0 })
  host.drop(packet, 'ipvs-no-destination')
  return 'taken'
}

function describePick(service: Service, picked: Destination | undefined): string {
  const { id, options, destinations } = service
  const name = id.fwmark !== 0 ? `mark ${id.fwmark}` : `${formatIp(id.addr)}:${id.port}`
  const among = destinations.length === 0 ? 'no destinations' : destinations.map(describe).join(', ')
  const who = picked === undefined ? `nobody (${candidates(service).length} could be picked)` : formatIp(picked.addr)
  return `service ${name}: ${options.scheduler} among ${among}: ${who}`
}

function describeTemplate({ caddr, daddr, engineData }: Connection): string {
  const data = engineData === undefined ? '' : ` (${engineData.engine} ${engineData.text})`
  return `${formatIp(caddr)}${data} -> ${formatIp(daddr)}`
}

function describe(destination: Destination): string {
  const { addr, port, weight, activeConns, inactiveConns, overloaded } = destination
  const counts = `weight ${weight}, ${activeConns} active, ${inactiveConns} inactive`
  return `${formatIp(addr)}:${port} (${counts}${overloaded ? ', overloaded' : ''})`
}
