/**
 * The matches of iptables that lvsim knows, from their options to a rule's data: tcp, udp, icmp, multiport, state, conntrack,
 * mark, comment; `ipvs` is in a file of its own.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import {
  CONNTRACK_STATES,
  type ConntrackState,
  type FlagsMatch,
  type PortMatch,
  type RuleMatch,
} from '../../host/config/rule-config.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import { problem, type Complaint } from './complaint.ts'
import {
  DONE, firstComplaint, option, OptionValues, unmodelled, type BuildContext, type Builder, type Extension, type ExtensionOption,
} from './extension.ts'
import { ipvsMatch } from './ipvs-match.ts'
import { ICMP_TYPES, parseInteger } from './names.ts'
import { parseLoosePortRange, parsePortList, parsePortRange } from './ports.ts'

const INVERTIBLE = { invertible: true }
const SOURCE_PORT = option('source-port', INVERTIBLE, ['sport'])
const DESTINATION_PORT = option('destination-port', INVERTIBLE, ['dport'])

/** TCP flags by name, in the order in which they are printed. */
export const TCP_FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const

const tcp: Extension<RuleMatch> = {
  name: 'tcp',
  options: [
    SOURCE_PORT, DESTINATION_PORT, { id: 'syn', long: ['syn'], argument: 'none' },
    option('tcp-flags', INVERTIBLE), unmodelled('tcp-option'),
  ],
  begin: () => new TcpBuilder(),
}

/** libxt_tcp.c has a parser of its own, with messages of its own. */
class TcpBuilder implements Builder<RuleMatch> {
  #sport: PortMatch | undefined
  #dport: PortMatch | undefined
  #flags: FlagsMatch | undefined

  set({ id }: ExtensionOption, value: string, inverted: boolean, context: BuildContext): Result<void, Complaint> {
    if (id === 'syn' || id === 'tcp-flags') {
      if (this.#flags !== undefined) return problem("Only one of `--syn' or `--tcp-flags'  allowed")
      const flags = id === 'syn' ? ok({ mask: 0x17, set: 0x02 }) : parseFlags(value, context.takeOperand())
      if (!flags.ok) return flags
      this.#flags = { ...flags.value, inverted }
      return DONE
    }
    if ((id === 'source-port' ? this.#sport : this.#dport) !== undefined) return problem(`Only one \`--${id}' allowed`)
    const range = parsePortRange(value)
    if (!range.ok) return range
    if (id === 'source-port') this.#sport = { ...range.value, inverted }
    else this.#dport = { ...range.value, inverted }
    return DONE
  }

  build(): Result<RuleMatch, Complaint> {
    return ok({ kind: 'tcp', sport: this.#sport, dport: this.#dport, flags: this.#flags })
  }
}

function parseFlags(maskText: string, setText: string | undefined): Result<{ mask: number, set: number }, Complaint> {
  if (setText === undefined) return problem('--tcp-flags requires two args.')
  const mask = flagBits(maskText)
  if (!mask.ok) return mask
  const set = flagBits(setText)
  return set.ok ? ok({ mask: mask.value, set: set.value }) : set
}

function flagBits(text: string): Result<number, Complaint> {
  let bits = 0
  for (const word of text.split(',').filter((part) => part !== '')) {
    const name = word.toUpperCase()
    const index = TCP_FLAG_NAMES.findIndex((flag) => flag === name)
    if (index < 0 && name !== 'ALL' && name !== 'NONE') return problem(`Unknown TCP flag \`${word}'`)
    bits |= name === 'ALL' ? 0x3f : name === 'NONE' ? 0 : 1 << index
  }
  return ok(bits)
}

const udp: Extension<RuleMatch> = {
  name: 'udp',
  options: [SOURCE_PORT, DESTINATION_PORT],
  begin: () => {
    const ports = new Map<string, PortMatch>()
    const values = new OptionValues('udp')
    return {
      set: (given, value, inverted) => {
        const taken = values.take(given, value, inverted)
        const range = taken.ok ? parseLoosePortRange(value) : taken
        if (!range.ok) return range
        ports.set(given.id, { ...range.value, inverted })
        return DONE
      },
      build: () => ok({ kind: 'udp', sport: ports.get('source-port'), dport: ports.get('destination-port') }),
    }
  },
}

const icmp: Extension<RuleMatch> = {
  name: 'icmp',
  options: [option('icmp-type', INVERTIBLE)],
  begin: () => {
    const values = new OptionValues('icmp')
    let match: RuleMatch | undefined
    return {
      set: (given, value, inverted) => {
        const taken = values.take(given, value, inverted)
        const type = taken.ok ? parseIcmpType(value) : taken
        if (!type.ok) return type
        match = { kind: 'icmp', ...type.value, inverted }
        return DONE
      },
      build: () => {
        const given = values.require('icmp-type')
        if (!given.ok) return given
        return match === undefined ? problem('icmp: option "--icmp-type" must be specified\n') : ok(match)
      },
    }
  },
}

function parseIcmpType(text: string): Result<{ type: number, codes: { first: number, last: number } }, Complaint> {
  const candidates = ICMP_TYPES.filter(({ name }) => name.toLowerCase().startsWith(text.toLowerCase()))
  const [found, other] = candidates
  if (found !== undefined && other !== undefined) {
    return problem(`Ambiguous ICMP type \`${text}': \`${found.name}' or \`${other.name}'?`)
  }
  if (found !== undefined) return ok({ type: found.type, codes: { first: found.first, last: found.last } })
  const slash = text.indexOf('/')
  const type = parseInteger(slash < 0 ? text : text.slice(0, slash))
  if (type === undefined || type > 255) return problem(`Unknown ICMP type \`${text}'`)
  if (slash < 0) return ok({ type, codes: { first: 0, last: 255 } })
  const code = parseInteger(text.slice(slash + 1))
  return code === undefined || code > 255
    ? problem(`Unknown ICMP code \`${text}'`)
    : ok({ type, codes: { first: code, last: code } })
}

const multiport: Extension<RuleMatch> = {
  name: 'multiport',
  options: [
    option('source-ports', INVERTIBLE, ['sports']), option('destination-ports', INVERTIBLE, ['dports']),
    option('ports', INVERTIBLE),
  ],
  begin: () => {
    const values = new OptionValues('multiport')
    let match: RuleMatch | undefined
    return {
      set: (given, value, inverted, { protocol }) => {
        if (protocol === undefined || protocol.number === 0) {
          return problem("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
        }
        const hasPorts = [IPPROTO_TCP, IPPROTO_UDP, 33, 132, 136].includes(protocol.number)
        if (!hasPorts || protocol.inverted) return problem('multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP')
        const taken = values.take(given, value, inverted)
        const ranges = taken.ok ? parsePortList(value) : taken
        if (!ranges.ok) return ranges
        const side = given.id === 'source-ports' ? 'sports' : given.id === 'ports' ? 'ports' : 'dports'
        match = { kind: 'multiport', side, ranges: ranges.value, inverted }
        return DONE
      },
      build: () => {
        const excluded = firstComplaint(
          () => values.exclude('source-ports', 'destination-ports'), () => values.exclude('source-ports', 'ports'),
          () => values.exclude('destination-ports', 'ports'),
        )
        if (!excluded.ok) return excluded
        return match === undefined ? problem('multiport expection an option') : ok(match)
      },
    }
  },
}

/** `-m state` and `-m conntrack` differ in the option's name and in what states they know. */
function stateMatch(
  name: 'state' | 'conntrack',
  long: 'state' | 'ctstate',
  more: readonly ExtensionOption[],
): Extension<RuleMatch> {
  const known = CONNTRACK_STATES.filter((state) => name === 'conntrack' || (state !== 'SNAT' && state !== 'DNAT'))
  return {
    name,
    options: [option(long, INVERTIBLE), ...more],
    begin: () => {
      const values = new OptionValues(name)
      let match: RuleMatch | undefined
      return {
        set: (given, value, inverted) => {
          const taken = values.take(given, value, inverted)
          const states = taken.ok ? parseStates(value, long, known) : taken
          if (!states.ok) return states
          match = { kind: 'conntrack', legacy: name === 'state', states: states.value, inverted }
          return DONE
        },
        build: () => {
          if (match !== undefined) return ok(match)
          return problem(
            name === 'state'
              ? 'state: option "--state" must be specified\n'
              : 'conntrack: At least one option is required',
          )
        },
      }
    },
  }
}

function parseStates(text: string, long: string, known: readonly ConntrackState[]): Result<ConntrackState[], Complaint> {
  const words = text.split(',')
  const given = new Set<string>()
  for (let i = 0; i < words.length; i++) {
    const word = (words[i] ?? '').toUpperCase()
    if (word === '' && i === words.length - 1 && i > 0) {
      return problem(`"--${long}" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED`)
    }
    if (!known.some((state) => state === word)) return problem(`Bad ${long} "${words.slice(i).join(',')}"`)
    given.add(word)
  }
  return ok(known.filter((state) => given.has(state)))
}

const mark: Extension<RuleMatch> = {
  name: 'mark',
  options: [option('mark', INVERTIBLE)],
  begin: () => {
    const values = new OptionValues('mark')
    return {
      set: (given, value, inverted) => {
        const taken = values.take(given, value, inverted)
        const parsed = taken.ok ? parseMark('mark', 'mark', value) : taken
        return parsed.ok ? DONE : parsed
      },
      build: () => {
        const given = values.require('mark')
        const parsed = given.ok ? parseMark('mark', 'mark', given.value.value) : given
        return given.ok && parsed.ok
          ? ok({ kind: 'mark', ...parsed.value, inverted: given.value.inverted })
          : (parsed as Result<never, Complaint>)
      },
    }
  },
}

/** `value` or `value/mask`, 32 bits each; without a mask, all bits. */
export function parseMark(extension: string, long: string, text: string): Result<{ value: number, mask: number }, Complaint> {
  const [valueText = '', maskText, ...rest] = text.split('/')
  const value = parseInteger(valueText)
  const mask = maskText === undefined ? 0xffffffff : parseInteger(maskText)
  if (value === undefined || value > 0xffffffff || mask === undefined || mask > 0xffffffff) {
    return problem(`${extension}: bad integer value for option "--${long}", or out of range.\n`)
  }
  return rest.length > 0 ? problem(`${extension}: trailing garbage after value for option "--${long}".\n`) : ok({ value, mask })
}

const comment: Extension<RuleMatch> = {
  name: 'comment',
  options: [option('comment')],
  begin: () => {
    const values = new OptionValues('comment')
    return {
      set: (given, value, inverted) => values.take(given, value, inverted),
      build: () => {
        const given = values.require('comment')
        return given.ok ? ok({ kind: 'comment', text: given.value.value.slice(0, 255) }) : given
      },
    }
  },
}

const CONNTRACK_REST = [
  'ctproto', 'ctorigsrc', 'ctorigdst', 'ctreplsrc', 'ctrepldst', 'ctorigsrcport', 'ctorigdstport',
  'ctreplsrcport', 'ctrepldstport',
  'ctstatus', 'ctexpire', 'ctdir',
].map((long) => unmodelled(long))

/** The matches by name. */
export const MATCH_EXTENSIONS: ReadonlyMap<string, Extension<RuleMatch>> = new Map([
  tcp, udp, icmp, multiport, stateMatch('state', 'state', []),
  stateMatch('conntrack', 'ctstate', CONNTRACK_REST), mark, comment, ipvsMatch,
].map((extension) => [extension.name, extension]))

/** Matches that iptables 1.8.9 ships and lvsim does not model. */
export const UNMODELLED_MATCHES: ReadonlySet<string> = new Set([
  'addrtype', 'ah', 'bpf', 'cgroup', 'cluster', 'connbytes', 'connlabel', 'connlimit', 'connmark', 'cpu',
  'dccp', 'devgroup', 'dscp', 'ecn',
  'esp', 'hashlimit', 'helper', 'ipcomp', 'iprange', 'length', 'limit', 'mac', 'nfacct', 'osf', 'owner',
  'physdev', 'pkttype', 'policy',
  'quota', 'rateest', 'realm', 'recent', 'rpfilter', 'sctp', 'set', 'socket', 'statistic', 'string', 'tcpmss',
  'time', 'tos', 'ttl', 'u32',
])
