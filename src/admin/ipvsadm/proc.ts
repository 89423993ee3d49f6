/**
 * The files of IPVS under /proc/net: ip_vs, ip_vs_app, ip_vs_conn, ip_vs_conn_sync, ip_vs_stats and ip_vs_stats_percpu (of a
 * machine with one processor). They exist once the module is loaded.
 * Follows ip_vs_info_seq_show(), ip_vs_app_seq_show(), ip_vs_conn_seq_show(), ip_vs_stats_show() and ip_vs_stats_percpu_show().
 * @module
 */
import type { Host } from '../../host/host.ts'
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import type { Connection } from '../../ipvs/connection.ts'
import { findIpvs, type Ipvs } from '../../ipvs/director.ts'
import type { Service } from '../../ipvs/service.ts'
import type { Counters } from '../../ipvs/stats.ts'
import { registerProcFile } from '../proc-files.ts'
import { connectionProtocol, connectionSeconds } from './list-connections.ts'
import { HEADING } from './list.ts'

const FTP_PORT = 21
const METHODS = { nat: 'Masq', dr: 'Route', tun: 'Tunnel' } as const

/** Enters the files. */
export function registerIpvsFiles(): void {
  const register = (path: string, render: (ipvs: Ipvs) => string): void => registerProcFile(path, (host: Host) => {
    const ipvs = findIpvs(host)
    return ipvs === undefined ? undefined : render(ipvs)
  })
  register('/proc/net/ip_vs', services)
  register('/proc/net/ip_vs_app', applications)
  register('/proc/net/ip_vs_conn', connections)
  register('/proc/net/ip_vs_conn_sync', synced)
  register('/proc/net/ip_vs_stats', stats)
  register('/proc/net/ip_vs_stats_percpu', statsOfProcessors)
}

function services(ipvs: Ipvs): string {
  const rows = ipvs.services.all.map((service) => serviceLine(ipvs, service) + service.destinations.map((server) => {
    const endpoint = `${bracketed(server.addr)}:${hex(server.port, 4)}`
    const counts = `${String(server.activeConns).padEnd(10)} ${String(server.inactiveConns).padEnd(10)}`
    return `  -> ${endpoint}      ${METHODS[server.method].padEnd(7)} ${String(server.weight).padEnd(6)} ${counts}\n`
  }).join(''))
  const titles = 'Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n'
  return HEADING + titles + rows.join('')
}

function serviceLine(ipvs: Ipvs, { id, options }: Service): string {
  const name = id.fwmark !== 0 ? `FWM  ${hex(id.fwmark, 8)}`
    : `${protocolName(id.protocol)}  ${bracketed(id.addr)}:${hex(id.port, 4)}`
  const head = `${name} ${options.scheduler} ${options.onePacket ? 'ops ' : ''}${id.fwmark === 0 ? ' ' : ''}`
  if (options.persistenceSeconds === undefined) return `${head}\n`
  // The timeout is in ticks of the kernel's clock.
  // A mask is shown as in the network; the prefix length of an IPv6 service is turned round along with it.
  const mask = id.isIpv6 ? options.netmask * 0x1000000 : options.netmask
  return `${head}persistent ${options.persistenceSeconds * ipvs.host.profile.hz} ${hex(mask, 8)}\n`
}

/** The helper for FTP, with the NAT connections that it looks into. */
function applications({ host, connections: { table } }: Ipvs): string {
  const users = [...table].filter(({ protocol, vport, method, isTemplate }) => (
    protocol === IPPROTO_TCP && vport === FTP_PORT && method === 'nat' && !isTemplate))
  const row = `TCP  ${String(FTP_PORT).padEnd(7)} ${String(users.length).padEnd(6)} ${'ftp'.padEnd(17)}\n`
  return `prot port    usecnt name\n${host.modules.has('ip_vs_ftp') ? row : ''}`
}

function connections(ipvs: Ipvs): string {
  const rows = [...ipvs.connections.table].map((connection) => (
    `${connectionLine(ipvs, connection, '')}${engineText(connection)}\n`))
  return `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n${rows.join('')}`
}

/** No connection comes from another director. */
function synced(ipvs: Ipvs): string {
  const rows = [...ipvs.connections.table].map((connection) => `${connectionLine(ipvs, connection, 'LOCAL  ')}\n`)
  return `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n${rows.join('')}`
}

function connectionLine(ipvs: Ipvs, c: Connection, origin: string): string {
  const ends = [[c.caddr, c.cport], [c.vaddr, c.vport], [c.daddr, c.dport]] as const
  const endsText = ends.map(([addr, port]) => `${address(addr)} ${hex(port, 4)}`).join(' ')
  const seconds = String(connectionSeconds(ipvs, c)).padStart(7)
  return `${connectionProtocol(c).padEnd(3)} ${endsText} ${c.stateName.padEnd(11)} ${origin}${seconds}`
}

function engineText({ engineData }: Connection): string {
  return engineData === undefined ? '' : ` ${engineData.engine} ${engineData.text}`
}

function stats(ipvs: Ipvs): string {
  return `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
${counterLine(ipvs.totals.counts)}
 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
${counterLine(ipvs.totals.rates)}`
}

function statsOfProcessors({ totals }: Ipvs): string {
  return `       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
  0 ${counterLine(totals.liveCounts)}  ~ ${counterLine(totals.counts)}
     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
    ${counterLine(totals.rates)}`
}

function counterLine({ conns, inPackets, outPackets, inBytes, outBytes }: Counters): string {
  const narrow = [conns, inPackets, outPackets].map((value) => hex(value, 0).padStart(8))
  return `${[...narrow, hex(inBytes, 0).padStart(16), hex(outBytes, 0).padStart(16)].join(' ')}\n`
}

function protocolName(protocol: number): string {
  if (protocol === IPPROTO_TCP) return 'TCP'
  return protocol === IPPROTO_UDP ? 'UDP' : 'SCTP'
}

function address(addr: IpAddr): string {
  return isIpv6(addr) ? formatIp(addr) : hex(addr, 8)
}

function bracketed(addr: IpAddr): string {
  return isIpv6(addr) ? `[${formatIp(addr)}]` : hex(addr, 8)
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, '0')
}
