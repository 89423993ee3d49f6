/**
 * The flags of `-b`: three bits, which sh and mh have names of their own for.
 * Follows parse_sched_flags() and print_sched_flags() in ipvsadm.c.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'

interface FlagName {
  readonly name: string
  readonly bit: number
  /** The only scheduler that may have it under this name. */
  readonly scheduler?: string
}

const FLAGS: readonly FlagName[] = [
  { name: 'flag-1', bit: 1 }, { name: 'flag-2', bit: 2 }, { name: 'flag-3', bit: 4 },
  { name: 'sh-fallback', bit: 1, scheduler: 'sh' }, { name: 'sh-port', bit: 2, scheduler: 'sh' },
  { name: 'mh-fallback', bit: 1, scheduler: 'mh' }, { name: 'mh-port', bit: 2, scheduler: 'mh' },
]

/** Reads a comma-separated list of flags for a scheduler. The error is ipvsadm's. */
export function parseFlags(text: string, scheduler: string): Result<number, string> {
  let bits = 0
  for (const name of text.split(',').filter((part) => part !== '')) {
    const flag = FLAGS.find((other) => other.name === name)
    if (flag === undefined) return err(`invalid scheduler flag \`${name}'`)
    if (flag.scheduler !== undefined && flag.scheduler !== scheduler) return err(
      `incompatible scheduler flag \`${name}'`
    )
    bits |= flag.bit
  }
  return ok(bits)
}

/** The flags of a scheduler by name, with commas between; sh and mh know only two. */
export function flagNames(scheduler: string, bits: number): string {
  const hasOwnNames = FLAGS.some((flag) => flag.scheduler === scheduler)
  return FLAGS.filter(
    (flag) => (flag.bit & bits) !== 0 && flag.scheduler === (hasOwnNames ? scheduler : undefined)
  ).map((flag) => flag.name).join(',')
}
