/**
 * Rules as ipvsadm-save prints them, read without a host: each line as `ipvsadm -R` on Debian 12 would take or refuse it. Names
 * of hosts are not known, so that the rules must have been saved by numbers (`ipvsadm-save -n`).
 * @module
 */
import { DEBIAN_12 } from '../../host/profile.ts'
import { applyCommand, type Kernel } from '../../ipvs/control/apply.ts'
import type { IpvsCommand } from '../../ipvs/control/command.ts'
import { INITIAL_RULES, type IpvsRules } from '../../ipvs/control/rules.ts'
import { IPV4_ANY, isMulticast } from '../../wire/address.ts'
import { commandOf } from './ipvsadm.ts'
import { kernelMessage } from './messages.ts'
import { Names } from './names.ts'
import { parseArguments } from './parse.ts'

/** The commands that rules are made of. */
export type RuleCommand = Extract<IpvsCommand, { kind: 'add-service' | 'add-destination' }>

/** A line that was taken. */
export interface RuleLine {
  /** Counts from 1. */
  readonly line: number
  readonly command: RuleCommand
}

/** A line that was refused, and the part of it at fault: its columns count from 1, in UTF-16 units. */
export interface RefusedLine {
  readonly line: number
  readonly column: number
  readonly length: number
  /** In ipvsadm's words. */
  readonly message: string
}

/** What a text of rules came to. */
export interface ReadRules {
  readonly lines: readonly RuleLine[]
  /** The tree that the lines make. */
  readonly rules: IpvsRules
  readonly refused: readonly RefusedLine[]
}

const KERNEL: Kernel = {
  hasScheduler: (name) => name === 'none' || DEBIAN_12.modules.includes(`ip_vs_${name}`),
  hasEngine: (name) => DEBIAN_12.modules.includes(`ip_vs_pe_${name}`),
  isUnicast: (addr) => !isMulticast(addr) && addr !== IPV4_ANY && addr !== 0xffffffff,
  findDevice: () => undefined,
}
const NAMES = new Names(() => undefined)

/** Reads the lines of ipvsadm-save. Empty lines and those that begin with `#` are left out; `ipvsadm` may stand before each. */
export function readRules(text: string): ReadRules {
  let rules = INITIAL_RULES
  const lines: RuleLine[] = []
  const refused: RefusedLine[] = []
  for (const [index, source] of text.split('\n').entries()) {
    const words = source.trim().split(/\s+/)
    if (words[0] === 'ipvsadm') words.shift()
    if (words.join('') === '' || source.trimStart().startsWith('#')) continue
    const read = readLine(rules, words)
    if (typeof read === 'string') refused.push({ line: index + 1, message: read, ...placeIn(source, read) })
    else {
      rules = read.rules
      lines.push({ line: index + 1, command: read.command })
    }
  }
  return { lines, rules, refused }
}

/** The rules with one more line, or why it is refused. */
function readLine(rules: IpvsRules, words: readonly string[]): { rules: IpvsRules, command: RuleCommand } | string {
  const parsed = parseArguments(words, NAMES)
  if (!parsed.ok) return parsed.error.text.trim()
  const request = parsed.value
  if (typeof request === 'string' || (request.command !== 'add-service' && request.command !== 'add-server')) {
    return `${words[0]} is not a rule: ipvsadm-save prints -A and -a`
  }
  const command = commandOf(request) as RuleCommand
  const applied = applyCommand(rules, command, KERNEL)
  return applied.ok ? { rules: applied.value.rules, command } : kernelMessage(applied.error.code, request.command)
}

/** The word that a message quotes, else the whole line. */
function placeIn(source: string, message: string): { column: number, length: number } {
  const word = /`(.+)'/.exec(message)?.[1] ?? /^(\S+): /.exec(message)?.[1] ?? source.trim()
  const shown = source.includes(word) ? word : source.trim()
  return { column: source.indexOf(shown) + 1, length: shown.length }
}
