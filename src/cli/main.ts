#!/usr/bin/env node
/**
 * The command `lvsim`: runs the verb that was named, and ends with its exit code.
 * @module
 */
import { CommanderError } from 'commander'
import { EXIT } from './exit-codes.ts'
import { reportFailure } from './failure.ts'
import { makeProgram } from './program.ts'
import { endWithReader, output, print } from './terminal.ts'

/** Runs the program with these arguments; the process ends with what it came to. */
async function main(argv: readonly string[]): Promise<void> {
  endWithReader()
  process.on('SIGINT', () => process.exit(EXIT.interrupted))
  process.on('SIGTERM', () => process.exit(EXIT.terminated))
  try {
    await makeProgram((code) => {
      process.exitCode = code
    }).parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
    else process.exitCode = reportFailure(error)
  }
  await completeJson(argv)
}

/** A program that asked for JSON gets a document even when there is nothing else to tell than the failure. */
async function completeJson(argv: readonly string[]): Promise<void> {
  const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  if (!options.includes('--json') && !options.includes('--jsonl')) return
  if (output.hasData || process.exitCode === EXIT.ok || process.exitCode === undefined) return
  const { failureDocument, jsonLine } = await import('../report/json.ts')
  await print(jsonLine(failureDocument(output.said, Number(process.exitCode))))
}

await main(process.argv)
