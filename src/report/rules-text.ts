/**
 * The history of the rules of IPVS as text for people: when, by which command, and what it took away and added, as a diff.
 * @module
 */
import { formatDuration } from '../scenario/duration-text.ts'
import { printable } from '../scenario/problems.ts'
import type { RulesChangeResult, RunResult } from '../scenario/result.ts'
import { plural } from './quantity-text.ts'
import type { Style } from './style.ts'

/** One section for each host, each line ended. Times count from the moment the last setup was over. */
export function rulesText({ rules, trafficStartNs }: RunResult, style: Style): string {
  if (rules.length === 0) return 'no rules of IPVS were changed\n'
  return rules.map(({ host, changes }) => {
    const title = style.bold(`${printable(host)}: ${plural(changes.length, 'change')} of the rules of IPVS`)
    return `${[title, ...changes.flatMap((change) => changeLines(change, trafficStartNs, style))].join('\n')}\n`
  }).join('\n')
}

/** What all changes after a moment came to, as one diff for each host; the moment counts as those of `rulesText` do. */
export function rulesDiffText({ rules, trafficStartNs }: RunResult, sinceNs: number, style: Style): string {
  const diffs = rules.flatMap(({ host, changes }) => {
    const { removed, added } = sumOf(changes.filter(({ atNs }) => atNs > trafficStartNs + sinceNs))
    if (removed.length === 0 && added.length === 0) return []
    const title = style.bold(`${printable(host)}: rules of IPVS since ${formatDuration(sinceNs)}`)
    return [[title, ...diffLines(removed, added, style)]]
  })
  return diffs.length === 0 ? `no rules of IPVS are others than at ${formatDuration(sinceNs)}\n`
    : diffs.map((lines) => `${lines.join('\n')}\n`).join('\n')
}

/** What was taken away and what was added in the end: a line that came and went, or went and came again, is neither. */
function sumOf(changes: readonly RulesChangeResult[]): { removed: string[], added: string[] } {
  const removed = new Set<string>()
  const added = new Set<string>()
  for (const change of changes) {
    for (const line of change.removed) if (!added.delete(line)) removed.add(line)
    for (const line of change.added) if (!removed.delete(line)) added.add(line)
  }
  return { removed: [...removed], added: [...added] }
}

function changeLines({ atNs, command, removed, added }: RulesChangeResult, startNs: number, style: Style): string[] {
  const moment = atNs <= startNs ? 'in setup' : `at ${formatDuration(atNs - startNs)}`
  return [
    `${style.bold(printable(command))}  ${style.dim(`# ${moment}`)}`,
    ...diffLines(removed, added, style),
  ]
}

function diffLines(removed: readonly string[], added: readonly string[], style: Style): string[] {
  return [
    ...removed.map((line) => style.red(`  - ${printable(line)}`)), ...added.map((line) => style.green(`  + ${printable(line)}`)),
  ]
}
