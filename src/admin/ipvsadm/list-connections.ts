/**
 * `ipvsadm -L -c`: the connections in the order in which they were made. Linux prints them in that of a hash with a
 * random seed.
 * Follows print_conn() in ipvsadm.c.
 * @module
 */
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import type { Connection } from '../../ipvs/connection.ts'
import type { Ipvs } from '../../ipvs/director.ts'
import { secondsLeft } from '../../ipvs/timeouts.ts'
import { endpointText } from './list.ts'
import type { Names } from './names.ts'

/** How connections are shown. */
export interface ConnectionView {
  readonly isNumeric: boolean
  readonly names: Names
  /** `--persistent-conn`: columns for what persistence engines have read. */
  readonly showsEngines: boolean
}

/** The listing with its titles. */
export function listConnections(ipvs: Ipvs, view: ConnectionView): string {
  const titles = ['state'.padEnd(11), 'source'.padEnd(18), 'virtual'.padEnd(18), ...(view.showsEngines
    ? ['destination'.padEnd(18), 'pe name'.padEnd(16), 'pe_data'] : ['destination'])]
  const rows = [...ipvs.connections.table].map((connection) => row(ipvs, connection, view))
  return `IPVS connection entries\npro expire ${titles.join(' ')}\n${rows.join('')}`
}

/** The name of a connection's protocol; templates of firewall marks have none. */
export function connectionProtocol(connection: Connection): string {
  if (connection.protocol === IPPROTO_TCP) return 'TCP'
  return connection.protocol === IPPROTO_UDP ? 'UDP' : 'IP'
}

/** Seconds until a connection ends, rounded down. */
export function connectionSeconds(ipvs: Ipvs, connection: Connection): number {
  return secondsLeft(ipvs.host.sim.nowNs, connection.expiresTick, ipvs.host.profile.hz)
}

function row(ipvs: Ipvs, c: Connection, view: ConnectionView): string {
  const seconds = connectionSeconds(ipvs, c)
  const expires = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
  const name = `${connectionProtocol(c).padEnd(3)} ${expires.padEnd(6)} ${c.stateName.padEnd(11)}`
  const client = endpointText(c.caddr, c.cport, c.protocol, view).padEnd(18)
  const service = endpointText(c.vaddr, c.vport, c.protocol, view).padEnd(18)
  const server = endpointText(c.daddr, c.dport, c.protocol, view)
  if (!view.showsEngines || c.engineData === undefined) return `${name} ${client} ${service} ${server}\n`
  const { engine, text } = c.engineData
  return `${name} ${client} ${service} ${server.padEnd(16)} ${engine.padEnd(18)} ${text}\n`
}
