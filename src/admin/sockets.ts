/**
 * ss(8) of iproute2 6.1 and netstat(8) of net-tools 2.10, for TCP: listeners and connections. UDP sockets and processes are
 * not listed.
 * @module
 */
import type { Host } from '../host/host.ts'
import { formatIp } from '../wire/address.ts'
import { readOptions } from './options.ts'
import { routeTable } from './route.ts'
import { printed, unsupported, type Tool } from './tool.ts'

interface SocketRow {
  readonly state: string
  readonly receiveQueue: number
  readonly sendQueue: number
  readonly local: string
  readonly remote: string
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
    { valued: 'fADFKE', flags: 'tanl4rHoepimsuwxbOd0SMNZzVh', long: { tcp: 't', all: 'a', numeric: 'n', listening: 'l' } },
  )
  if (!read.ok) {
    return unsupported(read.error.startsWith('-') ? read.error : `-${read.error}`, `ss: option ${read.error} is not modelled`)
  }
  const { values, flags, operands } = read.value
  const other = [...flags].find((flag) => !'tanl4rHp'.includes(flag)) ?? [...values.keys()][0] ?? operands[0]
  if (other !== undefined) return unsupported(operands[0] === other ? other : `-${other}`, `ss: "${other}" is not modelled`)
  const rows = socketRows(host, flags).map((row) => ({ ...row, state: SS_STATES[row.state] ?? row.state }))
  const cells = rows.map((row) => [row.state, String(row.receiveQueue), String(row.sendQueue), row.local, row.remote])
  const head = ['State', 'Recv-Q', 'Send-Q', 'Local Address:Port', 'Peer Address:Port']
  const width = (column: number): number => Math.max(...[head, ...cells].map((row) => (row[column] ?? '').length))
  const line = (row: readonly string[]): string => {
    const [state = '', receive = '', send = '', local = '', remote = ''] = row
    const left = [state, receive, send].map((text, column) => text.padEnd(width(column)))
    return [...left, local.padStart(width(3)), remote.padStart(width(4))].join(' ')
  }
  return printed([...(flags.has('H') ? [] : [`${line(head)} Process`]), ...cells.map(line)].map((text) => `${text}\n`).join(''))
}

/** The tool. */
export const netstat: Tool = ({ host, argv }) => {
  const read = readOptions(
    argv,
    { valued: 'A', flags: 'rnatl4pieswuxcgMvWoC', long: { route: 'r', numeric: 'n', all: 'a', tcp: 't', listening: 'l' } },
  )
  if (!read.ok) {
    return unsupported(
      read.error.startsWith('-') ? read.error : `-${read.error}`, `netstat: option ${read.error} is not modelled`,
    )
  }
  const { values, flags } = read.value
  const other = [...flags].find((flag) => !'rnatl4pe'.includes(flag)) ?? [...values.keys()][0]
  if (other !== undefined) return unsupported(`-${other}`, `netstat: option -${other} is not modelled`)
  if (flags.has('r')) return printed(routeTable(host, flags.has('n'), true))
  const title = flags.has('l') ? '(only servers)' : flags.has('a') ? '(servers and established)' : '(w/o servers)'
  const program = flags.has('p') ? 'PID/Program name    ' : ''
  const rows = socketRows(host, flags).map((row) => {
    // ss shows the room for waiting connections here, netstat nothing.
    const sendQueue = row.state === 'LISTEN' ? 0 : row.sendQueue
    const queues = `${String(row.receiveQueue).padStart(6)} ${String(sendQueue).padStart(6)}`
    const owner = flags.has('p') ? ' -                   ' : ''
    return `tcp   ${queues} ${row.local.padEnd(23)} ${row.remote.padEnd(23)} ${row.state.padEnd(11)}${owner}\n`
  })
  const head = `Proto Recv-Q Send-Q Local Address           Foreign Address         State       ${program}\n`
  return printed(`Active Internet connections ${title}\n${head}${rows.join('')}`)
}

/** Listeners with -l or -a, connections without -l. */
function socketRows(host: Host, flags: ReadonlySet<string>): SocketRow[] {
  const rows: SocketRow[] = []
  if (flags.has('l') || flags.has('a')) {
    for (const listener of host.tcp.listeners()) {
      rows.push(
        {
          state: 'LISTEN', receiveQueue: listener.waitingCount, sendQueue: listener.backlog,
          local: `${formatIp(listener.addr)}:${listener.port}`, remote: '0.0.0.0:*',
        },
      )
    }
  }
  if (flags.has('l') && !flags.has('a')) return rows
  for (const connection of host.tcp.connections()) {
    const isLive = 'unreadBytes' in connection
    rows.push({
      state: connection.state, receiveQueue: isLive ? connection.unreadBytes : 0,
      sendQueue: isLive ? connection.unacknowledgedBytes : 0,
      local: `${formatIp(connection.local)}:${connection.lport}`, remote: `${formatIp(connection.remote)}:${connection.rport}`,
    })
  }
  return rows
}
