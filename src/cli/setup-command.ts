/**
 * `lvsim setup`: the commands of each host, ready for real machines.
 * @module
 */
import { nearestWord } from '../scenario/nearest.ts'
import { setupText } from '../scenario/setup-text.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { badUsage, inMode, loadScenario, parseMode } from './load.ts'
import { printForeign } from './terminal.ts'

/** Prints the scripts of all hosts that have one, or of one host. */
export async function setupCommand(file: string, options: { readonly mode?: string, readonly host?: string }): Promise<ExitCode> {
  const mode = parseMode(options.mode)
  if (!mode.ok) return mode.error
  const loaded = await loadScenario(file, false)
  if (!loaded.ok) return loaded.error
  const scenario = inMode(loaded.value, mode.value)
  if (!scenario.ok) return scenario.error
  const { hosts } = scenario.value
  if (options.host !== undefined && !hosts.has(options.host)) {
    const nearest = nearestWord(options.host, hosts.keys())
    return badUsage(`there is no host ${options.host}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
  }
  for (const host of hosts.values()) {
    if (options.host === undefined || host.name === options.host) await printForeign(setupText(host))
  }
  return EXIT.ok
}
