import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../src/scenario/parse.ts'
import { renderProblem } from '../../src/scenario/problems.ts'
import { offsetInText } from '../../src/scenario/source-tree.ts'
import { parseYaml } from '../../src/scenario/parse-yaml.ts'
import { seed } from '../support/seed.ts'

const FIRST = readFileSync(new URL('../../scenarios/first.lvs.yaml', import.meta.url), 'utf8')

/** Pieces that YAML and scenarios are made of. */
const pieces = fc.constantFrom(
  'hosts', 'cluster', 'segments', 'traffic', 'a', 'eth0', '10.0.0.1/24', '5s', ':', ': ', '- ', '? ', '\n', '\n  ', '\n    ',
  '{', '}', '[', ']', ', ', '&x ', '*x', '!t ', '|', '>', '"', "'", '#', ' #', '\t', '\r\n', '%', '---', '...', '<<',
  '__proto__', '~', '\\x', '\ud800', '\u2028', '0', '-1', '1e999', 'null', 'true',
)
const hostile = fc.oneof(
  fc.string({ maxLength: 200, unit: 'binary' }),
  fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
)

/** The first scenario with a piece of it replaced. */
const mutated = fc.tuple(fc.nat(FIRST.length), fc.nat(30), hostile)
  .map(([at, length, text]) => FIRST.slice(0, at) + text + FIRST.slice(at + length))

describe(`parseScenario (seed ${seed})`, () => {
  it('never throws, and always says where', () => {
    fc.assert(fc.property(fc.oneof(hostile, mutated), (text) => {
      const parsed = parseScenario(text, 'x.lvs.yaml')
      if (parsed.ok) return
      expect(parsed.error.length).toBeGreaterThan(0)
      // Lines as the file has them, without a byte order mark at its beginning.
      const lines = text.replace(/^\ufeff/, '').split('\n')
      for (const problem of parsed.error) {
        expect(renderProblem(problem)).toContain(`x.lvs.yaml:${problem.line}:${problem.column}: error LVS`)
        const line = lines[problem.line - 1]
        expect(line).toBeDefined()
        expect(problem.column).toBeLessThanOrEqual(Array.from(line ?? '').length + 1)
        expect(problem.endColumn).toBeGreaterThan(problem.column)
      }
    }), { seed, numRuns: 1_500 })
  })

  it('always gives the same answer to the same text', () => {
    fc.assert(fc.property(mutated, (text) => {
      const answer = (): string => {
        const parsed = parseScenario(text, 'x.lvs.yaml')
        return parsed.ok ? 'ok' : JSON.stringify(parsed.error)
      }
      expect(answer()).toBe(answer())
    }), { seed, numRuns: 50 })
  })
})

describe(`places in a script (seed ${seed})`, () => {
  const word = fc.stringMatching(/^[a-z$]{1,6}$/)
  const line = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '))
  const script = fc.array(fc.oneof(line, fc.constant('')), { minLength: 1, maxLength: 6 }).filter((lines) => lines[0] !== '')

  it('always point at the character they are asked for, in a literal block and in quotes', () => {
    fc.assert(fc.property(script, fc.integer({ min: 1, max: 8 }), (lines, indent) => {
      const literal = `a: |\n${lines.map((text) => (text === '' ? '' : ' '.repeat(indent) + text)).join('\n')}\n`
      const quoted = `a: ${JSON.stringify(lines.join('\n'))}\n`
      for (const source of [literal, quoted]) {
        const node = parseYaml(source).node.children?.get('a')
        lines.forEach((text, row) => [...text].forEach((char, column) => {
          if (node === undefined || char === ' ') return
          expect(source[offsetInText(source, node, row + 1, column + 1)]).toBe(char)
        }))
        expect(node?.text?.trimEnd()).toBe(lines.join('\n').trimEnd())
      }
    }), { seed })
  })
})
