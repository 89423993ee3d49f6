/**
 * What the `ipvs` match of iptables asks of a director: the connection of a packet on its way to a real server.
 * Follows ipvs_mt() in xt_ipvs.c, which looks requests up as replies the other way round.
 * @module
 */
import type { IpvsConnectionView, IpvsLookup } from '../host/netfilter/rule-match.ts'
import type { ConnectionMethod } from './connection.ts'
import type { ConnectionTable } from './connection-table.ts'
import { inverted, readHeaders } from './headers.ts'

const METHOD_NAMES: Record<ConnectionMethod, IpvsConnectionView['method']> = {
  nat: 'MASQ', dr: 'GATE', tun: 'IPIP', bypass: undefined,
}

/** Answers for the connections of a table. */
export function ipvsLookup(table: ConnectionTable): IpvsLookup {
  return {
    findConnection: (packet) => {
      const headers = readHeaders(packet)
      if (headers === undefined) return undefined
      const reply = inverted(headers)
      const connection = table.findReply(reply, reply)
      if (connection === undefined) return undefined
      const { vaddr, vport, method, control } = connection
      return { vaddr, vport, method: METHOD_NAMES[method], controlVport: control?.vport }
    },
  }
}
