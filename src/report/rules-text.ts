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

function changeLines({ atNs, command, removed, added }: RulesChangeResult, startNs: number, style: Style): string[] {
  const moment = atNs <= startNs ? 'in setup' : `at ${formatDuration(atNs - startNs)}`
  return [
    `${style.bold(printable(command))}  ${style.dim(`# ${moment}`)}`,
    ...removed.map((line) => style.red(`  - ${printable(line)}`)), ...added.map((line) => style.green(`  + ${printable(line)}`)),
  ]
}
