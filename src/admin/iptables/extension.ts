/**
 * What a match or target extension of iptables is here: options, and a builder that takes them and makes the match or target.
 * @module
 */
import type { Result } from '../../base/result.ts'
import { err, ok } from '../../base/result.ts'
import type { IpAddr } from '../../wire/address.ts'
import { problem, type Complaint } from './complaint.ts'
import type { OptionShape } from './option-scanner.ts'

/** What an extension may ask about the rule and the host. */
export interface BuildContext {
  /** `-p`: the protocol asked for so far. */
  readonly protocol: { readonly number: number, readonly inverted: boolean } | undefined
  /** Takes a further word of the command line, for an option with two arguments. */
  takeOperand(): string | undefined
  /** The address of a host name. */
  findHost(name: string): IpAddr | undefined
}

/** One option of an extension. */
export interface ExtensionOption extends OptionShape {
  /** May be preceded by `!`. Only asked by extensions that check it. */
  readonly invertible?: boolean
  /** Linux has it, lvsim does not. */
  readonly isModelled?: false
}

/** Gathers the options of one use of an extension. */
export interface Builder<T> {
  set(option: ExtensionOption, value: string, inverted: boolean, context: BuildContext): Result<void, Complaint>
  build(context: BuildContext): Result<T, Complaint>
}

/** A match or a target. */
export interface Extension<T> {
  readonly name: string
  readonly options: readonly ExtensionOption[]
  begin(): Builder<T>
}

/** Done. */
export const DONE = ok(undefined)

/** The option's values as the newer extensions gather them: each once, `!` only where it is allowed (xtables_option_parse). */
export class OptionValues {
  readonly #extension: string
  readonly #values = new Map<string, { readonly value: string, readonly inverted: boolean }>()

  constructor(extension: string) {
    this.#extension = extension
  }

  /** Takes an option. */
  take(option: ExtensionOption, value: string, inverted: boolean): Result<void, Complaint> {
    const name = option.long[0] ?? ''
    if (this.#values.has(option.id)) return problem(`${this.#extension}: option "--${name}" can only be used once.\n`)
    if (inverted && option.invertible !== true) return problem(`${this.#extension}: option "--${name}" cannot be inverted.\n`)
    this.#values.set(option.id, { value, inverted })
    return DONE
  }

  /** The value of an option; undefined when it was not given. */
  find(id: string): { readonly value: string, readonly inverted: boolean } | undefined {
    return this.#values.get(id)
  }

  /** The value of an option that must be given. */
  require(id: string): Result<{ readonly value: string, readonly inverted: boolean }, Complaint> {
    const found = this.#values.get(id)
    return found === undefined ? problem(`${this.#extension}: option "--${id}" must be specified\n`) : ok(found)
  }

  /** Complains when both are given. */
  exclude(a: string, b: string): Result<void, Complaint> {
    if (!this.#values.has(a) || !this.#values.has(b)) return DONE
    return problem(`${this.#extension}: option "--${a}" cannot be used together with "--${b}".\n`)
  }
}

/** An option with a required argument. */
export function option(
  long: string,
  more: Omit<Partial<ExtensionOption>, 'id'> = {},
  aliases: readonly string[] = [],
): ExtensionOption {
  return { id: long, long: [long, ...aliases], argument: 'required', ...more }
}

/** An option that Linux has and lvsim does not. */
export function unmodelled(long: string, argument: OptionShape['argument'] = 'required'): ExtensionOption {
  return { id: long, long: [long], argument, isModelled: false }
}

/** Runs steps until one complains. */
export function firstComplaint(...steps: (() => Result<void, Complaint>)[]): Result<void, Complaint> {
  for (const step of steps) {
    const done = step()
    if (!done.ok) return err(done.error)
  }
  return DONE
}
