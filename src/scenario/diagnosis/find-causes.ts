/**
 * Why a connection failed, from what its packets met: each cause is told once, with the packets that show it.
 * @module
 */
import { findBypasses } from './bypass.ts'
import { findDeaths } from './deaths.ts'
import { evidenceOf, type Finding, type Given } from './evidence.ts'
import { findStrayAnswers } from './stray-answers.ts'
import { findEnded, findUnanswered } from './unanswered.ts'

/** Causes in the order in which their first packets were seen; none when nothing is known to be wrong. */
export function findCauses(given: Given): Finding[] {
  const evidence = evidenceOf(given)
  const causes = [...findBypasses(evidence), ...findStrayAnswers(evidence)]
  const explained = new Set(causes.flatMap(({ uids }) => uids))
  // What a packet dies of matters only where it was not on a wrong way already.
  causes.push(...findDeaths({ ...evidence, trails: evidence.trails.filter(({ uid }) => !explained.has(uid)) }))
  causes.push(...findUnanswered(evidence))
  if (causes.length === 0) causes.push(...findEnded(evidence))
  return merged(causes).toSorted((a, b) => (a.uids[0] ?? 0) - (b.uids[0] ?? 0))
}

function merged(findings: readonly Finding[]): Finding[] {
  const byCause = new Map<string, Finding>()
  for (const finding of findings) {
    const known = byCause.get(finding.cause)
    byCause.set(finding.cause, known === undefined ? finding : { ...known, uids: [...known.uids, ...finding.uids] })
  }
  return [...byCause.values()]
}
