import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../src/cli/simulation.ts'
import { EXIT } from '../src/cli/exit-codes.ts'
import { compareText } from '../src/report/compare-text.ts'
import { runText } from '../src/report/run-text.ts'
import { PLAIN_STYLE, type TextOptions } from '../src/report/style.ts'
import { summariseMode } from '../src/scenario/comparison.ts'
import { parseScenario } from '../src/scenario/parse.ts'
import { renderProblem } from '../src/scenario/problems.ts'
import type { RunResult } from '../src/scenario/result.ts'
import { runScenario } from '../src/scenario/run.ts'
import type { Scenario } from '../src/scenario/scenario.ts'
import { compareModes } from '../src/scenario/simulate.ts'

const FOLDER = new URL('../scenarios/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.lvs.yaml')).sort()
const TEXT: TextOptions = { style: PLAIN_STYLE, isAscii: false }
const updates = process.env['UPDATE_GOLDENS'] === '1'

function parse(name: string): Scenario {
  const parsed = parseScenario(readFileSync(new URL(name, FOLDER), 'utf8'), name)
  if (!parsed.ok) throw new Error(parsed.error.map(renderProblem).join('\n'))
  return parsed.value
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

describe('the scenarios that users copy', () => {
  it.each(FILES)('%s prints what stands beside it, and every expectation holds', async (name) => {
    const golden = new URL(name.replace('.lvs.yaml', '.expected.txt'), FOLDER)
    const { text, runs } = await report(parse(name))
    if (updates) writeFileSync(golden, text)
    expect(text).toBe(readFileSync(golden, 'utf8'))
    for (const run of runs) {
      expect(codeOf(run)).toBe(EXIT.ok)
      expect(run.checks.length).toBeGreaterThan(0)
    }
  })

  it('have no expected output without a scenario', () => {
    const expected = readdirSync(FOLDER).filter((name) => !name.endsWith('.lvs.yaml'))
    expect(expected.sort()).toEqual(FILES.map((name) => name.replace('.lvs.yaml', '.expected.txt')))
  })
})
