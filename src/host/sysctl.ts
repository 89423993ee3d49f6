/**
 * The registry of a host's sysctls: each room defines the ones it obeys, with bounds as the kernel checks them.
 * Names are dotted, as sysctl(8) prints them; under /proc/sys the dots are slashes.
 * @module
 */
import { present } from '../base/assert.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { Errno } from './errno.ts'

/** How a sysctl takes a value. */
export interface SysctlDefinition {
  readonly name: string
  /** `int`: a number; `ints`: so many numbers with blanks between; `text`: anything. */
  readonly kind: 'int' | 'ints' | 'text'
  readonly initial: string
  /** Bounds of a number, included. Linux refuses others with EINVAL. */
  readonly min?: number
  readonly max?: number
  readonly readOnly?: boolean
  /** A further check, on the text that is to be stored. */
  readonly isValid?: (value: string) => boolean
  /** Called after a change, with the new text. */
  readonly onChange?: (value: string) => void
}

/** The number of an `int` sysctl, always as it is now: for those who ask for every packet. Live. */
export interface SysctlCell {
  readonly value: number
}

/** The sysctls of one host. */
export class SysctlRegistry {
  readonly #definitions = new Map<string, SysctlDefinition>()
  readonly #values = new Map<string, string>()
  readonly #cells = new Map<string, { value: number }>()
  #onAnyChange: () => void = () => {}

  /** `listener` is called after every change, for those who cache what depends on sysctls. */
  setListener(listener: () => void): void {
    this.#onAnyChange = listener
  }

  /** Adds a sysctl. Defining a name again resets it. */
  define(definition: SysctlDefinition): void {
    this.#definitions.set(definition.name, definition)
    this.#store(definition, definition.initial)
  }

  /** Removes the sysctls whose names begin with `prefix` (a module or a device went away). */
  remove(prefix: string): void {
    for (const name of [...this.#definitions.keys()]) {
      if (!name.startsWith(prefix)) continue
      this.#definitions.delete(name)
      this.#values.delete(name)
      this.#cells.delete(name)
    }
  }

  /** True when the sysctl exists. */
  has(name: string): boolean {
    return this.#definitions.has(name)
  }

  /** Its text, without the newline; undefined when there is no such sysctl. */
  find(name: string): string | undefined {
    return this.#values.get(name)
  }

  /** Its number. Asserts that it is a defined `int`. */
  int(name: string): number {
    return this.cell(name).value
  }

  /** A view of its number, to keep as long as the sysctl exists. Asserts that it is a defined `int`. */
  cell(name: string): SysctlCell {
    // The text of the error is made for an error only: this is asked for every connection.
    return this.#cells.get(name) ?? present<SysctlCell>(undefined, `sysctl ${name}`)
  }

  /** Names in the order of definition. */
  names(): string[] {
    return [...this.#definitions.keys()]
  }

  /** Writes a value: ENOENT for an unknown name, EACCES for a read-only one, EINVAL for a text or a number that does not fit. */
  set(name: string, text: string): Result<string, Errno> {
    const definition = this.#definitions.get(name)
    if (definition === undefined) return err('ENOENT')
    if (definition.readOnly === true) return err('EACCES')
    const value = accepted(definition, text.trim())
    if (value === undefined || definition.isValid?.(value) === false) return err('EINVAL')
    this.#store(definition, value)
    definition.onChange?.(value)
    this.#onAnyChange()
    return ok(value)
  }

  #store(definition: SysctlDefinition, value: string): void {
    this.#values.set(definition.name, value)
    if (definition.kind !== 'int') return
    const cell = this.#cells.get(definition.name)
    if (cell === undefined) this.#cells.set(definition.name, { value: Number(value) })
    else cell.value = Number(value)
  }
}

/** The text to store, or undefined when the kernel would refuse it (proc_dointvec_minmax). */
function accepted(definition: SysctlDefinition, text: string): string | undefined {
  if (definition.kind === 'text') return text
  const numbers = text.split(/\s+/)
  if (definition.kind === 'int' && numbers.length !== 1) return undefined
  const { min = -2_147_483_648, max = 2_147_483_647 } = definition
  const fits = numbers.every((number) => /^[+-]?(\d+|0x[0-9a-f]+)$/i.test(number)
    && Number(number) >= min && Number(number) <= max)
  return fits ? numbers.map((number) => String(Number(number))).join('\t') : undefined
}
