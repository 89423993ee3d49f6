import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../src/scenario/parse.ts'
import { PROBLEM_CODES } from '../../src/scenario/problem-codes.ts'
import { type Problem, renderProblem } from '../../src/scenario/problems.ts'
import { BROKEN_FILES } from './broken-files.ts'

function rendered(text: string): string {
  const parsed = parseScenario(text, 'x.lvs.yaml')
  return parsed.ok ? '' : parsed.error.map(renderProblem).join('\n')
}

describe('renderProblem', () => {
  it('shows place, code, line, caret, expectation and the nearest word', () => {
    expect(rendered('segments:\n  lan: {rate: 1gbit, dealy: 5ms}\n')).toBe([
      'x.lvs.yaml:2:22: error LVS1020: unknown key `dealy` in `segments.lan`',
      '2 |   lan: {rate: 1gbit, dealy: 5ms}',
      '  |                      ^^^^^',
      '  expected: one of rate, delay, queue, loss, reorder, duplicate, mtu',
      '  did you mean `delay`?',
    ].join('\n'))
  })

  it('puts the caret under the place when tabs and wide characters stand before it', () => {
    const [, wideLine, wideCaret] = rendered('name: [中文]\n').split('\n')
    expect([wideLine, wideCaret]).toEqual(['1 | name: [中文]', '  |       ^^^^^^'])
    const [, line, caret] = rendered('{about: "中\t", naem: x}\n').split('\n')
    // Before the tab stand 9 narrow characters and a wide one: 11 columns.
    expect([line, caret]).toEqual(['1 | {about: "中\t", naem: x}', `  | ${' '.repeat(11)}\t   ^^^^`])
  })

  it('names the law of arrivals that was probably meant', () => {
    const from = '{kind: ping, from: a, to: 10.0.0.2'
    expect(rendered(`hosts: {a: {}}\ntraffic: [${from}, arrivals: paretto 2/s}]\n`).split('\n')).toEqual([
      'x.lvs.yaml:2:57: error LVS1028: cannot read `paretto 2/s`',
      `2 | traffic: [${from}, arrivals: paretto 2/s}]`,
      `  | ${' '.repeat(56)}^^^^^^^^^^^`,
      '  expected: `in turn`, `closed`, `closed 50ms` (time to think), `every 100ms`, `constant 200/s`, `poisson 200/s` or '
        + '`pareto 200/s shape 1.5` (a shape above 1)',
      '  did you mean `pareto`?',
    ])
  })

  it('shows a long line from a point before the place', () => {
    const lines = rendered(`{about: ${'x'.repeat(300)}, naem: y}\n`).split('\n')
    expect(lines[0]).toBe('x.lvs.yaml:1:311: error LVS1020: unknown key `naem`')
    // 40 characters of the line stand before the place: 38 x, a comma and a space.
    expect(lines[1]).toBe(`1 | ${'x'.repeat(38)}, naem: y}`)
    expect(lines[2]).toBe(`  | ${' '.repeat(40)}^^^^`)
  })

  it('never prints a control character of the file', () => {
    const hostile: Problem = {
      code: 'LVS1020', file: 'a\u001b[2J', line: 1, column: 1, endColumn: 2,
      message: '\u009b31m\r', expected: '\u202ex', nearest: '\u0007', sourceLine: '\u001b]0;x\u0007',
    }
    expect(renderProblem(hostile)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  it('leaves out a source line that is too long to be of use', () => {
    expect(rendered(`{about: ${'x'.repeat(3_000)}, naem: y}\n`).split('\n')).toHaveLength(3)
  })
})

describe('the corpus of broken files', () => {
  it('has a file for each code that a scenario file can cause', () => {
    const seen = new Set(BROKEN_FILES.flatMap(({ problems }) => problems.map((problem) => problem.slice(0, 7))))
    // From LVS1060 on, it takes a host to find the problem.
    expect(Object.keys(PROBLEM_CODES).filter((code) => code < 'LVS1060' && !seen.has(code))).toEqual([])
  })
})
