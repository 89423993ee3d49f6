/**
 * `lvsim schema`: the JSON Schema of scenario files.
 * @module
 */
import { scenarioJsonSchema } from '../scenario/schema.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { print } from './terminal.ts'

/** Prints the schema. */
export async function schemaCommand(): Promise<ExitCode> {
  await print(`${JSON.stringify(scenarioJsonSchema(), undefined, 2)}\n`)
  return EXIT.ok
}
