/** Types of the judge that came with the recorded labs. @module */
import type { Lab } from '../../src/scenario/lab/lab.ts'

/** All differences between two records of one lab. */
export function compareLab(recorded: Lab, emitted: Lab): { step: number, field: string, expected: unknown, got: unknown }[]
