/**
 * The files that scenarios name: captures and tables in the folder `captures` beside them.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The bytes of each by its name, `captures/NAME`. */
export function filesBeside(folder: URL): Record<string, Uint8Array> {
  const captures = new URL('captures/', folder)
  if (!existsSync(captures)) return {}
  return Object.fromEntries(readdirSync(captures).map((name) => [`captures/${name}`, readFileSync(new URL(name, captures))]))
}
