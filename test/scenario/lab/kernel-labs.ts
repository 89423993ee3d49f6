/**
 * The labs of test/kernel/labs: recorded from a real kernel.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { present } from '../../../src/base/assert.ts'
import { parseLab, type Lab } from '../../../src/scenario/lab/lab.ts'

const ROOT = new URL('../../kernel/labs/', import.meta.url)

/** Names of all labs, `family/name`, sorted. */
export function kernelLabNames(): string[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'))
    .map((path) => path.slice(0, -'.json'.length)).sort()
}

/** The lab of this name. */
export function readKernelLab(name: string): Lab {
  const lab = parseLab(readFileSync(new URL(`${name}.json`, ROOT), 'utf8'))
  return present(lab.ok ? lab.value : undefined, `lab ${name}`)
}
