/**
 * From the words of a command line to a command, in the order and with the complaints of do_parse() in xshared.c (1.8.9).
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import type { IpAddr } from '../../wire/address.ts'
import { illegalOption, MAIN_OPTIONS } from './command-options.ts'
import type { Command, Request, Verb } from './command.ts'
import { problem, type Complaint } from './complaint.ts'
import { DONE, type BuildContext } from './extension.ts'
import { parseInteger, parseProtocol } from './names.ts'
import { OptionScanner, type OptionShape } from './option-scanner.ts'
import { RuleDraft, type LoadedOption } from './rule-draft.ts'
import { TARGET_EXTENSIONS } from './target-extensions.ts'

const CHAIN_NAME_BYTES = 29
const INT_MAX = 2_147_483_647
const DEVICE_NAME_BYTES = 16
const VERBS = 'ACDIRLSFZNXEP'
const HIDDEN_TARGETS = new Set(['', 'ACCEPT', 'DROP', 'RETURN', 'QUEUE'])

/** What parsing must know of the host. */
export interface ParseContext {
  readonly argv: readonly string[]
  /** True for a chain of this table, which -j prefers to a target of that name. */
  isChain(table: string, name: string): boolean
  findHost(name: string): IpAddr | undefined
}

/** Understands a command line. */
export function parseCommand(context: ParseContext): Result<Request, Complaint> {
  return new CommandParser(context).parse()
}

class CommandParser {
  readonly #context: ParseContext
  readonly #scanner: OptionScanner
  readonly #draft: RuleDraft
  readonly #given = new Set<string>()
  #table = 'filter'
  #verb: Verb | undefined
  #zeroes = false
  #chain: string | undefined
  #position: number | undefined
  #policy: string | undefined
  #newName: string | undefined
  #counters: { packets: number, bytes: number } | undefined
  #inverted = false
  #warnings = ''
  #answer: Request | undefined

  constructor(context: ParseContext) {
    this.#context = context
    this.#scanner = new OptionScanner(context.argv)
    this.#draft = new RuleDraft((name) => context.isChain(this.#table, name))
  }

  parse(): Result<Request, Complaint> {
    for (;;) {
      const scanned = this.#scanner.next<OptionShape | LoadedOption>([...MAIN_OPTIONS, ...this.#draft.options])
      if (scanned.kind === 'end') break
      const done = this.#take(scanned)
      if (!done.ok) return done
      if (this.#answer !== undefined) return ok(this.#answer)
    }
    return this.#finish()
  }

  #take(scanned: Exclude<ReturnType<OptionScanner['next']>, { kind: 'end' }>): Result<void, Complaint> {
    switch (scanned.kind) {
      case 'operand':
        if (scanned.word !== '!') return err({ kind: 'bad-argument', word: scanned.word })
        if (this.#inverted) return problem('multiple consecutive ! not allowed')
        this.#inverted = true
        return DONE
      case 'missing': return problem(`option "${scanned.word}" requires an argument`)
      case 'unknown':
        if (!this.#draft.loadProtocolMatch()) return problem(`unknown option "${scanned.word}"`)
        this.#scanner.back()
        return DONE
      case 'option': {
        const option = scanned.option as OptionShape | LoadedOption
        const done =
          'builder' in option ? this.#takeLoaded(option, scanned.value ?? '') : this.#takeMain(option.id, scanned.value)
        this.#inverted = false
        return done
      }
    }
  }

  #takeLoaded(option: LoadedOption, value: string): Result<void, Complaint> {
    if (option.isModelled === false) {
      return err({
        kind: 'unsupported',
        word: `--${option.long[0] ?? ''}`,
        what: `iptables: "--${option.long[0] ?? ''}" of ${option.extension} is not modelled`,
      })
    }
    return option.builder.set(option, value, this.#inverted, this.#buildContext())
  }

  #takeMain(id: string, value: string | undefined): Result<void, Complaint> {
    if (VERBS.includes(id)) return this.#takeVerb(id as Verb, value)
    const text = value ?? ''
    switch (id) {
      case 's': case 'd': return this.#once(id, true, () => {
        const given = { text, inverted: this.#inverted }
        if (id === 's') this.#draft.source = given
        else this.#draft.destination = given
        return DONE
      })
      case 'p': return this.#once('p', true, () => this.#takeProtocol(text))
      case 'i': case 'o': return this.#once(id, true, () => this.#takeDevice(id, text))
      case 'f': return this.#once('f', true, () => {
        this.#draft.fragment = { inverted: this.#inverted }
        return DONE
      })
      case 'j': return this.#once('j', false, () => this.#draft.loadTarget(text))
      case 'g': return this.#once('j', false, () => {
        this.#draft.jump = { name: text, isGoto: true }
        return DONE
      })
      case 'm': return this.#inverted ? problem('unexpected ! flag before --match') : this.#draft.loadMatch(text)
      case 't':
        if (this.#inverted) return problem('unexpected ! flag before --table')
        this.#table = text
        return DONE
      case 'n': case 'x': case '0': return this.#once(id, false, () => DONE)
      case 'v':
        this.#given.add('v')
        return DONE
      case 'c': return this.#once('c', false, () => this.#takeCounters(text))
      case 'w': case 'W': case 'M': case '4':
        if (value === undefined) this.#scanner.takeOperand()
        return DONE
      case '6': return err({ kind: 'unsupported', word: '-6', what: 'iptables: rules for IPv6 are not modelled' })
      default:
        this.#answer = { kind: id === 'V' ? 'version' : 'help' }
        return DONE
    }
  }

  #once(id: string, invertible: boolean, then: () => Result<void, Complaint>): Result<void, Complaint> {
    if (this.#given.has(id)) return problem(`multiple -${id} flags not allowed`)
    this.#given.add(id)
    if (this.#inverted && !invertible) return problem(`cannot have ! before -${id}`)
    return then()
  }

  #takeVerb(verb: Verb, value: string | undefined): Result<void, Complaint> {
    if (this.#inverted) return problem("unexpected '!' flag")
    const isZeroBesideList =
      (verb === 'Z' && (this.#verb === 'L' || this.#verb === 'S'))
      || (this.#verb === 'Z' && (verb === 'L' || verb === 'S'))
    if (this.#verb !== undefined && !isZeroBesideList) return problem(`Cannot use -${verb} with -${this.#verb}`)
    if (verb === 'Z') this.#zeroes = true
    if (!isZeroBesideList || verb !== 'Z') this.#verb = verb
    switch (verb) {
      case 'A': case 'C':
        this.#chain = value
        return DONE
      case 'D': case 'I': case 'R': {
        this.#chain = value
        const word = this.#scanner.takeOperand()
        if (word !== undefined) return this.#takePosition(word)
        if (verb === 'I') this.#position = 1
        return verb === 'R' ? problem('-R requires a rule number') : DONE
      }
      case 'L': case 'S': case 'Z': {
        const chain = value ?? this.#scanner.takeOperand()
        if (chain !== undefined) this.#chain = chain
        const word = this.#scanner.takeOperand()
        return word === undefined ? DONE : this.#takePosition(word)
      }
      case 'F': case 'X':
        this.#chain = value ?? this.#scanner.takeOperand()
        return DONE
      case 'N': {
        const refusal = newChainRefusal(value ?? '')
        this.#chain = value
        return refusal === undefined ? DONE : problem(refusal)
      }
      case 'E': case 'P': {
        this.#chain = value
        const word = this.#scanner.takeOperand()
        if (word === undefined)
          return problem(
            verb === 'E' ? '-E requires old-chain-name and new-chain-name' : '-P requires a chain and a policy',
          )
        if (verb === 'E') this.#newName = word
        else this.#policy = word
        return DONE
      }
    }
  }

  #takePosition(word: string): Result<void, Complaint> {
    const position = parseInteger(word)
    if (position === undefined || position < 1 || position > INT_MAX) return problem(`Invalid rule number \`${word}'`)
    this.#position = position
    return DONE
  }

  #takeProtocol(text: string): Result<void, Complaint> {
    const number = parseProtocol(text)
    if (number === undefined) return problem(`unknown protocol "${text.toLowerCase()}" specified`)
    if (number === 0 && this.#inverted) return problem('rule would never match protocol')
    this.#draft.protocol = { number, inverted: this.#inverted }
    return DONE
  }

  #takeDevice(id: 'i' | 'o', name: string): Result<void, Complaint> {
    if (name === '') return problem('Empty interface is likely to be undesired')
    if (name.length >= DEVICE_NAME_BYTES)
      return problem(`interface name \`${name}' must be shorter than IFNAMSIZ (${DEVICE_NAME_BYTES - 1})`)
    if (/[/ ]/.test(name)) {
      this.#warnings += `Warning: weird character in interface \`${name}' ('/' and ' ' are not allowed by the kernel).\n`
    }
    // `+` alone is any device, and then nothing is asked.
    const match = name === '+' && !this.#inverted ? undefined : { name, inverted: this.#inverted }
    if (id === 'i') this.#draft.inDevice = match
    else this.#draft.outDevice = match
    return DONE
  }

  #takeCounters(packetsText: string): Result<void, Complaint> {
    const bytesText = this.#scanner.takeOperand()
    if (bytesText === undefined) return problem('-c requires packet and byte counter')
    const [packets, bytes] = [parseInteger(packetsText), parseInteger(bytesText)]
    if (packets === undefined) return problem('-c packet counter not numeric')
    if (bytes === undefined) return problem('-c byte counter not numeric')
    this.#counters = { packets, bytes }
    return DONE
  }

  #finish(): Result<Request, Complaint> {
    const draft = this.#draft
    if (this.#table === 'nat' && (this.#policy === 'DROP' || draft.jump?.name === 'DROP')) {
      return problem('\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n')
    }
    const finished = draft.finish(this.#buildContext())
    if (!finished.ok) return finished
    const verb = this.#verb
    if (verb === undefined) return problem('no command specified')
    if (this.#inverted) return problem('nothing appropriate following !')
    const makesRules = 'ACDIR'.includes(verb) && !(verb === 'D' && this.#position !== undefined)
    const specs = makesRules ? draft.specs(finished.value, (name) => this.#context.findHost(name)) : ok([])
    if (!specs.ok) return specs
    if (verb === 'R' && specs.value.length !== 1) return problem('Replacement rule does not specify a unique address')
    const refusal = this.#refusal(verb)
    if (refusal !== undefined) return problem(refusal)
    return ok({ kind: 'command', command: this.#command(verb, specs.value) })
  }

  #refusal(verb: Verb): string | undefined {
    const numbered = this.#position === undefined ? verb : verb === 'D' ? 'D1' : verb === 'Z' ? 'Z1' : verb
    const illegal = illegalOption(this.#zeroes ? [numbered, 'Z'] : [numbered], this.#given)
    if (illegal !== undefined) return `Illegal option \`-${illegal}' with this command`
    const chain = this.#chain ?? ''
    if (chain.length >= CHAIN_NAME_BYTES) return tooLong(chain)
    if (!'ACDIR'.includes(verb)) return undefined
    const wrongDevice = this.#draft.outDevice !== undefined && (chain === 'PREROUTING' || chain === 'INPUT') ? 'o'
      : this.#draft.inDevice !== undefined && (chain === 'POSTROUTING' || chain === 'OUTPUT') ? 'i' : undefined
    if (wrongDevice !== undefined) return `Can't use -${wrongDevice} with ${chain}\n`
    const { jump, missingTarget } = this.#draft
    if (missingTarget !== undefined) return `Couldn't load target \`${missingTarget}':No such file or directory\n`
    return jump?.isGoto === true && !this.#context.isChain(this.#table, jump.name)
      ? `goto '${jump.name}' is not a chain`
      : undefined
  }

  #command(verb: Verb, specs: Command['specs']): Command {
    return {
      table: this.#table, verb, zeroes: this.#zeroes, chain: this.#chain, position: this.#position,
      policy: this.#policy, newName: this.#newName,
      specs, jump: this.#draft.jump, counters: this.#counters, numeric: this.#given.has('n'), verbose: this.#given.has('v'),
      exact: this.#given.has('x'), lineNumbers: this.#given.has('0'), warnings: this.#warnings,
    }
  }

  #buildContext(): BuildContext {
    return {
      protocol: this.#draft.protocol,
      takeOperand: () => this.#scanner.takeOperand(),
      findHost: (name) => this.#context.findHost(name),
    }
  }
}

/** Why a chain may not be called so (parse_chain). */
function newChainRefusal(name: string): string | undefined {
  if (name.length >= CHAIN_NAME_BYTES) return tooLong(name)
  if (name.startsWith('-') || name.startsWith('!')) return `chain name not allowed to start with \`${name.charAt(0)}'`
  if (HIDDEN_TARGETS.has(name) || TARGET_EXTENSIONS.has(name)) return 'chain name may not clash with target name'
  return /\s/.test(name) ? `Invalid chain name \`${name}'` : undefined
}

function tooLong(name: string): string {
  return `chain name \`${name}' too long (must be under ${CHAIN_NAME_BYTES} chars)`
}
