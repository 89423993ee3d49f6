/**
 * `lvsim validate`: every problem of every file, without running anything.
 * @module
 */
import { jsonText, problemsDocument } from '../report/json.ts'
import { renderProblem, type Problem } from '../scenario/problems.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readScenario } from './load.ts'
import { loadSchedulers, type SchedulerOptions } from './schedulers.ts'
import { print, say } from './terminal.ts'

/** Checks files; the worst of what was found is the exit code. */
export async function validateCommand(files: readonly string[], options: SchedulerOptions): Promise<ExitCode> {
  const schedulers = await loadSchedulers(options)
  if (!schedulers.ok) return schedulers.error
  let code: ExitCode = EXIT.ok
  const problems: Problem[] = []
  for (const file of files) {
    const read = readScenario(file, Object.keys(schedulers.value))
    if (!read.ok) {
      code = read.error
      continue
    }
    const parsed = read.value
    if (parsed.ok) {
      if (options.json !== true) await print(`${file}: fine\n`)
      continue
    }
    problems.push(...parsed.error)
    if (code === EXIT.ok) code = EXIT.invalid
    if (options.json !== true) for (const problem of parsed.error) say(renderProblem(problem))
  }
  if (options.json === true) {
    await print(jsonText(problemsDocument(problems, code === EXIT.ok)))
  }
  return code
}
