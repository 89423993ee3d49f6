import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { explainText } from '../src/report/explain-text.ts'
import { PLAIN_STYLE } from '../src/report/style.ts'
import { runScenarioText } from '../src/scenario/simulate.ts'
import { explainScenario } from './support/explained.ts'

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

  it('shows what its explanation begins with', async () => {
    const [, shown] = /40001`:\n\n```\n([\s\S]*?)\n```/.exec(readme) ?? []
    const text = readFileSync('scenarios/arp-problem.lvs.yaml', 'utf8')
    const explanation = explainText(await explainScenario(text, '10.0.0.10:40001'), PLAIN_STYLE)
    expect(shown).toBe(explanation.split('\n').slice(0, 3).join('\n'))
  })

  it('names files that are there', () => {
    const files = [...readme.matchAll(/(?:scenarios|docs|bench)\/[\w./-]+\w/g)].map(([file]) => file)
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) expect(() => readFileSync(file), file).not.toThrow(/ENOENT/)
  })
})
