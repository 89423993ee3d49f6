/**
 * ss(8) of iproute2 6.1 and netstat(8) of net-tools 2.10, for TCP and UDP over either version of IP. Sockets of other kinds and
 * processes are not listed. A connection by IPv4 to a listener on `::` is shown as the socket of IPv6 that it is.
 * @module
 */
import type { Host } from '../host/host.ts'
import { formatIp, IPV6_ANY, isIpv6, type IpAddr } from '../wire/address.ts'
import type { Family } from './names.ts'
import { readOptions } from './options.ts'
import { routeTable } from './route.ts'
import { printed, unsupported, type Tool } from './tool.ts'

/** A socket and its two ends; without a far end, it hears everybody. */
interface SocketRow {
  readonly protocol: 'tcp' | 'udp'
  /** Of the socket: one of IPv6 may speak IPv4. */
  readonly family: Family
  readonly state: string
  readonly receiveQueue: number
  readonly sendQueue: number
  readonly local: IpAddr
  readonly lport: number
  readonly remote: IpAddr | undefined
  readonly rport: number
}

/** ss's own names of the states. */
const SS_STATES: Record<string, string> = {
  LISTEN: 'LISTEN', SYN_SENT: 'SYN-SENT', SYN_RECV: 'SYN-RECV', ESTABLISHED: 'ESTAB', FIN_WAIT1: 'FIN-WAIT-1',
  FIN_WAIT2: 'FIN-WAIT-2', CLOSE_WAIT: 'CLOSE-WAIT', CLOSING: 'CLOSING', LAST_ACK: 'LAST-ACK', TIME_WAIT: 'TIME-WAIT',
}

/** The tool. */
export const ss: Tool = ({ host, argv }) => {
  const read = readOptions(
    argv,
    {
      valued: 'fADFKE', flags: 'tuanl46rHoepimswxbOd0SMNZzVh',
      long: { tcp: 't', udp: 'u', all: 'a', numeric: 'n', listening: 'l', ipv4: '4', ipv6: '6', 'no-header': 'H' },
    },
  )
  if (!read.ok) {
    return unsupported(read.error.startsWith('-') ? read.error : `-${read.error}`, `ss: option ${read.error} is not modelled`)
  }
  const { values, flags, operands } = read.value
  const other = [...flags].find((flag) => !'tuanl46rHp'.includes(flag)) ?? [...values.keys()][0] ?? operands[0]
  if (other !== undefined) return unsupported(operands[0] === other ? other : `-${other}`, `ss: "${other}" is not modelled`)
  const hasNetid = flags.has('t') === flags.has('u')
  const rows = ['udp', 'tcp'].flatMap((protocol) => socketRows(host, flags).filter((row) => row.protocol === protocol))
  const cells = rows.map((row) => [
    row.protocol, row.state === '' ? 'UNCONN' : SS_STATES[row.state] ?? row.state,
    String(row.receiveQueue), String(row.sendQueue), ssEnd(row, row.local, row.lport), ssEnd(row, row.remote, row.rport),
  ])
  const head = ['Netid', 'State', 'Recv-Q', 'Send-Q', 'Local Address:Port', 'Peer Address:Port']
  const width = (column: number): number => Math.max(...[head, ...cells].map((row) => (row[column] ?? '').length))
  const line = (row: readonly string[]): string => row.map((text, column) => {
    return column < 4 ? text.padEnd(width(column)) : text.padStart(width(column))
  }).slice(hasNetid ? 0 : 1).join(' ')
  return printed([...(flags.has('H') ? [] : [`${line(head)} Process`]), ...cells.map(line)].map((text) => `${text}\n`).join(''))
}

/** `10.0.0.1:80`, `[fd00::1]:80`; `*` where a socket hears both versions. */
function ssEnd({ family, local }: SocketRow, addr: IpAddr | undefined, port: number): string {
  const portText = addr === undefined ? '*' : String(port)
  if (family === 4) return `${addr === undefined ? '0.0.0.0' : formatIp(addr)}:${portText}`
  if (addr === IPV6_ANY || (addr === undefined && local === IPV6_ANY)) return `*:${portText}`
  return `[${addr === undefined ? '::' : isIpv6(addr) ? formatIp(addr) : `::ffff:${formatIp(addr)}`}]:${portText}`
}

/** The tool. */
export const netstat: Tool = ({ host, argv }) => {
  const read = readOptions(
    argv,
    {
      valued: 'A', flags: 'rnatul46pieswxcgMvWoC',
      long: {
        route: 'r', numeric: 'n', all: 'a', tcp: 't', udp: 'u', listening: 'l', inet: '4', inet6: '6', wide: 'W', programs: 'p',
      },
    },
  )
  if (!read.ok) {
    return unsupported(
      read.error.startsWith('-') ? read.error : `-${read.error}`, `netstat: option ${read.error} is not modelled`,
    )
  }
  const { values, flags } = read.value
  const other = [...flags].find((flag) => !'rnatul46peW'.includes(flag)) ?? [...values.keys()][0]
  if (other !== undefined) return unsupported(`-${other}`, `netstat: option -${other} is not modelled`)
  if (flags.has('r')) {
    if (flags.has('6')) return unsupported('-6', 'netstat: the table of routes of IPv6 is not modelled')
    return printed(routeTable(host, flags.has('n'), true))
  }
  const title = flags.has('l') ? '(only servers)' : flags.has('a') ? '(servers and established)' : '(w/o servers)'
  const program = flags.has('p') ? 'PID/Program name    ' : ''
  const rows = ['tcp', 'udp'].flatMap((protocol) => socketRows(host, flags).filter((row) => row.protocol === protocol))
  const lines = rows.map((row) => {
    // ss shows the room for waiting connections here, netstat nothing.
    const sendQueue = row.state === 'LISTEN' ? 0 : row.sendQueue
    const queues = `${String(row.receiveQueue).padStart(6)} ${String(sendQueue).padStart(6)}`
    const owner = flags.has('p') ? ' -                   ' : ''
    const isWide = flags.has('W')
    const [local, remote] = [netstatEnd(row, row.local, row.lport, isWide), netstatEnd(row, row.remote, row.rport, isWide)]
    const name = `${row.protocol}${row.family === 6 ? '6' : ''}`.padEnd(4)
    return `${name}  ${queues} ${local.padEnd(23)} ${remote.padEnd(23)} ${row.state.padEnd(11)}${owner}\n`
  })
  const head = `Proto Recv-Q Send-Q Local Address           Foreign Address         State       ${program}\n`
  return printed(`Active Internet connections ${title}\n${head}${lines.join('')}`)
}

/** What there is room for of an address and its port, unless -W is given. */
const END_COLUMNS = 22

function netstatEnd({ family }: SocketRow, addr: IpAddr | undefined, port: number, isWide: boolean): string {
  const text = addr === undefined ? (family === 6 ? '::' : '0.0.0.0') : formatIp(addr)
  const portText = addr === undefined ? '*' : String(port)
  return `${isWide ? text : text.slice(0, END_COLUMNS - portText.length)}:${portText}`
}

/** Those of IPv4, then those of IPv6: listeners with -l or -a, connections without -l. Both protocols unless one is asked for. */
function socketRows(host: Host, flags: ReadonlySet<string>): SocketRow[] {
  const asks = (protocol: string): boolean => flags.has(protocol) || !(flags.has('t') || flags.has('u'))
  const all = [...(asks('t') ? tcpRows(host) : []), ...(asks('u') ? udpRows(host) : [])]
  const shown = all.filter(({ remote }) => {
    return flags.has('a') || (remote === undefined) === flags.has('l')
  })
  const families: readonly Family[] = flags.has('4') === flags.has('6') ? [4, 6] : flags.has('4') ? [4] : [6]
  return families.flatMap((family) => shown.filter((row) => row.family === family))
}

function tcpRows(host: Host): SocketRow[] {
  const listeners = [...host.tcp.listeners()]
  // Who came by a listener on `::` has a socket of IPv6, whatever it speaks.
  const dual = new Set(listeners.filter(({ addr }) => addr === IPV6_ANY).map(({ port }) => port))
  const rows = listeners.map(({ addr, port, waitingCount, backlog }): SocketRow => ({
    protocol: 'tcp', family: isIpv6(addr) ? 6 : 4, state: 'LISTEN', receiveQueue: waitingCount, sendQueue: backlog,
    local: addr, lport: port, remote: undefined, rport: 0,
  }))
  for (const connection of host.tcp.connections()) {
    const isLive = 'unreadBytes' in connection
    const { state, local, lport, remote, rport } = connection
    rows.push({
      protocol: 'tcp', family: isIpv6(local) || dual.has(lport) ? 6 : 4, state, local, lport, remote, rport,
      receiveQueue: isLive ? connection.unreadBytes : 0, sendQueue: isLive ? connection.unacknowledgedBytes : 0,
    })
  }
  return rows
}

function udpRows(host: Host): SocketRow[] {
  return [...host.udp.sockets()].map(({ local, port, remote, rport }) => ({
    protocol: 'udp', family: isIpv6(local) ? 6 : 4, state: remote === undefined ? '' : 'ESTABLISHED', receiveQueue: 0,
    sendQueue: 0, local, lport: port, remote, rport,
  }))
}
