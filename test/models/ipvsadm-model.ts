/**
 * The second model of ipvsadm: which command takes which option, as one table of letters, and what becomes of a command line
 * whose values are all well formed. Two directors are known: one without services, one with `SERVICE` and `SERVER`.
 * @module
 */

/** Names of the options, in the order in which they are checked; the rows below have a letter for each. */
const NAMES = [
  'numeric', 'connection', 'service-address', 'scheduler', 'persistent', 'netmask', 'real-server', 'forwarding-method',
  'weight', 'u-threshold', 'l-threshold', 'mcast-interface', 'timeout', 'daemon', 'stats', 'rate', 'thresholds',
  'persistent-conn', 'nosort', 'syncid', 'exact', 'ops', 'pe', 'sched-flags', 'mcast-group', 'mcast-port', 'mcast-ttl',
  'sync-maxlen', 'tun-info', 'tun-type', 'tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum',
] as const

/** `+` must be there, `o` may be there, `1` may be there if no other `1` is, `.` may not be there. */
const MATRIX: Readonly<Record<string, string>> = {
  //                n c sv s p M r f w x y if to dm st rt th pc ns id X o pe b gr pt tt ml ti ty po no cs re
  'add-service':    '. . +  o o o . . . . . .  .  .  .  .  .  .  .  .  . o o  o .  .  .  .  .  .  .  .  .  .',
  'edit-service':   '. . +  o o o . . . . . .  .  .  .  .  .  .  .  .  . o o  o .  .  .  .  .  .  .  .  .  .',
  'delete-service': '. . +  . . . . . . . . .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  .  .  .  .  .',
  flush:            '. . .  . . . . . . . . .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  .  .  .  .  .',
  list:             'o 1 1  . . . . . . . . .  1  1  o  o  o  o  o  o  o . .  . .  .  .  .  o  .  .  .  .  .',
  'add-server':     '. . +  . . . + o o o o .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  o  o  o  o  o',
  'delete-server':  '. . +  . . . + . . . . .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  .  .  .  .  .',
  'edit-server':    '. . +  . . . + o o o o .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  o  o  o  o  o',
  set:              '. . .  . . . . . . . . .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  .  .  .  .  .',
  'start-daemon':   '. . .  . . . . . . . . o  .  .  .  .  .  .  .  o  . . .  . o  o  o  o  .  .  .  .  .  .',
  'stop-daemon':    '. . .  . . . . . . . . .  .  .  .  .  .  .  .  o  . . .  . .  .  .  .  .  .  .  .  .  .',
  restore:          '. . .  . . . . . . . . .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  .  .  .  .  .',
  save:             'o . .  . . . . . . . . .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  .  .  .  .  .',
  zero:             '. . o  . . . . . . . . .  .  .  .  .  .  .  .  .  . . .  . .  .  .  .  .  .  .  .  .  .',
}

/** Tunnel types and their options: port, no checksum, checksum, remote checksum. */
const TUNNEL_MATRIX: Readonly<Record<string, string>> = { ipip: '. . . .', gue: '+ 1 1 1', gre: '. 1 1 .' }

/** An option as it is written, with a value that is in order. */
export interface OptionWords {
  readonly words: readonly string[]
  /** Its name in messages; undefined for those that are not checked, and for commands. */
  readonly name: (typeof NAMES)[number] | undefined
}

/** A command as it is written. */
export interface CommandWords {
  readonly words: readonly string[]
  readonly name: string
  /** Options without which it is refused. */
  readonly base: readonly OptionWords[]
}

/** What a command line prints to stderr, and its exit code. */
export interface Outcome {
  readonly stderr: string
  readonly exitCode: number
}

const FINE: Outcome = { stderr: '', exitCode: 0 }

/** The service that a director may have. */
export const SERVICE: OptionWords = { words: ['-t', '10.0.0.100:80'], name: 'service-address' }
/** Its server. */
export const SERVER: OptionWords = { words: ['-r', '192.168.1.11:80'], name: 'real-server' }

/** What becomes of a command with options, where the service and its server are there (`isSetUp`) or nothing is. */
export function predict(command: CommandWords, options: readonly OptionWords[], isSetUp: boolean): Outcome {
  const fault = faultWhileReading(options) ?? faultOfFlags(options) ?? faultOfMatrix(command.name, namesOf(options))
    ?? faultAfterwards(command.name, options)
  return fault === undefined ? answerOfKernel(command.name, options, isSetUp) : { stderr: `${fault}\n`, exitCode: 2 }
}

function namesOf(options: readonly OptionWords[]): ReadonlySet<string> {
  return new Set(options.map(({ name }) => name ?? ''))
}

/** One after the other: a name that was there before, another command, -6 without -f before it. */
function faultWhileReading(options: readonly OptionWords[]): string | undefined {
  const seen = new Set<string>()
  for (const { words, name } of options) {
    const [word = ''] = words
    if (word === '-6' || word === '--ipv6') {
      if (!options.slice(0, options.findIndex((option) => option.words === words)).some(isMark)) return '-6 used before -f\n'
    } else if (name === undefined) {
      // popt names the word it has read last, which may be a value.
      if (word !== '--sort') return `invalid option \`${words.at(-1) ?? ''}'`
    } else {
      if (seen.has(name)) return `multiple '${name}' options specified`
      seen.add(name)
    }
  }
  return undefined
}

function isMark({ words }: OptionWords): boolean {
  return words[0] === '-f' || words[0] === '--fwmark-service'
}

/** A flag of sh or mh is for that scheduler alone, whatever the command is. */
function faultOfFlags(options: readonly OptionWords[]): string | undefined {
  const valueOf = (name: string): string => options.find((option) => option.name === name)?.words[1] ?? ''
  const flag = valueOf('sched-flags').split(',').find((one) => /^[sm]h-/.test(one) && one.slice(0, 2) !== valueOf('scheduler'))
  return flag === undefined ? undefined : `incompatible scheduler flag \`${flag}'`
}

function faultOfMatrix(command: string, given: ReadonlySet<string>): string | undefined {
  return faultOfRow(MATRIX[command] ?? '', NAMES, given, `the '${command}' command`)
}

function faultOfRow(row: string, names: readonly string[], given: ReadonlySet<string>, what: string): string | undefined {
  let other: string | undefined
  for (const [column, letter] of row.split(/ +/).entries()) {
    const name = names[column] ?? ''
    if (!given.has(name)) {
      if (letter === '+') return `You need to supply the '${name}' option for ${what}`
    } else if (letter === '.') {
      return `Illegal '${name}' option with ${what}`
    } else if (letter === '1') {
      if (other !== undefined) return `The option '${name}' conflicts with the '${other}' option in ${what}`
      other = name
    }
  }
  return undefined
}

function faultAfterwards(command: string, options: readonly OptionWords[]): string | undefined {
  const given = namesOf(options)
  const hasAny = (...names: string[]): boolean => names.some((name) => given.has(name))
  if ((command === 'add-service' || command === 'edit-service') && given.has('ops') && options.some(isTcpOrSctp)) {
    return 'One-Packet Scheduling is only for UDP virtual services'
  }
  if (command === 'add-server' || command === 'edit-server') {
    if ([...given].some((name) => name.startsWith('tun-')) && !options.some(isTunnelMethod)) {
      return 'Tunnel options conflict with forward method'
    }
    const type = options.find(({ name }) => name === 'tun-type')?.words[1] ?? 'ipip'
    return faultOfRow(
      TUNNEL_MATRIX[type] ?? '', ['tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum'], given, `the '${type}' tunnel type`,
    )
  }
  const isConflict = (hasAny('connection', 'timeout', 'daemon') && hasAny('stats', 'rate', 'thresholds'))
    || (hasAny('timeout', 'daemon') && given.has('persistent-conn'))
  return command === 'list' && isConflict ? 'options conflicts in the list command' : undefined
}

function isTcpOrSctp({ words: [word = ''] }: OptionWords): boolean {
  return ['-t', '--tcp-service', '--sctp-service'].includes(word)
}

function isTunnelMethod({ words: [word = ''] }: OptionWords): boolean {
  return word === '-i' || word === '--ipip'
}

/** The kernel's answer to a command that ipvsadm has nothing against. */
function answerOfKernel(command: string, options: readonly OptionWords[], isSetUp: boolean): Outcome {
  const kernel = (stderr: string): Outcome => ({ stderr: `${stderr}\n`, exitCode: 255 })
  const given = namesOf(options)
  const isThere = isSetUp && options.some(({ words: [word = ''] }) => word === '-t' || word === '--tcp-service')
  const isLowerAlone = given.has('l-threshold') && !given.has('u-threshold')
  switch (command) {
    case 'add-service': return isThere ? kernel('Service already exists') : FINE
    case 'edit-service':
    case 'delete-service': return isThere ? FINE : kernel('No such service')
    case 'zero': return isThere || !given.has('service-address') ? FINE : kernel('No such service')
    case 'list': return isThere || !given.has('service-address') ? FINE : { stderr: 'No such service\n', exitCode: 1 }
    case 'add-server':
    case 'edit-server':
      if (!isThere) return kernel('Service not defined')
      if (isLowerAlone) return kernel('Numerical result out of range')
      return command === 'add-server' ? kernel('Destination already exists') : FINE
    case 'delete-server': return isThere ? FINE : kernel('Service not defined')
    // There is no eth0 either.
    case 'start-daemon': return kernel('No such device')
    case 'stop-daemon': return kernel('No daemon is running')
    default: return FINE
  }
}
