/**
 * Reading a command line of ipvsadm: the command comes first, then its options in any order; what is wrong is said in the words
 * and at the point at which ipvsadm 1.31 says it. Follows parse_options() and process_options() in ipvsadm.c.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import { isIpv6, parseIpv6 } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import { parseAton, parseNumber } from './addresses.ts'
import { withDaemonOption, type DaemonOption } from './daemon-options.ts'
import type { Names } from './names.ts'
import {
  findTunnelType, optionFault, OPTIONS, tunnelFault, type CommandName, type OptionName, type OptionSpec,
  type Tag,
} from './option-matrix.ts'
import { CommandLine } from './popt.ts'
import { complaint, IpvsadmRequest, TRY_HELP, type Refusal } from './request.ts'
import { parseFlags } from './scheduler-flags.ts'

/** Protocol number of SCTP. */
export const IPPROTO_SCTP = 132
const INT_MAX = 2_147_483_647
const UINT_MAX = 4_294_967_295
/** 31 days. */
const TIMEOUT_SECONDS_MAX = 2_678_400
/** What `-p` alone means. */
const PERSISTENCE_SECONDS = 360
const DEFAULT_SCHEDULER = 'wlc'
/** Prefix length of an IPv6 service without `-M`. */
const IPV6_NETMASK = 128

const COMMANDS = new Set<Tag>([
  'add-service', 'edit-service', 'delete-service', 'flush', 'list', 'add-server', 'delete-server',
  'edit-server', 'set', 'start-daemon', 'stop-daemon', 'restore', 'save', 'zero',
])
/** Options that only take note of themselves. */
const PLAIN = new Set<Tag>([
  'numeric', 'connection', 'timeout', 'daemon', 'stats', 'rate', 'thresholds', 'persistent-conn', 'nosort',
  'exact', 'tun-info', 'tun-nocsum', 'tun-csum', 'tun-remcsum',
])

/** What a command line came to: a request, `help`, `version`, or a refusal. */
export type Parsed = Result<IpvsadmRequest | 'help' | 'version', Refusal>

/** Reads the arguments of ipvsadm. */
export function parseArguments(argv: readonly string[], names: Names): Parsed {
  const line = new CommandLine(argv, OPTIONS)
  const first = line.next()
  if (first.kind !== 'option') return err(TRY_HELP)
  const { tag } = first.spec
  if (tag === 'help' || tag === 'version') return ok(tag)
  if (!COMMANDS.has(tag)) return err(TRY_HELP)
  const command = tag as CommandName
  const daemonFault = faultOfRole(command, first.value ?? '')
  if (daemonFault !== undefined) return err(daemonFault)
  const request = new IpvsadmRequest(command)
  if (first.value === 'backup') request.daemonRole = 'backup'
  for (let next = line.next(); next.kind !== 'end'; next = line.next()) {
    if (next.kind === 'error') return err({ text: `${next.word}: ${next.message}\n`, exitCode: 255, kind: 'return' })
    const fault = take(
      request, next.spec, next.value ?? '', { names, hasValue: next.value !== undefined, word: next.word },
    )
    if (fault !== undefined) return err(complaint(fault))
  }
  const fault = takeOperands(request, line.operands) ?? takeFlags(request) ?? optionFault(command, request.given)
    ?? finish(request)
  return fault === undefined ? ok(request) : err(complaint(fault))
}

function faultOfRole(command: CommandName, role: string): Refusal | undefined {
  if (command !== 'start-daemon' && command !== 'stop-daemon') return undefined
  if (role === 'master' || role === 'backup') return undefined
  return complaint(
    command === 'start-daemon' ? 'illegal start-daemon parameter specified' : 'illegal start_daemon specified'
  )
}

interface Taking {
  readonly names: Names
  readonly hasValue: boolean
  readonly word: string
}

/** Takes one option; says what is wrong with it. */
function take(request: IpvsadmRequest, spec: OptionSpec, value: string, taking: Taking): string | undefined {
  const { tag } = spec
  if (PLAIN.has(tag)) return note(request, tag as OptionName)
  switch (tag) {
    case 'tcp-service':
    case 'udp-service':
    case 'sctp-service': return note(request, 'service-address') ?? takeService(request, tag, value, taking.names)
    case 'fwmark-service': return note(request, 'service-address') ?? takeMark(request, value)
    case 'ipv6': return takeIpv6(request)
    case 'scheduler':
    case 'persistent':
    case 'netmask':
    case 'ops':
    case 'pe':
    case 'sched-flags': return note(request, tag) ?? takeServiceOption(request, tag, value, taking.hasValue)
    case 'real-server': return note(request, 'real-server') ?? takeServer(request, value, taking.names)
    case 'masquerading':
    case 'ipip':
    case 'gatewaying': return note(request, 'forwarding-method') ?? takeMethod(request, tag)
    case 'weight':
    case 'u-threshold':
    case 'l-threshold':
    case 'tun-type':
    case 'tun-port': return note(request, tag) ?? takeServerOption(request, tag, value)
    case 'syncid':
    case 'sync-maxlen':
    case 'mcast-interface':
    case 'mcast-group':
    case 'mcast-port':
    case 'mcast-ttl': return note(request, tag) ?? takeDaemonOption(request, tag, value)
    case 'sort': return undefined
    default: return `invalid option \`${taking.word}'`
  }
}

function note(request: IpvsadmRequest, option: OptionName): string | undefined {
  if (request.given.has(option)) return `multiple '${option}' options specified`
  request.given.add(option)
  return undefined
}

function takeService(request: IpvsadmRequest, tag: Tag, value: string, names: Names): string | undefined {
  request.protocol = tag === 'tcp-service' ? IPPROTO_TCP : tag === 'udp-service' ? IPPROTO_UDP : IPPROTO_SCTP
  const read = parseEndpoint(value, request.protocol, names)
  if (read === undefined) return 'illegal virtual server address[:port] specified'
  request.addr = read.addr
  request.port = read.port ?? 0
  request.isIpv6 = isIpv6(read.addr)
  if (request.isIpv6) request.netmask = IPV6_NETMASK
  return undefined
}

function takeMark(request: IpvsadmRequest, value: string): string | undefined {
  const mark = parseNumber(value, 1, UINT_MAX)
  if (mark === undefined) return `invalid fwmark value \`${value}' specified`
  request.fwmark = mark
  request.protocol = IPPROTO_TCP
  request.isIpv6 = false
  return undefined
}

function takeIpv6(request: IpvsadmRequest): string | undefined {
  if (request.fwmark === 0) return '-6 used before -f\n'
  request.isIpv6 = true
  request.netmask = IPV6_NETMASK
  return undefined
}

function takeServiceOption(request: IpvsadmRequest, tag: Tag, value: string, hasValue: boolean): string | undefined {
  switch (tag) {
    case 'scheduler': request.scheduler = value; return undefined
    case 'pe': request.engine = value; return undefined
    case 'sched-flags': request.schedulerFlagNames = value; return undefined
    case 'ops': request.onePacket = true; return undefined
    case 'persistent': {
      const seconds = hasValue ? parseNumber(value, 1, TIMEOUT_SECONDS_MAX) : PERSISTENCE_SECONDS
      if (seconds === undefined) return `invalid timeout value \`${value}' specified`
      request.persistenceSeconds = seconds
      return undefined
    }
    default: return takeNetmask(request, value)
  }
}

function takeNetmask(request: IpvsadmRequest, value: string): string | undefined {
  if (request.isIpv6) {
    const length = parseInt(value, 10)
    if (!(length >= 1 && length <= IPV6_NETMASK)) return 'illegal ipv6 netmask specified'
    request.netmask = length
    return undefined
  }
  const mask = parseAton(value)
  if (mask === undefined) return 'illegal virtual server persistent mask specified'
  request.netmask = mask
  return undefined
}

function takeServer(request: IpvsadmRequest, value: string, names: Names): string | undefined {
  const read = parseEndpoint(value, request.protocol, names)
  if (read === undefined) return 'illegal real server address[:port] specified'
  request.server = { addr: read.addr, isIpv6: isIpv6(read.addr) }
  // The service's, as far as it is known here: none where -t comes later.
  request.serverPort = read.port ?? request.port
  return undefined
}

function takeMethod(request: IpvsadmRequest, tag: Tag): undefined {
  request.method = tag === 'masquerading' ? 'nat' : tag === 'ipip' ? 'tun' : 'dr'
  return undefined
}

function takeServerOption(request: IpvsadmRequest, tag: Tag, value: string): string | undefined {
  if (tag === 'tun-type') {
    const type = findTunnelType(value)
    if (type === undefined) return 'illegal tunnel type specified'
    request.tunnelType = type
    return undefined
  }
  if (tag === 'tun-port') {
    const port = parseNumber(value, 1, 65_535)
    if (port === undefined) return 'illegal tunnel port specified'
    request.tunnelPort = port
    return undefined
  }
  const number = parseNumber(value, 0, INT_MAX)
  if (number === undefined) return `illegal ${tag === 'weight' ? 'weight' : tag.replace('-', '_')} specified`
  if (tag === 'weight') request.weight = number
  else if (tag === 'u-threshold') request.upperThreshold = number
  else request.lowerThreshold = number
  return undefined
}

function takeDaemonOption(request: IpvsadmRequest, option: DaemonOption, value: string): string | undefined {
  const wish = withDaemonOption(request.daemon, option, value)
  if (typeof wish === 'string') return wish
  request.daemon = wish
  return undefined
}

function takeOperands(request: IpvsadmRequest, operands: readonly string[]): string | undefined {
  let rest = operands
  if (request.command === 'set') {
    if (operands.length < 3) return '--set option requires 3 timeout values'
    const seconds = operands.slice(0, 3).map((operand) => parseNumber(operand, 0, TIMEOUT_SECONDS_MAX))
    const wrong = seconds.indexOf(undefined)
    if (wrong >= 0) return `invalid timeout value \`${operands[wrong]}' specified`
    request.timeouts = seconds.map((value) => value ?? 0)
    rest = operands.slice(3)
  }
  return rest[0] === undefined ? undefined : `unexpected argument ${rest[0]}`
}

/** Flags for a scheduler are read when that is known, and before anybody asks whether the command takes them. */
function takeFlags(request: IpvsadmRequest): string | undefined {
  const flags = parseFlags(request.schedulerFlagNames, request.scheduler)
  if (!flags.ok) return flags.error
  request.schedulerFlags = flags.value
  return undefined
}

/** What ipvsadm checks and fills in after all options are known. */
function finish(request: IpvsadmRequest): string | undefined {
  switch (request.command) {
    case 'add-service':
    case 'edit-service': return finishService(request)
    case 'add-server':
    case 'edit-server': return finishServer(request)
    case 'list': return faultOfList(request.given)
    default: return undefined
  }
}

function finishService(request: IpvsadmRequest): string | undefined {
  if (request.fwmark === 0 && request.port === 0 && request.persistenceSeconds === undefined) {
    return 'Zero port specified for non-persistent service'
  }
  if (request.onePacket && request.fwmark === 0 && request.protocol !== IPPROTO_UDP) {
    return 'One-Packet Scheduling is only for UDP virtual services'
  }
  if (request.scheduler === '') request.scheduler = DEFAULT_SCHEDULER
  return undefined
}

function finishServer(request: IpvsadmRequest): string | undefined {
  // A server that gets the packet as it is gets it at the port it was sent to, whatever was typed.
  if (request.fwmark === 0 && request.method !== 'nat') request.serverPort = request.port
  if (request.server?.isIpv6 !== request.isIpv6 && request.method !== 'tun') {
    return 'Different address family is allowed only for tunneling servers'
  }
  const hasTunnelOption = [...request.given].some((option) => option.startsWith('tun-'))
  if (hasTunnelOption && request.method !== 'tun') return 'Tunnel options conflict with forward method'
  return tunnelFault(request.tunnelType, request.given)
}

function faultOfList(given: ReadonlySet<OptionName>): string | undefined {
  const has = (...options: OptionName[]): boolean => options.some((option) => given.has(option))
  const conflicts = (has('connection', 'timeout', 'daemon') && has('stats', 'rate', 'thresholds'))
    || (has('timeout', 'daemon') && has('persistent-conn'))
  return conflicts ? 'options conflicts in the list command' : undefined
}

/** `host`, `host:port`, `[ipv6]:port` or `ipv6` (parse_service of ipvsadm). A host may be a name, a port too. */
function parseEndpoint(text: string, protocol: number, names: Names): {
  addr: IpvsadmRequest['addr'], port: number | undefined,
} | undefined {
  if (/^\d*$/.test(text)) return undefined
  const bracketed = /^\[([^\]]*)\]:(.*)$/.exec(text)
  if (text.startsWith('[') && bracketed === null) return undefined
  const host = bracketed?.[1] ?? text
  const ipv6 = parseIpv6(host)
  if (ipv6 !== undefined) return withPort(ipv6, bracketed?.[2])
  const colon = host.lastIndexOf(':')
  const name = colon < 0 ? host : host.slice(0, colon)
  const addr = parseAton(name) ?? names.findAddress(name)
  return addr === undefined ? undefined : withPort(addr, colon < 0 ? bracketed?.[2] : host.slice(colon + 1))

  function withPort(found: IpvsadmRequest['addr'], port: string | undefined): ReturnType<typeof parseEndpoint> {
    if (port === undefined) return { addr: found, port: undefined }
    const number = parseNumber(port, 0, 65_535) ?? names.findPort(port, protocol)
    return number === undefined ? undefined : { addr: found, port: number }
  }
}
