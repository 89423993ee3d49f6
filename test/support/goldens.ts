/**
 * Scenario files with their expected output beside them: what each prints is compared, or written with UPDATE_GOLDENS=1.
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { ok } from '../../src/base/result.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { codeOf } from '../../src/cli/simulation.ts'
import { compareText } from '../../src/report/compare-text.ts'
import { runText } from '../../src/report/run-text.ts'
import { PLAIN_STYLE, type TextOptions } from '../../src/report/style.ts'
import { summariseMode } from '../../src/scenario/comparison.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { renderProblem } from '../../src/scenario/problems.ts'
import { withFiles } from '../../src/scenario/replay-files.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { compareModes } from '../../src/scenario/simulate.ts'
import { filesBeside } from './beside.ts'

const ENDING = '.lvs.yaml'
const TEXT: TextOptions = { style: PLAIN_STYLE, isAscii: false }
const updates = process.env['UPDATE_GOLDENS'] === '1'

/** Names of the scenarios of a folder, in order, without the ending. */
export function scenarioNames(folder: URL): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(ENDING)).sort().map((name) => name.slice(0, -ENDING.length))
}

/** Names, in order and without the ending, of the scenarios that the expected outputs of a folder belong to. */
export function expectedNames(folder: URL): string[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name)
  return names.filter((name) => !name.endsWith(ENDING)).sort().map((name) => name.replace('.expected.txt', ''))
}

/** The text of a scenario file. */
export function scenarioText(folder: URL, name: string): string {
  return readFileSync(new URL(name + ENDING, folder), 'utf8')
}

/** Reads a scenario file; throws what is wrong with it. */
export function readScenario(folder: URL, name: string): Scenario {
  const parsed = parseScenario(scenarioText(folder, name), name + ENDING)
  if (!parsed.ok) throw new Error(parsed.error.map(renderProblem).join('\n'))
  const files = Object.entries(filesBeside(folder)).map(([file, bytes]) => [file, ok(bytes)] as const)
  const read = withFiles(parsed.value, new Map(files))
  if (!read.ok) throw new Error(read.error.map(renderProblem).join('\n'))
  return read.value.scenario
}

/** Runs a scenario: it must print what stands beside it, and every expectation must hold. */
export async function checkScenario(folder: URL, name: string): Promise<void> {
  const golden = new URL(`${name}.expected.txt`, folder)
  const { text, runs } = await report(readScenario(folder, name))
  if (updates) writeFileSync(golden, text)
  expect(text).toBe(readFileSync(golden, 'utf8'))
  for (const run of runs) {
    expect(codeOf(run)).toBe(EXIT.ok)
    expect(run.checks.length).toBeGreaterThan(0)
  }
}

/** What `lvsim compare` prints for a scenario with a cluster, and `lvsim run` for another; and the runs. */
async function report(scenario: Scenario): Promise<{ text: string, runs: RunResult[] }> {
  const { cluster } = scenario
  if (cluster === undefined) {
    const ran = await runScenario(scenario)
    if (!ran.ok) throw new Error(ran.error.map(renderProblem).join('\n'))
    return { text: runText(ran.value, TEXT), runs: [ran.value] }
  }
  const compared = await compareModes(scenario, () => ({}))
  if (!compared.ok) throw new Error(compared.error.map(renderProblem).join('\n'))
  const modes = compared.value.map((result) => ({ result, summary: summariseMode(result, cluster.director.name) }))
  return { text: compareText(modes, TEXT), runs: compared.value }
}
