/**
 * The command line of traceroute 2.1.2: -4 -6 -F -I -T -U -f -m -N -n -p -q -s -t -w -z, the host and the length of packets.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import { secondsToNs } from '../../base/units.ts'
import type { Host } from '../../host/host.ts'
import { IPV4_ANY, isIpv6, parseIp, type IpAddr } from '../../wire/address.ts'
import { readOptions, type ReadOptions } from '../options.ts'
import { isOfFamily, resolve, type Family } from '../names.ts'
import { refused, unsupported, type ToolResult } from '../tool.ts'

/** How probes are made: UDP to a port that counts up, UDP to one port, ICMP echo requests, TCP SYNs. */
export type TracerouteMethod = 'default' | 'udp' | 'icmp' | 'tcp'

/** What is asked for. */
export interface TracerouteOptions {
  readonly dst: IpAddr
  readonly shownAs: string
  /** 0.0.0.0 lets the route choose, of IPv6, too. */
  readonly src: IpAddr
  readonly method: TracerouteMethod
  /** Port of the first probe, or of all; the first sequence number of -I. */
  readonly port: number
  /** 1..255. */
  readonly firstHop: number
  readonly hopsMax: number
  /** 1..10. */
  readonly probesPerHop: number
  readonly probesAtOnce: number
  readonly isNumeric: boolean
  readonly dontFragment: boolean
  readonly tos: number
  /** The length of the IP packet that was asked for. */
  readonly packetBytes: number | undefined
  /** -w: how long to wait at most. */
  readonly waitNs: number
  /** And how many times as long as for a probe of the same hop, or of a later one; 0 looks at neither. */
  readonly hereFactor: number
  readonly nearFactor: number
  /** -z. */
  readonly sendWaitNs: number
}

const HOPS_MAX = 255
const PROBES_MAX = 10
const PACKET_BYTES_MAX = 65_000
/** What does not fit into the tool's own numbers is refused as no number. */
const NUMBER_MAX = 0xffffffff
/** 100 days: no run is longer, so that to wait for more is the same. */
const WAIT_SECONDS_MAX = 8_640_000
const FIRST_PORT = { default: 33_434, udp: 53, icmp: 1, tcp: 80 } as const
const LONG = {
  'dont-fragment': 'F', first: 'f', icmp: 'I', tcp: 'T', 'max-hops': 'm', 'sim-queries': 'N', port: 'p', tos: 't', wait: 'w',
  queries: 'q', source: 's', sendwait: 'z', udp: 'U',
} as const
/** What the tool has, too. */
const UNMODELLED = 'dgielrAMODPV'
const UNMODELLED_LONG = [
  'debug', 'gateway', 'interface', 'flowlabel', 'extensions', 'as-path-lookups', 'module', 'options', 'sport', 'fwmark', 'UL',
  'dccp', 'protocol', 'mtu', 'back', 'version', 'help',
]
/** What each number is called in complaints. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  f: 'first_ttl', m: 'max_ttl', N: 'squeries', p: 'port', t: 'tos', w: 'MAX,HERE,NEAR', q: 'nqueries', s: 'src_addr',
  z: 'sendwait',
}

/** Reads a command line, or gives what the tool says to it. */
export function readTraceroute(
  host: Host, argv: readonly string[], named: Family | undefined,
): Result<TracerouteOptions, ToolResult> {
  const read = readOptions(argv, { valued: 'fmNptwqsz', flags: `46FITUn${UNMODELLED}`, long: LONG })
  if (!read.ok) return err(badOption(argv, read.error))
  const { values, flags, operands } = read.value
  const other = [...flags].find((flag) => UNMODELLED.includes(flag))
  if (other !== undefined) return err(unsupported(`-${other}`, `traceroute: option -${other} is not modelled`))
  const numbers = new Map<string, number>()
  for (const letter of 'fmNptqz') {
    const text = values.get(letter)
    if (text === undefined) continue
    const isRight = letter === 'z' ? /^\d+(\.\d*)?$|^\.\d+$/.test(text) : /^\d+$|^0x[\da-f]+$/i.test(text)
    if (!isRight || Number(text) > NUMBER_MAX) return err(cannotHandle(argv, letter, text))
    numbers.set(letter, Number(text))
  }
  const waits = waitFactors(values.get('w') ?? '5,3,10')
  if (waits === undefined) return err(cannotHandle(argv, 'w', values.get('w') ?? ''))
  const family = flags.has('6') ? 6 : flags.has('4') ? 4 : named
  return checked(host, read.value, { argv, numbers, waits, operands, family })
}

interface Given {
  readonly argv: readonly string[]
  readonly numbers: ReadonlyMap<string, number>
  readonly waits: readonly [max: number, here: number, near: number]
  readonly operands: readonly string[]
  readonly family: Family | undefined
}

function checked(host: Host, { values, flags }: ReadOptions, given: Given): Result<TracerouteOptions, ToolResult> {
  const { argv, numbers, waits: [wait, hereFactor, nearFactor], operands: [name, length, extra], family } = given
  if (name === undefined) {
    return err(argv.length === 0 ? unsupported('traceroute', 'traceroute: its help text is not modelled')
      : complaint('Specify "host" missing argument.'))
  }
  if (name.includes('%')) return err(unsupported(name, 'traceroute: zones of addresses are not modelled'))
  // Of a name that has both, the address of IPv4 is taken (DEF_AF).
  const dst = resolve(host, name, family ?? 4) ?? resolve(host, name, family)
  if (dst === undefined) {
    const literal = parseIp(name)
    const reason = literal !== undefined && !isOfFamily(literal, family) ? 'Address family for hostname not supported'
      : 'Name or service not known'
    const place = `on position 1 (argc ${argv.indexOf(name) + 1})`
    return err(complaint(`${name}: ${reason}\nCannot handle "host" cmdline arg \`${name}' ${place}`))
  }
  if (length !== undefined && !/^\d+$/.test(length)) {
    const argc = argv.lastIndexOf(length) + 1
    return err(complaint(`Cannot handle "packetlen" cmdline arg \`${length}' on position 2 (argc ${argc})`))
  }
  if (extra !== undefined) return err(complaint(`Extra arg \`${extra}' (position 3, argc ${argv.lastIndexOf(extra) + 1})`))
  const source = values.get('s')
  const src = source === undefined ? IPV4_ANY : resolve(host, source, isIpv6(dst) ? 6 : 4)
  if (src === undefined) {
    return err(complaint(`${source}: Name or service not known\n${cannotHandle(argv, 's', source ?? '').stderr.trimEnd()}`))
  }
  const firstHop = numbers.get('f') ?? 1
  const hopsMax = numbers.get('m') ?? 30
  const probesPerHop = numbers.get('q') ?? 3
  if (firstHop === 0 || firstHop > hopsMax) return err(complaint('first hop out of range'))
  if (hopsMax > HOPS_MAX) return err(complaint(`max hops cannot be more than ${HOPS_MAX}`))
  if (probesPerHop === 0 || probesPerHop > PROBES_MAX) return err(complaint(`no more than ${PROBES_MAX} probes per hop`))
  const packetBytes = length === undefined ? undefined : Number(length)
  if (packetBytes !== undefined && packetBytes > PACKET_BYTES_MAX) {
    return err(complaint(`too big packetlen ${packetBytes} specified`))
  }
  const method = flags.has('I') ? 'icmp' : flags.has('T') ? 'tcp' : flags.has('U') ? 'udp' : 'default'
  // Ten and more are milliseconds.
  const sendWait = numbers.get('z') ?? 0
  return ok({
    dst, shownAs: name, src, method, port: numbers.get('p') ?? FIRST_PORT[method], firstHop, hopsMax, probesPerHop,
    probesAtOnce: Math.max(1, numbers.get('N') ?? 16), isNumeric: flags.has('n'), dontFragment: flags.has('F'),
    tos: (numbers.get('t') ?? 0) & 0xff, packetBytes, waitNs: secondsToNs(wait), hereFactor, nearFactor,
    sendWaitNs: secondsToNs(sendWait >= 10 ? sendWait / 1000 : sendWait),
  })
}

/** `5`, `5,3`, `5,3,10`; what is not given is 0. */
function waitFactors(text: string): readonly [number, number, number] | undefined {
  const parts = text.split(',')
  if (parts.length > 3 || !parts.every((part) => /^\d+(\.\d*)?$|^\.\d+$/.test(part))) return undefined
  const [max = 0, here = 0, near = 0] = parts.map((part) => Math.min(Number(part), WAIT_SECONDS_MAX))
  return [max, here, near]
}

function badOption(argv: readonly string[], error: string): ToolResult {
  const word = error.startsWith('--') ? error : `-${error}`
  if (UNMODELLED_LONG.includes(word.slice(2))) return unsupported(word, `traceroute: option ${word} is not modelled`)
  const isLong = error.startsWith('--')
  const argc = argv.findIndex((one) => (isLong ? one.startsWith(error) : /^-[^-]/.test(one) && one.includes(error))) + 1
  const argument = ARGUMENTS[isLong ? (LONG as Record<string, string>)[error.slice(2)] ?? '' : error]
  if (argument === undefined) return complaint(`Bad option \`${word}' (argc ${argc})`)
  return complaint(`Option \`${word}' (argc ${argc}) requires an argument: \`${word} ${argument}'`)
}

function cannotHandle(argv: readonly string[], letter: string, text: string): ToolResult {
  const argc = argv.findIndex((word) => word.endsWith(text)) + 1
  return complaint(`Cannot handle \`-${letter}' option with arg \`${text}' (argc ${argc})`)
}

function complaint(text: string): ToolResult {
  return refused(`${text}\n`, 2)
}
