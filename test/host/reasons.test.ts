/**
 * The closed list of drop reasons against the sources: a reason that nobody gives is dead.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DROP_REASONS } from '../../src/host/ip-service.ts'

/** Sources that can drop a packet: not the list itself, and not the reports that only name its entries. */
function sources(): string {
  const root = join(import.meta.dirname, '../../src')
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('report') && !path.endsWith('ip-service.ts'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n')
}

describe('the list of drop reasons', () => {
  it('has no entry that nothing gives', () => {
    const text = sources()
    expect(DROP_REASONS.filter((reason) => !text.includes(`'${reason}'`))).toEqual([])
  })

  it('names each reason once', () => {
    expect(new Set(DROP_REASONS).size).toBe(DROP_REASONS.length)
  })
})
