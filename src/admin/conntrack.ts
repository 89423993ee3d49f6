/**
 * conntrack 1.4.7: lists, counts, deletes and flushes conntrack entries. Entries are listed the oldest first, where Linux
 * follows a hash. Creating, updating and watching entries is not modelled, nor are expectations.
 * @module
 */
import type { ConntrackEntry } from '../host/netfilter/conntrack-entry.ts'
import type { Tuple } from '../host/netfilter/tuple.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import { formatIp, parseIpv4 } from '../wire/address.ts'
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../wire/ip-packet.ts'
import { OptionScanner, type OptionShape } from './iptables/option-scanner.ts'
import { printed, refused, unsupported, type Tool, type ToolResult } from './tool.ts'

const VERSION = 'conntrack v1.4.7 (conntrack-tools)'
const COMMANDS = ['L', 'C', 'D', 'F'] as const
type Command = (typeof COMMANDS)[number]

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: IPPROTO_ICMP, tcp: IPPROTO_TCP, udp: IPPROTO_UDP }

const COMMAND_OPTIONS: readonly OptionShape[] = [
  letter('L', ['dump'], 'optional'), letter('C', ['count'], 'optional'), letter('D', ['delete'], 'optional'),
  letter('F', ['flush'], 'optional'),
  letter('V', ['version'], 'none'),
]
const FILTERS: readonly OptionShape[] = [
  letter('s', ['orig-src', 'src'], 'required'), letter('d', ['orig-dst', 'dst'], 'required'),
  letter('r', ['reply-src'], 'required'),
  letter('q', ['reply-dst'], 'required'), letter('p', ['proto'], 'required'),
]
/** Filters that only a protocol with ports has. */
const PORT_FILTERS: readonly OptionShape[] = [
  { id: 'sport', long: ['orig-port-src', 'sport'], argument: 'required' },
  { id: 'dport', long: ['orig-port-dst', 'dport'], argument: 'required' },
]
const UNMODELLED: readonly OptionShape[] = [
  ...['G', 'I', 'U', 'A', 'E', 'S', 'R', 'h'].map((name) => letter(name, [], 'none')),
  ...['f', 'o', 'e', 'b', 'z', 'u', 'm', 'n', 'g', 'j', 't', 'w', 'l'].map((name) => letter(name, [], 'optional')),
  { id: 'state', long: ['state'], argument: 'required' },
]

/** The tool. */
export const conntrack: Tool = ({ host, argv }) => {
  const request = read(argv)
  if ('exitCode' in request) return request
  const { table } = host.netfilter.conntrack
  const nowNs = host.sim.nowNs
  const entries = table.entries(nowNs).filter((entry) => isWanted(entry, request.filters))
  switch (request.command) {
    case 'C':
      return printed(`${entries.length}\n`)
    case 'F':
      for (const entry of entries) table.remove(entry)
      return { ...printed(''), stderr: `${VERSION}: connection tracking table has been emptied.\n` }
    case 'L':
      return {
        stdout: lines(entries, nowNs),
        stderr: `${VERSION}: ${entries.length} flow entries have been shown.\n`,
        exitCode: 0,
      }
    case 'D':
      for (const entry of entries) table.remove(entry)
      return {
        stdout: lines(entries, nowNs),
        stderr: `${VERSION}: ${entries.length} flow entries have been deleted.\n`,
        exitCode: entries.length > 0 ? 0 : 1,
      }
  }
}

interface Request {
  readonly command: Command
  readonly filters: ReadonlyMap<string, string>
}

function read(argv: readonly string[]): Request | ToolResult {
  const scanner = new OptionScanner(argv)
  const filters = new Map<string, string>()
  let command: Command | undefined
  for (;;) {
    const ports = filters.has('p') && filters.get('p') !== 'icmp' ? PORT_FILTERS : []
    const scanned = scanner.next([...COMMAND_OPTIONS, ...FILTERS, ...ports, ...UNMODELLED])
    if (scanned.kind === 'end') break
    if (scanned.kind === 'operand') {
      if (scanned.word !== 'conntrack') return complain(`unknown type \`${scanned.word}'`)
      continue
    }
    if (scanned.kind === 'missing') return complain(`option \`${scanned.word}' requires an argument`)
    if (scanned.kind === 'unknown') return complain(`unknown option \`${scanned.word}'`)
    const { id } = scanned.option
    if (id === 'V') return printed(`${VERSION}\n`)
    const known = COMMANDS.find((name) => name === id)
    if (known !== undefined) {
      if (command !== undefined) return complain('Invalid commands combination')
      command = known
      continue
    }
    if (UNMODELLED.includes(scanned.option)) return unsupported(scanned.word, `conntrack: ${scanned.word} is not modelled`)
    const refusal = badValue(id, scanned.value ?? '')
    if (refusal !== undefined) return complain(refusal)
    filters.set(id, scanned.value ?? '')
  }
  return command === undefined ? unsupported('conntrack', 'conntrack: its help text is not modelled') : { command, filters }
}

function badValue(id: string, value: string): string | undefined {
  if (id === 'p') return Object.hasOwn(PROTOCOLS, value) ? undefined : `\`${value}' unsupported protocol`
  return 'sdrq'.includes(id) && parseIpv4(value) === undefined ? `Invalid IP address \`${value}'` : undefined
}

function isWanted({ original, reply }: ConntrackEntry, filters: ReadonlyMap<string, string>): boolean {
  const checks: Readonly<Record<string, (value: string) => boolean>> = {
    p: (value) => original.protocol === PROTOCOLS[value],
    s: (value) => original.src === parseIpv4(value),
    d: (value) => original.dst === parseIpv4(value),
    r: (value) => reply.src === parseIpv4(value),
    q: (value) => reply.dst === parseIpv4(value),
    sport: (value) => original.sport === Number(value),
    dport: (value) => original.dport === Number(value),
  }
  return [...filters].every(([id, value]) => checks[id]?.(value) === true)
}

function lines(entries: readonly ConntrackEntry[], nowNs: number): string {
  return entries.map((entry) => `${line(entry, nowNs)}\n`).join('')
}

function line(entry: ConntrackEntry, nowNs: number): string {
  const { protocol } = entry.original
  const name = Object.keys(PROTOCOLS).find((key) => PROTOCOLS[key] === protocol) ?? 'unknown'
  const seconds = Math.floor((entry.deadlineNs - nowNs) / NS_PER_SECOND)
  const state = protocol === IPPROTO_TCP ? `${entry.tcp.state} ` : ''
  return `${name.padEnd(8)} ${protocol} ${seconds} ${state}${tupleText(entry.original)} ${entry.hasReply ? '' : '[UNREPLIED] '}`
    + `${tupleText(entry.reply)} ${entry.isAssured ? '[ASSURED] ' : ''}mark=0 use=1`
}

function tupleText(tuple: Tuple): string {
  const addresses = `src=${formatIp(tuple.src)} dst=${formatIp(tuple.dst)}`
  if (tuple.protocol === IPPROTO_ICMP) return `${addresses} type=${tuple.dport >>> 8} code=${tuple.dport & 255} id=${tuple.sport}`
  return tuple.protocol === IPPROTO_TCP || tuple.protocol === IPPROTO_UDP
    ? `${addresses} sport=${tuple.sport} dport=${tuple.dport}`
    : addresses
}

function complain(text: string): ToolResult {
  return refused(`${VERSION}: ${text}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`, 2)
}

function letter(short: string, long: readonly string[], argument: OptionShape['argument']): OptionShape {
  return { id: short, short, long, argument }
}
