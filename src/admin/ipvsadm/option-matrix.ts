/**
 * The options of ipvsadm 1.31: how each is written, and which command takes which. Parsing and refusals follow this one table.
 * @module
 */

/** Commands, by the names ipvsadm calls them in its messages. */
export type CommandName =
  | 'add-service' | 'edit-service' | 'delete-service' | 'flush' | 'list' | 'add-server' | 'delete-server'
  | 'edit-server' | 'set' | 'start-daemon' | 'stop-daemon' | 'restore' | 'save' | 'zero'

/** Options that commands are checked for, by the names in messages. */
export type OptionName =
  | 'numeric' | 'connection' | 'service-address' | 'scheduler' | 'persistent' | 'netmask' | 'real-server'
  | 'forwarding-method' | 'weight' | 'u-threshold' | 'l-threshold' | 'mcast-interface' | 'timeout' | 'daemon'
  | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'nosort' | 'syncid' | 'exact' | 'ops' | 'pe'
  | 'sched-flags' | 'mcast-group' | 'mcast-port' | 'mcast-ttl' | 'sync-maxlen' | 'tun-info' | 'tun-type'
  | 'tun-port' | 'tun-nocsum' | 'tun-csum' | 'tun-remcsum'

/** What a word on the command line stands for. */
export type Tag = CommandName | 'help' | 'version' | OptionName
  | 'tcp-service' | 'udp-service' | 'sctp-service' | 'fwmark-service' | 'masquerading' | 'ipip' | 'gatewaying'
  | 'sort' | 'ipv6'

/** How a word is written. */
export interface OptionSpec {
  readonly tag: Tag
  readonly long: string
  readonly short?: string
  readonly argument: 'none' | 'required' | 'optional'
}

function spec(
  tag: Tag, short: string | undefined, argument: OptionSpec['argument'] = 'none', long: string = tag,
): OptionSpec {
  return short === undefined ? { tag, long, argument } : { tag, long, short, argument }
}

/** Every word, in ipvsadm's order. */
export const OPTIONS: readonly OptionSpec[] = [
  spec('add-service', 'A'), spec('edit-service', 'E'), spec('delete-service', 'D'),
  spec('flush', 'C', 'none', 'clear'), spec('list', 'L'), spec('list', 'l'), spec('zero', 'Z'),
  spec('add-server', 'a'), spec('edit-server', 'e'), spec('delete-server', 'd'), spec('set', undefined),
  spec('help', 'h'), spec('version', 'v'), spec('restore', 'R'), spec('save', 'S'), spec(
    'start-daemon', undefined, 'required',
  ),
  spec(
    'stop-daemon', undefined, 'required',
  ), spec('tcp-service', 't', 'required'), spec('udp-service', 'u', 'required'),
  spec(
    'sctp-service', undefined, 'required',
  ), spec('fwmark-service', 'f', 'required'), spec('scheduler', 's', 'required'),
  spec('persistent', 'p', 'optional'), spec('netmask', 'M', 'required'), spec(
    'real-server', 'r', 'required',
  ), spec('masquerading', 'm'),
  spec('ipip', 'i'), spec('gatewaying', 'g'), spec('weight', 'w', 'required'), spec('u-threshold', 'x', 'required'),
  spec('l-threshold', 'y', 'required'), spec('numeric', 'n'), spec('connection', 'c'), spec(
    'mcast-interface', undefined, 'required',
  ),
  spec(
    'syncid', undefined, 'required',
  ), spec('timeout', undefined), spec('daemon', undefined), spec('stats', undefined), spec('rate', undefined),
  spec('thresholds', undefined), spec('persistent-conn', undefined), spec('nosort', undefined),
  spec('sort', undefined), spec('exact', 'X'), spec('ipv6', '6'), spec('ops', 'o'),
  spec('pe', undefined, 'required'), spec('sched-flags', 'b', 'required'),
  spec(
    'mcast-group', undefined, 'required',
  ), spec('mcast-port', undefined, 'required'), spec('mcast-ttl', undefined, 'required'),
  spec('sync-maxlen', undefined, 'required'), spec('tun-info', undefined), spec('tun-type', undefined, 'required'),
  spec(
    'tun-port', undefined, 'required',
  ), spec('tun-nocsum', undefined), spec('tun-csum', undefined), spec('tun-remcsum', undefined),
]

/** In the order in which they are checked. */
const CHECKED: readonly OptionName[] = [
  'numeric', 'connection', 'service-address', 'scheduler', 'persistent', 'netmask', 'real-server',
  'forwarding-method', 'weight', 'u-threshold', 'l-threshold', 'mcast-interface', 'timeout', 'daemon',
  'stats', 'rate', 'thresholds', 'persistent-conn', 'nosort', 'syncid', 'exact', 'ops', 'pe', 'sched-flags',
  'mcast-group', 'mcast-port', 'mcast-ttl', 'sync-maxlen', 'tun-info', 'tun-type', 'tun-port', 'tun-nocsum',
  'tun-csum', 'tun-remcsum',
]

interface Rule {
  readonly required: readonly OptionName[]
  readonly optional: readonly OptionName[]
  /** At most one of these. */
  readonly exclusive: readonly OptionName[]
}

const NOTHING: Rule = { required: [], optional: [], exclusive: [] }
const SERVICE: Rule = {
  required: ['service-address'], optional: [
    'scheduler', 'persistent', 'netmask', 'ops', 'pe', 'sched-flags',
  ], exclusive: [],
}
const SERVER: Rule = {
  required: ['service-address', 'real-server'], exclusive: [],
  optional: [
    'forwarding-method', 'weight', 'u-threshold', 'l-threshold', 'tun-type', 'tun-port', 'tun-nocsum',
    'tun-csum', 'tun-remcsum',
  ],
}

/** What each command takes; an option that is not named is refused. */
const RULES: Readonly<Record<CommandName, Rule>> = {
  'add-service': SERVICE,
  'edit-service': SERVICE,
  'delete-service': { ...NOTHING, required: ['service-address'] },
  flush: NOTHING,
  list: {
    required: [], exclusive: ['connection', 'service-address', 'timeout', 'daemon'],
    optional: ['numeric', 'stats', 'rate', 'thresholds', 'persistent-conn', 'nosort', 'syncid', 'exact', 'tun-info'],
  },
  'add-server': SERVER,
  'edit-server': SERVER,
  'delete-server': { ...NOTHING, required: ['service-address', 'real-server'] },
  set: NOTHING,
  'start-daemon': {
    ...NOTHING,
    optional: ['mcast-interface', 'syncid', 'mcast-group', 'mcast-port', 'mcast-ttl', 'sync-maxlen'],
  },
  'stop-daemon': { ...NOTHING, optional: ['syncid'] },
  restore: NOTHING,
  save: { ...NOTHING, optional: ['numeric'] },
  zero: { ...NOTHING, optional: ['service-address'] },
}

/** What is wrong with the options of a command, in ipvsadm's words; undefined when nothing is. */
export function optionFault(command: CommandName, given: ReadonlySet<OptionName>): string | undefined {
  const rule = RULES[command]
  let exclusive: OptionName | undefined
  for (const option of CHECKED) {
    if (!given.has(option)) {
      if (rule.required.includes(option)) {
        return `You need to supply the '${option}' option for the '${command}' command`
      }
    } else if (rule.exclusive.includes(option)) {
      if (exclusive !== undefined) {
        return `The option '${option}' conflicts with the '${exclusive}' option in the '${command}' command`
      }
      exclusive = option
    } else if (!rule.required.includes(option) && !rule.optional.includes(option)) {
      return `Illegal '${option}' option with the '${command}' command`
    }
  }
  return undefined
}

/** Tunnel types and the options they take. */
export type TunnelType = 'ipip' | 'gue' | 'gre'

const CHECKSUMS: readonly OptionName[] = ['tun-nocsum', 'tun-csum', 'tun-remcsum']
const TUNNEL_RULES: Readonly<Record<TunnelType, Rule>> = {
  ipip: NOTHING,
  gue: { required: ['tun-port'], optional: [], exclusive: CHECKSUMS },
  gre: { required: [], optional: [], exclusive: ['tun-nocsum', 'tun-csum'] },
}

/** The tunnel type of this name. */
export function findTunnelType(name: string): TunnelType | undefined {
  return name in TUNNEL_RULES ? name as TunnelType : undefined
}

/** What is wrong with the tunnel options for a type; undefined when nothing is. */
export function tunnelFault(type: TunnelType, given: ReadonlySet<OptionName>): string | undefined {
  const rule = TUNNEL_RULES[type]
  let exclusive: OptionName | undefined
  for (const option of ['tun-port', ...CHECKSUMS] as const) {
    if (!given.has(option)) {
      if (rule.required.includes(option)) {
        return `You need to supply the '${option}' option for the '${type}' tunnel type`
      }
    } else if (rule.exclusive.includes(option)) {
      if (exclusive !== undefined) {
        return `The option '${option}' conflicts with the '${exclusive}' option in the '${type}' tunnel type`
      }
      exclusive = option
    } else if (!rule.required.includes(option)) {
      return `Illegal '${option}' option with the '${type}' tunnel type`
    }
  }
  return undefined
}
