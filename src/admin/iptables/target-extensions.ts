/**
 * The targets of iptables that lvsim knows, from their options to a rule's data: MARK, REJECT, LOG, TCPMSS, CT, NOTRACK;
 * those of NAT are in a file of their own.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import { REJECT_ANSWERS, type RejectAnswer, type RuleTarget } from '../../host/config/rule-config.ts'
import { problem, type Complaint } from './complaint.ts'
import { DONE, option, OptionValues, unmodelled, type Builder, type Extension, type ExtensionOption } from './extension.ts'
import { parseMark } from './match-extensions.ts'
import { LOG_LEVELS, parseInteger } from './names.ts'
import { NAT_TARGETS } from './nat-targets.ts'

/** MSS of a packet of 65535 bytes with two headers of 10 words at least (TCPMSS_opts). */
const MSS_MAX = 65_515
const LOG_PREFIX_MAX = 29
const LOG_LEVEL_DEFAULT = 4

const mark: Extension<RuleTarget> = {
  name: 'MARK',
  options: ['set-xmark', 'set-mark', 'and-mark', 'or-mark', 'xor-mark'].map((long) => option(long)),
  begin: () => new MarkBuilder(),
}

class MarkBuilder implements Builder<RuleTarget> {
  readonly #values = new OptionValues('MARK')
  #target: RuleTarget | undefined

  set(given: ExtensionOption, value: string, inverted: boolean): Result<void, Complaint> {
    const taken = this.#values.take(given, value, inverted)
    const parsed = taken.ok ? parseMark('MARK', given.id, value) : taken
    if (!parsed.ok) return parsed
    this.#target = { kind: 'mark', ...markOperation(given.id, parsed.value) }
    return DONE
  }

  build(): Result<RuleTarget, Complaint> {
    const ids = mark.options.map(({ id }) => id)
    for (const [i, a] of ids.entries()) {
      for (const b of ids.slice(i + 1)) {
        const excluded = this.#values.exclude(a, b)
        if (!excluded.ok) return excluded
      }
    }
    if (this.#target === undefined) return problem('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required')
    return ok(this.#target)
  }
}

/** All five as one: mark = (mark and not mask) xor value. */
function markOperation(id: string, { value, mask }: { value: number, mask: number }): { value: number, mask: number } {
  switch (id) {
    case 'set-mark': return { value, mask: (mask | value) >>> 0 }
    case 'and-mark': return { value: 0, mask: ~value >>> 0 }
    case 'or-mark': return { value, mask: value }
    case 'xor-mark': return { value, mask: 0 }
    default: return { value, mask }
  }
}

/** Answers of REJECT under their second names, in the order of `REJECT_ANSWERS`. */
const REJECT_ALIASES = [
  'net-unreach',
  'host-unreach',
  'proto-unreach',
  'port-unreach',
  'net-prohib',
  'host-prohib',
  'tcp-rst',
  'admin-prohib',
]

const reject: Extension<RuleTarget> = {
  name: 'REJECT',
  options: [option('reject-with')],
  begin: () => {
    const values = new OptionValues('REJECT')
    let answer: RejectAnswer = 'icmp-port-unreachable'
    return {
      set: (given, value, inverted) => {
        const taken = values.take(given, value, inverted)
        if (!taken.ok) return taken
        const text = value.toLowerCase()
        const found = REJECT_ANSWERS.find((name, i) => name.startsWith(text) || REJECT_ALIASES[i]?.startsWith(text) === true)
        if (found === undefined) return problem(`unknown reject type "${value}"`)
        answer = found
        return DONE
      },
      build: () => ok({ kind: 'reject', answer }),
    }
  },
}

const log: Extension<RuleTarget> = {
  name: 'LOG',
  options: [
    option('log-level'), option('log-prefix'), unmodelled('log-tcp-sequence', 'none'), unmodelled('log-tcp-options', 'none'),
    unmodelled('log-ip-options', 'none'), unmodelled('log-uid', 'none'), unmodelled('log-macdecode', 'none'),
  ],
  begin: () => {
    const values = new OptionValues('LOG')
    let level = LOG_LEVEL_DEFAULT
    return {
      set: (given, value, inverted) => {
        const taken = values.take(given, value, inverted)
        if (!taken.ok || given.id !== 'log-level') return taken
        const number = parseInteger(value) ?? LOG_LEVELS.find(([, , names]) => names.includes(value))?.[1]
        if (number === undefined || number > 7) return problem(`log level "${value}" unknown\n`)
        level = number
        return DONE
      },
      build: () => ok({ kind: 'log', level, prefix: (values.find('log-prefix')?.value ?? '').slice(0, LOG_PREFIX_MAX) }),
    }
  },
}

const tcpmss: Extension<RuleTarget> = {
  name: 'TCPMSS',
  options: [option('set-mss'), { id: 'clamp-mss-to-pmtu', long: ['clamp-mss-to-pmtu'], argument: 'none' }],
  begin: () => {
    const values = new OptionValues('TCPMSS')
    return {
      set: (given, value, inverted) => {
        const taken = values.take(given, value, inverted)
        if (!taken.ok || given.id !== 'set-mss') return taken
        const bytes = parseInteger(value)
        if (bytes !== undefined && bytes <= MSS_MAX) return DONE
        return problem(`TCPMSS: bad value for option "--set-mss", or out of range (0-${MSS_MAX}).\n`)
      },
      build: () => {
        const size = values.find('set-mss')
        if (values.find('clamp-mss-to-pmtu') !== undefined) return ok({ kind: 'tcpmss', mssBytes: 'path-mtu' })
        if (size === undefined) return problem('TCPMSS target: At least one parameter is required')
        return ok({ kind: 'tcpmss', mssBytes: parseInteger(size.value) ?? 0 })
      },
    }
  },
}

const ct: Extension<RuleTarget> = {
  name: 'CT',
  options: [
    { id: 'notrack', long: ['notrack'], argument: 'none' },
    ...['helper', 'timeout', 'ctevents', 'expevents', 'zone', 'zone-orig', 'zone-reply'].map((long) => unmodelled(long)),
  ],
  begin: () => {
    const values = new OptionValues('CT')
    return {
      set: (given, value, inverted) => values.take(given, value, inverted),
      build: () => ok(values.find('notrack') === undefined ? { kind: 'none' } : { kind: 'notrack', legacy: false }),
    }
  },
}

const notrack: Extension<RuleTarget> = {
  name: 'NOTRACK',
  options: [],
  begin: () => ({ set: () => DONE, build: () => ok({ kind: 'notrack', legacy: true }) }),
}

/** The targets by name. */
export const TARGET_EXTENSIONS: ReadonlyMap<string, Extension<RuleTarget>> = new Map(
  [mark, reject, log, tcpmss, ct, notrack, ...NAT_TARGETS].map((extension) => [extension.name, extension]),
)

/** Targets that iptables 1.8.9 ships and lvsim does not model. */
export const UNMODELLED_TARGETS: ReadonlySet<string> = new Set([
  'AUDIT', 'CHECKSUM', 'CLASSIFY', 'CLUSTERIP', 'CONNMARK', 'CONNSECMARK', 'DSCP', 'ECN', 'HMARK', 'IDLETIMER',
  'LED', 'NAT', 'NETMAP',
  'NFLOG', 'NFQUEUE', 'QUEUE', 'RATEEST', 'SECMARK', 'SET', 'SYNPROXY', 'TCPOPTSTRIP', 'TEE', 'TOS', 'TPROXY',
  'TRACE', 'TTL', 'ULOG',
])
