/**
 * From the text of a `*.lvs.yaml` file to a scenario, or to all that is wrong with it. Whatever the text, it returns.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { assemble, type Draft } from './assemble.ts'
import { checkAddresses } from './check-addresses.ts'
import { checkClusterNames } from './check-cluster-names.ts'
import { checkReferences } from './check-references.ts'
import { checkCluster, checkRun } from './check-run.ts'
import { expandCluster } from './expand-cluster.ts'
import { describeValue, problemsOfIssue } from './parse-issues.ts'
import { findBrokenLimit } from './parse-limits.ts'
import { parseYaml } from './parse-yaml.ts'
import { compareProblems, type Problem, PROBLEM_COUNT_MAX } from './problems.ts'
import { ScenarioSource } from './scenario-source.ts'
import type { Scenario } from './scenario.ts'
import { scenarioSchema } from './schema.ts'
import { SourceText } from './source-text.ts'

/**
 * Reads a scenario file. Refuses with every independent problem that it finds, in the order of the file, at most
 * PROBLEM_COUNT_MAX. `fileName` is what the problems name; nothing is read from it. `schedulers` are those that a cluster may
 * name beside Linux's.
 */
export function parseScenario(
  text: string, fileName: string, schedulers: readonly string[] = [],
): Result<Scenario, readonly Problem[]> {
  const sourceText = new SourceText(fileName, text)
  const broken = findBrokenLimit(sourceText.text)
  if (broken !== undefined) {
    const source = new ScenarioSource(sourceText, { start: 0, end: 0 })
    return err([source.problemAtSpan({ start: broken.offset, end: broken.offset + 1 }, broken)])
  }
  const file = parseYaml(sourceText.text)
  const source = new ScenarioSource(sourceText, file.node)
  const problems = file.problems.slice(0, PROBLEM_COUNT_MAX).map((problem) => source.problemAtSpan(problem, problem))
  if (file.value === undefined || problems.some(({ code }) => code === 'LVS1004')) return err(sorted(problems))
  if (!isMapping(file.value)) return err(sorted([...problems, notMapping(file.value, source)]))
  const parsed = scenarioSchema.safeParse(file.value)
  const draft = assemble(file.value, source)
  if (!parsed.success) {
    for (const issue of parsed.error.issues.slice(0, PROBLEM_COUNT_MAX)) {
      problems.push(...problemsOfIssue(issue, source, file.value))
    }
  }
  problems.push(...draft.problems, ...checkMeaning(draft, schedulers))
  return problems.length > 0 ? err(sorted(problems)) : ok(draft.scenario)
}

/** What the schema cannot say. A cluster is checked as it is built in each of its modes. */
function checkMeaning(draft: Draft, schedulers: readonly string[]): Problem[] {
  const { scenario } = draft
  const { source, modes } = scenario
  const problems = [...checkRun(scenario), ...checkCluster(scenario, source, schedulers), ...checkClusterNames(scenario)]
  problems.push(...checkAddresses(scenario))
  const built = modes.length === 0 ? [scenario] : modes.map((mode) => expandCluster(scenario, mode))
  for (const one of built) problems.push(...checkReferences(draft, one))
  return problems
}

function notMapping(value: unknown, source: ScenarioSource): Problem {
  if (value === null) {
    const expected = 'a scenario; `lvsim init` writes one'
    return source.problem([], { code: 'LVS1006', message: 'the file is empty', expected })
  }
  const message = `the file is ${describeValue(value)}`
  return source.problem([], { code: 'LVS1008', message, expected: 'a mapping such as `name: first`' })
}

/** In the order of the file, one problem per place, that of the lowest code; at most PROBLEM_COUNT_MAX. */
function sorted(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>()
  const distinct = [...problems].sort(compareProblems).filter(({ code, line, column, message }) => {
    // Several keys may be missing in one mapping.
    const key = `${line}:${column}${code === 'LVS1021' ? message : ''}`
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
  return distinct.slice(0, PROBLEM_COUNT_MAX)
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
