/**
 * An iptables command as it was asked for, once its words have been understood: what `parse-command.ts` makes and
 * `execute.ts` does.
 * @module
 */
import type { RuleSpec } from '../../host/config/rule-config.ts'

/** What a command does, by its letter. `zero` may come along with a list. */
export type Verb = 'A' | 'C' | 'D' | 'I' | 'R' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P'

/** One command. */
export interface Command {
  readonly table: string
  readonly verb: Verb
  /** -Z beside -L or -S. */
  readonly zeroes: boolean
  /** Undefined means all chains. */
  readonly chain: string | undefined
  /** From 1. */
  readonly position: number | undefined
  /** -P. */
  readonly policy: string | undefined
  /** -E. */
  readonly newName: string | undefined
  /** The rules of -A, -C, -D, -I, -R: one for each pair of addresses given. */
  readonly specs: readonly RuleSpec[]
  /** What the rule's target was called, when that must still be told from a chain. */
  readonly jump: { readonly name: string, readonly isGoto: boolean } | undefined
  readonly counters: { readonly packets: number, readonly bytes: number } | undefined
  readonly numeric: boolean
  readonly verbose: boolean
  readonly exact: boolean
  readonly lineNumbers: boolean
  /** Said on stderr though nothing was wrong. */
  readonly warnings: string
}

/** What may be asked without a command. */
export type Request =
  { readonly kind: 'command'; readonly command: Command } | { readonly kind: 'help' } | { readonly kind: 'version' }
