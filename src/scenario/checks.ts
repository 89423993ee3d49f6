/**
 * Expectations held against what a run came to. A check that has nothing to look at fails: silence proves nothing.
 * @module
 */
import { Sample } from '../measure/quantile.ts'
import type { RequestRecord } from '../app/outcome.ts'
import type { CheckResult, CommandOutput, HostResult, TrafficResult } from './result.ts'
import type { Check, Scenario } from './scenario.ts'
import type { Comparison } from './schema-check.ts'
import { formatDuration } from './duration-text.ts'

/** What checks look at. */
export interface Outcome {
  readonly observations: readonly CommandOutput[]
  readonly traffic: readonly TrafficResult[]
  readonly hosts: readonly HostResult[]
}

/** Holds each expectation of the scenario that is meant for its mode against the outcome. */
export function checkAll(scenario: Scenario, outcome: Outcome): CheckResult[] {
  return scenario.expect
    .filter((check) => check.modes === undefined || scenario.mode === undefined || check.modes.includes(scenario.mode))
    .flatMap((check) => checkOne(check, outcome).map((found) => {
      const { line } = scenario.source.at(check.path)
      return { ...found, file: scenario.source.fileName, line }
    }))
}

interface Found {
  readonly text: string
  readonly passed: boolean
  readonly actual: string
}

function checkOne(check: Check, outcome: Outcome): Found[] {
  switch (check.kind) {
    case 'output': return outcome.observations.filter((one) => one.name === check.output).map((one) => checkOutput(check, one))
      .concat(outcome.observations.some((one) => one.name === check.output) ? []
        : [{ text: `output of ${check.output}`, passed: false, actual: 'nothing was observed under this name' }])
    case 'drops': return checkDrops(check.counts, outcome.hosts)
    case 'answered-by': return checkAnswers(check.counts, requestsOf(check, outcome))
    case 'requests': return checkRequests(check.counts, requestsOf(check, outcome))
    case 'fails': return [checkFails(check.cause, requestsOf(check, outcome))]
    case 'latency': return checkLatency(check.quantiles, requestsOf(check, outcome))
  }
}

function requestsOf(check: Check, outcome: Outcome): RequestRecord[] {
  return outcome.traffic.filter((item) => check.traffic === undefined || item.name === check.traffic)
    .flatMap((item) => item.requests)
}

/** Lines without blanks at their ends, the text without empty lines at its ends. */
function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trimEnd()).join('\n').replace(/^\n+|\n+$/g, '').split('\n')
}

function checkOutput(check: Check & { readonly kind: 'output' }, observed: CommandOutput): Found {
  const [wanted, got] = [linesOf(check.text), linesOf(observed.stdout + observed.stderr)]
  const text = `output of ${check.output} ${check.test} the ${wanted.length === 1 ? 'line' : `${wanted.length} lines`} expected`
  switch (check.test) {
    case 'contains': {
      let from = 0
      for (const line of wanted) {
        const at = got.findIndex((other, index) => index >= from && other.includes(line.trim()))
        if (at < 0) return { text, passed: false, actual: `no line with "${line.trim()}"` }
        from = at + 1
      }
      return { text, passed: true, actual: 'all found' }
    }
    case 'lacks': {
      const found = wanted.find((line) => got.some((other) => other.includes(line.trim())))
      return { text, passed: found === undefined, actual: found === undefined ? 'none found' : `found "${found.trim()}"` }
    }
    default: {
      const count = Math.max(wanted.length, got.length)
      for (let i = 0; i < count; i++) {
        const [line, other] = [wanted[i], got[i]]
        const isSame = line !== undefined && other !== undefined
          && (check.test === 'equals' ? line === other : matches(line, other))
        if (isSame) continue
        return { text, passed: false, actual: `line ${i + 1} is "${other ?? '(missing)'}", not "${line ?? '(nothing)'}"` }
      }
      return { text, passed: true, actual: 'the same' }
    }
  }
}

/** True when `line` is `pattern`, where `*` stands for any part. Linear in both: the parts are looked for from left to right. */
function matches(pattern: string, line: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === line
  const [first = '', last = ''] = [parts[0], parts.at(-1)]
  if (!line.startsWith(first) || !line.endsWith(last) || line.length < first.length + last.length) return false
  let from = first.length
  for (const part of parts.slice(1, -1)) {
    const at = line.indexOf(part, from)
    if (at < 0 || at + part.length > line.length - last.length) return false
    from = at + part.length
  }
  return true
}

function checkDrops(counts: ReadonlyMap<string, Comparison>, hosts: readonly HostResult[]): Found[] {
  return [...counts].map(([reason, comparison]) => {
    const drops = hosts.map((host) => (host.drops as Readonly<Record<string, number>>)[reason] ?? 0)
    return compareCount(`packets dropped: ${reason}`, comparison, drops.reduce((sum, count) => sum + count, 0), undefined)
  })
}

function checkAnswers(counts: ReadonlyMap<string, Comparison>, requests: readonly RequestRecord[]): Found[] {
  return [...counts].map(([server, comparison]) => {
    const count = requests.filter((request) => request.outcome === 'ok' && request.answeredBy === server).length
    return compareCount(`answered by ${server}`, comparison, count, requests.length)
  })
}

function checkRequests(counts: ReadonlyMap<string, Comparison>, requests: readonly RequestRecord[]): Found[] {
  return [...counts].map(([outcome, comparison]) => {
    const count = requests.filter((request) => outcome === 'all' || request.outcome === outcome
      || (outcome === 'failed' && request.outcome !== 'ok')).length
    return compareCount(`requests: ${outcome}`, comparison, count, requests.length)
  })
}

function checkFails(cause: string, requests: readonly RequestRecord[]): Found {
  const others = requests.filter((request) => request.outcome !== cause)
  const passed = requests.length > 0 && others.length === 0
  const actual = requests.length === 0 ? 'no request was made' : `${requests.length - others.length} of ${requests.length}`
  return { text: `every request fails: ${cause}`, passed, actual }
}

const SHARES: Readonly<Record<string, number>> = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1 }

function checkLatency(quantiles: ReadonlyMap<string, Comparison>, requests: readonly RequestRecord[]): Found[] {
  const sample = new Sample(requests.filter((r) => r.outcome === 'ok').map((r) => r.endNs - r.startNs))
  return [...quantiles].map(([name, comparison]) => {
    const value = name === 'mean' ? sample.mean() : sample.quantile(SHARES[name] ?? 1)
    const text = `latency ${name} ${comparison.relation} ${formatDuration(comparison.value)}`
    if (value === undefined) return { text, passed: false, actual: 'no request was answered' }
    return { text, passed: holds(comparison.relation, value, comparison.value), actual: formatDuration(value) }
  })
}

function compareCount(what: string, comparison: Comparison, count: number, total: number | undefined): Found {
  if (comparison.unit === 'share') {
    const text = `${what} ${comparison.relation} ${comparison.value * 100}%`
    if (total === undefined || total === 0) return { text, passed: false, actual: 'there is nothing to take a share of' }
    return { text, passed: holds(comparison.relation, count / total, comparison.value), actual: `${count} of ${total}` }
  }
  return {
    text: `${what} ${comparison.relation} ${comparison.value}`,
    passed: holds(comparison.relation, count, comparison.value), actual: String(count),
  }
}

function holds(relation: Comparison['relation'], value: number, bound: number): boolean {
  switch (relation) {
    case '=': return value === bound
    case '<': return value < bound
    case '<=': return value <= bound
    case '>': return value > bound
    case '>=': return value >= bound
  }
}
