/**
 * `lvsim init`: a first scenario to start from.
 * @module
 */
import { existsSync } from 'node:fs'
import { initText } from '../scenario/init-text.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { writeWhole } from './files.ts'
import { badUsage } from './load.ts'
import { print, say } from './terminal.ts'

/** Writes the scenario to a file that must not exist yet (`first.lvs.yaml` unless given), or to stdout for `-`. */
export async function initCommand(file = 'first.lvs.yaml'): Promise<ExitCode> {
  if (file === '-') {
    await print(initText())
    return EXIT.ok
  }
  if (existsSync(file)) return badUsage(`${file} exists; name another file`)
  const written = writeWhole(file, initText())
  if (!written.ok) {
    say(`lvsim: ${written.error.path}: ${written.error.message}`)
    return EXIT.io
  }
  say(`wrote ${file}; next: lvsim compare ${file}`)
  return EXIT.ok
}
