/**
 * How the rules of a director came to be: each command that changed them, when, and as patches (RFC 6902 without the
 * pointers' text: a path is a list of keys) from the tree before and back to it. Commands that were refused, or changed
 * nothing, are not in it.
 * @module
 */
import type { IpvsCommand } from './command.ts'
import type { IpvsRules } from './rules.ts'

/** One change of one place of the tree. */
export interface RulesPatch {
  readonly op: 'add' | 'remove' | 'replace'
  /** Keys and list positions from the root. */
  readonly path: readonly (string | number)[]
  readonly value?: unknown
}

/** One command that changed the rules. */
export interface RulesChange {
  /** Nanoseconds since the start of the run. */
  readonly atNs: number
  readonly command: IpvsCommand
  /** The tree before it. */
  readonly before: IpvsRules
  /** The tree after it. */
  readonly after: IpvsRules
  /** From `before` to `after`. */
  readonly patches: readonly RulesPatch[]
  /** From `after` to `before`. */
  readonly inversePatches: readonly RulesPatch[]
}
