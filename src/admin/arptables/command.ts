/**
 * An arptables command once its words have been understood, and the options that it is read from.
 * @module
 */
import type { ArpRuleSpec } from '../../host/config/arp-rules.ts'
import type { OptionShape } from '../iptables/option-scanner.ts'

/** What a command does, by its letter. */
export type Verb = 'A' | 'D' | 'I' | 'R' | 'L' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P'

/** One command. */
export interface Command {
  readonly verb: Verb
  /** -Z beside -L. */
  readonly zeroes: boolean
  /** Undefined means all chains. */
  readonly chain: string | undefined
  /** From 1. */
  readonly position: number | undefined
  /** -P. */
  readonly policy: string | undefined
  /** -E. */
  readonly newName: string | undefined
  /** The rule of -A, -D, -I, -R. */
  readonly spec: ArpRuleSpec
  readonly counters: { readonly packets: number, readonly bytes: number } | undefined
  readonly numeric: boolean
  readonly verbose: boolean
  readonly lineNumbers: boolean
}

/** What a command line asks for. */
export type Request = { readonly kind: 'command', readonly command: Command } | { readonly kind: 'version' }

/** Names of operations, from 1 on (opcodes[] in arptables.c). */
export const OPCODES: readonly string[] = [
  'Request', 'Reply', 'Request_Reverse', 'Reply_Reverse', 'DRARP_Request', 'DRARP_Reply', 'DRARP_Error', 'InARP_Request',
  'ARP_NAK',
]

/** The options that are always there. */
export const OPTIONS: readonly OptionShape[] = [
  required('A', 'append'), required('D', 'delete'), required('I', 'insert'), required('R', 'replace'), optional('L', 'list'),
  optional('F', 'flush'), optional('Z', 'zero'), required('N', 'new-chain'), optional('X', 'delete-chain'),
  required('E', 'rename-chain'), required('P', 'policy'), required('s', 'source-ip', 'src-ip'),
  required('d', 'destination-ip', 'dst-ip'), longOnly('source-mac', 'src-mac'), longOnly('destination-mac', 'dst-mac'),
  required('l', 'h-length'), longOnly('p-length'), longOnly('opcode'), longOnly('h-type'), longOnly('proto-type'),
  required('i', 'in-interface'), required('o', 'out-interface'), required('j', 'jump'), required('t', 'table'),
  required('m', 'match'), required('c', 'set-counters'), longOnly('modprobe'), required('p'),
  { id: 'n', short: 'n', long: ['numeric'], argument: 'none' }, { id: 'v', short: 'v', long: ['verbose'], argument: 'none' },
  { id: 'V', short: 'V', long: ['version'], argument: 'none' }, optional('h', 'help'),
  { id: 'line-numbers', long: ['line-numbers'], argument: 'none' },
]

/** What `-j mangle` brings with it. */
export const MANGLE_OPTIONS: readonly OptionShape[] = [
  longOnly('mangle-ip-s'), longOnly('mangle-ip-d'), longOnly('mangle-mac-s'), longOnly('mangle-mac-d'), longOnly('mangle-target'),
]

function required(letter: string, ...long: readonly string[]): OptionShape {
  return { id: letter, short: letter, long, argument: 'required' }
}

function optional(letter: string, long: string): OptionShape {
  return { id: letter, short: letter, long: [long], argument: 'optional' }
}

function longOnly(...long: readonly [string, ...string[]]): OptionShape {
  return { id: long[0], long, argument: 'required' }
}
