/**
 * Why steps of a lab failed, as text and as a document: the step, what became of it, causes and cures. A step that failed for
 * what one before it failed for is told in one line.
 * @module
 */
import type { ExplainedLab, LabFailure } from '../scenario/lab/explain-lab.ts'
import { printable } from '../scenario/problems.ts'
import { DROP_EXPLANATIONS, LOSS_EXPLANATIONS } from './drop-text.ts'
import { SCHEMA_VERSION, type Document } from './json.ts'
import { plural } from './quantity-text.ts'
import type { Style } from './style.ts'

/** All steps that failed, each line ended. */
export function explainLabText({ lab, failures }: Pick<ExplainedLab, 'lab' | 'failures'>, style: Style): string {
  const title = lab.title === undefined ? '' : `: ${lab.title}`
  const count = failures.length === 0 ? 'no step failed' : `${plural(failures.length, 'step')} of ${lab.steps.length} failed`
  const lines = [style.bold(printable(`${lab.family}/${lab.name}${title}: ${count}.`))]
  const told = new Map<string, number>()
  for (const failure of failures) {
    lines.push('', style.bold(printable(`Step ${failure.step}: ${failure.what}: ${failure.outcome}.`)))
    const causes = causeLines(failure, style)
    const key = causes.join('\n')
    const like = told.get(key)
    if (like !== undefined) lines.push(style.dim(`  as step ${like}`))
    else lines.push(...causes)
    told.set(key, like ?? failure.step)
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** The same for programs. */
export function explainLabDocument({ lab, failures }: Pick<ExplainedLab, 'lab' | 'failures'>): Document {
  const { name, family, title } = lab
  return {
    schemaVersion: SCHEMA_VERSION, kind: 'explain-lab', lab: name, family, title,
    failures: failures.map(({ step, what, outcome, findings, deaths }) => ({
      step, what, outcome, findings: findings.map(({ uids, cause, cure }) => ({ packets: uids, cause, cure })),
      deaths: deaths.map(({ place, reason }) => ({ place, reason })),
    })),
  }
}

function causeLines({ findings, deaths }: LabFailure, style: Style): string[] {
  if (findings.length > 0) {
    return findings.flatMap(({ cause, cure }) => [style.red(printable(`  Cause: ${cause}`)), printable(`  Cure: ${cure}`)])
  }
  if (deaths.length === 0) return ['  No packet of it died, and nothing is known to be wrong.']
  return deaths.flatMap((death) => {
    const { cause, cure } = death.kind === 'dropped' ? DROP_EXPLANATIONS[death.reason] : LOSS_EXPLANATIONS[death.reason]
    const where = death.kind === 'dropped' ? `dropped on ${death.place}` : `lost on ${death.place}`
    return [style.red(printable(`  Cause: ${where} (${death.reason}): ${cause}`)), printable(`  Cure: ${cure}`)]
  })
}
