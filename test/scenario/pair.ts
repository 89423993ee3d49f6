/**
 * A scenario of two hosts on one segment, for tests that add one thing to it.
 * @module
 */
import { expandCluster } from '../../src/scenario/expand-cluster.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { renderProblem, type Problem } from '../../src/scenario/problems.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { runScenario, type RunOptions } from '../../src/scenario/run.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'

/** What is put into the scenario; each is YAML, indented as it stands in the file. */
export interface PairParts {
  /** Lines of the client, such as `    setup: hostname`. */
  readonly client?: string
  /** Lines of the server. */
  readonly server?: string
  /** Options of the segment in braces. */
  readonly segment?: string
  /** Further hosts. */
  readonly hosts?: string
  /** Further segments. */
  readonly segments?: string
  /** Everything after the hosts. */
  readonly rest?: string
}

/** The text of the scenario: client 10.0.0.10 and server 10.0.0.11, which listens on TCP 80, UDP 53 and HTTP 8080. */
export function pairText(parts: PairParts = {}): string {
  return `name: pair
segments:
  lan: ${parts.segment ?? '{}'}
${parts.segments ?? ''}hosts:
  client:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.10/24]}}
${parts.client ?? ''}  server:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.11/24]}}
    servers: [{port: 80}, {port: 53, protocol: udp}, {port: 8080, protocol: http}]
${parts.server ?? ''}${parts.hosts ?? ''}${parts.rest ?? ''}`
}

/** The scenario of a text that is right. */
export function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text, 'pair.lvs.yaml')
  if (!parsed.ok) throw new Error(parsed.error.map(renderProblem).join('\n'))
  const [mode] = parsed.value.modes
  return mode === undefined ? parsed.value : expandCluster(parsed.value, mode)
}

/** What the pair comes to. */
export async function runPair(parts: PairParts = {}, options: RunOptions = {}): Promise<RunResult> {
  const result = await runScenario(scenarioOf(pairText(parts)), options)
  if (!result.ok) throw new Error(result.error.map(renderProblem).join('\n'))
  return result.value
}

/** Why the pair is refused. */
export async function refusalOf(parts: PairParts): Promise<readonly Problem[]> {
  const result = await runScenario(scenarioOf(pairText(parts)))
  return result.ok ? [] : result.error
}

/** Line and column of the first place where `text` stands in the pair. */
export function placeIn(parts: PairParts, text: string): { line: number, column: number } {
  const whole = pairText(parts)
  const before = whole.slice(0, whole.indexOf(text)).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}
