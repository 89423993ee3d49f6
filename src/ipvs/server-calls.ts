/**
 * Datagrams that a real server behind NAT sends of its own accord, where its service has a persistence engine: they leave as
 * from the service, and the call they begin stays with that server. Services by mark, which have no address to leave from, are
 * left out.
 * Follows __ip_vs_rs_conn_out() and ip_vs_new_conn_out() in ip_vs_core.c.
 * @module
 */
import { IPPROTO_UDP, type IpPacket } from '../wire/ip-packet.ts'
import type { Connection } from './connection.ts'
import type { Destination } from './destination.ts'
import type { Headers } from './headers.ts'
import type { IpvsParts } from './parts.ts'
import { findEngine } from './persistence-engine.ts'
import { clientNetwork, isValid } from './scheduling.ts'
import type { Service } from './service.ts'

/** The new connection of a datagram from a real server, asked for while a service has an engine; undefined for any other. */
export function connectionFromServer(parts: IpvsParts, packet: IpPacket, headers: Headers): Connection | undefined {
  if (headers.protocol !== IPPROTO_UDP) return undefined
  const found = findSender(parts, headers)
  const engine = found === undefined ? undefined : findEngine(found.service.options.engine)
  if (found === undefined || engine === undefined) return undefined
  const { connections } = parts
  const { service, destination } = found
  const { id, options } = service
  const common = { protocol: IPPROTO_UDP, vaddr: id.addr, vport: id.port, dport: headers.sport }
  let template: Connection | undefined
  if (options.persistenceSeconds !== undefined) {
    const engineData = engine(packet)
    if (engineData === undefined) return undefined
    const key = { ...common, caddr: clientNetwork(service, headers.dst), cport: 0 }
    template = connections.table.findTemplate(key, engineData)
    if (template === undefined || !isValid(parts, template, destination)) {
      template = connections.create({ ...key, isTemplate: true, isOnePacket: false, engineData }, destination)
      template.timeoutSeconds = options.persistenceSeconds
    }
  }
  const connection = connections.create(
    { ...common, caddr: headers.dst, cport: headers.dport, isTemplate: false, isOnePacket: options.onePacket }, destination,
  )
  if (template !== undefined) {
    connections.control(connection, template)
    connections.restart(template)
  }
  for (const stats of [destination.stats, service.stats, parts.totals]) stats.countConnection()
  return connection
}

/** The NAT destination that a datagram comes from, of the newest service that has one (ip_vs_find_real_service). */
function findSender(
  { services }: IpvsParts, { src, sport }: Headers,
): { service: Service, destination: Destination } | undefined {
  for (const service of services.all.toReversed()) {
    if (service.id.fwmark !== 0 || service.id.protocol !== IPPROTO_UDP) continue
    const destination = service.find(src, sport)
    if (destination?.method === 'nat') return { service, destination }
  }
  return undefined
}
