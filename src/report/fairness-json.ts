/**
 * The fairness of schedulers as a document for programs.
 * @module
 */
import type { FairnessResult } from '../fairness/result.ts'
import { type Document, SCHEMA_VERSION } from './json.ts'

/** All that was found out. Times are nanoseconds, shares 0..1; a `halfWidth` that is not there could not be told. */
export function fairnessDocument({ level, setting, schedulers, best, comparisons }: FairnessResult): Document {
  return { schemaVersion: SCHEMA_VERSION, kind: 'fairness', passed: true, level, setting, schedulers, best, comparisons }
}
