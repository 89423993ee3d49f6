/**
 * What is said when lvsim itself fails.
 * @module
 */
import { InvariantError } from '../base/assert.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { say } from './terminal.ts'
import { VERSION } from './version.ts'

/** What was running, so that a failure can be replayed. Set by the verb before it runs the simulator. */
export interface Running {
  seed: string
  /** Reads the clock and the event count of the simulator. */
  moment: () => { readonly timeNs: number, readonly events: number }
}

let running: Running | undefined

/** Takes note of what runs now. */
export function nowRunning(run: Running): void {
  running = run
}

/** Reports a broken invariant, or any error that nobody expected: what, where in the run, and the command that replays it. */
export function reportFailure(error: unknown): ExitCode {
  const what = error instanceof InvariantError ? `an invariant broke: ${error.message}` : String((error as Error).stack ?? error)
  say(`lvsim ${VERSION}: internal error: ${what}`)
  if (running !== undefined) {
    const { timeNs, events } = running.moment()
    say(`  seed ${running.seed}, time ${timeNs} ns, event ${events}`)
  }
  say(`  replay: lvsim ${process.argv.slice(2).map(quoted).join(' ')}`)
  return EXIT.bug
}

/** The word as a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
