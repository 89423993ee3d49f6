/**
 * A run as text for people: what was complained about, what was looked at, what came of the traffic, what died, what held.
 * @module
 */
import { describeLimit } from '../sim/limits.ts'
import { formatDuration, threeDigits } from '../scenario/duration-text.ts'
import { printable, renderProblem } from '../scenario/problems.ts'
import type { CheckResult, CommandOutput, RunResult, TrafficResult } from '../scenario/result.ts'
import { summariseRequests, type RequestSummary } from '../scenario/traffic-summary.ts'
import { formatBitRate, formatBytes, formatCount, plural } from './quantity-text.ts'
import { printableLines, type Style, type TextOptions } from './style.ts'
import { tableLines } from './table.ts'

/** The whole report, each line ended. Sections that have nothing to say are left out. */
export function runText(result: RunResult, options: TextOptions): string {
  const { style } = options
  const sections = [
    headerLines(result, style),
    ...result.setup.filter(isComplaint).map((output) => complaintLines(output, style)),
    ...result.observations.map((output) => sessionLines(output, result, style)),
    // What had no time to begin is not worth a line.
    ...result.traffic.filter(({ requests }) => requests.length > 0 || !endedEarly(result))
      .map((item) => trafficLines(item, style)),
    dropLines(result, style),
    warningLines(result, style),
    checkLines(result.checks, options),
    endLines(result, style),
  ]
  return textOf(sections)
}

/** Only what failed: expectations that did not hold, and what ended the run early. Empty when there is nothing. */
export function failuresText(result: RunResult, options: TextOptions): string {
  return textOf([failureLines(result, options)])
}

/** The same as lines. */
export function failureLines(result: RunResult, options: TextOptions): string[] {
  const failed = result.checks.filter(({ passed }) => !passed)
  return [...failed.map((check) => checkLine(check, options)), ...endLines(result, options.style)]
}

/** The line of an expectation: mark, what, what was found; and where it is written when it failed. */
function checkLine({ text, passed, actual, file, line }: CheckResult, { style, isAscii }: TextOptions): string {
  const words = `${printable(text)}: ${printable(actual)}`
  if (passed) return `${style.green(isAscii ? 'ok  ' : '\u2713')} ${words}`
  return `${style.red(isAscii ? 'FAIL' : '\u2717')} ${words} ${style.dim(`(${printable(file)}:${line})`)}`
}

function endedEarly({ limit, problem }: RunResult): boolean {
  return limit !== undefined || problem !== undefined
}

/** What ended a run early, in lines; none for one that came to its end. */
function endLines({ limit, problem }: RunResult, style: Style): string[] {
  const [title, ...place] = problem === undefined ? [] : renderProblem(problem).split('\n')
  return [
    ...limit === undefined ? [] : [style.red(describeLimit(limit))],
    ...title === undefined ? [] : [style.red(title), ...place],
  ]
}

function textOf(sections: readonly (readonly string[])[]): string {
  return sections.filter((lines) => lines.length > 0).map((lines) => `${lines.join('\n')}\n`).join('\n')
}

function headerLines({ scenario, mode, seed, hash, endNs, events, frames }: RunResult, style: Style): string[] {
  const numbers = [
    `seed ${printable(seed)}`, `hash ${hash}`, `${formatDuration(endNs)} simulated`, plural(events, 'event'),
    plural(frames.sent, 'frame'),
  ]
  return [style.bold(`${printable(scenario)}${mode === undefined ? '' : ` (${mode})`}`), style.dim(numbers.join(', '))]
}

function isComplaint({ stderr, exitCode }: CommandOutput): boolean {
  return stderr.trim() !== '' || exitCode !== 0
}

function complaintLines({ name, host, command, stderr, exitCode, complaints }: CommandOutput, style: Style): string[] {
  const code = exitCode === 0 ? '' : ` ${style.red(`(exit code ${exitCode})`)}`
  if (!command.includes('\n')) return [`${style.bold(`${printable(host)}# ${printable(command)}`)}${code}`, ...textLines(stderr)]
  // A script is named, and each of its commands that complained is shown before what it said.
  const lines = [`${style.bold(`${printable(name)} of ${printable(host)}`)}${code}`]
  let from = 0
  for (const complaint of complaints) {
    const at = stderr.indexOf(complaint.text, from)
    // What the script sent elsewhere is not there.
    if (at < 0) continue
    lines.push(...textLines(stderr.slice(from, at)), style.bold(`# ${printable(complaint.command)}`))
    lines.push(...textLines(complaint.text))
    from = at + complaint.text.length
  }
  return [...lines, ...textLines(stderr.slice(from))]
}

function textLines(text: string): string[] {
  return text.trim() === '' ? [] : printableLines(text)
}

function sessionLines(output: CommandOutput, { trafficStartNs }: RunResult, style: Style): string[] {
  const { name, host, command, atNs, stdout, stderr, exitCode } = output
  const [first = '', ...rest] = printableLines(command)
  const moment = `at ${formatDuration(atNs - trafficStartNs)}`
  const title = name === command ? moment : `${printable(name)}, ${moment}`
  return [
    `${style.bold(`${printable(host)}# ${first}`)}  ${style.dim(`# ${title}`)}`,
    ...rest.map((line) => style.bold(`> ${line}`)),
    ...stdout === '' ? [] : printableLines(stdout),
    ...stderr === '' ? [] : printableLines(stderr),
    ...exitCode === 0 ? [] : [style.red(`(exit code ${exitCode})`)],
  ]
}

function trafficLines({ name, kind, requests }: TrafficResult, style: Style): string[] {
  const title = `${style.bold(printable(name))} (${printable(kind)}):`
  if (requests.length === 0) return [`${title} no requests`]
  const summary = summariseRequests(requests)
  const { count, okCount, failedCount, startNs, endNs } = summary
  const failed = failedCount === 0 ? '' : `, ${style.red(`${formatCount(failedCount)} failed`)}`
  return [
    `${title} ${plural(count, 'request')} in ${formatDuration(endNs - startNs)}, ${formatCount(okCount)} ok${failed}`,
    ...tableLines(trafficRows(summary), ['left']).map((line) => `  ${line}`),
  ]
}

function trafficRows({ failures, answeredBy, okBytes, latency, okBitsPerSecond, okPerSecond }: RequestSummary): string[][] {
  const rows: string[][] = []
  if (failures.length > 0) rows.push(['failed', failures.map(({ cause, count }) => `${formatCount(count)} ${cause}`).join(', ')])
  if (answeredBy.length > 0) {
    rows.push(['answered by', answeredBy.map(({ server, count }) => `${server} ${formatCount(count)}`).join(', ')])
  }
  if (latency === undefined) return rows
  const times = ([['p50', latency.p50Ns], ['p90', latency.p90Ns], ['p99', latency.p99Ns], ['max', latency.maxNs]] as const)
    .map(([name, ns]) => `${name} ${formatDuration(ns)}`).join(', ')
  rows.push(['latency', `${times} (n = ${formatCount(latency.count)})`])
  rows.push(['answers', `${formatBytes(okBytes)}, ${formatBitRate(okBitsPerSecond)}, ${threeDigits(okPerSecond)} requests/s`])
  return rows
}

function dropLines({ hosts, links }: RunResult, style: Style): string[] {
  const rows = [
    ...hosts.flatMap(({ name, drops }) => Object.entries(drops).map(([reason, count]) => [name, reason, formatCount(count)])),
    ...links.filter(({ lostFrames }) => lostFrames > 0)
      .map(({ name, lostFrames }) => [name, 'frames lost', formatCount(lostFrames)]),
  ]
  if (rows.length === 0) return []
  const lines = tableLines(rows, ['left', 'left', 'right']).map((line) => `  ${line}`)
  return [style.bold('dropped packets and lost frames'), ...lines]
}

/** What commands did beside what they said, in lines; none where nothing is to be told. */
export function warningLines({ warnings }: RunResult, style: Style): string[] {
  return warnings.flatMap(({ host, command, text }) => [
    style.bold(`warning: ${printable(host)}# ${printable(command)}`), ...printableLines(text).map((line) => `  ${line}`),
  ])
}

function checkLines(checks: readonly CheckResult[], options: TextOptions): string[] {
  if (checks.length === 0) return []
  const held = checks.filter(({ passed }) => passed).length
  return [
    options.style.bold(`expectations: ${held} of ${checks.length} held`),
    ...checks.map((check) => `  ${checkLine(check, options)}`),
  ]
}
