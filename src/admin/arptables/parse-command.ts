/**
 * Reads an arptables command line, in the order in which arptables 0.0.5 complains (do_command() in arptables.c).
 * An option that nobody knows is passed over by arptables, and refused here; so are help texts, and -v twice.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import type { ArpRuleSpec } from '../../host/config/arp-rules.ts'
import type { IpAddr } from '../../wire/address.ts'
import { OptionScanner, type OptionShape } from '../iptables/option-scanner.ts'
import { parseInteger } from '../iptables/names.ts'
import { MANGLE_OPTIONS, OPTIONS, type Command, type Request, type Verb } from './command.ts'
import { notModelled, problem, type Complaint } from './complaint.ts'
import { RuleWords } from './rule-words.ts'

const CHAIN_NAME_MAX = 30
/** What -N may not be called, and -j finds before any chain. */
const TARGET_NAMES = ['ACCEPT', 'DROP', 'QUEUE', 'RETURN', 'standard', 'mangle', 'CLASSIFY', 'MARK']
const MATCHES = ['s', 'd', 'source-mac', 'destination-mac', 'l', 'opcode', 'h-type', 'proto-type', 'i', 'o']
/** The character that a complaint has for a long option without a short one. */
const CHARACTERS: Readonly<Record<string, string>> = {
  'source-mac': '\x02', 'destination-mac': '\x03', 'l': '\x07', 'opcode': '\x04', 'h-type': '\x05', 'proto-type': '\x06',
  'line-numbers': '0',
}

type Done = Result<void, Complaint>
const DONE: Done = ok(undefined)

/** What the parser asks of the host. */
export interface ParseContext {
  readonly argv: readonly string[]
  isChain(name: string): boolean
  findHost(name: string): IpAddr | undefined
}

/** The command that a command line asks for. */
export function parseCommand(context: ParseContext): Result<Request, Complaint> {
  return new Parser(context).run()
}

class Parser {
  readonly #context: ParseContext
  readonly #scanner: OptionScanner
  readonly #words: RuleWords
  readonly #given = new Set<string>()
  readonly #verbs: Verb[] = []
  #inverted = false
  #chain: string | undefined
  #position: number | undefined
  #policy: string | undefined
  #newName: string | undefined
  #counters: Command['counters']

  constructor(context: ParseContext) {
    this.#context = context
    this.#scanner = new OptionScanner(context.argv)
    this.#words = new RuleWords((name) => context.findHost(name))
  }

  run(): Result<Request, Complaint> {
    for (;;) {
      const scanned = this.#scanner.next(this.#words.mangles ? [...OPTIONS, ...MANGLE_OPTIONS] : OPTIONS)
      if (scanned.kind === 'end') break
      if (scanned.kind === 'unknown') return notModelled(scanned.word, `option ${scanned.word} is not known, or not modelled`)
      if (scanned.kind === 'missing') {
        this.#inverted = false
        continue
      }
      if (scanned.kind === 'operand') {
        if (scanned.word !== '!') return { ok: false, error: { kind: 'bad-argument', word: scanned.word } }
        if (this.#inverted) return problem('multiple consecutive ! not allowed')
        this.#inverted = true
        continue
      }
      if (scanned.option.id === 'V') return ok({ kind: 'version' })
      const taken = this.#option(scanned.option, scanned.value, scanned.word)
      if (!taken.ok) return taken
      this.#inverted = false
    }
    return this.#finish()
  }

  #option({ id }: OptionShape, value: string | undefined, word: string): Done {
    switch (id) {
      case 'A': case 'D': case 'I': case 'R': case 'L': case 'F': case 'Z': case 'N': case 'X': case 'E': case 'P':
        return this.#command(id, value)
      case 'j': {
        const set = this.#set(id)
        return set.ok ? this.#words.jump(value ?? '') : set
      }
      case 'n': case 'line-numbers': return this.#set(id)
      case 'v': return this.#given.has('v') ? notModelled('-v', '-v twice is not modelled') : this.#set(id)
      case 'c': return this.#setCounters(value ?? '')
      case 't':
        if (this.#inverted) return problem('unexpected ! flag before --table')
        return value === 'filter' ? DONE : notModelled(value ?? '', `there is no table "${value}", only filter`)
      case 'p-length': return problem('not supported')
      case 'h': case 'm': case 'p': case 'modprobe': return notModelled(word, `option ${word} is not modelled`)
      default: return MATCHES.includes(id) ? this.#match(id, value ?? '') : this.#words.mangle(id, value ?? '')
    }
  }

  #command(verb: Verb, value: string | undefined): Done {
    if (verb === 'N') {
      if (value?.startsWith('-') === true) return problem("chain name not allowed to start with `-'\n")
      if (TARGET_NAMES.includes(value ?? '')) return problem('chain name may not clash with target name\n')
    }
    if (this.#inverted) return problem('unexpected ! flag')
    const other = this.#verbs.find((before) => !(verb === 'Z' && before === 'L') && !(verb === 'L' && before === 'Z'))
    if (other !== undefined) return problem(`Can't use -${verb} with -${other}\n`)
    this.#verbs.push(verb)
    const chain = value ?? this.#scanner.takeOperand()
    if (chain !== undefined) this.#chain = chain
    if (verb === 'E') {
      this.#newName = this.#scanner.takeOperand()
      return this.#newName === undefined ? problem('-E requires old-chain-name and new-chain-name') : DONE
    }
    if (verb === 'P') {
      this.#policy = this.#scanner.takeOperand()
      return this.#policy === undefined ? problem('-P requires a chain and a policy') : DONE
    }
    if (verb !== 'D' && verb !== 'I' && verb !== 'R') return DONE
    const number = this.#scanner.takeOperand()
    if (number === undefined) {
      if (verb === 'R') return problem('-R requires a rule number')
      this.#position = verb === 'I' ? 1 : undefined
      return DONE
    }
    this.#position = parseInteger(number)
    const isNumber = this.#position !== undefined && this.#position >= 1 && this.#position <= 2_147_483_647
    return isNumber ? DONE : problem(`Invalid rule number \`${number}'`)
  }

  /** A match; `!` may also stand between the option and its value. */
  #match(id: string, value: string): Done {
    let text = value
    if (value === '!') {
      if (this.#inverted) return problem("Multiple `!' flags not allowed")
      const next = this.#scanner.takeOperand()
      if (next === undefined) return problem("no argument following `!'")
      this.#inverted = true
      text = next
    }
    if (this.#given.has(id)) return problem(`multiple -${CHARACTERS[id] ?? id} flags not allowed`)
    this.#given.add(id)
    return this.#words.match(id, text, this.#inverted)
  }

  #set(id: string): Done {
    const character = CHARACTERS[id] ?? id
    if (this.#given.has(id)) return problem(`multiple -${character} flags not allowed`)
    if (this.#inverted) return problem(`cannot have ! before -${character}`)
    this.#given.add(id)
    return DONE
  }

  #setCounters(packets: string): Done {
    const set = this.#set('c')
    if (!set.ok) return set
    const bytes = this.#scanner.takeOperand()
    if (bytes === undefined) return problem('-c requires packet and byte counter')
    if (!/^\d/.test(packets)) return problem('-c packet counter not numeric')
    if (!/^\d/.test(bytes)) return problem('-c byte counter not numeric')
    const counters = { packets: parseInt(packets, 10), bytes: parseInt(bytes, 10) }
    if (Math.max(counters.packets, counters.bytes) > Number.MAX_SAFE_INTEGER) {
      return notModelled('-c', 'counters beyond 2^53 are not modelled')
    }
    this.#counters = counters
    return DONE
  }

  #finish(): Result<Request, Complaint> {
    const [first] = this.#verbs
    if (first === undefined) return problem('no command specified')
    if (this.#inverted) return problem('nothing appropriate following !')
    const verb = this.#verbs.includes('L') ? 'L' : first
    const addresses = this.#words.addresses()
    if (!addresses.ok) return addresses
    const chain = this.#chain
    if (chain !== undefined && chain.length > CHAIN_NAME_MAX) {
      return problem(`chain name \`${chain}' too long (must be under ${CHAIN_NAME_MAX} chars)`)
    }
    const spec = this.#rule(verb, addresses.value)
    if (!spec.ok) return spec
    return ok({ kind: 'command', command: {
      verb, zeroes: this.#verbs.length > 1, chain, position: this.#position, policy: this.#policy, newName: this.#newName,
      spec: spec.value, counters: this.#counters, numeric: this.#given.has('n'), verbose: this.#given.has('v'),
      lineNumbers: this.#given.has('line-numbers'),
    } })
  }

  /** The rule of a command that has one; what -D by number and the rest say of rules beside is not looked at. */
  #rule(verb: Verb, addresses: Pick<ArpRuleSpec, 'source' | 'target'>): Result<ArpRuleSpec, Complaint> {
    const needsRule = 'AIR'.includes(verb) || (verb === 'D' && this.#position === undefined)
    if (!needsRule) return new RuleWords(() => undefined).finish({ source: undefined, target: undefined }, () => false)
    const incoming = this.#chain === 'INPUT' || this.#chain === 'PREROUTING'
    const outgoing = this.#chain === 'OUTPUT' || this.#chain === 'POSTROUTING'
    if (incoming && this.#given.has('o')) return problem(`Can't use -o with ${this.#chain}\n`)
    if (outgoing && this.#given.has('i')) return problem(`Can't use -i with ${this.#chain}\n`)
    return this.#words.finish(addresses, (name) => this.#context.isChain(name))
  }
}
