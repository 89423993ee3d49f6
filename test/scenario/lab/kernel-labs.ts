/**
 * Labs that were recorded from a real kernel: in test/kernel those that lvsim plays, in test/unmodelled some of what it does not.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { present } from '../../../src/base/assert.ts'
import { parseLab, type Lab } from '../../../src/scenario/lab/lab.ts'

const ROOT = new URL('../../kernel/labs/', import.meta.url)
const UNMODELLED = new URL('../../unmodelled/labs/', import.meta.url)

/** Names of all labs, `family/name`, sorted. */
export function kernelLabNames(): string[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'))
    .map((path) => path.slice(0, -'.json'.length)).sort()
}

/** The lab of this name. */
export function readKernelLab(name: string): Lab {
  return readLab(name, ROOT)
}

/** The lab of this name of which something is not modelled. */
export function readUnmodelledLab(name: string): Lab {
  return readLab(name, UNMODELLED)
}

function readLab(name: string, root: URL): Lab {
  const lab = parseLab(readFileSync(new URL(`${name}.json`, root), 'utf8'))
  return present(lab.ok ? lab.value : undefined, `lab ${name}`)
}
