/**
 * iptables-restore 1.8.9 (legacy): replaces whole tables, each at its COMMIT; a line that fails leaves the table as it was.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import { clearTable, flushChain, newChain, setPolicy, useTable, type ChainPlace } from '../../host/config/netfilter-changes.ts'
import { findChain, findTable, isTableName, type NetfilterConfig, type TableName } from '../../host/config/netfilter-config.ts'
import type { Counter, RuleCounters } from '../../host/netfilter/rule-counters.ts'
import { printed, refused, unsupported, type Tool, type ToolContext, type ToolResult } from '../tool.ts'
import { tryHelp, VERSION } from './complaint.ts'
import { execute, type RuleStore } from './execute.ts'
import { hostsFileOf, parseContextOf } from './iptables.ts'
import { OptionScanner, type OptionShape } from './option-scanner.ts'
import { parseCommand } from './parse-command.ts'
import { wordsOf } from './restore-words.ts'

const PROGRAM = 'iptables-restore'
const CHAIN_NAME_MAX = 28
const OPTIONS: readonly OptionShape[] = [
  flag('c', 'counters'), flag('v', 'verbose'), flag('V', 'version'), flag('t', 'test'), flag('h', 'help'),
  flag('n', 'noflush'), flag('4', 'ipv4'),
  { id: 'w', short: 'w', long: ['wait'], argument: 'optional' },
  { id: 'W', short: 'W', long: ['wait-interval'], argument: 'required' },
  { id: 'T', short: 'T', long: ['table'], argument: 'required' },
  { id: 'M', short: 'M', long: ['modprobe'], argument: 'required' },
]

/** The tool. */
export const iptablesRestore: Tool = (context) => {
  const scanner = new OptionScanner(context.argv)
  const given = new Map<string, string>()
  const files: string[] = []
  for (let scanned = scanner.next(OPTIONS); scanned.kind !== 'end'; scanned = scanner.next(OPTIONS)) {
    if (scanned.kind === 'operand') files.push(scanned.word)
    else if (scanned.kind !== 'option')
      return refused(
        `${PROGRAM}: invalid option -- '${scanned.word.replace(/^-+/, '').charAt(0)}'\n${tryHelp(PROGRAM)}`,
        1,
      )
    else given.set(scanned.option.id, scanned.value ?? '')
  }
  if (given.has('V')) return printed(`${PROGRAM} ${VERSION}\n`)
  if (given.has('h')) return unsupported('-h', `${PROGRAM}: its help text is not modelled`)
  if (given.has('v')) return unsupported('-v', `${PROGRAM}: -v is not modelled`)
  if (files.length > 1) return refused('Unknown arguments found on commandline\n', 1)
  const [file] = files
  const text = file === undefined ? context.stdin : context.readFile(file)
  if (text === undefined) return refused(`Can't open ${file}: No such file or directory\n`, 1)
  return new Restore(context, given).run(text)
}

/** A restore while it reads its lines: what it has changed is seen by nobody until COMMIT. */
class Restore implements RuleStore {
  readonly #context: ToolContext
  readonly #given: ReadonlyMap<string, string>
  config: NetfilterConfig
  readonly counters: RuleCounters
  /** The table between `*` and COMMIT; `skipped` where -T names another. */
  #table: TableName | 'skipped' | undefined
  #policyCounters: { readonly place: ChainPlace; readonly counter: Counter }[] = []
  #stdout = ''

  constructor(context: ToolContext, given: ReadonlyMap<string, string>) {
    this.#context = context
    this.#given = given
    this.config = context.host.netfilter.config
    this.counters = context.host.netfilter.counters
  }

  /** The kernel is asked only at COMMIT. */
  reconfigure(next: NetfilterConfig): undefined {
    this.config = next
  }

  run(text: string): ToolResult {
    const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n')
    if (text === '') return printed('')
    for (const [i, line] of lines.entries()) {
      const result = this.#take(line, i + 1)
      if (!result.ok) return { ...result.error, stdout: this.#stdout + result.error.stdout }
    }
    if (this.#table !== undefined) return refused(`${PROGRAM}: COMMIT expected at line ${lines.length + 1}\n`, 1)
    return printed(this.#stdout)
  }

  #take(line: string, number: number): Result<void, ToolResult> {
    if (line === '' || line.startsWith('#')) return ok(undefined)
    if (this.#table === undefined) return line.startsWith('*') ? this.#open(line, number) : failed(number)
    if (line === 'COMMIT') return this.#commit(number)
    if (this.#table === 'skipped') return ok(undefined)
    if (line.startsWith(':')) return this.#declare(this.#table, line, number)
    return this.#rule(this.#table, line, number)
  }

  #open(line: string, number: number): Result<void, ToolResult> {
    const [name] = line
      .slice(1)
      .split(/[ \t]/)
      .filter((word) => word !== '')
    if (name === undefined) return complain(`${PROGRAM}: line ${number} table name invalid`, number)
    const only = this.#given.get('T')
    if (only !== undefined && only !== name) {
      this.#table = 'skipped'
      return ok(undefined)
    }
    if (name === 'security') return err(unsupported(name, `${PROGRAM}: the table "security" is not modelled`))
    if (!isTableName(name)) return complain(`${PROGRAM}: unable to initialize table '${name}'`, number)
    this.#table = name
    this.config = useTable(this.#context.host.netfilter.config, name)
    this.#policyCounters = []
    if (this.#given.has('n')) return ok(undefined)
    for (const chain of findTable(this.config, name)?.chains ?? []) {
      if (chain.policy !== undefined)
        this.#policyCounters.push({ place: { table: name, chain: chain.name }, counter: { packets: 0, bytes: 0 } })
    }
    this.config = clearTable(this.config, name)
    return ok(undefined)
  }

  /** `:CHAIN POLICY [packets:bytes]`. */
  #declare(table: TableName, line: string, number: number): Result<void, ToolResult> {
    const [chain = '', policy, countText] = line.slice(1).split(/[ \t]+/)
    if (chain === '') return complain(`${PROGRAM}: line ${number} chain name invalid`, number)
    if (chain.length > CHAIN_NAME_MAX)
      return complain(`Invalid chain name \`${chain}' (${CHAIN_NAME_MAX} chars max)`, number)
    const place = { table, chain }
    const existing = findChain(findTable(this.config, table) ?? { name: table, chains: [] }, chain)
    if (existing?.policy === undefined) {
      const made =
        existing === undefined || !this.#given.has('n') ? newChain(this.config, place) : flushChain(this.config, place)
      if (!made.ok) return complain(`error creating chain '${chain}':File exists`, number)
      this.config = made.value
    }
    if (policy === undefined) return complain(`${PROGRAM}: line ${number} policy invalid`, number)
    return policy === '-' ? ok(undefined) : this.#setPolicy(place, { policy, countText }, number)
  }

  #setPolicy(
    place: ChainPlace,
    given: { readonly policy: string; readonly countText: string | undefined },
    number: number,
  ): Result<void, ToolResult> {
    const counts = /^\[(\d+):(\d+)\]/.exec(given.countText ?? '')
    const counter =
      this.#given.has('c') && counts !== null
        ? { packets: Number(counts[1]), bytes: Number(counts[2]) }
        : { packets: 0, bytes: 0 }
    if (this.#given.has('c') && counts === null)
      return complain(`invalid policy counters for chain '${place.chain}'`, number)
    const refuse = (text: string): Result<void, ToolResult> => {
      return err(
        refused(
          `${PROGRAM} ${VERSION}: Can't set policy \`${given.policy}' on \`${place.chain}' line ${number}: ${text}\n`,
          1,
        ),
      )
    }
    if (given.policy !== 'ACCEPT' && given.policy !== 'DROP') return refuse('Bad policy name')
    const set = setPolicy(this.config, place, given.policy)
    if (!set.ok) return refuse('Bad built-in chain name')
    this.config = set.value
    this.#policyCounters.push({ place, counter })
    return ok(undefined)
  }

  /** A line that is a command, perhaps after its counters. */
  #rule(table: TableName, line: string, number: number): Result<void, ToolResult> {
    const counts = /^\[([^:\]]*):([^\]]*)\]\s*/.exec(line)
    const words = wordsOf(counts === null ? line : line.slice(counts[0].length))
    if (words.some((word) => /^-t|^--table$/.test(word)))
      return complain(`The -t option cannot be used in ${PROGRAM}.\n`, number)
    const withCounts = counts !== null && this.#given.has('c') ? ['-c', counts[1] ?? '', counts[2] ?? ''] : []
    const request = parseCommand(parseContextOf(this.#context, ['-t', table, ...withCounts, ...words], this))
    if (!request.ok) {
      const complaint = request.error
      if (complaint.kind === 'problem') return complain(complaint.text, number)
      if (complaint.kind === 'bad-argument')
        return err(
          refused(`Bad argument \`${complaint.word}'\nError occurred at line: ${number}\n${tryHelp(PROGRAM)}`, 2),
        )
      return complaint.kind === 'unsupported' ? err(unsupported(complaint.word, complaint.what)) : failed(number)
    }
    if (request.value.kind !== 'command')
      return err(
        request.value.kind === 'version'
          ? printed(`${PROGRAM} ${VERSION}\n`)
          : unsupported('-h', `${PROGRAM}: the help text is not modelled`),
      )
    const result = execute(request.value.command, table, this, hostsFileOf(this.#context))
    this.#stdout += result.stdout
    if (result.unsupported !== undefined) return err(result)
    return result.exitCode === 0 ? ok(undefined) : failed(number)
  }

  #commit(number: number): Result<void, ToolResult> {
    const { netfilter } = this.#context.host
    const isTest = this.#given.has('t') || this.#table === 'skipped'
    this.#table = undefined
    if (isTest) return ok(undefined)
    if (netfilter.reconfigure(this.config) !== undefined) return failed(number)
    for (const { place, counter } of this.#policyCounters) Object.assign(this.counters.policy(place), counter)
    return ok(undefined)
  }
}

function failed(line: number): Result<never, ToolResult> {
  return err(refused(`${PROGRAM}: line ${line} failed\n`, 1))
}

function complain(text: string, line: number): Result<never, ToolResult> {
  return err(refused(`${PROGRAM} ${VERSION}: ${text}\nError occurred at line: ${line}\n${tryHelp(PROGRAM)}`, 2))
}

function flag(short: string, long: string): OptionShape {
  return { id: short, short, long: [long], argument: 'none' }
}
