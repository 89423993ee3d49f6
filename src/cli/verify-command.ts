/**
 * `lvsim verify`: plays recorded labs and judges each against its own record.
 * @module
 */
import { basename, join } from 'node:path'
import { InvariantError } from '../base/assert.ts'
import { ok, type Result } from '../base/result.ts'
import type { Difference } from '../scenario/lab/judge/context.ts'
import { judgeLab } from '../scenario/lab/judge/judge.ts'
import { parseLab, type Lab } from '../scenario/lab/lab.ts'
import { playLab } from '../scenario/lab/play-lab.ts'
import { printable } from '../scenario/problems.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { filesBelow, readText, type FileError } from './files.ts'
import { print, say } from './terminal.ts'

/** Options of the verb. */
export interface VerifyOptions {
  readonly json?: boolean
  readonly family?: string
}

/** What became of one lab. */
interface Verdict {
  readonly lab: string
  readonly file: string
  readonly family: string
  readonly passed: boolean
  /** Why it could not be played; undefined when it was. */
  readonly problem: string | undefined
  readonly differences: readonly Difference[]
}

/** Values longer than this are cut off in lines for people. */
const SHOWN_CHARACTERS_MAX = 260

/** Verifies files, and every lab below folders. Fine only if something was compared and nothing failed. */
export async function verifyCommand(paths: readonly string[], options: VerifyOptions): Promise<ExitCode> {
  const verdicts: Verdict[] = []
  for (const path of paths) {
    const files = filesBelow(path, '.json')
    if (!files.ok) return unreadable(files.error)
    for (const name of files.value) {
      const file = name === '' ? path : join(path, name)
      const verdict = await verifyFile(file, (name === '' ? basename(path) : name).replace(/\.json$/, ''), options.family)
      if (!verdict.ok) return unreadable(verdict.error)
      if (verdict.value === undefined) continue
      verdicts.push(verdict.value)
      if (options.json !== true && !verdict.value.passed) await print(`${failureLine(verdict.value)}\n`)
    }
  }
  const failedCount = verdicts.filter(({ passed }) => !passed).length
  const passedCount = verdicts.length - failedCount
  const passed = failedCount === 0 && passedCount > 0
  const last = `${passedCount} passed, ${failedCount} failed`
  const families = familiesOf(verdicts)
  if (options.json === true) {
    const document = {
      schemaVersion: 1, kind: 'verify', passed, passedCount, failedCount, families: Object.fromEntries(families), labs: verdicts,
    }
    await print(`${JSON.stringify(document, undefined, 2)}\n`)
    say(last)
  } else {
    await print([...families].map(familyLine).join('') + `${last}\n`)
  }
  return passed ? EXIT.ok : EXIT.failed
}

/** Undefined for a lab of another family, and for JSON that is no lab at all, which is said. */
async function verifyFile(
  file: string, name: string, family: string | undefined,
): Promise<Result<Verdict | undefined, FileError>> {
  const text = readText(file)
  if (!text.ok) return text
  const lab = parseLab(text.value)
  if (!lab.ok) {
    if (hasNoSteps(text.value)) {
      say(`lvsim: ${file}: passed over: ${lab.error}`)
      return ok(undefined)
    }
    return ok({ lab: name, file, family: '(unknown)', passed: false, problem: lab.error, differences: [] })
  }
  if (family !== undefined && lab.value.family !== family) return ok(undefined)
  const { problem, differences } = await verifyLab(lab.value)
  const passed = problem === undefined && differences.length === 0
  return ok({ lab: name, file, family: lab.value.family, passed, problem, differences })
}

/** An invariant that breaks is a bug, but the other labs are worth knowing about: the lab fails. */
async function verifyLab(lab: Lab): Promise<{ problem: string | undefined, differences: Difference[] }> {
  try {
    const played = await playLab(lab)
    if (!played.ok) return { problem: played.error, differences: [] }
    return { problem: undefined, differences: judgeLab(lab, played.value) }
  } catch (error) {
    const isInvariant = error instanceof InvariantError
    const what = isInvariant ? `an invariant broke: ${error.message}` : String((error as Error).stack ?? error)
    return { problem: `internal error: ${what}`, differences: [] }
  }
}

/** True for JSON that is something else than a lab. */
function hasNoSteps(text: string): boolean {
  try {
    const value = JSON.parse(text) as { readonly steps?: unknown } | null
    return !Array.isArray(value?.steps)
  } catch {
    return false
  }
}

function unreadable(error: FileError): ExitCode {
  say(`lvsim: ${error.path}: ${error.message}`)
  return EXIT.io
}

/** The first difference, and how many more there are. */
function failureLine({ lab, problem, differences }: Verdict): string {
  const [first] = differences
  if (first === undefined) return printable(`FAIL ${lab}: ${problem ?? ''}`)
  const step = first.step < 0 ? '' : `step ${first.step} `
  const more = differences.length > 1 ? ` (+${differences.length - 1} more)` : ''
  return printable(`FAIL ${lab}: ${step}${first.field}: expected ${shown(first.expected)}, got ${shown(first.got)}${more}`)
}

function shown(value: unknown): string {
  const text = typeof value === 'string' || (typeof value === 'object' && value !== null) ? JSON.stringify(value) : String(value)
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}...` : text
}

interface FamilyCounts {
  passed: number
  failed: number
}

/** How each family did, by name. */
function familiesOf(verdicts: readonly Verdict[]): Map<string, FamilyCounts> {
  const families = new Map<string, FamilyCounts>()
  for (const { family } of [...verdicts].sort((a, b) => (a.family < b.family ? -1 : a.family > b.family ? 1 : 0))) {
    families.set(family, { passed: 0, failed: 0 })
  }
  for (const { family, passed } of verdicts) {
    const counts = families.get(family)
    if (counts !== undefined) counts[passed ? 'passed' : 'failed']++
  }
  return families
}

function familyLine([family, { passed, failed }]: [string, FamilyCounts]): string {
  return printable(`  ${family.padEnd(12)} ${String(passed).padStart(4)} passed ${String(failed).padStart(4)} failed`) + '\n'
}
