/**
 * Options in the manner of getopt(3): letters that stand alone or with a value, together or apart, before or after operands.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'

/** What was read. */
export interface ReadOptions {
  /** Values by letter (or long name, without its dashes); the last one counts. */
  readonly values: ReadonlyMap<string, string>
  readonly flags: ReadonlySet<string>
  readonly operands: readonly string[]
}

/** Which options there are. */
export interface OptionSpec {
  /** Letters that take a value. */
  readonly valued: string
  /** Letters that take none. */
  readonly flags: string
  /** Long options and the letter each stands for. */
  readonly long?: Readonly<Record<string, string>>
}

/** Reads options. The error is the first option that is not there (a letter, or the long one as typed), or lacks its value. */
export function readOptions(argv: readonly string[], spec: OptionSpec): Result<ReadOptions, string> {
  const values = new Map<string, string>()
  const flags = new Set<string>()
  const operands: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '--') {
      operands.push(...argv.slice(index + 1))
      break
    }
    if (argument.startsWith('--')) {
      const [name = '', given] = argument.split(/=(.*)/s)
      const long = name.slice(2)
      const letter = spec.long !== undefined && Object.hasOwn(spec.long, long) ? spec.long[long] : undefined
      if (letter === undefined) return err(name)
      if (!spec.valued.includes(letter)) flags.add(letter)
      else {
        const value = given ?? argv[++index]
        if (value === undefined) return err(name)
        values.set(letter, value)
      }
      continue
    }
    if (!argument.startsWith('-') || argument === '-') {
      operands.push(argument)
      continue
    }
    for (let at = 1; at < argument.length; at++) {
      const letter = argument[at] ?? ''
      if (spec.flags.includes(letter)) {
        flags.add(letter)
        continue
      }
      if (!spec.valued.includes(letter)) return err(letter)
      const value = at + 1 < argument.length ? argument.slice(at + 1) : argv[++index]
      if (value === undefined) return err(letter)
      values.set(letter, value)
      break
    }
  }
  return ok({ values, flags, operands })
}
