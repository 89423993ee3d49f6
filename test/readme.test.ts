import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runScenarioText } from '../src/scenario/simulate.ts'

const readme = readFileSync('README.md', 'utf8')

describe('the README', () => {
  it('shows what its first command prints', () => {
    const [, shown] = /npm cit[\s\S]*?\n```\n([\s\S]*?)\n```/.exec(readme) ?? []
    expect(shown).toBe(readFileSync('scenarios/compare.expected.txt', 'utf8').trimEnd())
  })

  it('has a scenario that runs, and is answered by the real server', async () => {
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
    const result = await runScenarioText(text, { fileName: 'README.md' })
    expect(result.ok && result.value.observations.map(({ stdout }) => stdout)[0]).toBe('hello')
  })

  it('names files that are there', () => {
    const files = [...readme.matchAll(/(?:scenarios|docs|bench)\/[\w./-]+\w/g)].map(([file]) => file)
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) expect(() => readFileSync(file), file).not.toThrow(/ENOENT/)
  })
})
