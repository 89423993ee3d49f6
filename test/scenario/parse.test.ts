import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../src/scenario/parse.ts'
import { BROKEN_FILES } from './broken-files.ts'

function problemsOf(text: string): readonly string[] {
  const parsed = parseScenario(text, 'x.lvs.yaml')
  return parsed.ok ? [] : parsed.error.map(({ code, line, column }) => `${code} ${line}:${column}`)
}

describe('a broken scenario file', () => {
  it.each(BROKEN_FILES)('is refused at its place: $title', ({ text, problems }) => {
    expect(problemsOf(text)).toEqual(problems)
  })
})
