import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/assert.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text, 'x.lvs.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}

/** The text at the place of `word` in the script of host a, up to the end of the word: `line:column word`. */
function placeOf(word: string, text: string): string {
  const scenario = scenarioOf(text)
  const script = present(scenario.hosts.get('a'), 'host a').setup
  const before = script.slice(0, script.indexOf(word)).split('\n')
  const { line, column } = scenario.source.scriptAt(['hosts', 'a', 'setup'], before.length, (before.at(-1) ?? '').length + 1)
  const source = text.split('\n')[line - 1] ?? ''
  return `${line}:${column} ${source.slice(column - 1, column - 1 + word.length)}`
}

describe('the place of a word of a script', () => {
  it.each([
    ['a literal block', 'hosts:\n  a:\n    setup: |\n      one\n        two three\n\n      four five\n'],
    [
      'a literal block with an indentation indicator',
      'hosts:\n  a:\n    setup: |2-  # so\n      one\n      two three\n\n       four five\n',
    ],
    ['a folded block', 'hosts:\n  a:\n    setup: >\n      one\n      two three\n\n        four five\n      six\n'],
    ['plain text', 'hosts:\n  a:\n    setup: one two\n      three four\n\n      five\n'],
    ['plain text in a flow', 'hosts: {a: {setup: one two three four five}}\n'],
    ['single quotes', "hosts: {a: {setup: 'one ''two'' three\n\n  four five'}}\n"],
    ['double quotes', 'hosts: {a: {setup: "one\\ttwo\\x20three \\u4e2d\\n\n  four\\\n  five"}}\n'],
  ])('is found in %s', (_style, text) => {
    for (const word of ['one', 'two', 'three', 'four', 'five']) {
      const [place, found] = placeOf(word, text).split(' ')
      const lines = text.split('\n')
      const line = lines.findIndex((source) => source.includes(word))
      expect([place, found]).toEqual([`${line + 1}:${(lines[line]?.indexOf(word) ?? 0) + 1}`, word])
    }
  })

  const text = 'name: x\r\nhosts:\r\n  a:\r\n    setup: |\r\n      echo 中 ok\r\n\r\n      ipvsadm\r\n'

  it('counts in code points of the file, with CRLF and wide text', () => {
    const { source } = scenarioOf(text)
    // Line 5 is six spaces, `echo `, one wide character, a space: `ok` is the 14th.
    expect(source.scriptAt(['hosts', 'a', 'setup'], 1, 8)).toMatchObject({ line: 5, column: 14 })
    expect(source.scriptAt(['hosts', 'a', 'setup'], 3, 1)).toMatchObject({ line: 7, column: 7 })
  })

  it('finds white space and what is outside the script', () => {
    const { source } = scenarioOf(text)
    expect(source.scriptAt(['hosts', 'a', 'setup'], 1, 5)).toMatchObject({ line: 5, column: 11 })
    expect(source.scriptAt(['hosts', 'a', 'setup'], 99, 1).line).toBeGreaterThanOrEqual(7)
    expect(source.scriptAt(['hosts', 'a', 'nothing'], 1, 1)).toMatchObject({ line: 3, column: 3 })
  })

  it('is found in the anchor when the script is an alias', () => {
    const { source } = scenarioOf('hosts:\n  a:\n    setup: &s |\n      one\n      two\n  b:\n    setup: *s\n')
    expect(source.scriptAt(['hosts', 'b', 'setup'], 2, 1)).toMatchObject({ line: 5, column: 7 })
  })
})

describe('the place of a field', () => {
  const lines = [
    '\ufeffname: x', 'segments:', '  lan: {}', 'hosts:', '  a:', '    interfaces:', '      eth0:', '        segment: lan',
  ]
  const { source } = scenarioOf(lines.join('\n'))

  it('is that of its value, or of its key when it holds several lines or nothing', () => {
    expect(source.at(['name'])).toEqual({ line: 1, column: 7, endColumn: 8 })
    expect(source.at(['hosts', 'a'])).toEqual({ line: 5, column: 3, endColumn: 4 })
    expect(source.at(['hosts', 'a', 'interfaces', 'eth0', 'segment'])).toEqual({ line: 8, column: 18, endColumn: 21 })
  })

  it('is that of what stands around it when the file does not have it', () => {
    expect(source.at(['hosts', 'a', 'routes', 0])).toEqual({ line: 5, column: 3, endColumn: 4 })
    expect(source.at(['traffic'])).toMatchObject({ line: 1, column: 1 })
  })
})
