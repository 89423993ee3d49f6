/**
 * Times, names and shares that must fit together: moments within the duration, observations that expectations speak of,
 * shares of pages that make up 100 %.
 * @module
 */
import { nsToSeconds } from '../base/units.ts'
import { nearestWord } from './nearest.ts'
import { oneOf, type Problem, PROBLEM_COUNT_MAX } from './problems.ts'
import type { ProblemText, ScenarioSource } from './scenario-source.ts'
import type { Check, Scenario } from './scenario.ts'
import { CLUSTER_SCHEDULERS } from './schema-cluster.ts'
import type { Path } from './source-tree.ts'

/** Shares are decimal fractions: their sum may miss 1 by rounding. */
const SHARE_TOLERANCE = 1e-9

type Add = (path: Path, text: ProblemText) => void

/** Checks a scenario as it is in the file, before a cluster is expanded. */
export function checkRun(scenario: Scenario): Problem[] {
  const problems: Problem[] = []
  const add: Add = (path, text) => void problems.push(scenario.source.problem(path, text))
  checkMoments(scenario, add)
  checkNames(scenario, add)
  for (const check of scenario.expect) {
    if (problems.length < PROBLEM_COUNT_MAX) checkExpectation(scenario, check, add)
  }
  for (const item of scenario.traffic) {
    if (item.kind !== 'http' || item.pages === undefined) continue
    const sum = [...item.pages.values()].reduce((total, share) => total + share, 0)
    if (Math.abs(sum - 1) <= SHARE_TOLERANCE) continue
    const message = `the shares add up to ${Number((sum * 100).toFixed(6))}%`
    add([...item.path, 'pages'], { code: 'LVS1053', message, expected: '100%' })
  }
  return problems
}

function checkMoments(scenario: Scenario, add: Add): void {
  const { durationNs } = scenario
  if (durationNs === undefined) return
  const moments = [
    ...[...scenario.traffic, ...scenario.events].map(({ atNs, path }) => ({ atNs, path })),
    ...scenario.observe.flatMap(({ at, path }) => (at === 'end' ? [] : [{ atNs: at.ns, path }])),
  ]
  for (const { atNs, path } of moments) {
    if (atNs <= durationNs) continue
    const message = `${nsToSeconds(atNs)}s is after the end of the run`
    add([...path, 'at'], { code: 'LVS1046', message, expected: `at most ${nsToSeconds(durationNs)}s, the duration` })
  }
}

/** Names that were given must tell things apart; an observation without one is called by its command. */
function checkNames(scenario: Scenario, add: Add): void {
  for (const items of [scenario.traffic, scenario.observe]) {
    const taken = new Set<string>()
    for (const { name, path } of items) {
      if (!scenario.source.has([...path, 'name'])) continue
      if (taken.has(name)) add([...path, 'name'], { code: 'LVS1048', message: `the name \`${name}\` is given twice` })
      taken.add(name)
    }
  }
}

function checkExpectation(scenario: Scenario, check: Check, add: Add): void {
  const names = scenario.observe.map(({ name }) => name)
  if (check.kind === 'output') {
    const count = names.filter((name) => name === check.output).length
    const message = `${count === 0 ? 'no observation is' : `${count} observations are`} called \`${check.output}\``
    const expected = count === 0 ? oneOf(names) : 'a `name` for each of them'
    const nearest = count === 0 ? nearestWord(check.output, names) : undefined
    if (count !== 1) add([...check.path, 'output'], { code: 'LVS1047', message, expected, nearest })
  }
  const traffic = scenario.traffic.map(({ name }) => name)
  if (check.traffic !== undefined && !traffic.includes(check.traffic)) {
    const message = `no traffic is called \`${check.traffic}\``
    const nearest = nearestWord(check.traffic, traffic)
    add([...check.path, 'traffic'], { code: 'LVS1052', message, expected: oneOf(traffic), nearest })
  }
  check.modes?.forEach((mode, index) => {
    if (scenario.modes.includes(mode)) return
    const expected = scenario.modes.length > 0 ? oneOf(scenario.modes) : 'a `cluster` block'
    add([...check.path, 'modes', index], { code: 'LVS1049', message: `no run is in mode ${mode}`, expected })
  })
}

/** Checks what `compare` and `cluster` need of each other, of the file, and of the schedulers that are brought to the run. */
export function checkCluster(scenario: Scenario, source: ScenarioSource, brought: readonly string[]): Problem[] {
  const problems: Problem[] = []
  const add: Add = (path, text) => void problems.push(source.problem(path, text))
  const { cluster } = scenario
  if (cluster === undefined) {
    if (source.has(['compare']) && !source.has(['cluster'])) {
      const message = 'there is no `cluster` to build in several modes'
      const text = { code: 'LVS1049', message, expected: 'a `cluster` block' } as const
      problems.push(source.problemAt(source.keyAt(['compare']), text))
    }
    return problems
  }
  const known = [...CLUSTER_SCHEDULERS, ...brought]
  if (!known.includes(cluster.scheduler)) {
    const message = `\`${cluster.scheduler}\` is not allowed here`
    const expected = `${oneOf(known)}, or one that is brought to the run`
    add(['cluster', 'scheduler'], { code: 'LVS1023', message, expected, nearest: nearestWord(cluster.scheduler, known) })
  }
  const { protocol } = cluster.server
  if (protocol !== undefined && (protocol === 'udp') !== (cluster.service.protocol === 'udp')) {
    const message = `a ${protocol} server does not answer a ${cluster.service.protocol} service`
    add(['cluster', 'server', 'protocol'], { code: 'LVS1029', message })
  }
  return [...problems, ...checkPages(scenario, source)]
}

/** Pages asked of the VIP that no real server has: each would be a 404. */
function checkPages(scenario: Scenario, source: ScenarioSource): Problem[] {
  const { cluster, traffic } = scenario
  const pages = cluster?.server.pages
  if (cluster === undefined || pages === undefined || cluster.server.page !== undefined) return []
  const known = [...pages.keys()]
  const unknown = (path: string): ProblemText => {
    const message = `the real servers have no page \`${path}\``
    return { code: 'LVS1054', message, expected: oneOf(known), nearest: nearestWord(path, known) }
  }
  return traffic.flatMap((item) => {
    if (item.kind !== 'http' || item.to.address !== cluster.vip) return []
    if (item.pages === undefined) {
      return pages.has(item.to.path) ? [] : [source.problem([...item.path, 'to'], unknown(item.to.path))]
    }
    return [...item.pages.keys()].filter((path) => !pages.has(path)).slice(0, PROBLEM_COUNT_MAX)
      .map((path) => source.problemAt(source.keyAt([...item.path, 'pages', path]), unknown(path)))
  })
}
