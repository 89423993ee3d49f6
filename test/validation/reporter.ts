/**
 * Prints the table of `npm run validate`: what a source predicts, what came out, and last `N passed, N failed`, which counts
 * figures, and tests without a figure once. With VALIDATION_DOC=FILE it also writes the table there, once all have passed.
 * @module
 */
import { writeFileSync } from 'node:fs'
import type { TestCase, TestModule } from 'vitest/node'
import type { Reporter } from 'vitest/reporters'
import type { Checked } from './checked.ts'
import { SOURCES } from './sources.ts'

interface Line extends Checked {
  readonly row: string
  readonly ok: boolean
}

const HEAD = ['row', 'what', 'expected', 'got', 'error', 'allowed', 'source'] as const
const DOC = process.env['VALIDATION_DOC']

/** See above. */
export class ValidationReporter implements Reporter {
  readonly #lines: Line[] = []

  onTestCaseResult(test: TestCase): void {
    const lines = linesOf(test)
    this.#lines.push(...lines)
    for (const line of lines) console.log(`${line.ok ? '✓' : '✗'} ${cells(line).join(' · ')}`)
    for (const error of test.result().errors ?? []) console.log(`  ${test.fullName}: ${error.message}`)
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    let failed = this.#lines.filter(({ ok }) => !ok).length
    for (const module of modules) {
      for (const error of module.errors()) {
        failed++
        console.log(`✗ ${module.relativeModuleId}: ${error.message}`)
      }
    }
    const lines = this.#lines.sort((a, b) => (a.row < b.row ? -1 : a.row > b.row ? 1 : 0))
    if (DOC !== undefined && failed === 0) writeFileSync(DOC, documentOf(lines))
    console.log(`${this.#lines.length - this.#lines.filter(({ ok }) => !ok).length} passed, ${failed} failed`)
  }
}

/** The figures of a test; one line for a test that has none. A test that failed fails with its last figure. */
function linesOf(test: TestCase): Line[] {
  const { state } = test.result()
  if (state === 'skipped') {
    return [lineOf(test, { what: test.name, expected: 'run', got: 'skipped', error: '', allowed: 'none' }, false)]
  }
  const ok = state === 'passed'
  const checked = test.meta().checked ?? []
  if (checked.length === 0) {
    const got = ok ? 'same' : 'differs'
    return [lineOf(test, { what: test.name.replace(/^V\d+: /, ''), expected: 'same', got, error: '', allowed: 'none' }, ok)]
  }
  return checked.map((one, index) => lineOf(test, one, ok || index < checked.length - 1))
}

function lineOf(test: TestCase, checked: Checked, ok: boolean): Line {
  return { ...checked, ok, row: /V\d\d/.exec(test.fullName)?.[0] ?? 'frames' }
}

function cells(line: Line): string[] {
  return HEAD.map((name) => (name === 'source' ? SOURCES[line.row] ?? '' : line[name]))
}

function documentOf(lines: readonly Line[]): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...lines.map(cells)]
  const table = rows.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')
  return `# Validation

What theory, papers and a real kernel predict, and what lvsim gives: its own schedulers, applications and director, packet by
packet where the row needs packets. \`npm run validate\` runs all of it; with \`VALIDATION_DOC=docs/validation.md\` it writes this
page. Seeds are 1 to 5 throughout, and none was chosen.

*Allowed*: for figures that are drawn, 3.5 standard errors (of 20 batches, after a tenth that is not counted) and 0.3 %.

${table}

${lines.length} figures, all within what is allowed.
`
}
